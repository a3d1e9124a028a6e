"""What OpenAI says when all goes well: the JSON answer, the event stream, a model, and the headers of each."""

import base64
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from .acts import Act, Acts, Body, Head, Kind
from .catalogue import Card
from .order import Order
from .pictures import Canvas, Drawn, draw
from .refusals import Refusal

JSON: Final = "application/json"
SSE: Final = "text/event-stream; charset=utf-8"


def answer(order: Order) -> Acts:
    return streamed(order) if order.stream else unary(order)


def unary(order: Order) -> Acts:
    data = [{"b64_json": _base64(order, image)} for image in range(order.images)]
    body: dict[str, Any] = {
        "created": order.created,
        "background": order.background,
        "data": data,
        "output_format": order.output_format,
        "quality": order.quality,
        "size": order.size,
        **_safety(order),
        "usage": order.usage.unary(),
    }
    return document(200, encoded(body), request_id=order.request_id)


def streamed(order: Order) -> Acts:
    """Image after image, each with its partials and its own completed event; no event says whose it is."""
    acts: list[Act] = [Head(200, {"Content-Type": SSE, **usual_headers(order.request_id)})]
    for image in range(order.images):
        for partial in range(order.partials):
            fields = _event_fields(order, image, partial) | {"partial_image_index": partial}
            acts.append(event("image_generation.partial_image", fields, "partial"))
        usage = order.usage.share(image, order.images).streamed()
        fields = _event_fields(order, image) | {"usage": usage} | _safety(order)
        acts.append(event("image_generation.completed", fields, "completed"))
    return tuple(acts)


def event(name: str, fields: dict[str, Any], kind: Kind = "other") -> Body:
    return Body(f"event: {name}\ndata: ".encode() + encoded({"type": name, **fields}) + b"\n\n", kind)


def refused(refusal: Refusal, request_id: str) -> Acts:
    return document(refusal.status, refusal.encoded(), request_id=request_id, headers=refusal.headers)


def document(
    status: int,
    body: bytes,
    *,
    content_type: str = JSON,
    request_id: str | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Acts:
    """A whole answer of known length. Without `request_id` it comes from a proxy, not from OpenAI."""
    usual = usual_headers(request_id) if request_id else {"server": "cloudflare"}
    own = {"Content-Type": content_type, "Content-Length": str(len(body))}
    return Head(status, {**own, **usual, **headers}), Body(body)


def model_object(model: str, card: Card) -> dict[str, Any]:
    return {
        "id": model,
        "object": "model",
        "created": card.created,
        "owned_by": "system",
        "shutdown_date": card.shutdown_date,
    }


def usual_headers(request_id: str) -> dict[str, str]:
    return {
        "x-request-id": request_id,
        "openai-organization": "org-double",
        "openai-processing-ms": "37",
        "openai-version": "2020-10-01",
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "120ms",
        "x-ratelimit-limit-tokens": "250000",
        "x-ratelimit-remaining-tokens": "249000",
        "x-ratelimit-reset-tokens": "6m0s",
        "server": "cloudflare",
    }


def encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _event_fields(order: Order, image: int, partial: int | None = None) -> dict[str, Any]:
    return {
        "b64_json": _base64(order, image, partial),
        "created_at": order.created,
        "size": order.size,
        "quality": order.quality,
        "background": order.background,
        "output_format": order.output_format,
    }


def _base64(order: Order, image: int, partial: int | None = None) -> str:
    width, height = (int(edge) for edge in order.size.split("x"))
    canvas = Canvas(
        width,
        height,
        order.output_format,
        transparent=order.background == "transparent",
        compression=order.compression,
        frames=order.asked.get("frame_count") or (9 if order.output_format == "gif" else 1),
        frame_ms=order.asked.get("frame_duration_ms") or 200,
    )
    return base64.b64encode(draw(Drawn(order.request, image, partial), canvas)).decode()


def _safety(order: Order) -> dict[str, str]:
    return {"safety_identifier": order.safety_identifier} if order.safety_identifier else {}
