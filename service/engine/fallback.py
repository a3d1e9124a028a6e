"""Which step is next, and when the chain ends.

    done                          the request is served
    not sent, rejected            the next step; but the caller's fault or refused content ends the chain
    unknown                       the chain ends: it may have been accepted and billed
    image bytes are on their way  the chain ends, whatever happened

A chain that is used up fails with its first step's error: that is the model the caller asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from service.domain.event import AttemptEnded, AttemptStarted, Event, Outcome
from service.domain.plan import Plan, Step
from service.engine.account import Account
from service.engine.attempt import TIME_OVER, Attempt
from service.errors import GatewayError, ProviderError, Reason

CALLERS_FAULT = frozenset({Reason.PROVIDER_REJECTED, Reason.CONTENT_REFUSED})
"""What another provider would not make better, or must not be asked to."""


async def walk(
    plan: Plan,
    begin: Callable[[int, Step], Awaitable[Attempt]],
    account: Account,
    deadline: float,
    *,
    cancel_when_left: bool,
) -> AsyncGenerator[Event, None]:
    """Tries the steps in order and passes on what they say. Raises the error that ended the chain."""
    errors: list[ProviderError] = []
    for index, step in enumerate(plan.steps):
        if asyncio.get_running_loop().time() >= deadline:
            raise GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER)
        attempt = await begin(index, step)
        account.speak_of(index, step)
        try:
            yield AttemptStarted(attempt.record.number, index, step.target)
            async with aclosing(attempt.events(deadline)) as events:
                async for event in events:
                    account.note(event)
                    yield event
        finally:
            attempt.unwatch()
            if not attempt.ended.done():  # the caller has left, or its deadline has passed
                late = asyncio.get_running_loop().time() >= deadline
                attempt.leave(Reason.DEADLINE_EXCEEDED if late else Reason.CANCELLED, cancel=cancel_when_left)
            account.end(attempt)
        yield AttemptEnded(attempt.record)
        if attempt.record.outcome is Outcome.DONE:
            return
        error = attempt.error or ProviderError(Reason.INTERNAL, "The attempt ended without a reason.", Outcome.UNKNOWN)
        if account.committed or attempt.record.outcome is Outcome.UNKNOWN or error.reason in CALLERS_FAULT:
            raise error
        errors.append(error)
    account.speak_of(0, plan.steps[0])
    raise errors[0]
