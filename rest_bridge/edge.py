"""The edge of the bridge: each request gets its id, its span and its place in the metrics."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from imagegen import ImagegenError, tracing, v1
from imagegen.identity import request_id as good_or_new
from msgspec import Struct
from opentelemetry.trace import SpanKind
from opentelemetry.util.types import AttributeValue
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rest_bridge import errors
from rest_bridge.browsers import Sites
from rest_bridge.gateway import WENT_ON, Errand, errand
from rest_bridge.metrics import Metrics, Seen, known

_FAILED = "imagegen.failed"
"""In the scope of a request: why it failed after its answer had begun."""


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
    return errand(arrived.headers, arrived.request_id, arrived.span.context, request.scope)


def failed_late(scope: Scope, error: ImagegenError) -> None:
    """For an answer that began well: its status said so, and cannot be changed any more."""
    if errors.status_of(error) >= 500:
        scope[_FAILED] = error.name


class Edge:
    def __init__(self, app: ASGIApp, metrics: Metrics, sites: Sites, *, service_logs: bool = False) -> None:
        """Where the service writes its lines to the same place (`service_logs`), a request that goes on has its own."""
        self._app = app
        self._metrics = metrics
        self._sites = sites
        self._service_logs = service_logs
        self._log = structlog.get_logger("bridge").bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in reversed(scope["headers"])}
        request_id = good_or_new(headers.get("x-request-id"))
        method = scope["method"]
        added = ((b"x-request-id", request_id.encode()), *self._sites.headers(headers))
        trace = tracing.extract(headers.items())
        with (
            tracing.Span(known(method), SpanKind.SERVER, trace, _attributes(scope, headers)) as span,
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
                self._log.exception("unexpected failure", request_id=request_id)
                failed = ImagegenError(v1.REASON_INTERNAL, f"The bridge failed. The request's id is {request_id}.")
                await errors.response(failed, request_id)(scope, receive, noting)
            finally:
                seen.route = _route(scope)
                seen.exemplar = span.exemplar
                self._note(scope, span, seen)
                if not (self._service_logs and WENT_ON in scope):
                    self._log.info(
                        "request",
                        method=known(method),
                        route=seen.route,
                        status=seen.status,
                        request_id=request_id,
                        trace_id=span.trace_id,
                        ms=round(seen.seconds * 1000, 1),
                    )

    def _note(self, scope: Scope, span: tracing.Span, seen: Seen) -> None:
        span.rename(f"{known(scope['method'])} {seen.route}")
        span.set(http__response__status_code=seen.status)
        if "route" in scope:  # a path that nobody serves may be anything, a key too
            span.set(http__route=seen.route, url__path=scope["path"])
        if seen.status >= 500:
            span.fail(str(seen.status))
        elif _FAILED in scope:
            span.fail(scope[_FAILED])


def _attributes(scope: Scope, headers: Mapping[str, str]) -> dict[str, AttributeValue] | None:
    if not tracing.is_watched():
        return None
    host, port = scope.get("server") or ("", 0)
    return {
        "http.request.method": known(scope["method"]),
        "url.scheme": scope["scheme"],
        "server.address": host,
        "server.port": port or 0,
        "network.protocol.version": scope["http_version"],
        "user_agent.original": headers.get("user-agent", "")[:200],
    }


def _route(scope: Scope) -> str:
    """The template of the path, so that neither spans nor metrics grow with what callers type."""
    route: Route | None = scope.get("route")
    return route.path if route else "(none)"
