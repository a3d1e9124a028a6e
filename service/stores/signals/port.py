"""The promise of a place for what may be lost: it never fails a request, and may forget."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Signals(Protocol):
    """Shared by all processes, as long as they reach one another; without that, each goes on alone.

    Nothing here raises because something is out of reach, and nothing waits for long.
    """

    async def count(self, key: str, by: int = 1, *, expires: float) -> int:
        """Adds to a counter and returns the total. It begins at 0, and `expires` seconds after its first addition it is
        gone; later additions do not prolong that."""
        ...

    async def publish(self, topic: str, message: bytes) -> None:
        """Sends to whoever listens now, in every process."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncGenerator[bytes, None]]:
        """What is published after entering, in the order of each publisher, until leaving or `close`.

        Whoever reads too slowly loses the oldest messages; nobody waits for him. Those of an outage are lost as well.
        A wait for the next message may be cancelled, by a timeout for instance, and begun again.
        """
        ...

    async def take(self, lease: str, owner: str, *, seconds: float) -> int | None:
        """The lease's fencing token, greater each time that the lease changes hands; None where another owner has it.

        Who has it already has it for so many seconds more, under the same token.
        """
        ...

    async def give_back(self, lease: str, owner: str) -> None:
        """Ends the lease early, if it is still the owner's."""
        ...

    async def close(self) -> None:
        """Ends all subscriptions and lets go. Nothing fails afterwards either; each process is alone then."""
        ...
