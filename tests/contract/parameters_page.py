"""docs/parameters.md, made from the model cards: `python -m tests.contract.parameters_page` writes it anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.assembly import check
from service.config.schema import Config, Provider
from service.domain.card import Choice, Domain, ModelCard, Range, Sizes
from service.domain.request import PARAMETER_NAMES
from service.providers import registry
from tests.contract.sources import HOUSE

PAGE = HOUSE / "docs" / "parameters.md"

_INTRODUCTION = """\
# Parameters

<!-- Made from the model cards by `python -m tests.contract.parameters_page`; do not edit. -->

What each model takes, as `GET /v1/models` says it too, save what does not go together. A value in brackets is
understood and sent as the one after the arrow. Any other becomes the nearest that the model has:

* a size the nearest in ratio, then in area, and never of another orientation: what is wide does not become square;
* an `aspect_ratio`, with the `resolution` beside it, the size of that ratio, where the model counts pixels; a size the
  nearest ratio, where it thinks in ratios;
* a quality the nearest in rank: low, medium (or standard), high (or hd), xhigh, max;
* a number the bound that it is beyond; a seed is counted around the bounds, so that seeds stay different;
* png, jpeg, webp and gif, and the compression of jpeg and webp, are made by the gateway where the model does not; so is
  a transparent gif, and one of which a stream shows partial images.

What does not go with a format is in brackets behind it. Beside that no png, gif or svg is compressed, nor what is asked
for without a format: `output_compression` is dropped. No jpeg is transparent: with `background` "transparent" it is
refused. Where a call makes fewer images than are asked for, there are several.

Whatever else is not listed is dropped. All of it is reported, parameter by parameter, and refused with `strict`, but
for what the gateway makes, which is what was asked for. What is near to nothing (a shape of an orientation that the
model does not have, svg, another word) is refused, naming the parameter; a fallback is then left out.

`*` is any other model, where a provider takes any. Azure's deployments take what OpenAI's models of that name take.
"""


KINDS = ("painter", "openai", "azure", "nebius", "together", "deepinfra", "sgl", "vllm", "openai_compatible")


def page() -> str:
    providers = {kind: Provider(kind=kind) for kind in KINDS}
    assert sorted(providers) == registry.kinds(), "a kind is not on the page"
    _, router = check(Config(providers=providers, models={}, prices={}))
    sections: list[str] = []
    told: dict[str, ModelCard] = {}
    for upstream in router.upstreams.values():
        for name, card in upstream.cards.items():
            if told.get(name) is not card:
                sections.append("\n".join(_section(f"{upstream.name}/{name}", card)))
                told[name] = card
    return "\n\n".join([_INTRODUCTION.rstrip(), *sections]) + "\n"


def _section(name: str, card: ModelCard) -> Iterator[str]:
    yield f"## {name}\n"
    extras = "go on to the provider" if card.extras else "are dropped"
    streams = "shows partial images" if card.streams else "does not stream"
    yield f"Prompts up to {card.max_prompt:,} characters; {streams}; unknown parameters {extras}.\n"
    yield "| parameter | takes |"
    yield "|---|---|"
    for parameter in PARAMETER_NAMES:
        if parameter in card.parameters:
            takes = _takes(card.parameters[parameter])
            if parameter == "output_format":
                takes = ", ".join(f"{each}{_without(card, each.strip('`'))}" for each in takes.split(", "))
            yield f"| `{parameter}` | {takes} |"


def _without(card: ModelCard, name: str) -> str:
    """What does not go with a format, where it is more than the format itself excludes."""
    of, usual = card.format(name), ModelCard(parameters={}).format(name)
    missing = [
        *(["partial images"] if usual.streams and not of.streams else []),
        *(["transparency"] if usual.transparent and not of.transparent else []),
        *([f"more than {of.most} a call"] if of.most else []),
    ]
    return f" (no {', no '.join(missing)})" if missing else ""


def _takes(domain: Domain) -> str:
    match domain:
        case Choice(values, understood):
            return ", ".join([*(f"`{value}`" for value in values), *_understood(understood.items())])
        case Range(low, high, whole):
            bounds = f"{low:g} to {high:g}" if abs(low) < 2**53 else "any whole number of 64 bits"
            return f"{bounds}, rounded" if whole else bounds
        case Sizes():
            words = [*(f"`{value}`" for value in domain.names), *_understood(domain.understood.items())]
            return ", ".join([*words, _any(domain)] if domain.any_size else words)
        case _:
            return "any text"


def _understood(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for asked, sent in pairs:
        yield f"(`{asked}` → `{sent}`)"


def _any(sizes: Sizes) -> str:
    rules = [f"sides from {sizes.min_side} to {sizes.max_side}"]
    if sizes.multiple_of > 1:
        rules.append(f"in multiples of {sizes.multiple_of}")
    if sizes.max_ratio:
        rules.append(f"one at most {sizes.max_ratio:g} times the other")
    if sizes.min_pixels:
        rules.append(f"at least {sizes.min_pixels:,} pixels")
    rules.append(f"at most {sizes.max_pixels:,} pixels")
    return f"any WIDTHxHEIGHT with {', '.join(rules)}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
