"""A request in a model's own terms: applied, brought to what is nearest, dropped, passed on; an account of each."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from service.domain.card import Choice, ModelCard, Range, Sizes, Text
from service.domain.plan import Action, Change
from service.domain.request import PARAMETER_NAMES, ImageRequest, Parameters
from service.engine.adapt import COUNTS_ON, DECIDES_BY_ITSELF, NOTHING_LIKE_IT, Adapted, adapt
from service.engine.nearest import pixels
from service.engine.output import BY_THE_GATEWAY
from service.engine.plan import make_plan
from service.engine.router import Router, Upstream
from service.errors import GatewayError, Reason
from tests.engine.shipped import Shipped, shipped

SIZES_OF_THE_SEEDS = (
    "auto",
    "256x256",
    "512x512",
    "1024x1024",
    "1536x1024",
    "1024x1536",
    "1792x1024",
    "1024x1792",
)

CARD = ModelCard(
    parameters={
        "n": Range(1, 4),
        "quality": Choice(("auto", "fine"), {"hd": "fine"}),
        "size": Sizes(
            names=("auto", "1024x1024"),
            understood={"256x256": "1024x1024"},
            any_size=True,
            multiple_of=16,
            min_side=128,
            max_side=2048,
            max_ratio=4,
            min_pixels=65_536,
            max_pixels=2_097_152,
        ),
        "negative_prompt": Text(),
        "partial_images": Range(0, 3),
    },
    streams=True,
    max_prompt=20,
)
EXTENSIBLE = ModelCard(parameters={}, extras=True)

every_model = pytest.mark.parametrize("model", shipped(), ids=str)


def adapted(card: ModelCard = CARD, *, stream: bool = False, **parameters: Any) -> tuple[ImageRequest, list[Change]]:
    request = ImageRequest(model="m", prompt="a lighthouse", parameters=Parameters(**parameters), stream=stream)
    result = adapt(request, card, "north/model")
    return result.request, list(result.changes)


def test_nothing_asked_nothing_changed() -> None:
    """A request without parameters goes out as it is, and there is nothing to tell."""
    request = ImageRequest(model="m", prompt="a lighthouse")

    assert adapt(request, CARD, "north/model") == Adapted(request, (), most=4)


def test_applied() -> None:
    """What the model takes is sent as asked."""
    request, changes = adapted(n=2)

    assert request.parameters == Parameters(n=2)
    assert changes == [Change("n", Action.APPLIED, "2")]


def test_translated() -> None:
    """What means the same to the model is sent in its words, and both words are told."""
    request, changes = adapted(quality="hd", size="256x256")

    assert request.parameters == Parameters(quality="fine", size="1024x1024")
    assert changes == [
        Change("size", Action.TRANSLATED, "256x256", "1024x1024"),
        Change("quality", Action.TRANSLATED, "hd", "fine"),
    ]


def test_rounded() -> None:
    """Where only whole numbers are taken a fraction is sent as the nearest, and both are told."""
    card = ModelCard(parameters={"guidance": Range(0, 20, whole=True)})

    assert adapted(card, guidance=3.7)[1] == [Change("guidance", Action.TRANSLATED, "3.7", "4")]
    assert adapted(card, guidance=4.0)[1] == [Change("guidance", Action.APPLIED, "4.0")]


def test_dropped() -> None:
    """What the model has nothing like is left out, and that is told."""
    request, changes = adapted(seed=42)

    assert request.parameters == Parameters()
    assert changes == [Change("seed", Action.DROPPED, "42", note=NOTHING_LIKE_IT)]


def test_passed() -> None:
    """What nobody here knows goes on where the provider takes such, untouched, and is told either way."""
    extras = {"mood": "calm", "depth": {"deep": [1, None]}}
    request, changes = adapted(EXTENSIBLE, extras=extras)
    closed, told = adapted(extras=extras)

    assert request.parameters.extras == extras
    assert [(each.parameter, each.action) for each in changes] == [("mood", Action.PASSED), ("depth", Action.PASSED)]
    assert closed.parameters.extras == {}
    assert [(each.parameter, each.action) for each in told] == [("mood", Action.DROPPED), ("depth", Action.DROPPED)]


def test_what_is_reserved_is_no_extra() -> None:
    """A provider's own name for a parameter is refused, naming ours; where extras are dropped it is dropped."""
    card = replace(EXTENSIBLE, reserved={"num_images": "n", "response_format": ""})

    for name, says in (("num_images", "use n instead"), ("response_format", "the gateway sets it itself")):
        with pytest.raises(GatewayError, match=f"{name} .* for north/model; {says}") as refused:
            adapted(card, extras={"mood": "calm", name: 4})
        assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, name)
        assert adapted(replace(card, extras=False), extras={name: 4})[1][0].action is Action.DROPPED


