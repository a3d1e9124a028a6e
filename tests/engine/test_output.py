"""Formats and compression: what the provider is asked for, and what the gateway makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.card import Choice, Domain, ModelCard, Range, Text
from service.domain.plan import Action, Change, Conversion
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


def adapted(of: ModelCard, **asked: Any) -> Adapted:
    return adapt(ImageRequest(model="m", prompt="a fox", parameters=Parameters(**asked)), of, "north/model")


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
    """The provider makes it, and nothing is left to do."""
    result = adapted(of, output_format="webp")

    assert result.request.parameters == Parameters(output_format="webp")
    assert (result.changes, result.conversion) == ((Change("output_format", Action.APPLIED, "webp"),), None)


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
    assert result.conversion == Conversion("webp", 60)


def test_compression_that_it_does() -> None:
    """It is the provider's, of whatever format."""
    for wanted in ("webp", "png", None):
        result = adapted(card("png", "webp", compresses=True), output_format=wanted, output_compression=60)
        assert result.request.parameters == Parameters(output_format=wanted, output_compression=60)
        assert {each.action for each in result.changes} == {Action.APPLIED}
        assert result.conversion is None


@pytest.mark.parametrize("wanted", [None, "png", "gif"])
@pytest.mark.parametrize("of", [card(), card("png"), card("png", "gif")])
def test_compression_of_what_has_none(of: ModelCard, wanted: str | None) -> None:
    """Where the format cannot be compressed, or is nobody's choice, it is dropped, and that is told."""
    result = adapted(of, output_format=wanted, output_compression=60)

    assert result.changes[-1] == Change("output_compression", Action.DROPPED, "60", note=NOT_COMPRESSED)
    assert result.request.parameters.output_compression is None
    assert result.conversion is None or result.conversion.compression is None


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


@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp", "gif"])
@pytest.mark.parametrize("model", shipped(), ids=str)
def test_every_model_gives_every_format(model: Shipped, wanted: str) -> None:
    """Each model that the product ships with gives each format of pixels, and strict has nothing against it."""
    upstream = Upstream(name="north", kind=model.kind, configured=True, cards={"model": model.card}, prices={})
    parameters = Parameters(output_format=wanted)
    asked = ImageRequest(model="north/model", prompt="a fox", parameters=parameters, strict=True)
    (step,) = make_plan(asked, Router({"north": upstream}, {}, frozenset()), "seed").steps

    assert [each.action for each in step.changes] == [Action.APPLIED]
    assert step.conversion == Conversion(wanted) or step.request.parameters.output_format == wanted
