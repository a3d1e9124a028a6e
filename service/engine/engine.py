"""The pipeline in force, and those before it that requests still go through.

A request keeps the pipeline with which it began: one configuration, whole, from its plan to its end. An adapter that is
not in force any more is closed when nobody can ask it again: no request is left that knows it, and its last call, which
may outlive its request, is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from service.access.permit import Permit
from service.domain.answer import Order
from service.domain.event import Event
from service.domain.request import ImageRequest
from service.engine.attempt import Attempts
from service.engine.errand import Circumstances
from service.engine.pipeline import Pipeline
from service.providers.base import Adapter
from service.telemetry import log


@dataclass(slots=True)
class _Term:
    """A pipeline's time in force, and how many requests of it are under way."""

    pipeline: Pipeline
    requests: int = 0


class Engine:
    def __init__(self, pipeline: Pipeline) -> None:
        self._now = _Term(pipeline)
        self._before: list[_Term] = []
        self._attempts: Attempts = pipeline.attempts
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def pipeline(self) -> Pipeline:
        """The one in force; ask once, or two answers may be about two configurations."""
        return self._now.pipeline

    @asynccontextmanager
    async def run(
        self, request: ImageRequest, permit: Permit, around: Circumstances, order: Order | None = None
    ) -> AsyncGenerator[AsyncGenerator[Event, None]]:
        """The request's events, by the pipeline that is in force when it begins."""
        term = self._now
        term.requests += 1
        try:
            async with aclosing(term.pipeline.run(request, permit, around, order)) as events:
                yield events
        finally:
            term.requests -= 1
            if term is not self._now:
                self._let_go()

    def change(self, pipeline: Pipeline) -> None:
        """New requests go through this one, which carries its calls out among the same attempts."""
        self._before.append(self._now)
        self._now = _Term(pipeline)
        self._let_go()

    async def close(self) -> None:
        """Closes every adapter, when all attempts are over."""
        self._before.append(self._now)
        for adapter in {id(each): each for term in self._before for each in term.pipeline.adapters.values()}.values():
            self._close(adapter)
        self._before.clear()
        if self._closing:
            await asyncio.wait(self._closing)

    def _let_go(self) -> None:
        """Forgets pipelines that no request goes through any more, and closes the adapters that they alone had."""
        over = [term for term in self._before if not term.requests]
        self._before = [term for term in self._before if term.requests]
        known = {id(each) for term in (*self._before, self._now) for each in term.pipeline.adapters.values()}
        for adapter in {id(each): each for term in over for each in term.pipeline.adapters.values()}.values():
            if id(adapter) not in known:
                self._close(adapter)

    def _close(self, adapter: Adapter) -> None:
        task = asyncio.create_task(self._close_after_its_calls(adapter), name="closing a provider")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close_after_its_calls(self, adapter: Adapter) -> None:
        await self._attempts.over(adapter)
        try:
            await adapter.close()
        except Exception as error:  # a provider of another package may fail here; the others are closed all the same
            log("engine").exception("provider not closed", exc_info=error)
