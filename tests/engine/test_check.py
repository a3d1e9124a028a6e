"""What no model could be asked is refused by name; everything else is let through, whatever anybody writes."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from service.domain.request import PARAMETER_NAMES, ImageRequest, Parameters
from service.engine.adapt import adapt
from service.engine.check import check
from service.errors import GatewayError, Reason
from tests.engine.shipped import shipped

WORDS = sorted(set(PARAMETER_NAMES) - {"n", "output_compression", "partial_images", "steps", "guidance", "seed"})


def request(**changed: Any) -> ImageRequest:
    """A good request, with some things changed; parameters by their names."""
    own = set(ImageRequest.__struct_fields__) - {"parameters"}
    parameters = Parameters(**{name: value for name, value in changed.items() if name not in own})
    asked = {name: value for name, value in changed.items() if name in own}
    return replace(ImageRequest(model="painter/scene", prompt="a lighthouse", parameters=parameters), **asked)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "dall-e-3"),
        ("prompt", "x" * 32_000),
        ("prompt", " \n灯台\t🌅 "),
        ("fallbacks", ("painter/scene",) * 10),
        ("response_format", "url"),
        ("response_format", "b64_json"),
        ("n", 1),
        ("n", 10),
        ("size", "auto"),
        ("size", "1x99999"),
        ("quality", "hd"),
        ("style", "vivid"),
        ("background", "transparent"),
        ("moderation", "low"),
        ("output_format", "svg"),
        ("output_compression", 0),
        ("output_compression", 100),
        ("partial_images", 0),
        ("partial_images", 3),
        ("negative_prompt", ""),
        ("aspect_ratio", "16:9"),
        ("aspect_ratio", "auto"),
        ("resolution", "2K"),
        ("steps", 1000),
        ("guidance", 0.0),
        ("seed", -(2**63)),
        ("user", "u" * 1024),
        ("safety_identifier", ""),
    ],
)
def test_good_values_pass(name: str, value: Any) -> None:
    """What some model can be asked passes, to the very bounds."""
    check(request(**{name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", "x" * 32_001),
        ("fallbacks", ("painter/scene",) * 11),
        ("model", "m" * 257),
        ("model", "two\nlines"),
        ("response_format", "png"),
        ("response_format", ""),
        ("n", 0),
        ("n", 11),
        ("n", -(2**31)),
        ("size", ""),
        ("size", "0x1024"),
        ("size", "1024"),
        ("size", "1024X1024"),
        ("size", "1024x1024 "),
        ("size", "1024x1024\n"),
        ("size", "100000x1024"),
        ("size", "1٠24x1024"),
        ("quality", "HD"),
        ("quality", ""),
        ("style", "cubist"),
        ("background", "none"),
        ("moderation", "off"),
        ("output_format", "bmp"),
        ("output_compression", -1),
        ("output_compression", 101),
        ("partial_images", 4),
        ("aspect_ratio", "16/9"),
        ("aspect_ratio", "0:1"),
        ("aspect_ratio", "١٦:٩"),
        ("resolution", "K" * 65),
        ("steps", 0),
        ("guidance", math.nan),
        ("guidance", math.inf),
        ("guidance", -0.1),
        ("user", "u" * 1025),
        ("safety_identifier", "s" * 1025),
        ("negative_prompt", "x" * 32_001),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_bad_values_are_refused_by_name(name: str, value: Any) -> None:
    """What no model can be asked is an INVALID_PARAMETER that names the field, in one short line."""
    with pytest.raises(GatewayError) as refused:
        check(request(**{name: value}))

    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, name)
    assert refused.value.message.startswith(f"{name} ")
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 300


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \t\n"}, "prompt"),
        ({"model": ""}, "model"),
        ({"model": "  "}, "model"),
        ({"fallbacks": ("painter/scene", "")}, "fallbacks[1]"),
    ],
    ids=["no prompt", "a blank prompt", "no model", "a blank model", "an empty fallback"],
)
def test_what_is_missing_is_said(changed: dict[str, Any], field: str) -> None:
    """What must be there and is not, or is blank, is a MISSING_PARAMETER that names it."""
    with pytest.raises(GatewayError) as refused:
        check(request(**changed))

    assert (refused.value.reason, refused.value.field) == (Reason.MISSING_PARAMETER, field)


def test_urls_are_not_streamed() -> None:
    """A stream carries bytes: asking it for URLs is refused by name, asking it for base64 is not."""
    check(request(stream=True, response_format="b64_json"))
    with pytest.raises(GatewayError) as refused:
        check(request(stream=True, response_format="url"))

    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, "response_format")


NUMBERS = st.integers(-(2**63), 2**63 - 1)
SIZES = st.one_of(st.text(), st.from_regex(r"\A\d{1,5}[xX:]\d{1,5}\Z"))
ANYTHING: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys([*WORDS, "prompt", "model"], SIZES),
    "fallbacks": st.lists(st.text(), max_size=12).map(tuple),
    "response_format": st.none() | st.text(),
    "guidance": st.floats(),
    **dict.fromkeys(("n", "output_compression", "partial_images", "steps", "seed"), NUMBERS),
    "stream": st.booleans(),
    "extras": st.dictionaries(st.text(), st.none() | st.booleans() | NUMBERS | st.text() | st.lists(st.text())),
}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(changed=st.fixed_dictionaries({}, optional=ANYTHING), position=st.integers(0, 1000))
def test_anything_passes_or_is_refused_by_name(changed: dict[str, Any], position: int) -> None:
    """Whatever stands in whatever field, it passes or is refused under that field's name: here, and by any model."""
    model = shipped()[position % len(shipped())]
    asked = request(**changed)
    try:
        check(asked)
        adapted = adapt(asked, model.card, str(model)).request
    except GatewayError as refused:
        assert refused.reason in (Reason.INVALID_PARAMETER, Reason.MISSING_PARAMETER)  # noqa: PT017 - both ways are good
        assert (refused.field or "").partition("[")[0] in changed  # noqa: PT017
        assert refused.message.isprintable()  # noqa: PT017
    else:
        size = adapted.parameters.size
        assert size is None or re.fullmatch("auto|[1-9][0-9]*x[1-9][0-9]*", size)
