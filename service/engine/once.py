"""A request with an idempotency key is carried out once. Whoever asks again is given the same answer.

Who is first, among all processes, and what was answered, the books know: everybody looks there, and whoever finds
nothing tries to be the first. What is being made here is waited for; what another process makes is looked for again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing

from service.access.answers import TakenError
from service.access.permit import Permit
from service.domain.answer import Answer, Claim, Order
from service.domain.event import Event
from service.domain.request import ImageRequest
from service.engine.backlog import BACKLOG
from service.engine.calls import TIME_OVER
from service.engine.check import check
from service.engine.engine import Engine
from service.engine.errand import Circumstances
from service.engine.making import Making
from service.engine.question import question
from service.engine.repeat import lost, tell_again
from service.errors import GatewayError, Reason

LOOK_EVERY = 0.5
"""Seconds between looks at what another process is making."""


class Once:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._making: dict[str, Making] = {}
        """By the name that it claims."""

    def run(
        self, request: ImageRequest, permit: Permit, around: Circumstances
    ) -> AbstractAsyncContextManager[AsyncGenerator[Event, None]]:
        """The request's events: those of the engine, or where it has been made before the answer alone."""
        if not request.idempotency_key:
            return self._engine.run(request, permit, around)
        return aclosing(self._run(request, permit, around))

    async def drain(self, grace: float) -> None:
        """Waits for what is made without a caller; what is still being made then begins nothing any more."""
        tasks = [each.task for each in self._making.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _run(self, request: ImageRequest, permit: Permit, around: Circumstances) -> AsyncGenerator[Event, None]:
        check(request)
        claim = permit.go_by(request.idempotency_key, question(request))
        while True:
            if (making := self._making.get(claim.id)) is not None:
                _refuse_another(making.claim.body, claim)
                await making.over(around.deadline, around.request_id)
            found = await permit.look(claim)
            if found is not None:
                _refuse_another(found.body, claim)
            if found is not None and found.answer is not None:
                told = self._tell_again(found.answer, request, around)
            elif found is not None and found.running:
                await _pause(around.deadline)
                continue
            elif claim.id in self._making:
                continue
            elif found is not None and found.order is None:
                raise lost()
            else:
                told = self._make(claim, request, permit, around, found and found.order)
            try:
                async with aclosing(told) as events:
                    async for event in events:
                        yield event
                return
            except TakenError:  # another process was faster
                await _pause(around.deadline)

    def _tell_again(self, answer: Answer, request: ImageRequest, around: Circumstances) -> AsyncGenerator[Event, None]:
        pipeline = self._engine.pipeline
        BACKLOG.let_in(pipeline.most_waiting)
        return tell_again(answer, request, around.request_id, around.inline_limit, pipeline.delivery)

    def _make(
        self, claim: Claim, request: ImageRequest, permit: Permit, around: Circumstances, order: Order | None
    ) -> AsyncGenerator[Event, None]:
        making = Making(claim, self._engine, request, permit, around, order)
        self._making[claim.id] = making
        making.task.add_done_callback(lambda _: self._making.pop(claim.id))
        return making.events()


async def _pause(deadline: float) -> None:
    now = asyncio.get_running_loop().time()
    if now >= deadline:
        raise GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER)
    await asyncio.sleep(min(LOOK_EVERY, deadline - now))


def _refuse_another(body: str, claim: Claim) -> None:
    if body != claim.body:
        raise GatewayError(
            Reason.IDEMPOTENCY_KEY_REUSED,
            "idempotency_key was used before for another request; each request needs a key of its own.",
            field="idempotency_key",
        )
