"""Reads server-sent events, as the HTML standard defines them, from bytes that may be cut anywhere.

A picture is one event of many megabytes, so pieces of a line are collected and joined once, never appended.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from dataclasses import dataclass

from service.domain.event import Outcome
from service.errors import ProviderError, Reason


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    name: str
    text: bytes
    start: int = 0
    """Where in the text its data begins, which may be a picture: it is not cut out."""

    @property
    def data(self) -> bytes:
        return self.text[self.start :]

    def says(self, word: bytes) -> bool:
        """Whether its data is this word and nothing else."""
        return len(self.text) - self.start == len(word) and self.text.endswith(word)


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


def _field(line: bytes) -> tuple[bytes, int]:
    """A line's name, and where its value begins."""
    colon = line.find(b":")
    if colon < 0:
        return line, len(line)
    return line[:colon], colon + (2 if line[colon + 1 : colon + 2] == b" " else 1)


def _joined(lines: list[tuple[bytes, int]]) -> tuple[bytes, int]:
    """An event's data, and where it begins: one line as it is, more of them as the standard joins them."""
    if len(lines) == 1:
        return lines[0]
    return b"\n".join(line[value:] for line, value in lines), 0


async def events_of(pieces: AsyncIterable[bytes], limit: int) -> AsyncGenerator[ServerSentEvent, None]:
    """The events of a stream; what is not ended by a blank line is no event."""
    lines = _Lines(limit)
    name, data, size = "", list[tuple[bytes, int]](), 0
    first = True
    async for piece in pieces:
        for line in lines.feed(piece):
            if first:
                line, first = line.removeprefix(b"\xef\xbb\xbf"), False
            if not line:
                if data:
                    yield ServerSentEvent(name or "message", *_joined(data))
                name, data, size = "", [], 0
                continue
            field, value = _field(line)
            if field == b"data":
                data.append((line, value))
                size += len(line) - value
                if size > limit:
                    raise _endless()
            elif field == b"event":
                name = line[value:].decode("utf-8", "replace")
