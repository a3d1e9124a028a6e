"""What happens to a request: the one result of the engine, which everything else consumes.

    Planned, then for each attempt AttemptStarted, Progress, PartialImage and ImageReady, AttemptEnded; then an
    ImageFailed for each image that did not come while others did, and at last Completed. A request that fails raises
    instead of completing, and one whose time is over raises without waiting for the attempt's end. For an answer that
    was given before nobody is asked: Recalled says so, and the finished images follow.

An adapter yields Progress, PartialImage, ImageReady, and once each, when the provider says it, Accepted and Answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from service.domain.image import FileRef, Image, Picture, Traits, Usage
from service.domain.plan import Change, Plan, Skipped, Target
from service.domain.price import MicroUsd


class Outcome(StrEnum):
    """How a provider call ended, as far as money is concerned."""

    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    DONE = "done"


class Planned(Struct, frozen=True):
    plan: Plan


class AttemptStarted(Struct, frozen=True):
    number: int
    step: int
    target: Target


class AttemptRecord(Struct, frozen=True, kw_only=True):
    """One provider call, as it is told to the caller and kept in the books."""

    number: int
    target: Target
    outcome: Outcome
    reason: str | None = None
    status: int | None = None
    seconds: float = 0
    images: int = 0
    usage: Usage | None = None
    cost: MicroUsd = 0
    presumed: bool = False
    """Whether the cost is what it may be, because nobody said what it is."""


def possible_duplicate(attempts: Sequence[AttemptRecord]) -> MicroUsd:
    """What of the cost is for calls that may have been billed, though others made the images."""
    made = [each for each in attempts if each.images]
    return sum(each.cost for each in attempts if each.outcome is Outcome.UNKNOWN) if made else 0


def may_be_billed(attempts: Sequence[AttemptRecord]) -> bool:
    """Whether asking again may be asking for a second bill."""
    return any(each.cost or each.outcome in (Outcome.DONE, Outcome.UNKNOWN) for each in attempts)


class AttemptEnded(Struct, frozen=True):
    record: AttemptRecord


class Progress(Struct, frozen=True):
    index: int
    percent: float
    phase: str = ""


class PartialImage(Struct, frozen=True):
    index: int
    partial: int
    picture: Picture


class ImageReady(Struct, frozen=True):
    """A finished image, and once delivered the reference that stands for its bytes, where one does."""

    image: Image
    file: FileRef | None = None
    not_converted: str = ""
    """Why it is not in the format that was asked for, where the gateway was to make that."""


class ImageFailed(Struct, frozen=True):
    index: int
    reason: str
    message: str


class Accepted(Struct, frozen=True):
    """The provider has the order, and calls it so: under this name its answer can be asked for once more."""

    job: str


class Answered(Struct, frozen=True):
    """What the provider said of its whole answer."""

    usage: Usage | None
    traits: Traits


class Origin(StrEnum):
    """Where an answer comes from."""

    MADE = "made"
    REPEATED = "repeated"
    """It was given before, to the same idempotency key."""
    CACHED = "cached"
    """It was given before, to the same request."""


class Report(Struct, frozen=True, kw_only=True):
    """The account of a request: the same in answers, streams and errors."""

    request_id: str
    requested_model: str
    origin: Origin = Origin.MADE
    target: Target | None = None
    """Who answered, or was asked last."""
    fallback_index: int = 0
    changes: tuple[Change, ...] = ()
    attempts: tuple[AttemptRecord, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def cost(self) -> MicroUsd:
        return sum(attempt.cost for attempt in self.attempts)

    @property
    def upstream_seconds(self) -> float:
        """How long the attempts took, added up: where several ran side by side, more than went by."""
        return sum(attempt.seconds for attempt in self.attempts)


class Recalled(Struct, frozen=True):
    """The answer was given before: this is the account of it, and only its finished images follow."""

    report: Report


class Completed(Struct, frozen=True):
    created: int
    usage: Usage | None
    traits: Traits
    failed: tuple[ImageFailed, ...]
    report: Report


Shown = Progress | PartialImage | ImageReady
AdapterEvent = Shown | Accepted | Answered
Event = Planned | Recalled | AttemptStarted | AttemptEnded | Shown | ImageFailed | Completed
