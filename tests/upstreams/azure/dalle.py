"""dall-e-3 as Azure serves it to this day: one image, two qualities, an address unless base64 is asked for."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from tests.upstreams.openai import Charge, Refusal, Usage
from tests.upstreams.openai import refusals as openai_refusals
from tests.upstreams.openai.acts import Acts
from tests.upstreams.openai.answers import document, encoded
from tests.upstreams.openai.catalogue import Card
from tests.upstreams.openai.order import Order, Terms
from tests.upstreams.openai.pictures import Canvas, Drawn, draw

SIZES: Final = ("1024x1024", "1792x1024", "1024x1792")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "size": SIZES,
    "quality": ("standard", "hd"),
    "style": ("vivid", "natural"),
    "response_format": ("url", "b64_json"),
}
_CARD: Final = Card(0, 0, 0)


def read(asked: Mapping[str, Any], terms: Terms, *, request: int, request_id: str, key: str, created: int) -> Order:
    """The order; raises the Refusal that names the parameter."""
    for name, value in asked.items():
        if name in _CHOICES and value not in _CHOICES[name]:
            raise openai_refusals.invalid_choice(name, value, _CHOICES[name])
        if name not in (*_CHOICES, "prompt", "n", "user"):
            raise openai_refusals.unknown_parameter(name)
    if asked.get("n", 1) != 1:
        raise Refusal(400, "You must provide n=1 for this model.", "invalid_value", "n")
    prompt = asked.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise openai_refusals.missing("prompt")
    if len(prompt) > 4000:
        raise openai_refusals.long_text("prompt", 4000, len(prompt))
    return Order(
        request=request,
        request_id=request_id,
        key=key,
        created=created,
        asked=asked,
        model="dall-e-3",
        card=_CARD,
        prompt=prompt,
        images=1,
        size=asked.get("size", "1024x1024"),
        quality=asked.get("quality", "standard"),
        background="opaque",
        output_format="png",
        compression=100,
        stream=False,
        partials=0,
        safety_identifier=None,
        keep=terms.keep,
    )


def answer(order: Order) -> Acts:
    width, height = (int(edge) for edge in order.size.split("x"))
    picture = draw(Drawn(order.request), Canvas(width=width, height=height))
    if order.asked.get("response_format", "url") == "url":
        item = {"url": order.keep(picture)}
    else:
        item = {"b64_json": base64.b64encode(picture).decode()}
    body = {"created": order.created, "data": [{**item, "revised_prompt": f"{order.prompt}, in fine detail"}]}
    return document(200, encoded(body), request_id=order.request_id)


def charge_for(order: Order) -> Charge:
    price = 40_000 * (2 if order.quality == "hd" else 1) * (1 if order.size == "1024x1024" else 2)
    if order.quality == "hd" and order.size != "1024x1024":
        price = 120_000
    return Charge(order.request, order.model, order.size, order.quality, 1, Usage(0, 0), price)
