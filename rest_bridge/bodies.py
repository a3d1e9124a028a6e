"""Where the body of a request ends: after its length, or after its last chunk. Both count what they take."""

from __future__ import annotations

import re

from rest_bridge.heads import RefusedError, too_large

LONGEST_LINE = 256
"""Of a chunk: its size and what is said of it."""
MOST_SAID = 4 * 1024
"""What extensions may say in one body."""
MOST_CHUNKS = 16_384
"""In one body: each costs some time, and a body may not have so many that others wait for it."""

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(;[\t -~]*)?\r\n")


class Counted:
    """A body of a known length."""

    __slots__ = ("_length", "taken")

    def __init__(self, length: int) -> None:
        self._length = length
        self.taken = 0

    @property
    def done(self) -> bool:
        return self.taken == self._length

    def take(self, data: bytes) -> int:
        """How many of these bytes are the body's."""
        size = min(len(data), self._length - self.taken)
        self.taken += size
        return size


class Chunked:
    """A body in chunks, read strictly: CR and LF at every end, few extensions, no trailer."""

    __slots__ = ("_begun", "_chunks", "_in_chunk", "_largest", "_left", "_said", "_was_last", "done", "taken")

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._left = self._chunks = self._said = self.taken = 0
        self._in_chunk = False
        """Its data, or the end of the line after them."""
        self._was_last = False
        self._begun = b""
        """Of a line whose end has not come."""
        self.done = False

    def take(self, data: bytes) -> int:
        """How many of these bytes are the body's."""
        at = 0
        while at < len(data) and not self.done:
            if self._left:
                size = min(self._left, len(data) - at)
                self._left -= size
                self.taken += size
                at += size
                continue
            end = data.find(b"\n", at) + 1
            line = self._begun + (data[at:end] if end else data[at:])
            if len(line) > LONGEST_LINE:
                raise RefusedError("chunk", 400, f"The line before a chunk is longer than {LONGEST_LINE} bytes.")
            if not end:
                if self._in_chunk and line != b"\r":
                    raise _bad()
                self._begun = line
                return len(data)
            self._begun = b""
            self._line(line)
            at = end
        return at

    def _line(self, line: bytes) -> None:
        if self._in_chunk:
            if line != b"\r\n":
                raise _bad()
            self._in_chunk = False
        elif self._was_last:
            if line != b"\r\n":
                raise RefusedError("trailer", 400, "Headers after a body are not taken here.")
            self.done = True
        else:
            self._size(line)

    def _size(self, line: bytes) -> None:
        match = _SIZE.fullmatch(line)
        if match is None:
            raise _bad()
        self._said += len(match[2] or b"")
        self._chunks += 1
        if self._said > MOST_SAID or self._chunks > MOST_CHUNKS:
            raise RefusedError("chunk", 400, "The body has too many chunks, or they say too much of themselves.")
        self._left = int(match[1], 16)
        if self.taken + self._left > self._largest:
            raise too_large(self._largest)
        self._in_chunk, self._was_last = self._left > 0, self._left == 0


Body = Counted | Chunked


def _bad() -> RefusedError:
    return RefusedError("chunk", 400, "A chunk is its size in hexadecimal, CR, LF, as many bytes, CR, LF.")
