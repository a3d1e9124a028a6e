"""What follows from the way in which a call ended: one table, for the code and for docs/attempts.md.

A rule names what may be done next, best first; `calls` does the first that is possible, and STOP always is. That the
table holds, cell by cell, is proven by `tests/engine/test_chains.py`.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from service.domain.event import Outcome
from service.domain.plan import Policy
from service.errors import Reason


class Then(StrEnum):
    SERVED = "served"
    SAME_KEY = "same key"
    NEXT_KEY = "next key"
    NEXT_TARGET = "next target"
    NEXT_PROVIDER = "next provider"
    STOP = "stop"


class Rule(Struct, frozen=True):
    """Outcome and reasons (none: all others) of a call, and what may follow."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    then: tuple[Then, ...]
    why: str


ONCE_MORE = (Then.SAME_KEY, Then.NEXT_TARGET)
TABLE = (
    Rule(Outcome.DONE, (), (Then.SERVED,), "at least one image came"),
    Rule(
        Outcome.NOT_SENT,
        (Reason.PROVIDER_ACCOUNT,),
        (Then.NEXT_KEY, Then.NEXT_TARGET),
        "there is nothing to open the provider's door with",
    ),
    Rule(Outcome.NOT_SENT, (Reason.PROVIDER_REJECTED,), (), "the request is at fault: it cannot even be sent"),
    Rule(Outcome.NOT_SENT, (Reason.CANCELLED,), (), "the gateway stops"),
    Rule(Outcome.NOT_SENT, (), ONCE_MORE, "nothing reached the provider"),
    Rule(Outcome.REJECTED, (Reason.CONTENT_REFUSED,), (), "what one provider refuses is not taken to another"),
    Rule(Outcome.REJECTED, (Reason.PROVIDER_REJECTED,), (), "the request is at fault, wherever it goes"),
    Rule(
        Outcome.REJECTED,
        (Reason.PROVIDER_ACCOUNT,),
        (Then.NEXT_KEY, Then.NEXT_TARGET),
        "this key, or its account, does not work",
    ),
    Rule(
        Outcome.REJECTED,
        (Reason.PROVIDER_RATE_LIMITED,),
        (Then.NEXT_KEY, *ONCE_MORE),
        "this key has used up its rate",
    ),
    Rule(Outcome.REJECTED, (Reason.PROVIDER_OVERLOADED,), ONCE_MORE, "the provider says that it did nothing"),
    Rule(Outcome.REJECTED, (Reason.CANCELLED,), (), "the caller has left"),
    Rule(Outcome.REJECTED, (), (Then.NEXT_TARGET,), "the provider failed, and would probably fail again"),
    Rule(Outcome.UNKNOWN, (Reason.CONTENT_REFUSED,), (), "what one provider refuses is not taken to another"),
    Rule(Outcome.UNKNOWN, (Reason.CANCELLED,), (), "the gateway stops"),
    Rule(
        Outcome.UNKNOWN,
        (),
        (Then.NEXT_PROVIDER,),
        "it may have been accepted and billed: this provider is not asked again",
    ),
)


def rule(outcome: Outcome, reason: Reason | None) -> Rule:
    """The first that fits."""
    return next(each for each in TABLE if each.outcome is outcome and (not each.reasons or reason in each.reasons))


def is_last(outcome: Outcome, reason: Reason | None) -> bool:
    """Whether the provider is asked nothing more: it may have billed the call, or would end another in the same way."""
    return not {Then.SERVED, Then.SAME_KEY, Then.NEXT_KEY, Then.NEXT_TARGET}.intersection(rule(outcome, reason).then)


def verdict(outcome: Outcome, reason: Reason | None, policy: Policy, *, shown: bool) -> tuple[Then, ...]:
    """What may follow, best first. `shown`: bytes of the images that this call was for have left for the caller."""
    found = rule(outcome, reason).then
    if Then.SERVED in found:
        return found
    if shown:
        return (Then.STOP,)
    if reason is Reason.CONTENT_REFUSED and policy.fallback_on_refusal:
        found = (Then.NEXT_PROVIDER if outcome is Outcome.UNKNOWN else Then.NEXT_TARGET,)
    if Then.NEXT_PROVIDER in found and policy.fails_after_unknown:
        found = ()
    return (*found, Then.STOP)
