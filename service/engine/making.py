"""A request that is being carried out for all who ask for it, in a task of its own.

The first of them is told as it happens, the others find the answer in the books. Each waits as long as its own deadline
says. When nobody waits any more it goes on where that is worth it: something has come or may be billed, or will be
billed whoever listens. So a caller that was cut off, or had too little time, finds its pictures when it asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from msgspec.structs import replace

from service.access.permit import Permit
from service.domain.answer import Claim, Order
from service.domain.event import Event, Planned, Report, may_be_billed
from service.domain.plan import Policy
from service.domain.request import ImageRequest
from service.engine.attempt import Attempt
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
        self._begun: list[Attempt] = []
        self._around = replace(around, end=asyncio.get_running_loop().time() + LONGEST, begun=self._begun)
        self._asking = 0
        self._left = False
        """Whether the first to ask has gone."""
        self._queue: Queue[Event] = Queue()
        self._policy = Policy()
        self.task = asyncio.create_task(self._carry_out(engine, permit, order), name="once")
        self.task.add_done_callback(self._end)

    async def events(self) -> AsyncGenerator[Event, None]:
        """For the first to ask, as it happens; raises what the request ended with."""
        self._asking += 1
        try:
            while (event := await self._queue.get(self._around.deadline)) is not None:
                yield event
        except TimeoutError:
            raise self._late(self._around.request_id) from None
        finally:
            self._left = True
            self._queue.abandon()
            self._leave()
        self.task.result()

    async def over(self, deadline: float, request_id: str) -> None:
        """Returns when it is, for who came later."""
        self._asking += 1
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.wait([self.task])
        except TimeoutError:
            raise self._late(request_id) from None
        finally:
            self._leave()

    async def _carry_out(self, engine: Engine, permit: Permit, order: Order | None) -> None:
        planned: Event | None = None
        async with engine.run(self._request, permit, self._around, order) as events:
            async for event in events:
                self._end_if_nobody_needs_it()
                if isinstance(event, Planned):
                    self._policy = event.plan.policy
                    planned = event  # which is not told before it is certain that the request is carried out here
                    continue
                if planned is not None:
                    self._queue.put(planned)
                    planned = None
                self._queue.put(event)

    def _leave(self) -> None:
        self._asking -= 1
        self._end_if_nobody_needs_it()

    def _end_if_nobody_needs_it(self) -> None:
        if self._asking or any(each.has_image or may_be_billed(each.over) for each in self._begun):
            return
        if self._begun and not self._policy.cancel_when_left:
            return
        if all(each.step.card.cancellable for each in self._begun if not each.ended.done()):
            self.task.cancel()

    def _late(self, request_id: str) -> GatewayError:
        """The end for one whose time is over, with the account so far."""
        report = Report(
            request_id=request_id,
            requested_model=self._request.model[:MAX_NAME],
            attempts=tuple(each.so_far(Reason.DEADLINE_EXCEEDED) for each in self._begun),
        )
        if self._begun:
            step = self._begun[-1].step
            report = replace(report, target=step.target, fallback_index=step.index, changes=step.changes)
        error = GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER)
        error.report = report
        return error

    def _end(self, task: asyncio.Task[None]) -> None:
        self._queue.close()
        error = None if task.cancelled() else task.exception()
        if self._left and error is not None and not isinstance(error, GatewayError):
            log("once").exception("failed without a caller", exc_info=error)
