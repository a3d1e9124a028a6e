"""Size, aspect ratio and resolution: each goes where the model has a place for it, and all that is asked is told."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.card import Choice, ModelCard, Sizes, Text
from service.domain.plan import Action, Change
from service.domain.request import ImageRequest, Parameters
from service.engine.adapt import DECIDES_BY_ITSELF, NOTHING_LIKE_IT, adapt
from service.engine.nearest import pixels
from service.engine.shape import DECIDES_NOTHING, NO_RATIO, NOT_KNOWN, RATIO_DECIDES, SIZE_DECIDES
from service.errors import GatewayError
from tests.engine.shipped import Shipped, shipped

NAMED = ModelCard(parameters={"size": Sizes(names=("auto", "1024x1024", "1536x1024", "1024x1536"))})
FREE = ModelCard(parameters={"size": Sizes(names=("auto",), any_size=True, multiple_of=16, min_side=64, max_side=4096)})
RATIOS = Choice(("1:1", "3:2", "2:3", "16:9", "9:16"))
BY_RATIO = ModelCard(parameters={"aspect_ratio": RATIOS})
BY_CLASS = ModelCard(parameters={"aspect_ratio": RATIOS, "resolution": Choice(("1K", "2K", "4K"))})
BOTH = ModelCard(parameters={"size": Sizes(names=("1024x1024",)), "aspect_ratio": RATIOS})

Told = list[Change]


def adapted(card: ModelCard, **asked: Any) -> tuple[dict[str, Any], Told]:
    """What is sent, and what is told."""
    result = adapt(ImageRequest(model="m", prompt="a fox", parameters=Parameters(**asked)), card, "north/model")
    assert [each.parameter for each in result.changes] == list(Parameters(**asked).named())
    return result.request.parameters.named(), list(result.changes)


def translated(name: str, asked: str, sent: str, note: str = "") -> Change:
    return Change(name, Action.TRANSLATED, asked, sent, note)


def dropped(name: str, asked: str, note: str) -> Change:
    return Change(name, Action.DROPPED, asked, note=note)


@pytest.mark.parametrize(
    ("ratio", "resolution", "named", "free"),
    [
        ("1:1", None, "1024x1024", "1024x1024"),
        ("16:9", None, "1536x1024", "1360x768"),
        ("9:16", None, "1024x1536", "768x1360"),
        ("1:1", "2K", "1024x1024", "2048x2048"),
        ("3:2", "512", "1536x1024", "624x416"),
        ("2:1", "4K", "1536x1024", "4096x2048"),
    ],
)
def test_a_ratio_goes_into_the_size(ratio: str, resolution: str | None, named: str, free: str) -> None:
    """A model that counts pixels is asked for the size of that ratio, as large as the resolution says."""
    asked = {"aspect_ratio": ratio, **({"resolution": resolution} if resolution else {})}

    for card, size in ((NAMED, named), (FREE, free)):
        sent, told = adapted(card, **asked)
        assert sent == {"size": size}
        assert told == [translated(name, value, size, "sent as size") for name, value in asked.items()]


def test_a_ratio_decides_where_size_is_left_open() -> None:
    """ "auto" gives way to a ratio, and that is told."""
    assert adapted(NAMED, size="auto", aspect_ratio="16:9") == (
        {"size": "1536x1024"},
        [
            translated("size", "auto", "1536x1024", RATIO_DECIDES),
            translated("aspect_ratio", "16:9", "1536x1024", "sent as size"),
        ],
    )


def test_a_size_goes_before_a_ratio() -> None:
    """Where the size is in pixels, ratio and resolution have nothing left to say."""
    assert adapted(NAMED, size="1024x1536", aspect_ratio="16:9", resolution="4K") == (
        {"size": "1024x1536"},
        [
            Change("size", Action.APPLIED, "1024x1536"),
            dropped("aspect_ratio", "16:9", SIZE_DECIDES),
            dropped("resolution", "4K", SIZE_DECIDES),
        ],
    )


@pytest.mark.parametrize(
    ("asked", "notes"),
    [
        ({"aspect_ratio": "auto"}, [DECIDES_NOTHING]),
        ({"resolution": "2K"}, [NO_RATIO]),
        ({"resolution": "vast"}, [NOT_KNOWN]),
        ({"aspect_ratio": "auto", "resolution": "2K"}, [DECIDES_NOTHING, NO_RATIO]),
    ],
)
def test_what_says_no_shape_is_dropped(asked: dict[str, str], notes: list[str]) -> None:
    """A ratio that is left open and a resolution alone make no size: never a square that nobody asked for."""
    sent, told = adapted(NAMED, **asked)

    assert sent == {}
    assert told == [dropped(name, value, note) for (name, value), note in zip(asked.items(), notes, strict=True)]


def test_a_resolution_that_nobody_knows_leaves_the_ratio() -> None:
    """The ratio is kept at the usual area."""
    assert adapted(FREE, aspect_ratio="1:1", resolution="vast") == (
        {"size": "1024x1024"},
        [translated("aspect_ratio", "1:1", "1024x1024", "sent as size"), dropped("resolution", "vast", NOT_KNOWN)],
    )


@pytest.mark.parametrize(
    ("size", "ratio", "resolution"),
    [("1024x1024", "1:1", "1K"), ("1792x1024", "16:9", "1K"), ("1080x1920", "9:16", "1K"), ("3840x2160", "16:9", "2K")],
)
def test_a_size_goes_into_the_ratio(size: str, ratio: str, resolution: str) -> None:
    """A model that thinks in ratios is asked for the nearest, and for the nearest class of size where it has such."""
    assert adapted(BY_RATIO, size=size) == (
        {"aspect_ratio": ratio},
        [translated("size", size, ratio, "sent as aspect_ratio")],
    )
    assert adapted(BY_CLASS, size=size) == (
        {"aspect_ratio": ratio, "resolution": resolution},
        [translated("size", size, f"{ratio} at {resolution}", "sent as aspect_ratio and resolution")],
    )


def test_a_ratio_goes_before_a_size() -> None:
    """Where the model has ratios and one is asked for, the size says only how large; and nothing if that is said."""
    assert adapted(BY_CLASS, size="2048x2048", aspect_ratio="16:9") == (
        {"aspect_ratio": "16:9", "resolution": "2K"},
        [translated("size", "2048x2048", "2K", "sent as resolution"), Change("aspect_ratio", Action.APPLIED, "16:9")],
    )
    assert adapted(BY_CLASS, size="2048x2048", aspect_ratio="16:9", resolution="4K") == (
        {"aspect_ratio": "16:9", "resolution": "4K"},
        [
            dropped("size", "2048x2048", RATIO_DECIDES),
            Change("aspect_ratio", Action.APPLIED, "16:9"),
            Change("resolution", Action.APPLIED, "4K"),
        ],
    )


def test_what_is_left_open_to_a_model_of_ratios() -> None:
    """ "auto" says nothing: as a size it is dropped, as a ratio it gives way to a size; where it is a word it goes."""
    auto = ModelCard(parameters={"aspect_ratio": Choice(("auto", "1:1", "16:9"))})

    assert adapted(BY_RATIO, size="auto") == ({}, [dropped("size", "auto", DECIDES_NOTHING)])
    assert adapted(BY_RATIO, aspect_ratio="auto") == ({}, [dropped("aspect_ratio", "auto", DECIDES_BY_ITSELF)])
    assert adapted(auto, aspect_ratio="auto")[0] == {"aspect_ratio": "auto"}
    assert adapted(auto, size="1792x1024", aspect_ratio="auto") == (
        {"aspect_ratio": "16:9"},
        [
            translated("size", "1792x1024", "16:9", "sent as aspect_ratio"),
            dropped("aspect_ratio", "auto", SIZE_DECIDES),
        ],
    )


@pytest.mark.parametrize(
    ("name", "asked", "sent"),
    [("aspect_ratio", "7:4", "16:9"), ("aspect_ratio", "6:5", "1:1"), ("resolution", "3K", "4K")],
)
def test_a_ratio_or_class_that_it_does_not_have(name: str, asked: str, sent: str) -> None:
    """It becomes the nearest that the model has."""
    assert adapted(BY_CLASS, **{name: asked}) == ({name: sent}, [translated(name, asked, sent)])


def test_a_model_with_both_takes_each() -> None:
    """Where the model has sizes and ratios, each is brought to its own."""
    assert adapted(BOTH, size="1000x1000", aspect_ratio="7:4")[0] == {"size": "1024x1024", "aspect_ratio": "16:9"}


def test_a_model_with_neither_drops_them() -> None:
    """Where the model has no word for a shape at all, each is dropped; one that takes any text is sent it."""
    anything = ModelCard(parameters=dict.fromkeys(("size", "aspect_ratio", "resolution"), Text()))
    asked = {"size": "1024x1024", "aspect_ratio": "16:9", "resolution": "2K"}

    assert adapted(ModelCard(parameters={}), **asked) == (
        {},
        [dropped(name, value, NOTHING_LIKE_IT) for name, value in asked.items()],
    )
    assert adapted(anything, **asked) == (asked, [Change(name, Action.APPLIED, asked[name]) for name in asked])


SQUARE = ModelCard(parameters={"size": Sizes(names=("256x256", "1024x1024"))})
SQUARE_RATIO = ModelCard(parameters={"aspect_ratio": Choice(("1:1",))})


@pytest.mark.parametrize(
    ("card", "name", "value", "offers"),
    [
        (SQUARE, "size", "1536x1024", '"256x256", "1024x1024"'),
        (SQUARE, "aspect_ratio", "16:9", '"1:1"'),
        (SQUARE_RATIO, "size", "1024x1536", '"1:1"'),
        (SQUARE_RATIO, "aspect_ratio", "9:16", '"1:1"'),
        (BY_CLASS, "resolution", "vast", '"1K", "2K", "4K"'),
    ],
)
def test_never_silently_square(card: ModelCard, name: str, value: str, offers: str) -> None:
    """What has no shape of that orientation refuses it by name, and says what it has."""
    with pytest.raises(GatewayError) as refused:
        adapted(card, **{name: value})

    assert refused.value.field == name
    assert refused.value.message == f'{name} must be one of {offers} for north/model, not "{value}".'


@pytest.mark.parametrize("ratio", ["1:1", "16:9", "9:16", "4:5", "21:9"])
@pytest.mark.parametrize("model", shipped(), ids=str)
def test_every_model_keeps_a_ratio(model: Shipped, ratio: str) -> None:
    """Each model that the product ships with is asked for a size of that orientation."""
    sent, (change,) = adapted(model.card, aspect_ratio=ratio)
    width, height = pixels(sent["size"])
    wide, _, tall = ratio.partition(":")

    assert change.action is Action.TRANSLATED
    assert (width > height, width < height) == (int(wide) > int(tall), int(wide) < int(tall)) or ratio == "4:5"
