"""The edge of the bridge: each request gets its id, its span and its place in the metrics."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from imagegen import ImagegenError, tracing, v1
from imagegen.identity import request_id as good_or_new
from msgspec import Struct
from opentelemetry.trace import SpanKind
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rest_bridge import errors
from rest_bridge.browsers import Sites
from rest_bridge.gateway import Errand, errand
from rest_bridge.metrics import Metrics


class Arrival(Struct, frozen=True):
    """What is found out about a request before anybody answers it."""

    request_id: str
    headers: Mapping[str, str]
    span: tracing.Span


def arrival_of(request: Request) -> Arrival:
    return request.scope["imagegen.arrival"]


def request_id_of(request: Request) -> str:
    return arrival_of(request).request_id


def errand_of(request: Request) -> Errand:
    arrived = arrival_of(request)
    return errand(arrived.headers, arrived.request_id, arrived.span.context)


class Edge:
    def __init__(self, app: ASGIApp, metrics: Metrics, sites: Sites) -> None:
        self._app = app
        self._metrics = metrics
        self._sites = sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in reversed(scope["headers"])}
        request_id = good_or_new(headers.get("x-request-id"))
        method = scope["method"]
        added = ((b"x-request-id", request_id.encode()), *self._sites.headers(headers))
        attributes = {"http.request.method": method, "url.scheme": scope["scheme"]}
        with (
            tracing.Span(method, SpanKind.SERVER, tracing.extract(headers.items()), attributes) as span,
            self._metrics.request(method) as seen,
        ):
            scope["imagegen.arrival"] = Arrival(request_id, headers, span)

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    seen.status = message["status"]
                    message["headers"] = [*message.get("headers", ()), *added]
                await send(message)

            try:
                await self._app(scope, receive, noting)
            except Exception:  # a fault of ours: no inner word leaves
                if seen.begun:
                    raise
                logging.getLogger(__name__).exception("request %s failed", request_id)
                failed = ImagegenError(v1.REASON_INTERNAL, f"The bridge failed. The request's id is {request_id}.")
                await errors.response(failed, request_id)(scope, receive, noting)
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
