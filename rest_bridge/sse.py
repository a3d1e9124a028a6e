"""Server-sent events, as an ASGI response.

Headers wait for the first event or ten seconds: a failure before is a plain JSON error with its true status, one
after is an event; and the headers name the target that was being asked then, whoever serves in the end. In silence a
comment keeps proxies awake; it has no blank line after it, because some clients take one for an empty event. A client
that goes away ends the call behind the events, and with it everything further.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from imagegen.errors import ImagegenError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rest_bridge.edge import failed_late
from rest_bridge.json import Piece, dumps, gathered, with_base64
from rest_bridge.leaving import ends, has_left

PATIENCE = 10.0
"""Seconds of silence after which something is said, if only a comment."""

COMMENT = b": keep-alive\n"

Pieces = Sequence[Piece]


def event(name: str, body: dict[str, Any]) -> Pieces:
    return (b"event: %b\ndata: %b\n\n" % (name.encode(), dumps({"type": name, **body})),)


def picture(name: str, data: bytes, body: dict[str, Any]) -> Pieces:
    before, encoded, after = with_base64("b64_json", data, {"type": name, **body})
    return b"event: %b\ndata: %b" % (name.encode(), before), encoded, after + b"\n\n"


class Failing(Protocol):
    """How a failure is answered: before the first byte, and after it."""

    headers: dict[str, str]
    failure: ImagegenError | None

    def failed(self, error: ImagegenError) -> Response: ...

    def error_event(self, error: ImagegenError, number: int) -> Pieces: ...


class EventStream(Response):
    """Sends what `events` yields. Where the client leaves, `leave` ends the work behind it."""

    def __init__(
        self, events: AsyncGenerator[Pieces, None], asked: Failing, seconds: float, leave: Callable[[], object]
    ) -> None:
        super().__init__(None)
        self._events = events
        self._asked = asked
        self._seconds = seconds
        self._leave = leave
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with ends(scope, self._leave):
                async with asyncio.timeout(self._seconds), aclosing(self._events) as events:
                    async for pieces in events:
                        await self._write(send, *pieces)
                        if has_left(scope):
                            return
                    await self._write(send, last=True)
        except TimeoutError:
            return  # the request's time is over and its reader takes nothing: the server closes the connection
        except ImagegenError as error:
            if has_left(scope):
                return
            if self._begun:
                await self._write(send, *self._asked.error_event(error, 0), last=True)
            else:
                await self._asked.failed(error)(scope, receive, send)
        finally:
            if self._asked.failure is not None:
                failed_late(scope, self._asked.failure)

    async def _write(self, send: Send, *pieces: Piece, last: bool = False) -> None:
        if not self._begun:
            self._begun = True
            headers = {
                **self._asked.headers,
                "content-type": "text/event-stream; charset=utf-8",
                "cache-control": "no-cache",
                "x-accel-buffering": "no",
            }
            raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": 200, "headers": raw})
        for piece in gathered(pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if last:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
