"""One provider call, in a task of its own that nobody kills from outside.

The task fills a queue and settles the bill when the call is over; whoever asked only watches the queue. A watcher that
leaves (the caller has gone, or its time is over) abandons the queue and sets `call.cancelled`. An adapter whose card
says `cancellable` watches that and ends; with the others the task goes on until the provider's answer, or its silence,
is known, because closing the connection would not end the bill.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial, reduce
from operator import add

from msgspec.structs import replace

from service.access.permit import Permit
from service.domain.answer import Answer
from service.domain.event import (
    Accepted,
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
from service.domain.price import MicroUsd
from service.domain.record import Ending, Purpose
from service.engine.health import Health
from service.engine.pricing import owed
from service.engine.queue import Queue
from service.engine.rooms import Room
from service.errors import ProviderError, Reason
from service.providers.base import Adapter, Call
from service.telemetry import attempt_span, counting, log

LAST_ENTRIES = 10.0
"""Seconds in which the requests of a stopping process are closed, after their last attempts have ended."""


_ENDS_OF_ORDERS = (Reason.PROVIDER_REJECTED, Reason.CONTENT_REFUSED, Reason.CANCELLED)
"""With which an order that was accepted has come to nothing. Any other trouble is with asking for it."""


class Attempt:
    """One call, watched. After `events()` is through, `record` says how it ended and `error` why, if it failed."""

    def __init__(self, number: int, step: Step, call: Call, images: range = range(1), at_most: MicroUsd = 0) -> None:
        self.step = step
        self.call = call
        self.images = images
        """Which of the request's images it is for."""
        self.at_most = at_most
        """The most that it can cost."""
        self.shown = False
        """Whether bytes of one of them have left for the caller."""
        self.started = time.monotonic()
        self.traits = Traits()
        self.error: ProviderError | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.record = AttemptRecord(number=number, target=step.target, outcome=Outcome.UNKNOWN)
        self._queue: Queue[Shown] = Queue()
        self._job = call.job
        self.left_open = False
        """Whether nobody settles it here: the provider has a name for it, by which another process will ask."""
        self._heard = False
        """Whether the target's circuit knows how it ended."""
        self._made = 0
        self._first: float | None = None
        self._answered: Usage | None = None
        self._counted: list[Usage] = []

    @property
    def labels(self) -> counting.Labels:
        return self.step.target.provider, self.step.family

    @property
    def has_image(self) -> bool:
        """Whether one has come."""
        return self._made > 0

    @property
    def over(self) -> tuple[AttemptRecord, ...]:
        """How it ended, if it has."""
        return (self.record,) if self.ended.done() else ()

    def so_far(self, why: Reason) -> AttemptRecord:
        """Its record; one that is under way was accepted and billed, as far as anybody knows who does not wait."""
        if self.ended.done():
            return self.record
        outcome = Outcome.DONE if self._made else Outcome.UNKNOWN
        return replace(self._recorded(outcome, presumed=True), reason=why.value)

    @property
    def usage(self) -> Usage | None:
        """What the provider counted: for its whole answer, else over the images that came."""
        return self._answered or (reduce(add, self._counted) if self._counted else None)

    async def events(self, until: float) -> AsyncGenerator[Shown, None]:
        """What the call says, as it says it. Raises TimeoutError at `until`."""
        while (event := await self._queue.get(until)) is not None:
            self.shown = self.shown or not isinstance(event, Progress)
            yield event

    def unwatch(self) -> None:
        """Nobody takes what it says any more."""
        self._queue.abandon()

    def leave(self, why: Reason, *, cancel: bool) -> None:
        """The watcher goes before the end. As far as it will ever know, the call was accepted and billed."""
        self.record = self.so_far(why)
        if cancel and self.step.card.cancellable and not self.call.job:  # an order is not ours alone
            self.call.cancelled.set()

    def take_too_long(self, health: Health, *, cancel: bool) -> None:
        """The watcher goes because others are still to be asked in the time that is left. That is its end for all."""
        message = "The provider took too long: what time is left is for the next one."
        self.error = self._named(ProviderError(Reason.PROVIDER_TIMEOUT, message, Outcome.UNKNOWN))
        self.leave(Reason.PROVIDER_TIMEOUT, cancel=cancel)
        self._tell(health)

    async def carry_out(self, adapter: Adapter, permit: Permit, health: Health, room: Room | None = None) -> None:
        """Runs the call to its end and settles for it: whatever else goes wrong, that is done."""
        under_way = counting.attempts(self.step.target.provider)
        under_way.inc()
        try:
            exemplar = await self._run(adapter, permit)
            self._tell(health)
            counting.attempt_ended(self.record, self.labels, self.step.target.kind, exemplar)
        except Exception as error:
            log("attempt").exception("the end of a call was not told", target=str(self.step.target), exc_info=error)
        finally:
            under_way.dec()
            if not self.left_open:
                permit.settle(self.record)
            if room is not None:
                room.leave(self.record.seconds)
            self.ended.set_result(None)
            self._queue.close()

    async def _run(self, adapter: Adapter, permit: Permit) -> counting.Exemplar:
        target = self.step.target
        with attempt_span(target, self.step.request, self.record.number, self.call.trace) as span:
            try:
                async with aclosing(adapter.run(replace(self.call, trace=span.context))) as events:
                    async for event in events:
                        if isinstance(event, Accepted):
                            self._job = event.job
                            await permit.accepted(self.record.number, event.job, self.call.key)
                        else:
                            self._note(event)
                self._check_images()
            except ProviderError as error:
                if self._job and error.reason not in _ENDS_OF_ORDERS:
                    error.outcome = Outcome.UNKNOWN  # what is said of a question is not said of the order
                self.error = self._named(error)
            except asyncio.CancelledError:  # the process stops and will not wait any longer
                self.left_open = bool(self._job)
                self.error = ProviderError(Reason.CANCELLED, "The gateway stopped.", Outcome.UNKNOWN)
            except Exception as error:  # an adapter's own mistake must still be settled and told
                log("attempt").exception("adapter failed", target=str(target), exc_info=error)
                self.error = ProviderError(Reason.INTERNAL, "The gateway failed to read the answer.", Outcome.UNKNOWN)
            outcome = self.error.outcome if self.error and not self._made else Outcome.DONE
            self.record = self._recorded(outcome, presumed=self._may_cost_more())
            if self.error:
                span.fail(self.error.reason)
                self._tell_operator(self.error)
            span.set(
                imagegen__outcome=outcome.value,
                imagegen__images=self._made,
                http__response__status_code=self.record.status,
                gen_ai__response__time_to_first_chunk=self._first,
                gen_ai__usage__input_tokens=self.usage.input_tokens if self.usage else None,
                gen_ai__usage__output_tokens=self.usage.output_tokens if self.usage else None,
            )
            return span.exemplar

    def _tell(self, health: Health) -> None:
        if not self._heard:
            self._heard = True
            health.end(self.step.target, self.call.key, self.error)

    def _note(self, event: Shown | Answered) -> None:
        event = self._placed(event)
        if isinstance(event, Answered):
            self._answered, self.traits = event.usage, event.traits
            return
        if isinstance(event, ImageReady):
            self._made += 1
            self._counted += [event.image.usage] if event.image.usage else []
            counting.image(self.labels, event.image.picture)
        if self._first is None and self.step.request.stream and not isinstance(event, Progress):
            self._first = time.monotonic() - self.started
            counting.first_image(self.step.target.kind, self.step.family, self._first)
        self._queue.put(event)

    def _placed(self, event: Shown | Answered) -> Shown | Answered:
        """The event, saying which of the request's images it is about: the adapter counts those of its call."""
        if not self.images.start:
            return event
        match event:
            case ImageReady(image):
                return replace(event, image=replace(image, index=image.index + self.images.start))
            case PartialImage(index) | Progress(index):
                return replace(event, index=index + self.images.start)
            case Answered():
                return event

    def _may_cost_more(self) -> bool:
        """Whether work may have been done that nobody spoke of: the end is unknown, or images are missing."""
        if self.error is not None:
            return self.error.outcome is Outcome.UNKNOWN
        return self._made < len(self.images)

    def _check_images(self) -> None:
        if not self._made:
            message = "The provider answered with success and without an image."
            raise ProviderError(Reason.PROVIDER_NO_IMAGE, message, Outcome.UNKNOWN)

    def _named(self, error: ProviderError) -> ProviderError:
        """The error, saying which target it speaks of; a provider's own words to the caller stay as they are."""
        if error.reason not in (Reason.PROVIDER_REJECTED, Reason.CONTENT_REFUSED):
            error.message = f"{self.step.target}: {error.message}"
        return error.with_traceback(None)  # it would hold this attempt, its frames and their pictures

    def _recorded(self, outcome: Outcome, *, presumed: bool) -> AttemptRecord:
        return AttemptRecord(
            number=self.record.number,
            target=self.step.target,
            outcome=outcome,
            reason=self.error.reason.value if self.error else None,
            status=self.error.status if self.error else None,
            seconds=round(time.monotonic() - self.started, 6),  # callers are told as many, and the books fewer
            images=self._made,
            usage=self.usage,
            cost=self._cost(presumed=presumed),
            presumed=presumed and not self._told,
        )

    @property
    def _told(self) -> bool:
        """Whether the provider has said of its whole answer what its price goes by."""
        price = self.step.price
        return self._answered is not None and (price is None or price.per_million is not None)

    def _cost(self, *, presumed: bool) -> MicroUsd:
        """What was counted, or came; where more may have been billed than is known, at least the full price."""
        known = owed(self.step.price, self.usage, self.step.request.parameters, self._made)
        if presumed and not self._told:
            return max(known, self.at_most)
        return known

    def _tell_operator(self, error: ProviderError) -> None:
        if error.reason is Reason.CANCELLED:
            return  # a caller left, as callers do
        log("attempt").warning(
            "attempt failed",
            request_id=self.call.request_id,
            target=str(self.step.target),
            reason=error.reason.value,
            outcome=self.record.outcome.value,
            status=error.status,
            credential=error.credential,
            code=error.code,
            provider_says=error.for_operator,
        )