def test_previews_are_for_streams() -> None:
    """Partial images are dropped where nobody could see them, and applied in a stream."""
    whole, dropped = adapted(partial_images=2)
    stream, applied = adapted(partial_images=2, stream=True)

    assert (whole.parameters.partial_images, dropped[0].action) == (None, Action.DROPPED)
    assert (stream.parameters.partial_images, applied[0].action) == (2, Action.APPLIED)


@pytest.mark.parametrize("streams", [True, False], ids=["streams", "does not"])
def test_only_streams_where_the_model_does(streams: bool) -> None:
    """The provider is asked for a stream only if its model has streams."""
    request, _ = adapted(ModelCard(parameters={}, streams=streams), stream=True)

    assert request.stream is streams


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("1000x1024", "1008x1024"),
        ("1024x1000", "1024x1008"),
        ("112x1024", "176x704"),
        ("1024x2064", "1008x2032"),
        ("256x1040", "256x1024"),
        ("128x496", "128x512"),
        ("2048x1040", "2016x1024"),
        ("64x64", "256x256"),
        ("1x99999", "160x640"),
    ],
)
def test_a_size_out_of_bounds_becomes_the_nearest_within(asked: str, sent: str) -> None:
    """Multiples, sides, ratio and pixels are kept, each with as little change as can be, and both sizes are told."""
    request, changes = adapted(size=asked)

    assert request.parameters.size == sent
    assert changes == [Change("size", Action.TRANSLATED, asked, sent)]


RANKED: dict[tuple[str, ...], dict[str, str]] = {
    ("low", "medium", "high"): {"low": "low", "standard": "medium", "hd": "high", "xhigh": "high", "max": "high"},
    ("standard", "hd"): {"low": "standard", "medium": "standard", "high": "hd", "xhigh": "hd", "max": "hd"},
    ("low", "xhigh"): {"medium": "low", "standard": "low", "high": "xhigh", "max": "xhigh"},
    ("low", "high"): {"medium": "low", "standard": "low", "hd": "high"},
    ("fine", "max"): {"low": "max", "hd": "max"},
}


@pytest.mark.parametrize("words", RANKED, ids=str)
def test_quality_goes_by_rank(words: tuple[str, ...]) -> None:
    """A quality that the model does not have becomes the nearest in rank that it has; of two the cheaper."""
    card = ModelCard(parameters={"quality": Choice(words)})

    for asked, sent in RANKED[words].items():
        request, (change,) = adapted(card, quality=asked)
        assert request.parameters.quality == sent
        assert change.action is (Action.APPLIED if asked == sent else Action.TRANSLATED)


NUMBERS = ModelCard(
    parameters={
        "steps": Range(10, 50),
        "guidance": Range(1.5, 20),
        "output_compression": Range(1, 90),
        "seed": Range(0, 2**32 - 1),
        "output_format": Choice(("webp",)),
    }
)


