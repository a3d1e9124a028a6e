"""A request in a model's own terms: applied, translated, dropped, passed on, or refused; and an account of each."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from service.domain.card import Choice, ModelCard, Range, Sizes, Text
from service.domain.plan import Action, Change
from service.domain.request import PARAMETER_NAMES, ImageRequest, Parameters
from service.engine.adapt import NOTHING_LIKE_IT, adapt
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
    result, changes = adapt(request, card, "north/model")
    return result, list(changes)


def test_nothing_asked_nothing_changed() -> None:
    """A request without parameters goes out as it is, and there is nothing to tell."""
    request = ImageRequest(model="m", prompt="a lighthouse")

    assert adapt(request, CARD, "north/model") == (request, ())


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
    ("name", "value", "limit"),
    [
        ("quality", "low", '"fine"'),
        ("size", "1000x1024", "16"),
        ("size", "1024x1000", "16"),
        ("size", "112x1024", "128"),
        ("size", "1024x2064", "2048"),
        ("size", "256x1040", "4"),
        ("size", "128x496", "65536"),
        ("size", "2048x1040", "2097152"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(name: str, value: Any, limit: str) -> None:
    """A value that the model cannot take and that has no translation is refused by name, with the limit."""
    with pytest.raises(GatewayError) as refused:
        adapted(**{name: value})

    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, name)
    assert limit in refused.value.message


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
    """Each size that clients ask for is applied, translated, or refused by name; by no model is it silently dropped."""
    try:
        request, changes = adapted(model.card, size=size)
    except GatewayError as refused:
        assert (refused.reason, refused.field) == (Reason.INVALID_PARAMETER, "size")  # noqa: PT017 - both ways are good
        return
    (change,) = changes
    assert (change.parameter, change.asked) == ("size", size)
    assert (change.action, request.parameters.size) in (
        (Action.APPLIED, size),
        (Action.TRANSLATED, change.sent),
    )


GOOD: dict[str, Any] = {
    "n": 1,
    "size": "1024x1024",
    "quality": "high",
    "style": "vivid",
    "background": "auto",
    "moderation": "auto",
    "output_format": "png",
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
    request, changes = adapted(model.card, stream=True, **GOOD)
    sent = request.parameters.named()

    assert set(GOOD) == set(PARAMETER_NAMES)
    assert [each.parameter for each in changes] == [name for name in PARAMETER_NAMES if name in GOOD]
    for change in changes:
        kept = change.action in (Action.APPLIED, Action.TRANSLATED)
        assert kept == (change.parameter in sent)
        assert kept == (change.parameter in model.card.parameters)
        assert (change.action is Action.APPLIED) == (sent.get(change.parameter) == GOOD[change.parameter])
