"""A request that is being carried out for all who ask for it, in a task of its own.

The first of them is told as it happens, the others find the answer in the books. Each waits as long as its own deadline
says. When nobody waits any more it goes on where that is worth it: something has come or may be billed, or will be
billed whoever listens. So a caller that was cut off, or had too little time, finds its pictures when it asks again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

from msgspec.structs import replace

from service.access.permit import Permit
from service.domain.answer import Claim, Order
from service.domain.event import (
    AttemptEnded,
    AttemptRecord,
    AttemptStarted,
    Event,
    ImageReady,
    Outcome,
    Planned,
    Report,
    may_be_billed,
)
from service.domain.plan import Policy, Step
from service.domain.request import ImageRequest
from service.engine.calls import TIME_OVER
from service.engine.check import MAX_NAME
from service.engine.engine import Engine
from service.engine.errand import Circumstances
from service.engine.queue import Queue
from service.errors import GatewayError, Reason
from service.telemetry import log

LONGEST = 3600.0
"""Seconds after which nothing is waited for. A provider's own limit ends a call long before."""


class Making:
    def __init__(
        self,
        claim: Claim,
        engine: Engine,
        request: ImageRequest,
        permit: Permit,
        around: Circumstances,
        order: Order | None = None,
    ) -> None:
        """With `order` what another process had ordered is fetched."""
        self.claim = claim
        self._request = request
        self._around = around
        self._asking = 0
        self._left = False
        """Whether the first to ask has gone."""
        self._queue: Queue[Event] = Queue()
        self._policy = Policy()
        self._steps: dict[int, Step] = {}
        self._under_way: dict[int, tuple[Step, float]] = {}
        """Calls by their number, and when each began."""
        self._over: list[AttemptRecord] = []
        self._has_cost = False
        """Whether an image has come, or a call that is over may be billed."""
        self.task = asyncio.create_task(self._carry_out(engine, permit, order), name="once")
        self.task.add_done_callback(self._end)

    async def events(self) -> AsyncGenerator[Event, None]:
        """For the first to ask, as it happens; raises what the request ended with."""
        self._asking += 1
        try:
            while (event := await self._queue.get(self._around.deadline)) is not None:
                yield event
        except TimeoutError:
            raise self._late() from None
        finally:
            self._left = True
            self._queue.abandon()
            self._leave()
        self.task.result()

    async def over(self, deadline: float) -> None:
        """Returns when it is, for who came later."""
        self._asking += 1
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.wait([self.task])
        except TimeoutError:
            raise self._late() from None
        finally:
            self._leave()

    async def _carry_out(self, engine: Engine, permit: Permit, order: Order | None) -> None:
        around = replace(self._around, end=asyncio.get_running_loop().time() + LONGEST)
        planned: Event | None = None
        async with engine.run(self._request, permit, around, order) as events:
            async for event in events:
                self._note(event)
                if isinstance(event, Planned):
                    planned = event  # which is not told before it is certain that the request is carried out here
                    continue
                if planned is not None:
                    self._queue.put(planned)
                    planned = None
                self._queue.put(event)

    def _note(self, event: Event) -> None:
        match event:
            case Planned(plan):
                self._policy = plan.policy
                self._steps = {step.index: step for step in plan.steps}
            case AttemptStarted(number, index):
                self._under_way[number] = (self._steps[index], time.monotonic())
            case AttemptEnded(record):
                self._under_way.pop(record.number)
                self._over.append(record)
                self._has_cost = self._has_cost or may_be_billed([record])
            case ImageReady():
                self._has_cost = True
            case _:
                pass
        self._end_if_nobody_needs_it()

    def _leave(self) -> None:
        self._asking -= 1
        self._end_if_nobody_needs_it()

    def _end_if_nobody_needs_it(self) -> None:
        if self._asking or self._has_cost:
            return
        begun = self._under_way or self._over
        if begun and not self._policy.cancel_when_left:
            return
        if all(step.card.cancellable for step, _ in self._under_way.values()):
            self.task.cancel()

    def _late(self) -> GatewayError:
        """The end for one whose time is over, with the account so far."""
        report = Report(
            request_id=self._around.request_id,
            requested_model=self._request.model[:MAX_NAME],
            attempts=(*self._over, *(self._so_far(number) for number in self._under_way)),
        )
        for step, _ in self._under_way.values():
            report = replace(report, target=step.target, fallback_index=step.index, changes=step.changes)
        error = GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER)
        error.report = report
        return error

    def _so_far(self, number: int) -> AttemptRecord:
        """As far as its caller will ever know, it was accepted and billed."""
        step, began = self._under_way[number]
        return AttemptRecord(
            number=number,
            target=step.target,
            outcome=Outcome.UNKNOWN,
            reason=Reason.DEADLINE_EXCEEDED.value,
            seconds=round(time.monotonic() - began, 6),
            cost=(step.max_cost or 0) // len(step.shares),
            presumed=True,
        )

    def _end(self, task: asyncio.Task[None]) -> None:
        self._queue.close()
        error = None if task.cancelled() else task.exception()
        if self._left and error is not None and not isinstance(error, GatewayError):
            log("once").exception("failed without a caller", exc_info=error)
