"""Formats and compression: what the provider is asked for, and what the gateway makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from service.domain.card import AS_FORMATS_ARE, Choice, Domain, Format, ModelCard, Range, Text
from service.domain.plan import Action, Change, Conversion, Plan
from service.domain.request import ImageRequest, Parameters
from service.engine.adapt import Adapted, adapt
from service.engine.output import BY_THE_GATEWAY, NOT_COMPRESSED
from service.engine.plan import make_plan
from service.engine.router import Router, Upstream
from service.errors import GatewayError
from tests.engine.shipped import Shipped, shipped

COMPRESSION: dict[str, Domain] = {"output_compression": Range(0, 100)}


def card(*formats: str, compresses: bool = False) -> ModelCard:
    made: dict[str, Domain] = {"output_format": Choice(formats)} if formats else {}
    return ModelCard(parameters={**made, **(COMPRESSION if compresses else {})})


def request(*, stream: bool = False, strict: bool = False, **asked: Any) -> ImageRequest:
    parameters = Parameters(**asked)
    return ImageRequest(model="north/model", prompt="a fox", parameters=parameters, stream=stream, strict=strict)


def adapted(of: ModelCard, **asked: Any) -> Adapted:
    return adapt(request(**asked), of, "north/model")


def plan_of(of: ModelCard, **asked: Any) -> Plan:
    upstream = Upstream(name="north", kind="made up", configured=True, cards={"model": of}, prices={})
    return make_plan(request(**asked), Router({"north": upstream}, {}, frozenset()), "seed")


def ours(name: str, value: Any) -> Change:
    return Change(name, Action.APPLIED, str(value), note=BY_THE_GATEWAY)


@pytest.mark.parametrize(
    ("of", "wanted", "source"),
    [
        (card(), "webp", None),
        (card("png", "jpeg"), "webp", "png"),
        (card("jpeg", "webp"), "gif", "jpeg"),
        (card("svg", "webp"), "png", "webp"),
    ],
)
def test_a_format_that_it_does_not_make(of: ModelCard, wanted: str, source: str | None) -> None:
    """The provider is asked for what loses nothing, where it can be asked, and the gateway makes the rest: applied."""
    result = adapted(of, output_format=wanted)

    assert result.request.parameters == Parameters(output_format=source)
    assert result.changes == (ours("output_format", wanted),)
    assert result.conversion == Conversion(wanted)


@pytest.mark.parametrize(
    "of", [card("png", "webp"), ModelCard(parameters={"output_format": Text()})], ids=["listed", "any text"]
)
def test_a_format_that_it_makes(of: ModelCard) -> None:
    """The provider makes it, and what is left to do is to see that it did."""
    result = adapted(of, output_format="webp")

    assert result.request.parameters == Parameters(output_format="webp")
    assert result.changes == (Change("output_format", Action.APPLIED, "webp"),)
    assert result.conversion == Conversion("webp")


@pytest.mark.parametrize(
    ("of", "source"),
    [
        (card(), None),
        (card("png", "webp"), "png"),
        (card("png", compresses=True), "png"),
        (card("webp"), "webp"),
        (card(compresses=True), None),
    ],
)
def test_compression_that_it_does_not_do(of: ModelCard, source: str | None) -> None:
    """It is done here, of a lossless picture where there is one; the provider is not asked for it as well."""
    result = adapted(of, output_format="webp", output_compression=60)

    assert result.request.parameters == Parameters(output_format=source)
    assert result.changes == (ours("output_format", "webp"), ours("output_compression", 60))
    assert result.conversion == Conversion("webp", 60, anew=True)


def test_compression_that_it_does() -> None:
    """It is the provider's; only if it sends another format after all, both are done here."""
    result = adapted(card("png", "webp", compresses=True), output_format="webp", output_compression=60)

    assert result.request.parameters == Parameters(output_format="webp", output_compression=60)
    assert {each.action for each in result.changes} == {Action.APPLIED}
    assert result.conversion == Conversion("webp", 60)


@pytest.mark.parametrize("wanted", [None, "png", "gif"])
@pytest.mark.parametrize(
    "of", [card(), card("png"), card("png", "gif"), card("png", "gif", compresses=True), card(compresses=True)]
)
def test_compression_of_what_has_none(of: ModelCard, wanted: str | None) -> None:
    """Where the format cannot be compressed, or is nobody's choice, it is dropped, and that is told."""
    result = adapted(of, output_format=wanted, output_compression=60)

    assert result.changes[-1] == Change("output_compression", Action.DROPPED, "60", note=NOT_COMPRESSED)
    assert result.request.parameters.output_compression is None
    assert result.conversion is None or result.conversion.compression is None


def test_compression_of_what_is_made_without_being_asked_for() -> None:
    """It is the provider's where that can be compressed."""
    of = replace(card("jpeg", "png", compresses=True), default_format="jpeg")

    assert adapted(of, output_compression=60).changes == (Change("output_compression", Action.APPLIED, "60"),)


