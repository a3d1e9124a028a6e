"""The promise of a place for big things."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored thing, open for reading: its size, and its bytes in pieces."""

    size: int
    pieces: AsyncGenerator[bytes, None]


class Blobs(Protocol):
    async def put(self, name: str, data: bytes) -> None:
        """Stores `data` under a new name. When this returns it is safe; when it raises, nothing is there."""
        ...

    async def open(self, name: str, piece: int) -> Blob | None:
        """The thing under `name`, to be read in pieces of at most `piece` bytes; None if there is none."""
        ...

    async def sweep(self, older_than: float) -> int:
        """Removes what was stored more than `older_than` seconds ago; says how many things that were."""
        ...
