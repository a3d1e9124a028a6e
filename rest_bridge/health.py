"""Is the bridge there, may it be sent requests, and what does it count."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from rest_bridge.gateway import Gateway
from rest_bridge.json import dumps
from rest_bridge.metrics import Metrics


async def health(request: Request) -> Response:
    """The process answers."""
    return Response(dumps({"status": "ok"}), media_type="application/json")


async def ready(request: Request) -> Response:
    """Requests are welcome: the service is serving, and neither is about to stop."""
    gateway: Gateway = request.app.state.gateway
    good = not request.app.state.draining and await gateway.is_serving()
    body = dumps({"status": "ready" if good else "not_ready"})
    return Response(body, 200 if good else 503, media_type="application/json")


async def metrics(request: Request) -> Response:
    counted: Metrics = request.app.state.metrics
    text, media_type = counted.meter.text(request.headers.get("accept", ""))
    return Response(text, headers={"content-type": media_type})
