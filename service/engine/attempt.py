"""One provider call, in a task of its own that nobody kills from outside.

The task fills a small queue and settles the bill when the call is over; whoever asked only watches the queue. A
watcher that leaves says so (`call.cancelled`) and is gone; the task goes on until the provider's answer, or its
silence, is known.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import reduce
from operator import add

from service.access.permit import Permit
from service.domain.event import (
    AdapterEvent,
    Answered,
    AttemptRecord,
    ImageReady,
    Outcome,
    PartialImage,
    Progress,
    Shown,
)
from service.domain.image import Traits, Usage
from service.domain.plan import Step
from service.engine.pricing import owed
from service.errors import GatewayError, ProviderError, Reason
from service.providers.base import Adapter, Call
from service.telemetry import attempt_span, log

MAX_STALE = 16 * 1024 * 1024
"""How many bytes of previews wait for a slow reader before the oldest is dropped. Finished images never are."""


class Queue:
    """From the attempt's task to its watcher. Never blocks the task: previews give way, finished images are few."""

    def __init__(self) -> None:
        self._events: deque[Shown] = deque()
        self._changed = asyncio.Event()
        self.ended = False
        self._abandoned = False

    def put(self, event: Shown) -> None:
        if self._abandoned:
            return
        if isinstance(event, Progress) and self._events and isinstance(self._events[-1], Progress):
            self._events.pop()  # the latest percentage says it all
        self._events.append(event)
        self._drop_stale()
        self._changed.set()

    def _drop_stale(self) -> None:
        previews = [each for each in self._events if isinstance(each, PartialImage)]
        waiting = sum(len(each.picture.data) for each in previews)
        for preview in previews[:-1]:
            if waiting <= MAX_STALE:
                return
            self._events.remove(preview)
            waiting -= len(preview.picture.data)

    def end(self) -> None:
        self.ended = True
        self._changed.set()

    def abandon(self) -> None:
        self._abandoned = True
        self._events.clear()

    async def get(self) -> Shown | None:
        """The next event; None when there will be no more."""
        while not self._events:
            if self.ended:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()


class Attempt:
    """One call, watched. After `events()` is through, `record` says how it ended and `error` why, if it failed."""

    def __init__(self, number: int, step: Step, call: Call) -> None:
        self.number = number
        self.step = step
        self.call = call
        self.queue = Queue()
        self._started = time.monotonic()
        self.images = 0
        self._answered: Usage | None = None
        self._counted: list[Usage] = []
        self.traits = Traits()
        self.error: ProviderError | None = None
        self.record = AttemptRecord(number=number, target=step.target, outcome=Outcome.UNKNOWN)

    @property
    def usage(self) -> Usage | None:
        """What the provider counted: for its whole answer, else over the images that came."""
        return self._answered or (reduce(add, self._counted) if self._counted else None)

    async def events(self, deadline: float) -> AsyncGenerator[Shown, None]:
        """What the call says, as it says it. Raises DEADLINE_EXCEEDED at `deadline` (of the loop's clock)."""
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    event = await self.queue.get()
            except TimeoutError:
                raise GatewayError(Reason.DEADLINE_EXCEEDED, "The time for this request is over.") from None
            if event is None:
                return
            yield event

    def leave(self, *, cancel: bool) -> None:
        """The watcher goes. With `cancel` a call still under way is told, and ends where its provider lets it."""
        self.queue.abandon()
        if not self.queue.ended:  # as far as the watcher will ever know, it may have been accepted and billed
            seconds = time.monotonic() - self._started
            self.record = replace(self.record, seconds=seconds, cost=self.step.max_cost or 0)
        if cancel:
            self.call.cancelled.set()

    async def carry_out(self, adapter: Adapter, permit: Permit) -> None:
        """Runs the call to its end and settles for it."""
        with attempt_span(self.step.target, self.step.request, self.number, self.call.trace) as span:
            try:
                async with aclosing(adapter.run(replace(self.call, trace=span.context))) as events:
                    async for event in events:
                        self._note(event)
                self._check_images()
                outcome = Outcome.DONE
            except ProviderError as error:
                self.error = error
                outcome = Outcome.DONE if self.images else error.outcome
                span.fail(error.reason)
            except asyncio.CancelledError:  # the process stops and will not wait any longer
                self.error = ProviderError(Reason.CANCELLED, "The gateway stopped.", Outcome.UNKNOWN)
                outcome = Outcome.UNKNOWN
                span.fail("cancelled")
            except Exception as error:  # an adapter's own mistake must still be settled and told
                log("attempt").exception("adapter failed", target=str(self.step.target), exc_info=error)
                self.error = ProviderError(Reason.INTERNAL, "The gateway failed to read the answer.", Outcome.UNKNOWN)
                outcome = Outcome.UNKNOWN
                span.fail(type(error).__name__)
            self.record = replace(
                self.record,
                outcome=outcome,
                reason=self.error.reason.value if self.error else None,
                status=self.error.status if self.error else None,
                seconds=time.monotonic() - self._started,
                cost=self._cost(outcome),
            )
            span.set(
                imagegen__outcome=outcome.value,
                imagegen__images=self.images,
                http__response__status_code=self.record.status,
                gen_ai__usage__input_tokens=self.usage.input_tokens if self.usage else None,
                gen_ai__usage__output_tokens=self.usage.output_tokens if self.usage else None,
            )
        try:
            await permit.settle(self.record)
        finally:
            self.queue.end()

    def _note(self, event: AdapterEvent) -> None:
        match event:
            case Answered(usage, traits):
                self._answered, self.traits = usage, traits
            case ImageReady(image):
                self.images += 1
                self._counted += [image.usage] if image.usage else []
                self.queue.put(event)
            case _:
                self.queue.put(event)

    def _check_images(self) -> None:
        if not self.images:
            raise ProviderError(
                Reason.PROVIDER_NO_IMAGE, "The provider answered with success and without an image.", Outcome.REJECTED
            )

    def _cost(self, outcome: Outcome) -> int:
        """Nothing for what was not accepted; full price, presumed, for what may have been, in whole or in part."""
        if outcome in (Outcome.NOT_SENT, Outcome.REJECTED):
            return owed(self.step.price, self.usage, self.step.request.parameters, 0) if self.usage else 0
        known = owed(self.step.price, self.usage, self.step.request.parameters, self.images)
        if self.error and self.error.outcome is Outcome.UNKNOWN:
            return max(known, self.step.max_cost or 0)
        return known


class Attempts:
    """The attempts under way: started here, and waited for when the process stops."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        return len(self._tasks)

    def start(self, attempt: Attempt, adapter: Adapter, permit: Permit) -> None:
        task = asyncio.create_task(attempt.carry_out(adapter, permit), name=f"attempt {attempt.step.target}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, grace: float) -> None:
        """Waits for what runs; what is still running then is ended and recorded as unknown."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
