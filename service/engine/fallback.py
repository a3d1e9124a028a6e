"""Who is asked next, and when the chain ends. What may follow a call is `verdict`'s to say; this does the first of it
that is possible.

    chain    the steps of the plan, one after another
     step    its calls: one, or several at once where the provider makes fewer images at a time than were asked for
      call   for some of the images: tried again with the same key or another, alone
       attempt

A chain that is used up fails with its first step's error: that is the model the caller asked for.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from service.domain.event import AttemptEnded, AttemptStarted, Event, Outcome
from service.domain.plan import Plan, Step
from service.engine.account import Account
from service.engine.attempt import Attempt
from service.engine.health import Health
from service.engine.merging import merged
from service.engine.rooms import FullError
from service.engine.verdict import Then, verdict
from service.errors import GatewayError, ProviderError, Reason
from service.telemetry import counting

TIME_OVER = "The deadline of this request has passed (X-Request-Timeout over REST, the call's own over gRPC)."

AT_ONCE = 4
"""How many calls of one step are under way at a time."""

PAUSE = 0.5
"""Seconds before a call is tried anew; each further time they double."""
PATIENCE = 5.0
"""The longest pause where another target can be asked instead."""
LONGEST_PAUSE = 60.0
"""The longest pause of all, whatever a provider asks for."""
LAST_CHANCE = 1.0
"""Seconds that must be left after a pause for it to be worth waiting."""

MOMENT = 0.005
"""Seconds by which a timer may be early."""

SHARE_OF_TIME = 2 / 3
"""How much of the time that is left an attempt may take where others can still be asked."""

OUT = "target_out"
"""Why the metrics say that a request began at another target than the first."""

Begin = Callable[[Step, range, str, float], Awaitable[Attempt]]
"""Begins an attempt: of which step, for which of the images, with which key; and until when it may wait for a place."""

_GRAVITY = (Then.STOP, Then.NEXT_PROVIDER, Then.NEXT_TARGET)
"""Of several calls that failed the gravest end is the step's."""


