"""What the books know of a request: what it was for, each call that may cost, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.domain.plan import Change, Skipped, Target
from service.domain.price import MicroUsd, Price
from service.domain.request import Operation


class State(StrEnum):
    """How a request stands. LOST: the process that served it has gone, and nobody knows more."""

    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    LEFT = "left"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What money is asked for. `prompt` only where the operator wants content recorded."""

    request_id: str
    model: str
    operation: Operation = Operation.GENERATE
    stream: bool = False
    n: int = 1
    trace_id: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A provider call that is about to be made, the most that it can cost, and what that follows from."""

    number: int
    target: Target
    at_most: MicroUsd = 0
    price: Price | None = None
    size: str = "auto"
    quality: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a request ended, and what was done with it."""

    state: State
    reason: str | None = None
    images: int = 0
    fallback_index: int = 0
    changes: tuple[Change, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    recorded: tuple[str, ...] = ()
    """The names of the pictures that were kept, where the operator wants content recorded."""
