"""The application: every path in one list, and what becomes of a request that none of them takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from imagegen import ImagegenError, v1
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from rest_bridge import errors, files, health, images, models, openapi
from rest_bridge.browsers import Sites
from rest_bridge.edge import Edge, arrival_of, request_id_of
from rest_bridge.gateway import Gateway
from rest_bridge.metrics import Metrics

PREFIXES = ("", "/openai", "/litellm", "/langchain", "/pydanticai")
"""Where clients expect OpenAI's API to be; each with and without /v1."""

DEPLOYMENTS = ("/openai/deployments/{deployment:path}", "/openai/openai/deployments/{deployment:path}")
"""Azure's paths, and the seed's."""


def routes() -> list[Route]:
    table = [
        Route("/health", health.health),
        Route("/health/ready", health.ready),
        Route("/metrics", health.metrics),
        Route("/openapi.json", openapi.document),
        Route("/api/providers", models.list_providers),
        Route("/v1/images/plan", images.plan, methods=["POST"]),
        Route("/v1/files/{file_id}/content", files.content),
    ]
    for base in DEPLOYMENTS:
        table += [
            Route(f"{base}/images/generations", images.generate, methods=["POST"]),
            Route(f"{base}/images/edits", images.edit, methods=["POST"]),
        ]
    for base in (f"{prefix}{version}" for prefix in PREFIXES for version in ("/v1", "")):
        table += [
            Route(f"{base}/images/generations", images.generate, methods=["POST"]),
            Route(f"{base}/images/edits", images.edit, methods=["POST"]),
            Route(f"{base}/images/variations", images.vary, methods=["POST"]),
            Route(f"{base}/models", models.list_models),
            Route(f"{base}/models/{{model:path}}", models.get_model),
        ]
    return table


@dataclass(slots=True)
class State:
    """What endpoints find as `request.app.state`."""

    gateway: Gateway
    public_url: str
    metrics: Metrics
    draining: bool = False


class App:
    """Finds who answers a request, and sends what they answer."""

    def __init__(self, gateway: Gateway, public_url: str, sites: Iterable[str] = ()) -> None:
        """`sites` are the origins whose scripts may call."""
        self.state = State(gateway, public_url.rstrip("/"), Metrics())
        self._sites = Sites(sites)
        self._edge = Edge(self._answer, self.state.metrics, self._sites, service_logs=gateway.is_here)
        table = routes()
        self._fixed = {route.path: route for route in table if not route.param_convertors}
        self._patterns = [route for route in table if route.param_convertors]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._edge(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        route = self._route(scope)
        if route is None:
            response = _refused(request, v1.REASON_NOT_FOUND, f"There is no {request.url.path[:200]} here.")
        elif request.method not in (route.methods or ()):
            response = self._preflight(request, route) or _not_allowed(request, sorted(route.methods or ()))
        else:
            response = await route.endpoint(request)
        await response(scope, receive, send)

    def _preflight(self, request: Request, route: Route) -> Response | None:
        if request.method != "OPTIONS":
            return None
        return self._sites.preflight(arrival_of(request).headers, sorted(route.methods or ()))

    def _route(self, scope: Scope) -> Route | None:
        """Who has the path; their name and what it says is noted in the scope."""
        route = self._fixed.get(scope["path"])
        if route is not None:
            scope.update(route=route, path_params={})
            return route
        for each in self._patterns:
            match, found = each.matches(scope)
            if match is not Match.NONE:
                scope.update(found, route=each)
                return each
        return None


def _not_allowed(request: Request, methods: Sequence[str]) -> Response:
    allowed = ", ".join(methods)
    message = f"{request.url.path[:200]} takes {allowed}, not {request.method}."
    answer = _refused(request, v1.REASON_METHOD_NOT_ALLOWED, message)
    answer.headers["allow"] = allowed
    return answer


def _refused(request: Request, reason: v1.Reason.ValueType, message: str) -> Response:
    return errors.response(ImagegenError(reason, message), request_id_of(request))
