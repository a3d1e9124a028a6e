"""Where pictures are made anew: in threads of its own, since each keeps one busy for as much as seconds.

However many wait, those that are worked on have only so many pixels together, which bounds the memory that they take.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from service.raster import MOST_PIXELS

T = TypeVar("T")


class Line:
    """Gives out so many pixels in the order of coming; whoever needs more than there are is given all of them.

    It belongs to no event loop: threads give pixels back, and do so where the loop of who took them has ended.
    """

    def __init__(self, pixels: int) -> None:
        self._pixels = self._free = pixels
        self._queue: dict[Future[None], int] = {}
        """Who waits, in the order of coming, and for how many."""
        self._guard = Lock()

    async def take(self, pixels: int) -> int:
        """Returns once there are enough, with how many were taken, which are given back by `give_back`."""
        needed, turn = min(pixels, self._pixels), Future[None]()
        with self._guard:
            self._queue[turn] = needed
            self._serve()
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            with self._guard:
                self._queue.pop(turn, None)
                self._free += 0 if turn.cancel() else needed
                self._serve()
            raise
        return needed

    def give_back(self, taken: int) -> None:
        with self._guard:
            self._free += taken
            self._serve()

    def _serve(self) -> None:
        while self._queue:
            turn, needed = next(iter(self._queue.items()))
            if needed > self._free:
                return
            del self._queue[turn]
            if turn.set_running_or_notify_cancel():
                self._free -= needed
                turn.set_result(None)


_line = Line(MOST_PIXELS)
_threads = ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2), thread_name_prefix="darkroom")


async def develop(work: Callable[[], T], pixels: int) -> T:
    """Does `work` over a picture of so many pixels. A caller that is cancelled takes it along, unless it has begun."""
    return await asyncio.wrap_future(_begun(work, await _line.take(pixels)))


def _begun(work: Callable[[], T], taken: int) -> Future[T]:
    made = _threads.submit(work)
    made.add_done_callback(lambda _: _line.give_back(taken))
    return made
