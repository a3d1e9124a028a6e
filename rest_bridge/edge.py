"""The edge of the bridge: each request gets its id, its span and its place in the metrics, and ends with its client."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import TypeVar

from imagegen import ImagegenError, tracing, v1
from opentelemetry.trace import SpanKind
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rest_bridge.gateway import Errand, errand
from rest_bridge.metrics import Metrics

T = TypeVar("T")

_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id_of(request: Request) -> str:
    return request.state.request_id


def errand_of(request: Request) -> Errand:
    return errand(request.headers, request.state.request_id, request.state.span.context)


class Edge:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]]
        named = dict(headers)
        request_id = named.get("x-request-id", "")
        if not _GOOD_ID.fullmatch(request_id):
            request_id = uuid.uuid4().hex
        method = scope["method"]
        attributes = {"http.request.method": method, "url.scheme": scope["scheme"]}
        with (
            tracing.Span(method, SpanKind.SERVER, tracing.extract(headers), attributes) as span,
            self._metrics.request(method) as seen,
        ):
            scope.setdefault("state", {}).update(request_id=request_id, span=span)

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    seen.status = message["status"]
                    message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                await send(message)

            try:
                await self._app(scope, receive, noting)
            finally:
                seen.route = _route(scope)
                span.rename(f"{method} {seen.route}")
                span.set(http__route=seen.route, http__response__status_code=seen.status)
                if seen.status >= 500:
                    span.fail(str(seen.status))


def _route(scope: Scope) -> str:
    """The template of the path, so that neither spans nor metrics grow with what callers type."""
    route: Route | None = scope.get("route")
    return route.path if route else "(none)"


class Pieces(Response):
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


async def gone_from(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """Does the work unless the client leaves first; then the work is cancelled, and nobody reads the error."""
    doing, gone = asyncio.ensure_future(work), asyncio.ensure_future(gone_from(request.receive))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise ImagegenError(v1.REASON_CANCELLED, "The caller left.")
    finally:
        await cancel(gone)
        await cancel(doing)


async def cancel(task: asyncio.Future[T]) -> None:
    """Ends a task and waits until it is over."""
    if not task.done():
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
