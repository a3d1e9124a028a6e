"""What will be tried, in order, and why it is so."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from service.domain.card import ModelCard
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


class Target(Struct, frozen=True):
    """A model at a provider: `provider` is its name in the configuration, `kind` what it is."""

    provider: str
    kind: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class Step(Struct, frozen=True, kw_only=True):
    """One target, with the request in that target's own terms."""

    target: Target
    request: ImageRequest
    card: ModelCard
    family: str = "other"
    """The name of the card, which is one of few, whatever callers write."""
    changes: tuple[Change, ...] = ()
    price: Price | None = None
    max_cost: MicroUsd | None = None


class Skipped(Struct, frozen=True):
    target: str
    explanation: str


class Plan(Struct, frozen=True):
    steps: tuple[Step, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def max_cost(self) -> MicroUsd | None:
        """The dearest step: what has to be held before anything is spent. None where a step has no price."""
        costs = [step.max_cost for step in self.steps]
        return None if any(cost is None for cost in costs) else max(cost or 0 for cost in costs)