@pytest.mark.parametrize(
    ("name", "asked", "sent"),
    [
        ("steps", 1, 10),
        ("steps", 51, 50),
        ("guidance", 0.0, 1.5),
        ("guidance", 100.0, 20),
        ("output_compression", 0, 1),
        ("output_compression", 100, 90),
        ("seed", 2**32, 0),
        ("seed", 2**32 + 41, 41),
        ("seed", -1, 2**32 - 1),
    ],
)
def test_a_number_out_of_range_becomes_the_nearest(name: str, asked: Any, sent: float) -> None:
    """It is the bound that it is beyond; only a seed goes around, since one bound for all would make one picture."""
    request, changes = adapted(NUMBERS, output_format="webp", **{name: asked})

    assert getattr(request.parameters, name) == sent
    assert [(each.parameter, each.action) for each in changes[1:]] == [(name, Action.TRANSLATED)]
    assert changes[1].sent == f"{sent:g}" if name != "seed" else str(sent)


def test_seeds_of_64_bits_are_whole() -> None:
    """The bounds of a seed that a card's text gives are exact: the least and the greatest are sent as they are."""
    for seed in (-(2**63), 2**63 - 1):
        for each in shipped():
            if "seed" in each.card.parameters:
                assert adapted(each.card, seed=seed)[0].parameters.seed == seed
                assert each.card.parameters["seed"] == Range(-(2**63), 2**63 - 1)


def test_of_several_calls_each_has_its_seed_and_that_is_told() -> None:
    """What is sent as asked is the first call's; the others count on from it, or their images would be the same."""
    card = ModelCard(parameters={"n": Range(1, 2), "seed": Range(0, 9)})

    for n, note in ((2, ""), (4, COUNTS_ON)):
        assert adapted(card, n=n, seed=7)[1][1] == Change("seed", Action.APPLIED, "7", note=note)
    assert adapted(card, n=4, seed=12)[1][1] == Change("seed", Action.TRANSLATED, "12", "2", COUNTS_ON)


@pytest.mark.parametrize(("asked", "sent"), [("512x512", "816x816"), ("511x511", "816x816"), ("1024x512", "1152x576")])
def test_what_is_too_small_is_as_large_as_it_has_to_be(asked: str, sent: str) -> None:
    """Where any size goes no size is taken for another by its name."""
    for each in shipped():
        if str(each) == "openai/gpt-image-2":
            assert adapted(each.card, size=asked)[0].parameters.size == sent


def test_auto_is_left_out_where_it_is_no_word() -> None:
    """What leaves the choice to a model that knows no such word is dropped, and that is told."""
    card = ModelCard(parameters={"size": Sizes(names=("1024x1024",)), "quality": Choice(("fine",))})
    request, changes = adapted(card, size="auto", quality="auto")

    assert request.parameters == Parameters()
    assert changes == [Change(name, Action.DROPPED, "auto", note=DECIDES_BY_ITSELF) for name in ("size", "quality")]


@pytest.mark.parametrize(
    ("name", "value"),
    [("quality", "low"), ("style", "vivid"), ("background", "transparent"), ("moderation", "low")],
)
def test_a_word_without_rank_is_refused_by_name(name: str, value: Any) -> None:
    """A word that the model does not have, and that is near to none of its words, is refused with those that it has."""
    card = ModelCard(parameters=dict.fromkeys(("quality", "style", "background", "moderation"), Choice(("fine",))))
    with pytest.raises(GatewayError) as refused:
        adapted(card, **{name: value})

    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, name)
    assert f'must be one of "fine" for north/model, not "{value}"' in refused.value.message


@pytest.mark.parametrize("size", ["2048x1024", "1024x2048", "128x512", "512x128"])
def test_bounds_of_sizes_are_good(size: str) -> None:
    """Sizes on the very bounds are applied."""
    request, changes = adapted(size=size)

    assert (request.parameters.size, changes) == (size, [Change("size", Action.APPLIED, size)])


