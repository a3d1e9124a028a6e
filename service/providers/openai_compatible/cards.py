"""Reads the cards of compatible servers, strictly: one TOML file for each kind."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from service.config.schema import PriceTable
from service.domain.card import ANY, Choice, Domain, ModelCard, Range, Sizes, Text
from service.domain.price import Price
from service.domain.request import PARAMETER_NAMES
from service.providers import prices
from service.providers.openai_compatible.wire import Strict, Wire


class Words(Choice, frozen=True, forbid_unknown_fields=True):
    """A Choice, its names checked."""


class SizeRule(Sizes, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sizes, their names checked."""


class Takes(Strict, frozen=True):
    """What a model takes, parameter by parameter; what is not named here is dropped, and that is told."""

    numbers: dict[str, tuple[int | float, int | float]] = field(
        default_factory=dict[str, tuple[int | float, int | float]]
    )
    """Bounds; written as whole numbers they stay such, since no fraction has the 64 bits of a seed."""
    whole: frozenset[str] = frozenset()
    """Those of the numbers that are rounded, because fractions are refused."""
    words: dict[str, Words] = field(default_factory=dict[str, Words])
    texts: frozenset[str] = frozenset()
    size: SizeRule | None = None
    without: frozenset[str] = frozenset()
    """For a model: what it does not take, though models here do."""
    default_format: str = ""
    extras: bool | None = None
    streams: bool | None = None
    max_prompt: int | None = None

    def __post_init__(self) -> None:
        named = {*self.numbers, *self.whole, *self.words, *self.texts, *self.without}
        if unknown := named - set(PARAMETER_NAMES):
            raise ValueError(f"there is no parameter {', '.join(sorted(unknown))}")
        if self.whole - set(self.numbers):
            raise ValueError("whole: names what is not among the numbers")

    def over(self, general: ModelCard) -> ModelCard:
        """The card of a model that takes what `general` says, and what this says over it."""
        parameters: dict[str, Domain] = {
            **general.parameters,
            **{name: Range(low, high, name in self.whole) for name, (low, high) in self.numbers.items()},
            **self.words,
            **{name: Text() for name in sorted(self.texts)},
            **({"size": self.size} if self.size else {}),
        }
        return replace(
            general,
            parameters={name: domain for name, domain in parameters.items() if name not in self.without},
            default_format=self.default_format or general.default_format,
            extras=general.extras if self.extras is None else self.extras,
            streams=general.streams if self.streams is None else self.streams,
            max_prompt=self.max_prompt or general.max_prompt,
        )


class Model(Takes, frozen=True):
    """One model by name: what it takes over the rest, and what it costs."""

    price: PriceTable | None = None


class Sheet(Strict, frozen=True):
    """A whole card."""

    wire: Wire = Wire()
    takes: Takes = Takes()
    models: dict[str, Model] = field(default_factory=dict[str, Model])
    any_model: bool = False
    """Whether names that are not listed are models too, as on every server of the operator's own."""
    prices_as_of: str = ""

    def __post_init__(self) -> None:
        for takes in (self.takes, *self.models.values()):
            if (
                takes.size
                and self.wire.size != "text"
                and "auto" in (*takes.size.names, *takes.size.understood.values())
            ):
                raise ValueError('size: "auto" has no width and height; understood must say which size it means')
        if any(model.price for model in self.models.values()) and not self.prices_as_of:
            raise ValueError("prices_as_of: is required where a model has a price")


class Card(Struct, frozen=True):
    """What is known of a kind of server."""

    wire: Wire
    general: ModelCard
    models: Mapping[str, ModelCard]
    prices: dict[str, Price]


def kinds() -> list[str]:
    """The kinds that there is a card for."""
    return sorted(each.name.removesuffix(".toml") for each in _folder().iterdir() if each.name.endswith(".toml"))


@cache
def card(kind: str) -> Card:
    """The card of a kind. Raises ValueError, naming file and place, for one that is not well made."""
    name = f"{kind}.toml"
    try:
        return read((_folder() / name).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"service/providers/openai_compatible/cards/{name}: {error}") from None


def read(text: str) -> Card:
    """A card from its text."""
    sheet = msgspec.convert(tomllib.loads(text), Sheet)
    general = sheet.takes.over(ModelCard(parameters={}))
    listed = {name: model.over(general) for name, model in sheet.models.items()}
    unlisted = {ANY: replace(general, listed=False)} if sheet.any_model else {}
    return Card(
        wire=sheet.wire,
        general=general,
        models={**listed, **unlisted},
        prices={
            name: prices.price(replace(model.price, as_of=sheet.prices_as_of))
            for name, model in sheet.models.items()
            if model.price
        },
    )


def _folder() -> Traversable:
    return resources.files(__name__.rpartition(".")[0]) / "cards"
