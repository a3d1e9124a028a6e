"""The calls of one step: one, or several at once where the provider makes fewer images at a time than were asked for.

Each is for some of the images, and is tried again with the same key or another, alone. What one of them finds out holds
for all: a provider that may have billed a call, or that will not have the request, is asked nothing more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from service.domain.event import AttemptEnded, AttemptStarted, Event, Progress
from service.domain.plan import Policy, Step
from service.engine.account import Account
from service.engine.attempt import Attempt
from service.engine.backlog import BACKLOG
from service.engine.conversion import converted
from service.engine.health import Health
from service.engine.merging import merged
from service.engine.rooms import FullError, Room
from service.engine.verdict import Then, is_last, verdict
from service.engine.waits import LAST_CHANCE, Waits, now, pause_after, why_left
from service.errors import GatewayError, Reason
from service.telemetry import counting

TIME_OVER = "The deadline of this request has passed (X-Request-Timeout over REST, the call's own over gRPC)."

AT_ONCE = 4
"""How many calls of one step are under way at a time."""

WAITING = "waiting"
"""What is told of images of which nothing is heard until they are done."""

SHARE_OF_TIME = 2 / 3
"""How much of the time that is left an attempt may take where others can still be asked."""

Begin = Callable[[Step, range, str, Callable[[], bool]], Awaitable[Attempt | None]]
"""Begins an attempt: of which step, for which of the images, with which key; none where it is not wanted any more by
the time that its money is set aside."""

_GRAVITY = (Then.STOP, Then.NEXT_PROVIDER, Then.NEXT_TARGET)
"""Of several calls that failed the gravest end is the step's."""


class Terms(Struct, frozen=True, kw_only=True):
    """On what terms providers are asked: the same for all calls of a request."""

    policy: Policy
    begin: Begin
    account: Account
    deadline: float
    """Of the caller: what can be asked shares the time until then."""
    end: float
    """Until when calls are made and waited for: the deadline, or later where others wait too."""
    health: Health
    rooms: Mapping[str, Room]

    def limit(self) -> float:
        """Until when there is time, for what is decided now."""
        return self.deadline if now() < self.deadline else self.end


@dataclass(slots=True)
class Call:
    """For some of a step's images, with the keys that are left to try."""

    images: range
    keys: list[str]
    tries: int = 0
    then: Then | None = None
    """What follows from the way in which it ended."""
    error: GatewayError | None = None


