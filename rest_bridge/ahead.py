"""Waiting for a stream with patience: it can be given up at any moment, and the stream does not notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

T = TypeVar("T")


class PatienceEndedError(Exception):
    """Nothing has come until the deadline."""


class Ahead(Generic[T]):
    """A stream, read in a task of its own: one item ahead of whoever takes them, and no further."""

    def __init__(self, source: AsyncGenerator[T, None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._items: list[T] = []
        self._taking: asyncio.Future[None] | None = None
        self._full: asyncio.Future[None] | None = None
        self._reading = self._loop.create_task(self._read(), name="read ahead")
        self._reading.add_done_callback(lambda _: _wake(self._taking))

    async def take(self, deadline: float) -> T | None:
        """The next item, None at the end. Raises what the stream raised, and PatienceEndedError at the deadline.

        The deadline is of the loop's clock. What comes later is there for the next who asks.
        """
        if not self._items and not self._reading.done():
            self._taking = self._loop.create_future()
            timer = self._loop.call_at(deadline, _expire, self._taking)
            try:
                await self._taking
            finally:
                timer.cancel()
                self._taking = None
        if not self._items:
            self._reading.result()
            return None
        item = self._items.pop()
        _wake(self._full)
        return item

    async def close(self) -> None:
        """Ends the stream, wherever it is."""
        self._reading.cancel()
        await asyncio.wait({self._reading})
        if not self._reading.cancelled() and (error := self._reading.exception()):
            error.__traceback__ = None  # it knows this reader, which knows it: pictures would wait for the collector
        self._items.clear()
        await self._source.aclose()

    async def _read(self) -> None:
        async for item in self._source:
            self._items.append(item)
            _wake(self._taking)
            while self._items:
                self._full = self._loop.create_future()
                await self._full


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def _expire(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_exception(PatienceEndedError())
