"""JSON out; pictures are spliced in as base64 rather than carried through the encoder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pybase64
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

LARGE = 64 * 1024
"""From here on a piece is not worth copying."""


def dumps(value: Any) -> bytes:
    return orjson.dumps(value)


def with_base64(name: str, data: bytes, rest: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    """The JSON object `rest` with one more member at its front, `data` in base64: before it, it, after it."""
    return b'{"%b":"' % name.encode(), pybase64.b64encode(data), b'",' + orjson.dumps(rest)[1:]


def gathered(pieces: Iterable[bytes]) -> list[bytes]:
    """The same bytes in as few pieces as may be, the large ones as they are."""
    found: list[bytes] = []
    small: list[bytes] = []
    for piece in pieces:
        if len(piece) < LARGE:
            small.append(piece)
            continue
        found += [b"".join(small), piece] if small else [piece]
        small = []
    return [*found, b"".join(small)] if small else found


class Spliced(Response):
    """A JSON answer in pieces, so that pictures of many megabytes are not copied into one."""

    def __init__(self, pieces: Iterable[bytes], headers: dict[str, str]) -> None:
        super().__init__(None, 200, headers, "application/json")
        self._pieces = gathered(pieces)
        self.headers["content-length"] = str(sum(len(piece) for piece in self._pieces))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        last = len(self._pieces) - 1
        for number, piece in enumerate(self._pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": number < last})
