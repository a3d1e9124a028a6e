"""What is fine alone and not together: OpenAI's own reading of whatever its cards let through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Any

import pytest

from service.domain.request import PARAMETER_NAMES, ImageRequest, Parameters
from service.engine.plan import make_plan
from service.engine.router import Router, Upstream
from service.errors import GatewayError
from service.providers.openai import WIRE
from tests.engine.shipped import Shipped, shipped
from tests.upstreams.openai.order import Terms, read_order

OPENAI = [each for each in shipped() if each.kind == "openai"]

VALUES: Mapping[str, tuple[Any, ...]] = {
    "n": (1, 2, 10),
    "size": ("auto", "256x256", "512x512", "1792x1024", "3840x2160", "1x9999"),
    "quality": ("auto", "low", "standard", "hd", "high", "xhigh", "max"),
    "style": ("vivid",),
    "background": ("auto", "transparent", "opaque"),
    "moderation": ("auto", "low"),
    "output_format": ("png", "jpeg", "webp", "gif", "svg"),
    "output_compression": (0, 50, 100),
    "partial_images": (0, 2),
    "negative_prompt": ("fog",),
    "aspect_ratio": ("auto", "1:1", "21:9", "1:10"),
    "resolution": ("2K", "8K"),
    "steps": (20,),
    "guidance": (7.5,),
    "seed": (7,),
    "user": ("u",),
    "safety_identifier": ("s",),
    "stream": (True,),
}


def together() -> Iterator[dict[str, Any]]:
    """Every two of them, with all their values."""
    for one, other in combinations(VALUES, 2):
        for values in product(VALUES[one], VALUES[other]):
            yield dict(zip((one, other), values, strict=True))


def in_a_stream() -> Iterator[dict[str, Any]]:
    """Every two of those that go with a format, with a format, and in a stream, as previews need one."""
    of_formats = ("n", "background", "output_compression", "partial_images")
    for one, other in combinations(of_formats, 2):
        for values in product(VALUES["output_format"], VALUES[one], VALUES[other]):
            yield dict(zip(("output_format", one, other), values, strict=True)) | {"stream": True}


def sent(model: Shipped, asked: Mapping[str, Any], *, strict: bool) -> list[dict[str, Any]]:
    """The bodies of the calls that a request becomes."""
    parameters = Parameters(**{name: value for name, value in asked.items() if name in PARAMETER_NAMES})
    request = ImageRequest(
        model=f"openai/{model.model}",
        prompt="a fox",
        parameters=parameters,
        stream=asked.get("stream", False),
        strict=strict,
    )
    upstream = Upstream(name="openai", kind="openai", configured=True, cards={model.model: model.card}, prices={})
    (step,) = make_plan(request, Router({"openai": upstream}, {}, frozenset()), "seed").steps
    return [WIRE.body(step.part(images), model.model, model.model) for images in step.images]


@pytest.mark.parametrize("strict", [False, True], ids=["", "strict"])
@pytest.mark.parametrize("model", OPENAI, ids=str)
def test_openai_takes_whatever_we_send(model: Shipped, strict: bool) -> None:
    """Two parameters, whichever, are sent so that OpenAI does not refuse them, or are refused here before."""
    assert set(VALUES) == {*PARAMETER_NAMES, "stream"}
    refused = 0
    for asked in (*together(), *in_a_stream()):
        try:
            bodies = sent(model, asked, strict=strict)
        except GatewayError as error:
            refused += 1
            assert strict or error.field in ("background", "output_format", "size", "aspect_ratio"), asked  # noqa: PT017
            assert error.field in asked  # noqa: PT017
            continue
        for body in bodies:
            read_order(body, Terms(), request=0, request_id="r", key="k", created=0)
    assert refused < len([*together(), *in_a_stream()]) * (0.9 if strict else 0.2)
