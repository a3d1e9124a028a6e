"""What will be tried, in order, and why it is so."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from service.domain.card import ModelCard, Range
from service.domain.price import MicroUsd, Price
from service.domain.request import ImageRequest


class Action(StrEnum):
    """What became of a parameter."""

    APPLIED = "applied"
    TRANSLATED = "translated"
    DROPPED = "dropped"
    PASSED = "passed"


class Change(Struct, frozen=True):
    parameter: str
    action: Action
    asked: str
    sent: str = ""
    note: str = ""


class Conversion(Struct, frozen=True):
    """What the gateway makes of a picture that the provider cannot make so."""

    output_format: str
    compression: int | None = None
    """As output_compression; None where the best will do."""
    anew: bool = False
    """Whether a picture that has the format already is made anew, since nobody has compressed it."""


CACHE = "cache"
"""The provider that answers from the cache have; no other may be called so."""


class Target(Struct, frozen=True):
    """A model at a provider: `provider` is its name in the configuration, `kind` what it is."""

    provider: str
    kind: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


def cached(target: Target | None) -> Target:
    """What answers in the place of a target whose answer the cache has."""
    return Target(CACHE, CACHE, str(target))


class Policy(Struct, frozen=True, kw_only=True):
    """What the operator, the route or the caller wants where a provider does not serve."""

    fails_after_unknown: bool = False
    """Whether a call that may have been billed ends the request; else another provider may be asked, once."""
    fallback_on_refusal: bool = False
    cancel_when_left: bool = True
    """Whether a call is given up when its caller leaves, where that ends the bill."""


class Step(Struct, frozen=True, kw_only=True):
    """One target, with the request in that target's own terms."""

    target: Target
    request: ImageRequest
    card: ModelCard
    index: int = 0
    """Its place in the order that was asked for; 0 is the first."""
    note: str = ""
    """Why it is asked after those that it came before."""
    keys: tuple[str, ...] = ("",)
    """The names of the keys to try, in order; the empty one where the provider sees to it itself."""
    retries: int = 1
    """How often a call is tried anew with the same key."""
    shares: tuple[int, ...] = (1,)
    """How many of the images each call makes."""
    family: str = "other"
    """The name of the card, which is one of few, whatever callers write."""
    changes: tuple[Change, ...] = ()
    conversion: Conversion | None = None
    """What becomes of its pictures here, where the provider does not make them as they are asked for."""
    price: Price | None = None
    max_cost: MicroUsd | None = None

    @property
    def images(self) -> Iterator[range]:
        """Which of the images each call makes."""
        first = 0
        for share in self.shares:
            yield range(first, first + share)
            first += share

    def part(self, images: range) -> ImageRequest:
        """The request for some of the images: those of one call."""
        if len(self.shares) == 1:
            return self.request
        parameters = self.request.parameters
        n = len(images) if "n" in self.card.parameters else None
        return replace(self.request, parameters=replace(parameters, n=n, seed=self._seed(images.start)))

    def _seed(self, index: int) -> int | None:
        """Another one for each image, or they would be the same."""
        seed, domain = self.request.parameters.seed, self.card.parameters.get("seed")
        if seed is None or not isinstance(domain, Range):
            return seed
        return domain.wrapped(seed + index)


class Skipped(Struct, frozen=True):
    target: str
    explanation: str


class Memory(Struct, frozen=True, kw_only=True):
    """Where an answer that was given before will do: under which key, and for how long a new one is kept."""

    key: str
    seconds: float
    store: bool
    price: MicroUsd
    """For each image."""
    meaning: str = ""
    """What the names that were asked for lead to: when that changes, what was answered before is not found."""


class Plan(Struct, frozen=True):
    steps: tuple[Step, ...]
    skipped: tuple[Skipped, ...] = ()
    policy: Policy = Policy()
    memory: Memory | None = None
    """None where the answer is to be made."""

    @property
    def max_cost(self) -> MicroUsd | None:
        """The dearest step: what has to be held before anything is spent. None where a step has no price."""
        costs = [step.max_cost for step in self.steps]
        return None if any(cost is None for cost in costs) else max(cost or 0 for cost in costs)
