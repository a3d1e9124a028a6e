"""From an attempt's task to its watcher. It never blocks the task: previews give way, finished images are few."""

from __future__ import annotations

import asyncio

from service.domain.event import PartialImage, Progress, Shown

MAX_STALE = 16 * 1024 * 1024
"""How many bytes of previews wait for a slow reader before the oldest is dropped. Finished images never are."""


class Queue:
    def __init__(self) -> None:
        self._events: list[Shown] = []  # few at a time, and a deque is large
        self._getting: asyncio.Future[None] | None = None
        self._closed = False
        self._abandoned = False

    def put(self, event: Shown) -> None:
        if self._abandoned:
            return
        if isinstance(event, Progress) and self._events and isinstance(self._events[-1], Progress):
            self._events.pop()  # the latest percentage says it all
        self._events.append(event)
        self._drop_stale()
        self._wake()

    def close(self) -> None:
        """Nothing more will be put."""
        self._closed = True
        self._wake()

    def abandon(self) -> None:
        """Nobody will get anything more."""
        self._abandoned = True
        self._events.clear()

    async def get(self, deadline: float) -> Shown | None:
        """The next event; None when there will be no more. Raises TimeoutError at the deadline (the loop's clock)."""
        while not self._events:
            if self._closed:
                return None
            loop = asyncio.get_running_loop()
            self._getting = loop.create_future()
            timer = loop.call_at(deadline, _expire, self._getting)
            try:
                await self._getting
            finally:
                timer.cancel()
        return self._events.pop(0)

    def _wake(self) -> None:
        if self._getting is not None and not self._getting.done():
            self._getting.set_result(None)

    def _drop_stale(self) -> None:
        previews = [each for each in self._events if isinstance(each, PartialImage)]
        waiting = sum(len(each.picture.data) for each in previews)
        for preview in previews[:-1]:
            if waiting <= MAX_STALE:
                return
            self._events.remove(preview)
            waiting -= len(preview.picture.data)


def _expire(getting: asyncio.Future[None]) -> None:
    if not getting.done():
        getting.set_exception(TimeoutError())
