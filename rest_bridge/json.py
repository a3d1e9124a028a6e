"""JSON out; pictures are spliced in as base64 rather than carried through the encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pybase64
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


def dumps(value: Any) -> bytes:
    return orjson.dumps(value)


def with_base64(name: str, data: bytes, rest: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    """The JSON object `rest` with one more member at its front, `data` in base64: before it, it, after it."""
    return b'{"%b":"' % name.encode(), pybase64.b64encode(data), b'",' + orjson.dumps(rest)[1:]


class Spliced(Response):
    """A JSON answer in pieces, so that pictures of many megabytes are not copied into one."""

    def __init__(self, pieces: Sequence[bytes], headers: dict[str, str]) -> None:
        super().__init__(None, 200, headers, "application/json")
        self._pieces = pieces
        self.headers["content-length"] = str(sum(len(piece) for piece in pieces))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
