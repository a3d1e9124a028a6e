"""Answers that are given again to the same request, where its caller or its route wants that.

Found is what the same caller was answered under the same key, however it was delivered then. The cache is accounted
for as a provider of its own, whose models are the targets that made its answers, and costs what the route says.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from service.access.permit import Permit
from service.domain.answer import Answer
from service.domain.event import AttemptRecord, Completed, Outcome
from service.domain.image import Image
from service.domain.plan import Memory, Target, cached
from service.domain.price import MicroUsd
from service.domain.record import Sending
from service.domain.request import ImageRequest
from service.engine.delivery import Delivery
from service.engine.question import question
from service.engine.waits import now
from service.errors import GatewayError
from service.telemetry import counting, log

PATIENCE = 5.0
"""Seconds after which an answer that is not there yet is made anew."""
HASTE = 1.0
"""Seconds that a new answer waits for being kept. A store that takes longer goes on alone."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer from the cache, its pictures fetched, and what this call is billed for it."""

    images: list[Image]
    completed: Completed
    cost: MicroUsd

    @property
    def _target(self) -> Target:
        return cached(self.completed.report.target)

    @property
    def sending(self) -> Sending:
        return Sending(number=1, target=self._target, at_most=self.cost)

    @property
    def record(self) -> AttemptRecord:
        return AttemptRecord(
            number=1, target=self._target, outcome=Outcome.DONE, images=len(self.images), cost=self.cost
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """The place of one request's answer in the cache."""

    memory: Memory
    name: str
    permit: Permit
    delivery: Delivery

    async def find(self) -> Hit | None:
        answer, images = await self._look()
        counting.cached(found=bool(images))
        if answer is None or answer.completed is None or not images:
            return None
        return Hit(images, answer.completed, self.memory.price * len(images))

    async def _look(self) -> tuple[Answer | None, list[Image] | None]:
        """A store that is away, or takes too long, has no answer: that is no reason to give none."""
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self.permit.recall(self.name)
                return answer, await self.delivery.fetch(answer) if answer else None
        except (GatewayError, TimeoutError) as error:
            log("cache").warning("not looked into", error=str(error) or "the store does not answer")
            return None, None

    async def keep(self, answer: Answer | None, deadline: float) -> None:
        """Keeps an answer that has come whole; after any other the next one is made anew."""
        if not self.memory.store or answer is None or answer.completed is None or answer.completed.failed:
            return
        try:
            async with asyncio.timeout_at(min(now() + HASTE, deadline)):
                await self.permit.remember(self.name, answer, self.memory.seconds)
        except (GatewayError, TimeoutError) as error:
            log("cache").warning("answer not kept yet", error=str(error) or "the store does not answer")


def entry_of(memory: Memory, request: ImageRequest, permit: Permit, delivery: Delivery) -> Entry:
    return Entry(memory, permit.entry(memory.key, question(request) + memory.meaning.encode()), permit, delivery)