class Attempts:
    """The attempts under way, and the requests that wait for one of theirs to be closed."""

    def __init__(self) -> None:
        self._attempts: dict[asyncio.Task[None], Adapter] = {}
        """And whom each of them asks."""
        self._releases: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        return len(self._attempts) + len(self._releases)

    def start(self, attempt: Attempt, adapter: Adapter, permit: Permit, health: Health, room: Room | None) -> None:
        """Carries it out, in a place of the provider's room, which is free again afterwards."""
        health.begin(attempt.step.target, attempt.call.key)
        work = attempt.carry_out(adapter, permit, health, room)
        task = asyncio.create_task(work, name=f"attempt {attempt.step.target}")
        self._attempts[task] = adapter
        task.add_done_callback(self._attempts.pop)

    async def over(self, adapter: Adapter) -> None:
        """Returns when those have ended that ask this adapter now."""
        asking = [task for task, asked in self._attempts.items() if asked is adapter]
        if asking:
            await asyncio.wait(asking)

    async def release(
        self,
        permit: Permit,
        begun: Sequence[Attempt],
        purpose: Purpose,
        ending: Ending,
        answer: Answer | None = None,
    ) -> None:
        """Closes a request and gives back what is held: now, or once the last of its attempts has settled.

        One with an order that nobody waited for stays open: it expires, and is closed by who asks for the order.
        """
        close = partial(permit.release, purpose, ending, answer)
        if all(attempt.ended.done() for attempt in begun):
            if not any(attempt.left_open for attempt in begun):
                await close()
        else:
            task = asyncio.create_task(_after(begun, close), name="release")
            self._releases.add(task)
            task.add_done_callback(self._releases.discard)

    async def drain(self, grace: float) -> None:
        """Waits for what runs; what is still running then is ended and recorded as unknown. Every request is closed."""
        if self._attempts:
            _, late = await asyncio.wait(self._attempts, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        if self._releases:
            await asyncio.wait(self._releases, timeout=LAST_ENTRIES)


async def _after(begun: Sequence[Attempt], close: Callable[[], Awaitable[None]]) -> None:
    await asyncio.wait([attempt.ended for attempt in begun])
    if not any(attempt.left_open for attempt in begun):
        await close()
