"""From a task to who watches it. It never blocks the task: previews give way, finished images are few."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

from service.domain.event import ImageReady, PartialImage, Progress
from service.engine.backlog import BACKLOG

T = TypeVar("T")

MAX_STALE = 16 * 1024 * 1024
"""How many bytes of previews wait for a slow reader before the oldest is dropped. Finished images never are."""


class Queue(Generic[T]):
    def __init__(self) -> None:
        self._events: list[T] = []  # few at a time, and a deque is large
        self._getting: asyncio.Future[None] | None = None
        self._closed = False
        self._abandoned = False

    def put(self, event: T) -> None:
        if self._abandoned:
            return
        if isinstance(event, Progress) and self._events and isinstance(self._events[-1], Progress):
            self._events.pop()  # the latest percentage says it all
        self._events.append(event)
        BACKLOG.change(_size(event))
        self._drop_stale()
        self._wake()

    def close(self) -> None:
        """Nothing more will be put."""
        self._closed = True
        self._wake()

    def abandon(self) -> None:
        """Nobody will get anything more."""
        self._abandoned = True
        BACKLOG.change(-sum(_size(each) for each in self._events))
        self._events.clear()

    async def get(self, deadline: float) -> T | None:
        """The next event; None when there will be no more. Raises TimeoutError at the deadline (the loop's clock)."""
        while not self._events:
            if self._closed:
                return None
            loop = asyncio.get_running_loop()
            self._getting = loop.create_future()
            timer = loop.call_at(deadline, _expire, self._getting)
            try:
                await self._getting
            except TimeoutError:
                if not (self._events or self._closed):  # or it came in the turn in which the time was over
                    raise
            finally:
                timer.cancel()
        event = self._events.pop(0)
        BACKLOG.change(-_size(event))
        return event

    def _wake(self) -> None:
        if self._getting is not None and not self._getting.done():
            self._getting.set_result(None)

    def _drop_stale(self) -> None:
        previews = [each for each in self._events if isinstance(each, PartialImage)]
        waiting = sum(_size(each) for each in previews)
        for preview in previews[:-1]:
            if waiting <= MAX_STALE:
                return
            self._events.remove(preview)
            BACKLOG.change(-_size(preview))
            waiting -= _size(preview)


def _size(event: object) -> int:
    match event:
        case PartialImage():
            return len(event.picture.data)
        case ImageReady():
            return len(event.image.picture.data)
        case _:
            return 0


def _expire(getting: asyncio.Future[None]) -> None:
    if not getting.done():
        getting.set_exception(TimeoutError())
