"""From an attempt's task to its watcher. It never blocks the task: previews give way, finished images are few."""

from __future__ import annotations

import asyncio
from collections import deque

from service.domain.event import PartialImage, Progress, Shown

MAX_STALE = 16 * 1024 * 1024
"""How many bytes of previews wait for a slow reader before the oldest is dropped. Finished images never are."""


class Queue:
    def __init__(self) -> None:
        self._events: deque[Shown] = deque()
        self._changed = asyncio.Event()
        self._closed = False
        self._abandoned = False

    def put(self, event: Shown) -> None:
        if self._abandoned:
            return
        if isinstance(event, Progress) and self._events and isinstance(self._events[-1], Progress):
            self._events.pop()  # the latest percentage says it all
        self._events.append(event)
        self._drop_stale()
        self._changed.set()

    def close(self) -> None:
        """Nothing more will be put."""
        self._closed = True
        self._changed.set()

    def abandon(self) -> None:
        """Nobody will get anything more."""
        self._abandoned = True
        self._events.clear()

    async def get(self) -> Shown | None:
        """The next event; None when there will be no more."""
        while not self._events:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()

    def _drop_stale(self) -> None:
        previews = [each for each in self._events if isinstance(each, PartialImage)]
        waiting = sum(len(each.picture.data) for each in previews)
        for preview in previews[:-1]:
            if waiting <= MAX_STALE:
                return
            self._events.remove(preview)
            waiting -= len(preview.picture.data)
