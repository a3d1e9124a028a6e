"""The heart: one permitted request in, one stream of events out. Everything else consumes it.

check → plan → narrow → hold → the steps, one after another → delivery → completed.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import count

from msgspec import Struct
from msgspec.structs import replace

from service.access.answers import TakenError
from service.access.permit import Permit
from service.domain.answer import Order
from service.domain.event import AttemptEnded, AttemptRecord, Event, ImageReady, Outcome, Planned
from service.domain.plan import Plan, Policy, Step
from service.domain.price import MicroUsd
from service.domain.record import Purpose, Sending
from service.domain.request import ImageRequest
from service.engine.account import Account
from service.engine.attempt import Attempt, Attempts
from service.engine.cache import Entry, Found, entry_of
from service.engine.calls import Begin, Terms
from service.engine.check import MAX_NAME, check
from service.engine.delivery import RECORD_SECONDS, Delivery, RequestDelivery
from service.engine.fallback import Chain
from service.engine.health import Health
from service.engine.plan import make_plan
from service.engine.pricing import at_most
from service.engine.repeat import lost
from service.engine.rooms import Room
from service.engine.router import Router
from service.engine.tab import Tab
from service.errors import GatewayError, Reason
from service.names import new_name
from service.providers.base import Adapter, Call
from service.stores.blobs.port import Shelf
from service.telemetry import Context, counting, pipeline_span


class Circumstances(Struct, frozen=True, kw_only=True):
    """What surrounds a request: its name, its end (by the loop's clock), its trace, the room for inline bytes."""

    request_id: str
    deadline: float
    end: float | None = None
    """Until when what is under way at the deadline is waited for; None: no longer."""
    trace: Context | None = None
    inline_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    router: Router
    adapters: Mapping[str, Adapter]
    attempts: Attempts
    delivery: Delivery
    health: Health = field(default_factory=Health)
    rooms: Mapping[str, Room] = field(default_factory=dict[str, Room])
    """By the provider's name; one without a room is asked as often at once as callers come."""
    record_content: bool = False

    def plan(self, request: ImageRequest, permit: Permit) -> Plan:
        """What `run` would do, at no cost. Weighted targets are drawn anew each time, whatever the caller sends."""
        check(request)
        plan = permit.narrow(make_plan(request, self.router, new_name(16)))
        return replace(plan, steps=self.health.arranged(plan.steps))

    async def run(
        self, request: ImageRequest, permit: Permit, around: Circumstances, order: Order | None = None
    ) -> AsyncGenerator[Event, None]:
        """The request's events. Closing the generator means that the caller has left.

        With `order` nobody is asked for anything new: what another process had ordered is fetched.
        """
        account = Account(request, around.request_id)
        begun: list[Attempt] = []
        with pipeline_span(request, around.trace) as span:
            purpose = self._purpose(request, around, span.trace_id)
            began = time.monotonic()
            under_way = counting.requests(request.operation)
            under_way.inc()
            failure: GatewayError | None = None
            entry: Entry | None = None
            over = taken = False
            try:
                plan = self.plan(_ordered(request, order) if order else request, permit)
                account.planned(plan)
                yield Planned(plan)
                entry = entry_of(plan.memory, request, permit, self.delivery) if plan.memory and not order else None
                found = await entry.find() if entry else None
                if order:
                    carried = self._fetch(order, plan, permit, around, account, begun, span.context)
                elif found:
                    entry, carried = None, self._give_again(found, permit, account, purpose)
                else:
                    carried = self._carry_out(plan, permit, around, account, begun, purpose, span.context)
                delivery = self.delivery.for_request(request, around.inline_limit)
                async with aclosing(carried) as events:
                    async for event in events:
                        if isinstance(event, ImageReady):
                            event = await self._hand_over(event, account, delivery)
                        yield event
                over = True
            except TakenError:
                taken = True
                raise
            except GatewayError as error:
                over, failure = True, error
                account.give_up(error)  # what has come is kept and told; the rest fails one by one
                error.report = account.report()
                if account.may_be_billed:
                    error.retry_after = None  # asking again would be asking for a second bill
            except Exception:
                over = True
                account.give_up(GatewayError(Reason.INTERNAL, "The gateway failed."))
                raise
            finally:
                ending = account.ending(over=over, content=self.record_content)
                under_way.dec()
                if not taken:
                    overhead = max(0.0, time.monotonic() - began - account.seconds_elsewhere)
                    counting.request_ended(request, account.labels, ending, overhead)
                answer = account.answer() if over and request.idempotency_key else None
                await self.attempts.release(permit, begun, purpose, ending, answer)
            if failure is not None:
                span.fail(failure.reason)
                if not account.images:
                    raise failure
            completed = account.completed()
            if entry:
                await entry.keep(account.answer())
            span.set(imagegen__images=account.images, imagegen__cost_micro_usd=completed.report.cost)
            for failed in completed.failed:
                yield failed
            yield completed

    async def _carry_out(
        self,
        plan: Plan,
        permit: Permit,
        around: Circumstances,
        account: Account,
        begun: list[Attempt],
        purpose: Purpose,
        trace: Context,
    ) -> AsyncGenerator[Event, None]:
        tab = Tab(permit, purpose, plan.max_cost, begun)
        numbers = count(1)

        async def begin(step: Step, images: range, key: str, is_wanted: Callable[[], bool]) -> Attempt | None:
            request = step.part(images)
            number, most = next(numbers), at_most(step.price, request.parameters, request.prompt) or 0
            await tab.send(_sending(number, step, most))
            if not is_wanted():
                permit.settle(AttemptRecord(number=number, target=step.target, outcome=Outcome.NOT_SENT))
                return None
            call = Call(model=step.target.model, request=request, key=key, request_id=around.request_id, trace=trace)
            attempt = Attempt(number, step, call, images, most)
            begun.append(attempt)
            provider = step.target.provider
            self.attempts.start(attempt, self.adapters[provider], permit, self.health, self.rooms.get(provider))
            return attempt

        async with aclosing(self._asked(plan.steps, plan.policy, begin, account, around)) as events:
            async for event in events:
                yield event

    def _asked(
        self, steps: tuple[Step, ...], policy: Policy, begin: Begin, account: Account, around: Circumstances
    ) -> AsyncGenerator[Event, None]:
        terms = Terms(
            policy=policy,
            begin=begin,
            account=account,
            deadline=around.deadline,
            end=around.end or around.deadline,
            health=self.health,
            rooms=self.rooms,
        )
        return Chain(steps=steps, terms=terms).events()

    async def _fetch(
        self,
        order: Order,
        plan: Plan,
        permit: Permit,
        around: Circumstances,
        account: Account,
        begun: list[Attempt],
        trace: Context,
    ) -> AsyncGenerator[Event, None]:
        """Asks the provider for an order that it has. What it says of it ends the request that it was for."""
        if len(plan.steps[0].shares) > 1:
            raise lost()  # it was one of several, and of the others nobody knows
        step = replace(plan.steps[0], retries=0, keys=(order.key,))

        async def begin(step: Step, images: range, key: str, _: Callable[[], bool]) -> Attempt:
            call = Call(
                model=step.target.model,
                request=step.request,
                key=key,
                request_id=around.request_id,
                job=order.job,
                trace=trace,
            )
            attempt = Attempt(order.number, step, call, images, step.max_cost or 0)
            begun.append(attempt)
            provider = step.target.provider
            self.attempts.start(attempt, self.adapters[provider], permit, self.health, self.rooms.get(provider))
            return attempt

        async with aclosing(self._asked((step,), plan.policy, begin, account, around)) as events:
            async for event in events:
                if isinstance(event, AttemptEnded):
                    if event.record.outcome not in (Outcome.DONE, Outcome.REJECTED):
                        raise lost()  # as it was; whoever asks again may find out more
                    permit.take_over(order)
                yield event

    async def _give_again(
        self, found: Found, permit: Permit, account: Account, purpose: Purpose
    ) -> AsyncGenerator[Event, None]:
        await permit.hold(purpose, found.cost, found.sending)
        permit.settle(found.record)
        account.cached(found.completed, found.record)
        for image in found.images:
            yield ImageReady(image)

    async def _hand_over(self, ready: ImageReady, account: Account, delivery: RequestDelivery) -> ImageReady:
        """Puts an image away where it is kept, and gives it to the caller."""
        if self.record_content:
            account.recorded(await self.delivery.put_away(ready.image.picture, Shelf.RECORDED, RECORD_SECONDS))
        if account.keeps:
            account.keep(ready.image.index, await self.delivery.keep(ready.image))
        ready = await delivery.deliver(ready)
        account.deliver(ready)
        return ready

    def _purpose(self, request: ImageRequest, around: Circumstances, trace_id: str | None) -> Purpose:
        return Purpose(
            request_id=around.request_id,
            model=_storable(request.model[:MAX_NAME]),
            operation=request.operation,
            stream=request.stream,
            n=request.parameters.n or 1,
            trace_id=trace_id,
            prompt=_storable(request.prompt) if self.record_content else None,
        )


def _ordered(request: ImageRequest, order: Order) -> ImageRequest:
    """The request as it was made of the provider that has the order."""
    return replace(request, model=f"{order.provider}/{order.model}", fallbacks=(), key=order.key)


def _storable(text: str) -> str:
    """The text without what no database takes: U+0000, and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


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
