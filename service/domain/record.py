"""What the books know of a request: what it was for, each call that may cost, and how it ended."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from service.domain.event import AttemptRecord
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


class Purpose(Struct, frozen=True, kw_only=True):
    """What money is asked for. `prompt` only where the operator wants content recorded."""

    request_id: str
    model: str
    operation: Operation = Operation.GENERATE
    stream: bool = False
    n: int = 1
    trace_id: str | None = None
    prompt: str | None = None


class Sending(Struct, frozen=True, kw_only=True):
    """A provider call that is about to be made, the most that it can cost, and what that follows from."""

    number: int
    target: Target
    at_most: MicroUsd = 0
    price: Price | None = None
    size: str = "auto"
    quality: str = "auto"


class Ending(Struct, frozen=True, kw_only=True):
    """How a request ended, and what was done with it."""

    state: State
    reason: str | None = None
    images: int = 0
    fallback_index: int = 0
    told: int | None = None
    """The number of the attempt that the caller's account is about."""
    changes: tuple[Change, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    recorded: tuple[str, ...] = ()
    """The names of the pictures that were kept, where the operator wants content recorded."""


class Filter(Struct, frozen=True, kw_only=True):
    """Which requests are meant; what is None does not matter. Times are milliseconds since 1970: [since, until)."""

    request_id: str | None = None
    key_id: str | None = None
    team_id: str | None = None
    customer_id: str | None = None
    model: str | None = None
    provider: str | None = None
    state: State | None = None
    since: int | None = None
    until: int | None = None


class Recorded(Struct, frozen=True, kw_only=True):
    """A request as the books have it at one moment. Times are milliseconds since 1970."""

    id: str
    request_id: str
    key_id: str | None
    team_id: str | None
    customer_id: str | None
    model: str
    operation: str
    stream: bool
    n: int
    trace_id: str | None
    started: int
    ended: int | None
    state: State
    reason: str | None
    images: int
    cost: MicroUsd
    held: MicroUsd
    attempts: int
    presumed: MicroUsd
    target: Target | None
    """What answered, or was asked last."""


class PricedAttempt(Struct, frozen=True, kw_only=True):
    """An attempt and what its cost follows from; `price_name` is the same for the same terms."""

    record: AttemptRecord
    size: str
    quality: str
    at_most: MicroUsd
    price_name: str | None = None
    price: Price | None = None


class Story(Struct, frozen=True, kw_only=True):
    """All that the books know of one request. What is under way, or was lost, has no ending."""

    recorded: Recorded
    attempts: tuple[PricedAttempt, ...]
    ending: Ending | None
    prompt: str | None

    @property
    def told(self) -> Target | None:
        """The target that the caller's account was about."""
        if self.ending is None:
            return self.recorded.target
        number = self.ending.told or self.ending.fallback_index + 1
        return next((each.record.target for each in self.attempts if each.record.number == number), None)


class Grouping(StrEnum):
    """What sums are split by. DAY: on which a request began, in UTC. PROVIDER: that was asked."""

    DAY = "day"
    MODEL = "model"
    PROVIDER = "provider"
    KEY = "key"
    TEAM = "team"
    CUSTOMER = "customer"
    STATE = "state"


class UsageRow(Struct, frozen=True, kw_only=True):
    """The sums of one group; its values in the order of the groupings, None where its requests have none."""

    group: tuple[str | None, ...] = ()
    requests: int
    attempts: int
    images: int
    cost: MicroUsd
    presumed: MicroUsd
    input_tokens: int
    output_tokens: int
