"""The heart: one permitted request in, one stream of events out. Everything else consumes it.

check → plan → narrow → hold → the steps, one after another → delivery → completed.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from msgspec.structs import replace

from service.access.answers import TakenError
from service.access.permit import Permit
from service.domain.answer import Order
from service.domain.event import Event, ImageReady, Planned
from service.domain.plan import Plan
from service.domain.record import Ending, Purpose
from service.domain.request import ImageRequest
from service.engine.account import Account
from service.engine.attempt import Attempts
from service.engine.backlog import BACKLOG, MOST_WAITING
from service.engine.cache import Entry, entry_of
from service.engine.check import MAX_NAME, check
from service.engine.delivery import RECORD_SECONDS, Delivery, RequestDelivery
from service.engine.errand import Circumstances, Errand, ordered
from service.engine.health import Health
from service.engine.plan import make_plan
from service.engine.repeat import lost
from service.engine.rooms import Room
from service.engine.router import Router
from service.engine.waits import why_left
from service.errors import GatewayError, Reason
from service.names import new_name
from service.providers.base import Adapter
from service.stores.blobs.port import Shelf
from service.telemetry import counting, log, pipeline_span


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
    most_waiting: int = MOST_WAITING
    """With more bytes than that waiting in the process nothing new is begun."""

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
        with pipeline_span(request, around.trace) as span:
            errand = Errand(
                permit=permit,
                purpose=self._purpose(request, around, span.trace_id),
                account=account,
                around=around,
                trace=span.context,
                adapters=self.adapters,
                attempts=self.attempts,
                health=self.health,
                rooms=self.rooms,
            )
            began = time.monotonic()
            under_way = counting.requests(request.operation)
            under_way.inc()
            failure: GatewayError | None = None
            entry: Entry | None = None
            over = taken = False
            try:
                plan = self._plan_of(order, request, permit) if order else self.plan(request, permit)
                account.planned(plan)
                yield Planned(plan)
                BACKLOG.let_in(self.most_waiting)
                entry = entry_of(plan.memory, request, permit, self.delivery) if plan.memory and not order else None
                found = await entry.find() if entry else None
                if order:
                    carried = errand.fetched(plan, order)
                elif found:
                    entry, carried = None, errand.given_again(found)
                else:
                    carried = errand.carried_out(plan)
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
                left = None if over else why_left(around.deadline)
                if left and not taken:
                    span.fail(left)
                ending = account.ending(left=left, content=self.record_content)
                overhead = max(0.0, time.monotonic() - began - account.seconds_elsewhere)
                answer = account.answer() if over and request.idempotency_key else None
                under_way.dec()
                await self.attempts.release(permit, errand.begun, errand.purpose, ending, answer)
                if not taken:
                    _count(errand, ending, overhead)
            if failure is not None:
                span.fail(failure.reason)
                if not account.images:
                    raise failure
            completed = account.completed()
            if entry and account.is_as_asked:
                await entry.keep(account.answer(), around.deadline)
            span.set(imagegen__images=account.images, imagegen__cost_micro_usd=completed.report.cost)
            for failed in completed.failed:
                yield failed
            yield completed

    def _plan_of(self, order: Order, request: ImageRequest, permit: Permit) -> Plan:
        """How the order was placed, as far as the configuration of today knows."""
        try:
            return self.plan(ordered(request, order), permit)
        except GatewayError:
            raise lost() from None

    async def _hand_over(self, ready: ImageReady, account: Account, delivery: RequestDelivery) -> ImageReady:
        """Puts an image away where it is kept, and gives it to the caller."""
        if self.record_content:
            account.recorded(await self.delivery.put_away(ready.image.picture, Shelf.RECORDED, RECORD_SECONDS))
        if account.keeps:
            account.keep(ready.image.index, await self.delivery.keep(ready.image, account.patience))
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


def _count(errand: Errand, ending: Ending, overhead: float) -> None:
    try:
        counting.request_ended(errand.account.request, errand.account.labels, ending, overhead)
    except Exception as error:  # what counts requests must not cost a picture
        name = errand.around.request_id
        log("pipeline").exception("the end of a request was not told", request_id=name, exc_info=error)


def _storable(text: str) -> str:
    """The text without what no database takes: U+0000, and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()
