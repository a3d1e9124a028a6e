"""Where a planned request's events come from: providers that are asked, one that has the order, or the cache."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count

from msgspec import Struct, field
from msgspec.structs import replace

from service.access.permit import Permit
from service.domain.answer import Order
from service.domain.event import AttemptEnded, AttemptRecord, Event, ImageReady, Outcome, Recalled
from service.domain.plan import Plan, Step
from service.domain.price import MicroUsd
from service.domain.record import Purpose, Sending
from service.domain.request import ImageRequest
from service.engine.account import Account
from service.engine.attempt import Attempt, Attempts
from service.engine.backlog import BACKLOG, weight
from service.engine.cache import Hit
from service.engine.calls import Begin, Terms
from service.engine.fallback import Chain
from service.engine.health import Health
from service.engine.pricing import at_most
from service.engine.repeat import lost
from service.engine.rooms import Room
from service.engine.tab import Tab
from service.providers.base import Adapter, Call
from service.telemetry import Context


class Circumstances(Struct, frozen=True, kw_only=True):
    """What surrounds a request: its name, its end (by the loop's clock), its trace, the room for inline bytes."""

    request_id: str
    deadline: float
    end: float | None = None
    """Until when it is carried out, for whoever else asks; None: until the deadline."""
    begun: list[Attempt] = field(default_factory=list[Attempt])
    """Its provider calls, as they are."""
    trace: Context | None = None
    inline_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One request, and all that a call that is made for it needs."""

    permit: Permit
    purpose: Purpose
    account: Account
    around: Circumstances
    trace: Context
    adapters: Mapping[str, Adapter]
    attempts: Attempts
    health: Health
    rooms: Mapping[str, Room]

    @property
    def begun(self) -> list[Attempt]:
        return self.around.begun

    def carried_out(self, plan: Plan) -> AsyncGenerator[Event, None]:
        """The plan's steps, one after another; before each call its money is set aside."""
        tab = Tab(self.permit, self.purpose, plan.max_cost, self.begun)
        numbers = count(1)

        async def begin(step: Step, images: range, key: str, is_wanted: Callable[[], bool]) -> Attempt | None:
            request = step.part(images)
            number, most = next(numbers), at_most(step.price, request.parameters, request.prompt) or 0
            await tab.send(_sending(number, step, most))
            if not is_wanted():
                self.permit.settle(AttemptRecord(number=number, target=step.target, outcome=Outcome.NOT_SENT))
                return None
            return self._start(Attempt(number, step, self._call(step, request, key), images, most))

        return self._asked(plan, begin)

    async def fetched(self, plan: Plan, order: Order) -> AsyncGenerator[Event, None]:
        """What a provider says of an order that it has; that is the end of the request that the order was for."""
        step = plan.steps[0]
        if len(step.shares) > 1:
            raise lost()  # it was one of several, and of the others nobody knows

        async def begin(step: Step, images: range, key: str, _: Callable[[], bool]) -> Attempt:
            call = self._call(step, step.request, key, order.job)
            return self._start(Attempt(order.number, step, call, images, step.max_cost or 0))

        alone = replace(plan, steps=(replace(step, retries=0, keys=(order.key,)),))
        async with aclosing(self._asked(alone, begin)) as events:
            async for event in events:
                if isinstance(event, AttemptEnded):
                    came_whole = event.record.outcome is Outcome.DONE and event.record.reason is None
                    if not came_whole and event.record.outcome is not Outcome.REJECTED:
                        raise lost()  # all is as it was: whoever asks again may find out more
                    self.permit.take_over(order)
                yield event

    async def given_again(self, found: Hit) -> AsyncGenerator[Event, None]:
        """The cache's answer, which costs what the route says."""
        await self.permit.hold(self.purpose, found.cost, found.sending)
        self.permit.settle(found.record)
        self.account.cached(found.completed, found.record)
        yield Recalled(self.account.report())
        with BACKLOG.holding(weight(found.images)):
            for image in found.images:
                yield ImageReady(image)

    def _call(self, step: Step, request: ImageRequest, key: str, job: str = "") -> Call:
        name = self.around.request_id
        return Call(model=step.target.model, request=request, key=key, request_id=name, trace=self.trace, job=job)

    def _start(self, attempt: Attempt) -> Attempt:
        self.begun.append(attempt)
        provider = attempt.step.target.provider
        self.attempts.start(attempt, self.adapters[provider], self.permit, self.health, self.rooms.get(provider))
        return attempt

    def _asked(self, plan: Plan, begin: Begin) -> AsyncGenerator[Event, None]:
        terms = Terms(
            policy=plan.policy,
            begin=begin,
            account=self.account,
            deadline=self.around.deadline,
            end=self.around.end or self.around.deadline,
            health=self.health,
            rooms=self.rooms,
        )
        return Chain(steps=plan.steps, terms=terms).events()


def ordered(request: ImageRequest, order: Order) -> ImageRequest:
    """The request as it was made of the provider that has the order."""
    return replace(request, model=f"{order.provider}/{order.model}", fallbacks=(), key=order.key)


def _sending(number: int, step: Step, at_most: MicroUsd) -> Sending:
    parameters = step.request.parameters
    return Sending(
        number=number,
        target=step.target,
        at_most=at_most,
        price=step.price,
        size=parameters.size or "auto",
        quality=parameters.quality or "auto",
    )
