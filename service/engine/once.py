"""A request with an idempotency key is carried out once. Whoever asks again is given the same answer.

The first to come is carried out in a task of its own, for all who ask meanwhile. When the last of them has left it
goes on, if the provider bills for it anyhow: its answer is kept for when they come back. Which answers there are, and
who was first among several processes, the books know.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any

import msgspec
from msgspec.structs import replace

from service.access.answers import TakenError
from service.access.permit import Permit
from service.domain.answer import Answer, Claim, KeptImage
from service.domain.event import AttemptStarted, Completed, Event, ImageReady, Planned, may_be_billed
from service.domain.plan import Step
from service.domain.request import ImageRequest
from service.engine.calls import TIME_OVER
from service.engine.check import check
from service.engine.engine import Engine
from service.engine.pipeline import Circumstances
from service.engine.repeat import failed, lost, tell_again
from service.errors import GatewayError, Reason
from service.telemetry import log

LOOK_EVERY = 0.5
"""Seconds between looks at what another process is making."""


class Once:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._delivery = engine.pipeline.delivery
        self._making: dict[str, _Making] = {}
        """By the name that is claimed."""

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
        claim = permit.claim(request.idempotency_key, _canonical(request))
        while (making := self._making.get(claim.id)) is not None:
            _refuse_another(making.claim.body, claim)
            answer = await making.wait(around.deadline)
            if answer is not None:
                async for event in tell_again(answer, request, around, self._delivery):
                    yield event
                return
        making = _Making(claim, cancel_when_left=self._engine.pipeline.cancel_when_caller_leaves)
        making.begin(self._make(making, request, permit, around))
        self._making[claim.id] = making
        making.task.add_done_callback(lambda _: self._making.pop(claim.id))
        async with aclosing(making.events()) as events:
            async for event in events:
                yield event
        answer = making.task.result()
        if making.failed is not None:
            raise making.failed
        if not making.told:
            async for event in tell_again(answer, request, around, self._delivery):
                yield event

    async def _make(self, making: _Making, request: ImageRequest, permit: Permit, around: Circumstances) -> Answer:
        """The answer: found, waited for where another process is at it, or made."""
        while True:
            found = await permit.look()
            if found is None:
                try:
                    return await self._carry_out(making, request, permit, around)
                except TakenError:
                    continue  # another process was faster
            _refuse_another(found.body, making.claim)
            if found.answer is not None:
                return found.answer
            if not found.running:
                return failed(lost())
            now = asyncio.get_running_loop().time()
            if now >= around.deadline:
                raise GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER)
            await asyncio.sleep(min(LOOK_EVERY, around.deadline - now))

    async def _carry_out(self, making: _Making, request: ImageRequest, permit: Permit, around: Circumstances) -> Answer:
        images: list[KeptImage | None] = []
        answer = failed(lost())
        try:
            async with self._engine.run(request, permit, around) as events:
                async for event in events:
                    making.note(event)
                    if isinstance(event, ImageReady):
                        images.append(await self._delivery.keep(event.image))
                    elif isinstance(event, Completed):
                        answer, making.told = _answer(images, event), True
                        await _keep(permit, answer)
                    making.tell(event)
        except TakenError:
            raise
        except GatewayError as error:
            making.failed, answer = error, failed(error)
            if error.report is not None and may_be_billed(error.report.attempts):
                await _keep(permit, answer)
        return answer


class _Making:
    """One request that is being answered, for whoever asks."""

    def __init__(self, claim: Claim, *, cancel_when_left: bool) -> None:
        self.claim = claim
        self.told = False
        """Whether its answer was told as it was made."""
        self.failed: GatewayError | None = None
        """Why it was made in vain."""
        self.task: asyncio.Task[Answer]
        self._asking = 0
        self._ends_the_bill = cancel_when_left
        """Whether to stop it would."""
        self._cancel_when_left = cancel_when_left
        self._steps: tuple[Step, ...] = ()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._left = False

    def begin(self, work: Coroutine[Any, Any, Answer]) -> None:
        self.task = asyncio.create_task(work, name="once")
        self.task.add_done_callback(self._over)

    def note(self, event: Event) -> None:
        """Whether to stop it would end the bill depends on who is asked; an image that has come is worth keeping."""
        match event:
            case Planned(plan):
                self._steps = plan.steps
            case AttemptStarted(_, index):
                step = next(each for each in self._steps if each.index == index)
                self._ends_the_bill = self._cancel_when_left and step.card.cancellable
            case ImageReady():
                self._ends_the_bill = False
            case _:
                pass

    def tell(self, event: Event) -> None:
        """For who came first, as it happens."""
        if not self._left:
            self._events.put_nowait(event)

    async def events(self) -> AsyncGenerator[Event, None]:
        self._asking += 1
        try:
            while (event := await self._events.get()) is not None:
                yield event
        finally:
            self._left = True
            self._events = asyncio.Queue()  # with what nobody took
            self._leave()

    async def wait(self, deadline: float) -> Answer | None:
        """The answer, for who came later; None where there is none, and it is theirs to ask."""
        self._asking += 1
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.wait([self.task])
        except TimeoutError:
            raise GatewayError(Reason.DEADLINE_EXCEEDED, TIME_OVER) from None
        finally:
            self._leave()
        failed = self.task.cancelled() or self.task.exception() is not None
        return None if failed else self.task.result()

    def _leave(self) -> None:
        """Somebody who asked does not any more; with the last one it may end."""
        self._asking -= 1
        if not self._asking and self._ends_the_bill:
            self.task.cancel()

    def _over(self, task: asyncio.Task[Answer]) -> None:
        self._events.put_nowait(None)
        error = None if task.cancelled() else task.exception()
        if self._left and error is not None and not isinstance(error, GatewayError):
            log("once").exception("failed without a caller", exc_info=error)


def _answer(images: list[KeptImage | None], completed: Completed) -> Answer:
    kept = tuple(each for each in images if each is not None)
    if len(kept) < len(images):
        return failed(lost())
    return Answer(images=kept, completed=completed)


async def _keep(permit: Permit, answer: Answer) -> None:
    """Without it whoever asks again is told that nobody knows; the answer itself is given all the same."""
    try:
        await permit.keep(answer)
    except GatewayError as error:
        log("once").warning("answer not kept", error=str(error))


def _refuse_another(body: str, claim: Claim) -> None:
    if body != claim.body:
        raise GatewayError(
            Reason.IDEMPOTENCY_KEY_REUSED,
            "idempotency_key was used before for another request; each request needs a key of its own.",
            field="idempotency_key",
        )


def _canonical(request: ImageRequest) -> bytes:
    """The request without its name, always written alike."""
    return msgspec.json.encode(replace(request, idempotency_key=""), order="sorted")
