"""What opens a provider's door: keys of the configuration, or what else there is instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from service.config.schema import Key
from service.domain.card import KeyCard
from service.providers.openai_compatible.wire import KeyHeader
from service.providers.secrets import without_secrets


class Credential(Struct, frozen=True, kw_only=True):
    """What one call is sent with. `secret` is what must never be repeated; empty where there is none."""

    name: str
    secret: str
    headers: Mapping[str, str]

    def cleared(self, text: str) -> str:
        """A text of the provider's without the secret."""
        return without_secrets(text, self.secret) if self.secret else text


class Credentials(Protocol):
    @property
    def cards(self) -> Sequence[KeyCard]:
        """Those to choose from; empty where there is no choice."""
        ...

    async def named(self, name: str) -> Credential:
        """What to send with a call. Raises ProviderError, nothing being sent, where there is nothing."""
        ...

    def renew(self, refused: Credential) -> bool:
        """Whether another one may open what answered 401 to this one: then the next of that name is another."""
        ...

    async def close(self) -> None:
        """Lets go of what it holds."""
        ...


NOBODY = Credential(name="none", secret="", headers={})


class Keys:
    """Keys as the configuration lists them. A key that was refused stays refused: the operator has to look into it."""

    def __init__(self, keys: tuple[Key, ...], sent: KeyHeader) -> None:
        self.cards = tuple(KeyCard(key.name, key.weight, key.models) for key in keys)
        self._named = {
            key.name: Credential(name=f"key {key.name}", secret=secret, headers=sent.headers(secret))
            for key in keys
            for secret in (key.value.reveal(),)
        }

    async def named(self, name: str) -> Credential:
        return self._named.get(name, NOBODY)

    def renew(self, refused: Credential) -> bool:
        return False

    async def close(self) -> None:
        pass
