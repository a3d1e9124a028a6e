"""The promise of a place for big things."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

_NAME = re.compile(r"[0-9a-f]{32}\.[a-z]{3,4}")
"""The only names there are: random, with an ending from our own list. Nothing that a caller wrote becomes a path."""


class Shelf(StrEnum):
    """Where a thing lies. Shelves are swept apart, each by an age of its own; a name means nothing on another one."""

    RESULTS = "results"
    """Finished pictures, until their URL is over."""

    KEPT = "kept"
    """Pictures of answers that may be asked for again."""

    RECORDED = "recorded"
    """Pictures that the operator keeps with the record of a request."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored thing, open for reading: its size, and its bytes in pieces."""

    size: int
    pieces: AsyncGenerator[bytes, None]


class Blobs(Protocol):
    """Each of these ends in bounded time, with GatewayError (UNAVAILABLE) where the place cannot be used."""

    async def put(self, shelf: Shelf, name: str, data: bytes) -> None:
        """Stores `data` under a new name. When this returns it is safe; a name is whole or not there, whatever happens.

        When it raises, what may have been stored (by a server whose answer was lost) is never used and goes with the
        sweep. The same bytes may be put again; other bytes under a name that is taken are a mistake of the program,
        and a place that can tell raises ValueError.
        """
        ...

    async def open(self, shelf: Shelf, name: str, piece: int) -> Blob | None:
        """The thing under `name`, to be read in pieces of at most `piece` bytes; None if there is none.

        The reader closes `pieces`; one that leaves in the middle leaves nothing behind.
        """
        ...

    async def sweep(self, shelf: Shelf, older_than: float) -> int:
        """Removes what was stored more than `older_than` seconds ago; says how many things that were.

        What several processes sweep at the same time may be counted by each of them.
        """
        ...

    async def close(self) -> None:
        """Gives back what is held: connections, files. Nothing is called afterwards."""
        ...


def is_name(name: str) -> bool:
    """Whether a thing can have this name. Anybody may ask for any name, so that those who read look first."""
    return bool(_NAME.fullmatch(name))


def checked(name: str) -> str:
    """The name, if a thing can have it; those who store never use another."""
    if not is_name(name):
        raise ValueError("a blob's name is 32 hexadecimal digits and an ending")
    return name
