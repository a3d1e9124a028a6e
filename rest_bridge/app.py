"""The application: every path in one list."""

from __future__ import annotations

from imagegen import ImagegenError, v1
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from rest_bridge import errors, files, health, images, models, openapi
from rest_bridge.edge import Edge, request_id_of
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


def make_app(gateway: Gateway, public_url: str) -> tuple[ASGIApp, Starlette]:
    """The application as the server sees it, and the one inside that holds the state."""
    table, metrics = routes(), Metrics()
    inner = Starlette(
        routes=table,
        exception_handlers={HTTPException: _http_failure, Exception: _unexpected},
    )
    inner.router.redirect_slashes = False
    inner.state.gateway = gateway
    inner.state.public_url = public_url.rstrip("/")
    inner.state.metrics = metrics
    inner.state.draining = False
    return Edge(inner, metrics), inner


_REASONS = {404: v1.REASON_NOT_FOUND, 405: v1.REASON_METHOD_NOT_ALLOWED}


async def _http_failure(request: Request, error: Exception) -> Response:
    """What the router itself refuses, in our envelope."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    reason = _REASONS.get(status, v1.REASON_INVALID_REQUEST)
    path = request.url.path[:200]
    allowed = error.headers.get("Allow") if isinstance(error, HTTPException) and error.headers else None
    message = f"{path} takes {allowed}, not {request.method}." if allowed else f"There is no {path} here."
    answer = errors.response(ImagegenError(reason, message), request_id_of(request))
    if allowed:
        answer.headers["allow"] = allowed
    return answer


async def _unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours: no inner word leaves."""
    request_id = request_id_of(request)
    failed = ImagegenError(v1.REASON_INTERNAL, f"The bridge failed. The request's id is {request_id}.")
    return errors.response(failed, request_id)