@dataclass(slots=True)
class Calls:
    step: Step
    terms: Terms
    others: bool
    """Whether other targets are left to ask."""
    elsewhere: bool
    """Whether one of them may be asked after a call that may have been billed."""
    calls: list[Call] = field(init=False)
    _shown: bool = False
    """Whether bytes of an image have left for the caller: then nobody else is asked."""
    _last: Call | None = None
    """The call after which the provider is asked nothing more."""
    _inside: int = 0
    """How many of them have a place at the provider."""
    _left: asyncio.Event | None = None
    """Set when one of them has none any more; others wait for that."""
    _waits: Waits = field(init=False)

    def __post_init__(self) -> None:
        self.calls = [Call(images, list(self.step.keys)) for images in self.step.images]
        self._waits = Waits(self.terms.limit, self.terms.account)

    def events(self) -> AsyncGenerator[Event, None]:
        """What they say, each until it has ended."""
        told = [self._carried_out(each) for each in self.calls]
        if len(told) == 1:
            return told[0]
        room = self._room
        return merged(told, min(AT_ONCE, room.places) if room else AT_ONCE)

    @property
    def asked(self) -> bool:
        """Whether the provider was asked at all."""
        return any(call.tries for call in self.calls)

    @property
    def served(self) -> bool:
        return any(call.then is Then.SERVED for call in self.calls)

    def end(self) -> tuple[Then, GatewayError]:
        """What follows from all of them, where none served, and why."""
        call = min(self.calls, key=_gravity)
        return call.then or Then.STOP, call.error or GatewayError(Reason.INTERNAL, "The call ended without a reason.")

    async def _carried_out(self, call: Call) -> AsyncGenerator[Event, None]:
        """One call, tried as often as it may be."""
        if self._is_late:
            self._turn_away(call, GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER))
            return
        if self._last is None:
            self.terms.health.first_try(self.step.target.provider)
        while self._last is None:
            if now() >= self.terms.end:
                raise GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER)
            key = self.terms.health.key(self.step.target, call.keys)
            try:
                attempt = await self._begin(call, key)
            except GatewayError as error:
                self._turn_away(call, error)
                return
            if attempt is None:
                break
            async with aclosing(self._watched(attempt)) as events:
                async for event in events:
                    yield event
            yield AttemptEnded(attempt.record)
            call.tries += 1
            call.error = attempt.error or call.error
            pause = pause_after(call.error, call.tries)
            call.then = self._next(call, attempt, key, pause)
            match call.then:
                case Then.NEXT_KEY:
                    call.keys.remove(key)
                    counting.retried(attempt.labels, "next", attempt.record.reason or "")
                case Then.SAME_KEY:
                    counting.retried(attempt.labels, "same", attempt.record.reason or "")
                    await self._waits.through(asyncio.sleep(pause))
                case _:
                    return
        self._let_go(call)

    async def _begin(self, call: Call, key: str) -> Attempt | None:
        """None where the provider is asked nothing more meanwhile."""
        room, attempt = self._room, None
        if room is not None and not (room.take() or await self._enter(room)):
            return None
        self._inside += 1
        try:
            if self._last is None:
                attempt = await self.terms.begin(self.step, call.images, key, lambda: self._last is None)
        finally:
            if attempt is None:
                if room is not None:
                    room.leave()
                self._leave()
        return attempt

    async def _watched(self, attempt: Attempt) -> AsyncGenerator[Event, None]:
        """What an attempt says, until it has ended or nobody listens any more."""
        terms, until, into = self.terms, self._until(), self.step.conversion
        terms.account.speak_of(self.step)
        try:
            yield AttemptStarted(attempt.record.number, self.step.index, self.step.target)
            if terms.account.request.stream and not self.step.request.stream:
                for index in attempt.images:
                    yield Progress(index, 0, WAITING)
            while True:
                try:
                    async with aclosing(attempt.events(until)) as events:
                        async for event in events:
                            self._shown = self._shown or attempt.shown
                            yield await converted(event, into, terms.end) if into else event
                    break
                except TimeoutError:
                    if until == terms.end:
                        raise GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER) from None
                if self._may_follow_unknown:
                    attempt.take_too_long(terms.health, cancel=terms.policy.cancel_when_left)
                    break
                until = terms.end  # nobody may follow any more
        finally:
            self._leave()
            attempt.unwatch()
            if not (attempt.ended.done() or attempt.error):  # the caller has left, or its deadline has passed
                attempt.leave(why_left(terms.deadline), cancel=terms.policy.cancel_when_left)
            terms.account.end(attempt)

    def _until(self) -> float:
        """Until when an attempt is watched: while others may follow, there must be time for them."""
        began = now()
        time = self.terms.limit() - began
        enough = time * (1 - SHARE_OF_TIME) >= LAST_CHANCE
        return began + time * SHARE_OF_TIME if enough and self._may_follow_unknown else self.terms.end

    def _next(self, call: Call, attempt: Attempt, key: str, pause: float) -> Then:
        """The first of what may follow that is possible."""
        outcome, reason = attempt.record.outcome, attempt.error.reason if attempt.error else None
        if is_last(outcome, reason) and self._last is None:
            self._last = call
            self._waits.end()
        may = verdict(outcome, reason, self.terms.policy, shown=attempt.shown)
        return next(each for each in may if self._is_possible(each, call, key, pause))

    def _is_possible(self, then: Then, call: Call, key: str, pause: float) -> bool:
        """Whether that can follow; if it is to try anew, it is counted as if it did."""
        health, target = self.terms.health, self.step.target
        match then:
            case Then.NEXT_KEY:
                others = any(each != key and health.out(target, each) is None for each in call.keys)
                possible = others and not self._is_late
            case Then.SAME_KEY:
                is_worth = self._waits.is_worth(pause, others=self._may_follow)
                possible = is_worth and call.tries <= self.step.retries
            case _:
                return True
        return possible and self._last is None and health.may_retry(target.provider)

    @property
    def _is_late(self) -> bool:
        """Whether there is no time for a further call, after one or more."""
        return self.terms.account.attempted and now() + LAST_CHANCE > self.terms.end

    def _turn_away(self, call: Call, error: GatewayError) -> None:
        """It cannot be made, or not anew, for want of time, of a place, of money, or of books to write it in."""
        spent = error.reason is Reason.BUDGET_EXCEEDED and self.terms.account.attempted
        call.then = Then.NEXT_TARGET if spent or isinstance(error, FullError) else Then.STOP
        if call.error is None or call.then is Then.STOP:
            call.error = error.with_traceback(None)  # it would hold this call, which holds it
            self.terms.account.fail(call.images, error)

    def _let_go(self, call: Call) -> None:
        """The provider is asked nothing more: one that was never asked ends as the call did that was the last."""
        call.then = Then.NEXT_TARGET
        if call.error is None and self._last is not None and self._last.error is not None:
            call.then, call.error = self._last.then, self._last.error
            self.terms.account.fail(call.images, call.error)

    async def _enter(self, room: Room) -> bool:
        """Waits for a place, and while others of the step have some, for one of theirs. False if none is needed now."""
        with BACKLOG.holding(len(msgspec.json.encode(self.step.request))):
            while True:
                others = self._may_follow
                try:
                    return await self._waits.through(room.enter(self._waits.latest(others=others)))
                except FullError:
                    if self._inside:
                        self._left = self._left or asyncio.Event()
                        if not await self._waits.through(self._left.wait()):
                            return False
                    elif self._may_follow or not others:
                        raise

    def _leave(self) -> None:
        self._inside -= 1
        if self._left is not None:
            self._left.set()
            self._left = None

    @property
    def _room(self) -> Room | None:
        return self.terms.rooms.get(self.step.target.provider)

    @property
    def _may_follow(self) -> bool:
        """Whether another target may still be asked instead of this one."""
        return self.others and not self._shown and all(call.then is not Then.STOP for call in self.calls)

    @property
    def _may_follow_unknown(self) -> bool:
        """The same, after a call that may have been billed."""
        return self.elsewhere and self._may_follow


def _gravity(call: Call) -> tuple[int, bool]:
    """Of those that ended alike one that says more than that the money is spent."""
    spent = call.error is not None and call.error.reason is Reason.BUDGET_EXCEEDED
    return _GRAVITY.index(call.then or Then.STOP), spent