@dataclass(slots=True, kw_only=True)
class Chain:
    """The steps of one request."""

    plan: Plan
    begin: Begin
    account: Account
    deadline: float
    health: Health
    cancel_when_left: bool
    _barred: str = ""
    """The provider that may have accepted, and billed, what it is not asked again."""

    async def events(self) -> AsyncGenerator[Event, None]:
        """What the attempts say. Raises the error that ended the chain."""
        failed: list[tuple[Step, GatewayError]] = []
        left: list[Step] = list(self.plan.steps)
        asked = min(left, key=lambda step: step.index)
        while left:
            step = self.health.first(left)
            left.remove(step)
            if step is not asked:
                why = failed[-1][1].reason if failed else OUT
                counting.fell_back(asked.target.provider, step.target.provider, why)
            asked = step
            provider = step.target.provider
            calls = [_Call(step, images, bool(left)) for images in step.images]
            told = [self._call(each) for each in calls]
            async with aclosing(told[0] if len(told) == 1 else merged(told, AT_ONCE)) as events:
                async for event in events:
                    yield event
            if any(call.then is Then.SERVED for call in calls):
                return
            gravest = min(calls, key=lambda call: _GRAVITY.index(call.then))
            failed.append((step, gravest.error))
            if gravest.then is Then.STOP:
                raise gravest.error
            if gravest.then is Then.NEXT_PROVIDER:
                if self._barred:
                    break  # once is enough: each of them may have been billed
                self._barred = provider
                left = [each for each in left if each.target.provider != provider]
        first, error = min(failed, key=lambda each: each[0].index)
        self.account.speak_of(first)
        raise error

    async def _call(self, call: _Call) -> AsyncGenerator[Event, None]:
        """One call, tried as often as it may be."""
        target = call.step.target
        self.health.first_try(target.provider)
        while True:
            if _now() >= self.deadline:
                raise GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER)
            key = self.health.key(target, call.keys)
            try:
                attempt = await self.begin(call.step, call.images, key, self._patience(call))
            except FullError as error:
                self.account.leave_out(target, error.message)
                call.then, call.error = Then.NEXT_TARGET, error
                return
            except GatewayError as error:
                if error.reason is not Reason.BUDGET_EXCEEDED or not self.account.attempted:
                    raise
                self.account.leave_out(target, error.message)
                call.then = Then.NEXT_TARGET  # what was held is spent; the error that led here is the answer
                return
            async with aclosing(self._watched(attempt, call)) as events:
                async for event in events:
                    yield event
            yield AttemptEnded(attempt.record)
            call.tries += 1
            call.error = attempt.error or call.error
            pause = _pause(call)
            call.then = self._next(attempt, call, pause)
            match call.then:
                case Then.NEXT_KEY:
                    call.keys.remove(key)
                    counting.retried(attempt.labels, "next", call.error.reason)
                case Then.SAME_KEY:
                    counting.retried(attempt.labels, "same", call.error.reason)
                    await asyncio.sleep(pause)
                case _:
                    return

    async def _watched(self, attempt: Attempt, call: _Call) -> AsyncGenerator[Event, None]:
        """What an attempt says, until it has ended or nobody listens any more."""
        self.account.speak_of(call.step)
        until = self._until(call)
        try:
            yield AttemptStarted(attempt.record.number, call.step.index, call.step.target)
            async with aclosing(attempt.events(until)) as events:
                async for event in events:
                    self.account.note(event)
                    yield event
        except TimeoutError:
            if until == self.deadline:
                raise GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER) from None
            attempt.take_too_long(cancel=self.cancel_when_left)
        finally:
            attempt.unwatch()
            if not (attempt.ended.done() or attempt.error):  # the caller has left, or its deadline has passed
                late = _now() + MOMENT >= self.deadline
                attempt.leave(Reason.DEADLINE_EXCEEDED if late else Reason.CANCELLED, cancel=self.cancel_when_left)
            self.account.end(attempt)

    def _patience(self, call: _Call) -> float:
        """Until when a call may wait for a place: not so long that another target, or itself, has no time any more."""
        last = self.deadline - LAST_CHANCE
        return min(last, _now() + PATIENCE) if call.others else last

    def _until(self, call: _Call) -> float:
        """Until when an attempt is watched: while others are left to ask, there must be time for them."""
        now = _now()
        return now + (self.deadline - now) * SHARE_OF_TIME if call.others else self.deadline

    def _next(self, attempt: Attempt, call: _Call, pause: float) -> Then:
        """The first of what may follow that is possible."""
        reason = attempt.error.reason if attempt.error else None
        possible = {
            Then.NEXT_KEY: len(call.keys) > 1,
            Then.SAME_KEY: call.tries <= call.step.retries and self._worth_waiting(pause, call),
        }
        may = verdict(attempt.record.outcome, reason, self.plan.policy, shown=attempt.shown)
        then = next(each for each in may if possible.get(each, True))
        if then is Then.SAME_KEY and not self.health.may_retry(call.step.target.provider):
            return next(each for each in may[may.index(then) + 1 :])
        return then

    def _worth_waiting(self, pause: float, call: _Call) -> bool:
        """Whether a call may be tried anew after a pause, rather than go on or fail at once."""
        longest = PATIENCE if call.others else LONGEST_PAUSE
        return pause <= longest and _now() + pause + LAST_CHANCE <= self.deadline


@dataclass(slots=True)
class _Call:
    """For some of a step's images, with the keys that are left to try."""

    step: Step
    images: range
    others: bool
    """Whether other targets are left to ask."""
    keys: list[str] = field(init=False)
    tries: int = 0
    then: Then = Then.STOP
    error: GatewayError = field(init=False)

    def __post_init__(self) -> None:
        self.keys = list(self.step.keys)
        self.error = ProviderError(Reason.INTERNAL, "The attempt ended without a reason.", Outcome.UNKNOWN)


def _pause(call: _Call) -> float:
    """As long as the provider asks for, else twice as long as before, give or take a fifth."""
    if call.error.retry_after is not None:
        return call.error.retry_after
    return PAUSE * 2 ** (call.tries - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def _now() -> float:
    return asyncio.get_running_loop().time()
