"""Reads server-sent events, as the HTML standard defines them, from bytes that may be cut anywhere.

An event may be long, so pieces of a line are collected and joined once, never appended.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterator

from msgspec import Struct

from service.domain.event import Outcome
from service.errors import ProviderError, Reason


class ServerSentEvent(Struct, frozen=True):
    name: str
    data: bytes


class _Lines:
    """Cuts bytes into lines that end in LF, CRLF or CR."""

    def __init__(self, limit: int) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._limit = limit
        self._after_cr = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not data:
            return
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        self._after_cr = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            line = data[start:end]
            yield b"".join((*self._pieces, line)) if self._pieces else line
            self._pieces, self._size = [], 0
            start = end + 1
        rest = data[start:]
        if rest:
            self._pieces.append(rest)
            self._size += len(rest)
            if self._size > self._limit:
                raise _endless()


def _endless() -> ProviderError:
    return ProviderError(
        Reason.PROVIDER_INVALID_ANSWER, "The provider's stream has an event without end.", Outcome.UNKNOWN
    )


def _field(line: bytes) -> tuple[bytes, bytes]:
    """A line's name and value."""
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")


async def events_of(pieces: AsyncIterable[bytes], limit: int) -> AsyncGenerator[ServerSentEvent, None]:
    """The events of a stream; what is not ended by a blank line is no event."""
    lines = _Lines(limit)
    name, data, size = "", list[bytes](), 0
    first = True
    async for piece in pieces:
        for line in lines.feed(piece):
            if first:
                line, first = line.removeprefix(b"\xef\xbb\xbf"), False
            if not line:
                if data:
                    yield ServerSentEvent(name or "message", b"\n".join(data))
                name, data, size = "", [], 0
                continue
            field, value = _field(line)
            if field == b"data":
                data.append(value)
                size += len(value)
                if size > limit:
                    raise _endless()
            elif field == b"event":
                name = value.decode("utf-8", "replace")
