"""What opens a provider's door: keys of the configuration, drawn by weight, or what else can be drawn instead."""

from __future__ import annotations

from collections.abc import Mapping
from random import choices
from typing import Protocol

from msgspec import Struct

from service.config.schema import Key
from service.domain.event import Outcome
from service.errors import ProviderError, Reason
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
    async def draw(self, model: str) -> Credential:
        """What to send with a call to this model. Raises ProviderError, nothing being sent, where there is nothing."""
        ...

    def renew(self, refused: Credential) -> bool:
        """Whether another one may open what answered 401 to this one: then the next that is drawn is another."""
        ...

    async def close(self) -> None:
        """Lets go of what it holds."""
        ...


NOBODY = Credential(name="none", secret="", headers={})


class Keys:
    """Keys as the configuration lists them. A key that was refused stays refused: the operator has to look into it."""

    def __init__(self, keys: tuple[Key, ...], sent: KeyHeader) -> None:
        self._optional = sent.optional
        self._all = [
            (key, Credential(name=f"key {key.name}", secret=secret, headers=sent.headers(secret)))
            for key in keys
            for secret in (key.value.reveal(),)
        ]

    async def draw(self, model: str) -> Credential:
        """One of the keys that serve the model, by weight."""
        fit = [each for each in self._all if "*" in each[0].models or model in each[0].models]
        if fit:
            return choices(fit, [key.weight for key, _ in fit])[0][1]  # noqa: S311 - spreads load, guards nothing
        if self._optional and not self._all:
            return NOBODY
        raise ProviderError(Reason.PROVIDER_ACCOUNT, f"No key of this provider serves {model}.", Outcome.NOT_SENT)

    def renew(self, refused: Credential) -> bool:
        return False

    async def close(self) -> None:
        pass
