"""JSON out; pictures are spliced in as base64 rather than carried through the encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import pybase64
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

STEP = 384 * 1024
"""How many bytes of a picture become base64 at once: so few that their memory is used again and again."""


def dumps(value: Any) -> bytes:
    return orjson.dumps(value)


class Base64:
    """Bytes that leave as base64: encoded a little at a time, when they are sent."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)

    def __len__(self) -> int:
        return (len(self._data) + 2) // 3 * 4

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._data), STEP):
            yield pybase64.b64encode(self._data[start : start + STEP])


Piece = bytes | Base64


def with_base64(name: str, data: bytes, rest: dict[str, Any]) -> tuple[bytes, Base64, bytes]:
    """The JSON object `rest` with one more member at its front, `data` in base64: before it, it, after it."""
    return b'{"%b":"' % name.encode(), Base64(data), b'",' + orjson.dumps(rest)[1:]


def gathered(pieces: Iterable[Piece]) -> Iterator[bytes]:
    """The same bytes in pieces that are worth sending, and of which none is very large."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        for part in (piece,) if isinstance(piece, bytes) else piece:
            waiting.append(part)
            size += len(part)
            if size >= STEP:
                yield b"".join(waiting)
                waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


class Spliced(Response):
    """A JSON answer in pieces, so that pictures of many megabytes are not copied into one."""

    def __init__(self, pieces: Iterable[Piece], headers: dict[str, str]) -> None:
        super().__init__(None, 200, headers, "application/json")
        self._pieces = tuple(pieces)
        self._size = sum(len(piece) for piece in self._pieces)
        self.headers["content-length"] = str(self._size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        left = self._size
        for piece in gathered(self._pieces):
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
