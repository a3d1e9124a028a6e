"""The double itself: one server, as described, with its own bill."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from tests.upstreams.openai import FORBIDDEN, Behaviour, Charge, OpenAIDouble, Refusal, Seen, Usage
from tests.upstreams.openai.acts import Acts
from tests.upstreams.openai.answers import document, encoded
from tests.upstreams.openai.catalogue import Card
from tests.upstreams.openai.order import Order
from tests.upstreams.openai.pictures import Canvas, Drawn, draw
from tests.upstreams.openai.rewriting import on_json
from tests.upstreams.openai.shelf import FILES

from .description import DESCRIPTIONS, Description

KEY: Final = "compatible-double-0123456789abcdefghijkl"
PRICE: Final = 3_000
"""Micro-dollars for 1024x1024; what is larger or smaller costs by its pixels."""

_CARD: Final = Card(0, 0, 0)
_CONTENT: Final = "/content"


class CompatibleDouble(OpenAIDouble):
    """See the package's docstring."""

    def __init__(self, kind: str, *, key: str = KEY) -> None:
        super().__init__(key=key)
        self.kind = kind
        self.described: Description = DESCRIPTIONS[kind]
        self._kept: dict[str, bytes] = {}

    @property
    def orders(self) -> list[Seen]:
        """Requests for images, refused ones included."""
        return [seen for seen in self.requests if seen.method == "POST"]

    @property
    def calls(self) -> int:
        return len(self.orders)

    # Behaviours that are written as this server writes.

    def refusing(
        self, status: int, message: str, *, param: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Behaviour:
        """An error answer in this server's envelope."""
        acts = self._refused(status, message, param, headers or {})
        return Behaviour(f"refusing({status})", lambda _, __: acts, billed=False)

    def empty(self) -> Behaviour:
        """200 without an image."""
        name = "images" if self.kind == "deepinfra" else "data"
        return Behaviour("empty", lambda _, acts: on_json(acts, lambda fields: fields | {name: []}, ("document",)))

    def addresses(self, address: str | None = None, *, of: int | None = None) -> Behaviour:
        """Addresses in place of the pictures, whatever was asked: this server's own, or the one given.

        Where `of` says of which picture, the address given is that one's, and the others have this server's own.
        """

        def rewrite(order: Order, _: Acts) -> Acts:
            return self._answer(order, by_address=True, address=address, of=of)

        return Behaviour("addresses", rewrite)

    # A request.

    def _decide(self, seen: Seen, raw: bytes) -> tuple[Acts, Charge | None]:
        try:
            if seen.path.startswith(FILES):
                return self.shelf.show(seen), None
            if seen.path.endswith(_CONTENT) and seen.target in self._kept:
                return document(200, self._kept[seen.target], content_type="image/png"), None
            order = self._order(seen, raw)
        except Refusal as refusal:
            return self._refused(refusal.status, refusal.message, refusal.param, refusal.headers), None
        if FORBIDDEN in order.prompt and self.kind == "together":
            return self._refused(422, "NSFW content detected in the prompt.", None, {}), None
        return self._meet(seen, order, self._answer(order), _charge(order))

    def _order(self, seen: Seen, raw: bytes) -> Order:
        of = self.described
        scheme, _, key = seen.headers.get("Authorization", "").partition(" ")
        if (of.needs_key or key) and (scheme != "Bearer" or key != self.key):
            raise Refusal(401, f"Invalid API key: {key}")
        model = seen.path.removeprefix(of.path) if of.path.endswith("/") else None
        if (not seen.path.startswith(of.path) if model else seen.path != of.path) or "?" in seen.target:
            raise Refusal(404, "Not Found")
        if seen.method != "POST":
            raise Refusal(405, "Method Not Allowed")
        if seen.headers.get("Content-Type", "") != "application/json":
            raise Refusal(415, "Unsupported Media Type")
        body: Any = json.loads(raw)
        seen.body = body
        self._check(body, model)
        image_format = body.get(of.format_field, of.format_by_default)
        return Order(
            request=seen.index,
            request_id=seen.request_id,
            key=key,
            created=int(time.time()),
            asked=body,
            model=model or body["model"],
            card=_CARD,
            prompt=body["prompt"],
            images=body.get("n", body.get("num_images", 1)),
            size=_size(body),
            quality="",
            background="opaque",
            output_format="jpeg" if image_format == "jpg" else image_format,
            compression=100,
            stream=False,
            partials=0,
            safety_identifier=None,
            keep=self.shelf.put,
        )

    def _check(self, body: Mapping[str, Any], model: str | None) -> None:
        of = self.described
        if "prompt" not in body:
            raise Refusal(of.wrong, "Field required", param="prompt")
        for name, value in body.items():
            if name not in of.takes and not of.takes_more:
                raise Refusal(of.wrong, "Extra inputs are not permitted", param=name)
            if problem := of.takes[name](value) if name in of.takes else None:
                raise Refusal(of.wrong, problem, param=name)
        asked = model if model is not None else body.get("model")
        if of.models is None or asked in of.models:
            return
        if self.kind == "vllm":
            served = next(iter(of.models))
            raise Refusal(400, f"Model mismatch: request specifies '{asked}' but server is running '{served}'.")
        raise Refusal(404, f"Unable to access model {asked}.")

    # What is answered.

    def _answer(
        self, order: Order, *, by_address: bool | None = None, address: str | None = None, of: int | None = None
    ) -> Acts:
        described = self.described
        pictures = [_drawn(order, image) for image in range(order.images)]
        if by_address is None:
            by_address = order.asked.get("response_format", "url" if described.url_by_default else "b64") == "url"
        theirs = [address if of in (None, index) else None for index in range(order.images)]
        kept = zip(theirs, pictures, strict=True)
        named = [given or self._address(each) for given, each in kept] if by_address else []
        inline = [base64.b64encode(each).decode() for each in pictures]
        body: dict[str, Any]
        match self.kind:
            case "deepinfra":
                kind = order.output_format
                body = {
                    "images": named or [f"data:image/{kind};base64,{each}" for each in inline],
                    "nsfw_content_detected": [FORBIDDEN in order.prompt] * order.images,
                    "seed": 42,
                    "request_id": None,
                    "inference_status": {"status": "succeeded", "runtime_ms": 37, "cost": 0.003},
                }
            case "together":
                items = [{"type": "url", "url": each} for each in named] or [
                    {"type": "b64_json", "b64_json": each} for each in inline
                ]
                data = [{"index": index, **item} for index, item in enumerate(items)]
                body = {"id": uuid4().hex, "model": order.model, "object": "list", "data": data}
            case "nebius":
                items = [{"url": each} for each in named] or [{"b64_json": each} for each in inline]
                body = {"id": f"text2img-{uuid4()}", "data": [{**item, "revised_prompt": None} for item in items]}
            case _:
                items = [{"b64_json": None, "url": each} for each in named] or [
                    {"b64_json": each, "url": None} for each in inline
                ]
                body = {
                    "created": order.created,
                    "data": [{**i, **self._beside(order)} for i in items],
                    **self._about(),
                }
        return document(200, encoded(body), request_id=order.request_id)

    def _beside(self, order: Order) -> dict[str, Any]:
        return {"revised_prompt": order.prompt, "file_path": None} if self.kind == "sgl" else {"revised_prompt": None}

    def _about(self) -> dict[str, Any]:
        match self.kind:
            case "sgl":
                usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "image_count": 1}
                return {"id": uuid4().hex, "peak_memory_mb": 12000.0, "inference_time_s": 3.2, "usage": usage}
            case "vllm":
                return {"output_format": "png", "size": "1024x1024", "metrics": {"peak_memory_mb": 1.0}}
            case _:
                return {}

    def _address(self, picture: bytes) -> str:
        """Where a picture lies: relative to the server itself with SGLang, else in full and signed."""
        if self.kind != "sgl":
            return self.shelf.put(picture)
        target = f"/v1/images/{uuid4().hex}{_CONTENT}?variant=0"
        self._kept[target] = picture
        return target

    def _refused(self, status: int, message: str, param: str | None, headers: Mapping[str, str]) -> Acts:
        body = encoded(self.described.envelope(status, message, param))
        return document(status, body, headers=headers)


def _size(body: Mapping[str, Any]) -> str:
    if "width" in body:
        return f"{body['width']}x{body['height']}"
    size = body.get("size", "auto")
    return "1024x1024" if size == "auto" else size


def _drawn(order: Order, image: int) -> bytes:
    width, height = (int(edge) for edge in order.size.split("x"))
    return draw(Drawn(order.request, image), Canvas(width=width, height=height, format=order.output_format))


def _charge(order: Order) -> Charge:
    width, height = (int(edge) for edge in order.size.split("x"))
    each = -(-PRICE * width * height // 1024**2)
    withheld = FORBIDDEN in order.prompt
    return Charge(
        order.request, order.model, order.size, "", order.images, Usage(0, 0), 0 if withheld else each * order.images
    )
