"""What an adapter is, and what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from service.domain.card import KeyCard, ModelCard
from service.domain.event import AdapterEvent
from service.domain.request import ImageRequest
from service.telemetry import Context


class Call(Struct, frozen=True, kw_only=True):
    """One provider call: the request in the target's own terms."""

    model: str
    request: ImageRequest
    request_id: str
    key: str = ""
    """The name of the key to use; empty where the provider has none to choose from."""
    job: str = ""
    """What the provider calls an order that it has had before (`Accepted`): this is not ordered again, but fetched."""
    trace: Context | None = None
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when nobody waits for the answer any more. Whether that ends anything is the upstream's nature."""


class Adapter(Protocol):
    """One upstream. Everything else about it is data."""

    @property
    def models(self) -> Mapping[str, ModelCard]:
        """What can be asked of it."""
        ...

    @property
    def keys(self) -> Sequence[KeyCard]:
        """What can be chosen from for a call; empty where the provider sees to it itself, or needs none."""
        ...

    @property
    def configured(self) -> bool:
        """Whether it has the key and address it needs."""
        ...

    def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        """Carries a call out. Ends normally once the upstream has answered in full, else raises ProviderError."""
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...
