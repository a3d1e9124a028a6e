"""What a model can do, as data: the one source for validation, adaptation and the list of models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import Struct, field

from service.domain.request import Operation

T = TypeVar("T")


class Choice(Struct, frozen=True):
    """One of some words; `understood` maps other words that callers use to one of them."""

    values: tuple[str, ...]
    understood: Mapping[str, str] = field(default_factory=dict[str, str])


class Range(Struct, frozen=True):
    """A number within bounds, both included."""

    low: float
    high: float
    whole: bool = False
    """Whether only whole numbers are taken, where the parameter itself may be a fraction: the nearest is."""

    def wrapped(self, number: int) -> int:
        """The number, counted around the bounds: those that follow each other stay different ones."""
        low, high = int(self.low), int(self.high)
        return low + (number - low) % (high - low + 1)


class Text(Struct, frozen=True):
    """Any text."""


class Sizes(Struct, frozen=True, kw_only=True):
    """Sizes by name, and where `any_size` holds every WIDTHxHEIGHT within the bounds."""

    names: tuple[str, ...]
    understood: Mapping[str, str] = field(default_factory=dict[str, str])
    any_size: bool = False
    multiple_of: int = 1
    min_side: int = 1
    max_side: int = 0
    max_ratio: float = 0
    min_pixels: int = 0
    max_pixels: int = 0


Domain = Choice | Range | Text | Sizes


class Format(Struct, frozen=True, kw_only=True):
    """What goes together with one output format; with most of them everything does."""

    streams: bool = True
    """Whether partial images are shown."""
    compresses: bool = True
    transparent: bool = True
    most: int | None = None
    """How many images a call makes, where it is fewer than of other formats."""


AS_FORMATS_ARE: Mapping[str, Format] = {
    "png": Format(compresses=False),
    "jpeg": Format(transparent=False),
    "gif": Format(compresses=False),
    "svg": Format(compresses=False),
}


_ANYTHING_GOES = Format()


class ModelCard(Struct, frozen=True, kw_only=True):
    parameters: Mapping[str, Domain]
    formats: Mapping[str, Format] = field(default_factory=lambda: AS_FORMATS_ARE)
    """With which formats something does not go; what is not asked together is left out or refused by name."""
    default_format: str = "png"
    """The one that it makes where none is asked for."""
    operations: frozenset[Operation] = frozenset({Operation.GENERATE})
    extras: bool = False
    """Whether parameters that we do not know go on to the provider."""
    reserved: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names that no unknown parameter may have, and what to use instead, if anything.

    They are the provider's own for what we say to it: under them a request could ask for more than it is held for.
    """
    streams: bool = False
    """Whether it shows partial images."""
    cancellable: bool = False
    """Whether ending the call ends the bill."""
    max_prompt: int = 32_000
    family: bool = False
    """Whether names that extend this one are models too: snapshots, and what is newer than this gateway."""
    listed: bool = True
    """Whether the model is shown in lists, and found by its name alone."""

    def format(self, name: str | None) -> Format:
        """What goes with an output format; None where none is asked for."""
        return self.formats.get(name or self.default_format, _ANYTHING_GOES)

    def most(self, output_format: str | None) -> int:
        """How many images it makes in one call."""
        n, of_format = self.parameters.get("n"), self.format(output_format).most
        most = int(n.high) if isinstance(n, Range) else 1
        return most if of_format is None else min(most, of_format)


class KeyCard(Struct, frozen=True):
    """A key of a provider, as far as it may be known: its name, how often it is drawn, and what it serves."""

    name: str
    weight: int = 1
    models: tuple[str, ...] = ("*",)

    def serves(self, model: str) -> bool:
        return "*" in self.models or model in self.models


ANY = "*"
"""The name under which a provider keeps the card of all models that it has no other for, where it takes any."""


def find_card(cards: Mapping[str, ModelCard], model: str) -> ModelCard | None:
    name = find_name(cards, model)
    return None if name is None else cards[name]


def find_name(cards: Mapping[str, ModelCard], model: str) -> str | None:
    """The name of a model's card, else of its nearest family's, else of the one for any model.

    "gpt-image-2-2026-04-21" and "gpt-image-2.9" are of the family gpt-image-2.
    """
    if model in cards:
        return model
    family = longest((name for name, card in cards.items() if card.family), model, "-.")
    return family or (ANY if ANY in cards else None)


def extended(known: Mapping[str, T], model: str, separators: str) -> T | None:
    """What is known of the longest name that `model` extends after a separator."""
    name = longest(known, model, separators)
    return None if name is None else known[name]


def longest(names: Iterable[str], model: str, separators: str) -> str | None:
    """The longest of the names that `model` extends after a separator."""
    fit = [name for name in names if model.startswith(name) and model[len(name) :][:1] in tuple(separators)]
    return max(fit, key=len, default=None)