@pytest.mark.parametrize(
    ("of", "wanted", "offers"),
    [
        (card(), "svg", '"png", "jpeg", "webp", "gif"'),
        (card("jpeg"), "svg", '"jpeg", "png", "webp", "gif"'),
        (card("svg"), "webp", '"svg"'),
    ],
)
def test_what_nobody_can_make(of: ModelCard, wanted: str, offers: str) -> None:
    """Pictures of pixels become no drawings, nor drawings pictures: that is refused by name, with what there is."""
    with pytest.raises(GatewayError) as refused:
        adapted(of, output_format=wanted)

    assert refused.value.field == "output_format"
    assert refused.value.message == f'output_format must be one of {offers} for north/model, not "{wanted}".'


NEW = ModelCard(
    parameters={
        "n": Range(1, 10),
        "background": Choice(("auto", "transparent", "opaque")),
        "output_format": Choice(("png", "jpeg", "gif", "svg")),
        "partial_images": Range(0, 3),
    },
    formats={
        **AS_FORMATS_ARE,
        "gif": Format(streams=False, compresses=False, transparent=False),
        "svg": Format(streams=False, compresses=False, transparent=False, most=1),
    },
    streams=True,
)
"""As OpenAI's newest models are: a gif is shown when it is done, and is not see-through; of an svg there is one."""


def test_a_format_without_partial_images_is_made_here() -> None:
    """Where a stream wants to show some, the provider is asked for what it can show, and all of it becomes a gif."""
    result = adapted(NEW, stream=True, output_format="gif", partial_images=2)

    assert result.request.stream
    assert result.request.parameters == Parameters(output_format="png", partial_images=2)
    assert result.changes == (ours("output_format", "gif"), Change("partial_images", Action.APPLIED, "2"))
    assert result.conversion == Conversion("gif")


@pytest.mark.parametrize("shown", [None, 0])
def test_a_stream_that_shows_none_takes_the_providers_own(shown: int | None) -> None:
    """It may move, which what is made here does not: it is not streamed to us, and the caller's stream ends with it."""
    result = adapted(NEW, stream=True, output_format="gif", partial_images=shown)

    assert not result.request.stream
    assert result.request.parameters == Parameters(output_format="gif")
    assert result.changes[0] == Change("output_format", Action.APPLIED, "gif")


def test_a_drawing_without_partial_images() -> None:
    """No drawing can be made here: it is not streamed, and its partial images are dropped, which is told."""
    result = adapted(NEW, stream=True, output_format="svg", partial_images=2)

    assert not result.request.stream
    assert result.request.parameters == Parameters(output_format="svg")
    assert result.changes[1] == Change("partial_images", Action.DROPPED, "2", note="svg shows none here")


def test_drawings_are_made_one_by_one() -> None:
    """Where a call makes one of them, more are more calls; of pictures of pixels it still makes ten."""
    for wanted, shares in (("svg", (1, 1, 1)), ("png", (3,)), ("gif", (3,))):
        (step,) = plan_of(NEW, n=3, output_format=wanted).steps
        assert step.shares == shares
        assert [step.part(images).parameters.n for images in step.images] == list(shares)


def test_a_transparent_gif_is_made_here() -> None:
    """Out of a transparent png, where the provider's own gif is not transparent."""
    result = adapted(NEW, output_format="gif", background="transparent")

    assert result.request.parameters == Parameters(output_format="png", background="transparent")
    assert result.changes[-1] == ours("output_format", "gif")


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("of", "wanted"),
    [(NEW, "jpeg"), (NEW, "svg"), (ModelCard(parameters={"background": Text(), "output_format": Text()}), "jpeg")],
)
def test_what_cannot_be_transparent(of: ModelCard, wanted: str, strict: bool) -> None:
    """It is refused by name, as OpenAI does, and before anything is spent: both were asked for, and one is lost."""
    with pytest.raises(GatewayError) as refused:
        plan_of(of, strict=strict, output_format=wanted, background="transparent")

    assert refused.value.field == "background"
    assert f"for north/model where output_format is {wanted}; ask for png or webp" in refused.value.message


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"output_compression": 50}, "output_compression"),
        ({"output_compression": 50, "output_format": "gif"}, "output_compression"),
        ({"output_format": "svg", "stream": True, "partial_images": 1}, "partial_images"),
    ],
)
def test_strict_names_what_does_not_go_together(asked: dict[str, Any], names: str) -> None:
    """What would be left out beside a format is refused by its name."""
    with pytest.raises(GatewayError) as refused:
        plan_of(NEW, strict=True, **asked)

    assert refused.value.field == names


@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp", "gif"])
@pytest.mark.parametrize("model", shipped(), ids=str)
def test_every_model_gives_every_format(model: Shipped, wanted: str) -> None:
    """Each model that the product ships with gives each format of pixels, and strict has nothing against it."""
    (step,) = plan_of(model.card, strict=True, output_format=wanted).steps

    assert [each.action for each in step.changes] == [Action.APPLIED]
    assert step.conversion == Conversion(wanted)
