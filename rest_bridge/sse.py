"""Server-sent events, as an ASGI response.

Headers wait for the first event or ten seconds: a failure before is a plain JSON error with its true status, one
after is an event; and the headers name the target that was being asked then, whoever serves in the end. In silence a
comment keeps proxies awake; it has no blank line after it, because some clients take one for an empty event. A client
that goes away closes the generator, and with it everything behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol

from imagegen.errors import ImagegenError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rest_bridge.json import dumps, with_base64
from rest_bridge.leaving import cancel, gone_from

PATIENCE = 10.0
"""Seconds of silence after which something is said, if only a comment."""

COMMENT = b": keep-alive\n"

Pieces = Sequence[bytes]


def event(name: str, body: dict[str, Any]) -> Pieces:
    return (b"event: %b\ndata: %b\n\n" % (name.encode(), dumps({"type": name, **body})),)


def picture(name: str, data: bytes, body: dict[str, Any]) -> Pieces:
    before, encoded, after = with_base64("b64_json", data, {"type": name, **body})
    return b"event: %b\ndata: %b" % (name.encode(), before), encoded, after + b"\n\n"


class Failing(Protocol):
    """How a failure is answered: before the first byte, and after it."""

    headers: dict[str, str]

    def failed(self, error: ImagegenError) -> Response: ...

    def error_event(self, error: ImagegenError, number: int) -> Pieces: ...


class EventStream(Response):
    """Sends what `events` yields."""

    def __init__(self, events: AsyncGenerator[Pieces, None], asked: Failing, seconds: float) -> None:
        super().__init__(None)
        self._events = events
        self._asked = asked
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._send(scope, receive, send)
        except TimeoutError:
            return  # the request's time is over and its reader takes nothing: the server closes the connection
        finally:
            await self._events.aclose()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(gone_from(receive))
        upcoming = asyncio.ensure_future(anext(self._events, None))
        started = False
        try:
            while True:
                await asyncio.wait({upcoming, gone}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
                try:
                    pieces = upcoming.result() if upcoming.done() else (COMMENT,)
                except ImagegenError as error:
                    if not started:
                        await self._asked.failed(error)(scope, receive, send)
                        return
                    await _body(send, b"".join(self._asked.error_event(error, 0)))
                    pieces = None
                if not started:
                    await self._start(send)
                    started = True
                for piece in pieces or ():
                    await _body(send, piece)
                if pieces is None:
                    await _body(send, b"", more=False)
                    return
                if upcoming.done():
                    upcoming = asyncio.ensure_future(anext(self._events, None))
        finally:
            await cancel(gone)
            await cancel(upcoming)

    async def _start(self, send: Send) -> None:
        headers = {
            **self._asked.headers,
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
            "x-accel-buffering": "no",
        }
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})


async def _body(send: Send, data: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})