def test_prompt_has_the_models_length() -> None:
    """A prompt that is too long for this model is refused by name."""
    with pytest.raises(GatewayError) as refused:
        adapt(ImageRequest(model="m", prompt="x" * 21), CARD, "north/model")

    assert (refused.value.field, "20" in refused.value.message) == ("prompt", True)


def test_account_is_short() -> None:
    """The account quotes a long value shortly; the request itself has it in full."""
    request, changes = adapted(negative_prompt="x" * 5000)

    assert request.parameters.negative_prompt == "x" * 5000
    assert len(changes[0].asked) <= 120


@every_model
@pytest.mark.parametrize("size", SIZES_OF_THE_SEEDS)
def test_no_size_of_the_seeds_is_lost(model: Shipped, size: str) -> None:
    """Each size that clients ask for is applied or translated by every model, named either way; wide stays wide."""
    request, (change,) = adapted(model.card, size=size)
    sent = request.parameters.size

    assert (change.parameter, change.asked) == ("size", size)
    assert (change.action, sent) == ((Action.TRANSLATED, change.sent) if change.sent else (Action.APPLIED, size))
    assert sent is not None
    if size != "auto":
        (width, height), (asked_width, asked_height) = pixels(sent), pixels(size)
        assert (width > height, width < height) == (asked_width > asked_height, asked_width < asked_height)


@every_model
@pytest.mark.parametrize("size", SIZES_OF_THE_SEEDS)
def test_strict_names_the_size_that_would_be_another(model: Shipped, size: str) -> None:
    """With `strict` a size is sent as it was asked for, or it is refused by its name."""
    upstream = Upstream(name="north", kind=model.kind, configured=True, cards={"model": model.card}, prices={})
    asked = ImageRequest(model="north/model", prompt="a fox", parameters=Parameters(size=size), strict=True)
    (change,) = adapted(model.card, size=size)[1]
    try:
        (step,) = make_plan(asked, Router({"north": upstream}, {}, frozenset()), "seed").steps
    except GatewayError as refused:
        assert change.action is Action.TRANSLATED
        assert (refused.field, change.sent in refused.message) == ("size", True)  # noqa: PT017
    else:
        assert change.action is Action.APPLIED
        assert step.request.parameters.size == size


GOOD: dict[str, Any] = {
    "n": 1,
    "size": "1024x1024",
    "quality": "high",
    "style": "vivid",
    "background": "auto",
    "moderation": "auto",
    "output_format": "webp",
    "output_compression": 50,
    "partial_images": 1,
    "negative_prompt": "people",
    "aspect_ratio": "1:1",
    "resolution": "1K",
    "steps": 20,
    "guidance": 7.5,
    "seed": 42,
    "user": "user-1",
    "safety_identifier": "safety-1",
}


@every_model
def test_every_parameter_has_its_line(model: Shipped) -> None:
    """Whatever is asked of a model, the account has one line for each parameter, and it is true."""
    result = adapt(
        ImageRequest(model="m", prompt="a lighthouse", parameters=Parameters(**GOOD), stream=True),
        model.card,
        "north/model",
    )
    sent, changes = result.request.parameters.named(), result.changes
    ours = {"output_format": "output_format", "output_compression": "compression"} if result.conversion else {}

    assert set(GOOD) == set(PARAMETER_NAMES)
    assert [each.parameter for each in changes] == [name for name in PARAMETER_NAMES if name in GOOD]
    for change in changes:
        if change.note == BY_THE_GATEWAY:
            assert change.action is Action.APPLIED
            assert getattr(result.conversion, ours[change.parameter]) == GOOD[change.parameter]
            continue
        kept = change.action in (Action.APPLIED, Action.TRANSLATED)
        assert kept == (change.parameter in sent)
        assert kept == (change.parameter in model.card.parameters)
        assert (change.action is Action.APPLIED) == (sent.get(change.parameter) == GOOD[change.parameter])
