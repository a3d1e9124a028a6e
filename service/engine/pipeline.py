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

from service.access.permit import Permit
from service.domain.event import AttemptRecord, Event, ImageReady, Outcome, Planned
from service.domain.plan import Plan, Step
from service.domain.price import MicroUsd
from service.domain.record import Purpose, Sending
from service.domain.request import ImageRequest
from service.engine.account import Account
from service.engine.attempt import Attempt, Attempts
from service.engine.calls import Terms
from service.engine.check import MAX_NAME, check
from service.engine.delivery import RECORD_SECONDS, Delivery
from service.engine.fallback import Chain
from service.engine.health import Health
from service.engine.plan import make_plan
from service.engine.pricing import at_most
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
    cancel_when_caller_leaves: bool = True
    record_content: bool = False

    def plan(self, request: ImageRequest, permit: Permit) -> Plan:
        """What `run` would do, at no cost. Weighted targets are drawn anew each time, whatever the caller sends."""
        check(request)
        plan = permit.narrow(make_plan(request, self.router, new_name(16)))
        return replace(plan, steps=self.health.arranged(plan.steps))

    async def run(self, request: ImageRequest, permit: Permit, around: Circumstances) -> AsyncGenerator[Event, None]:
        """The request's events. Closing the generator means that the caller has left."""
        account = Account(request, around.request_id)
        begun: list[Attempt] = []
        with pipeline_span(request, around.trace) as span:
            purpose = self._purpose(request, around, span.trace_id)
            began = time.monotonic()
            under_way = counting.requests(request.operation)
            under_way.inc()
            failure: GatewayError | None = None
            over = False
            try:
                plan = self.plan(request, permit)
                account.planned(plan)
                yield Planned(plan)
                carried = self._carry_out(plan, permit, around, account, begun, purpose, span.context)
                async with aclosing(carried) as events:
                    async for event in events:
                        yield event
                over = True
            except GatewayError as error:
                over, failure = True, error
                account.give_up(error)  # what has come is kept and told; the rest fails one by one
            except Exception:
                over = True
                account.give_up(GatewayError(Reason.INTERNAL, "The gateway failed."))
                raise
            finally:
                ending = account.ending(over=over, content=self.record_content)
                under_way.dec()
                overhead = max(0.0, time.monotonic() - began - account.seconds_elsewhere)
                counting.request_ended(request, account.labels, ending, overhead)
                await self.attempts.release(permit, begun, purpose, ending)
            if failure is not None:
                span.fail(failure.reason)
                if not account.images:
                    failure.report = account.report()
                    if account.may_be_billed:
                        failure.retry_after = None  # asking again would be asking for a second bill
                    raise failure
            completed = account.completed()
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

        delivery = self.delivery.for_request(account.request, around.inline_limit)
        terms = Terms(
            policy=plan.policy,
            begin=begin,
            account=account,
            deadline=around.deadline,
            health=self.health,
            rooms=self.rooms,
            cancel_when_left=self.cancel_when_caller_leaves,
        )
        chain = Chain(steps=plan.steps, terms=terms)
        async with aclosing(chain.events()) as events:
            async for event in events:
                if isinstance(event, ImageReady):
                    if self.record_content:
                        kept = await self.delivery.put_away(event.image.picture, Shelf.RECORDED, RECORD_SECONDS)
                        account.recorded(kept)
                    event = await delivery.deliver(event)
                    account.deliver(event)
                yield event

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
