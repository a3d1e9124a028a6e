"""Where pictures are made anew: in threads of its own, since each keeps one busy for as much as seconds.

However many wait, those that are worked on have only so many pixels together, which bounds the memory that they take.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Condition
from typing import TypeVar

from service.raster import MOST_PIXELS

T = TypeVar("T")


class Bench:
    """Room for so many pixels. Whoever needs more than is free waits, in a thread that would have nothing to do."""

    def __init__(self, pixels: int) -> None:
        self._pixels = self._free = pixels
        self._cleared = Condition()

    @contextmanager
    def holding(self, pixels: int) -> Generator[None]:
        needed = min(pixels, self._pixels)
        with self._cleared:
            self._cleared.wait_for(lambda: self._free >= needed)
            self._free -= needed
        try:
            yield
        finally:
            with self._cleared:
                self._free += needed
                self._cleared.notify_all()


_bench = Bench(MOST_PIXELS)
_threads = ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2), thread_name_prefix="darkroom")


async def develop(work: Callable[[], T], pixels: int) -> T:
    """Does `work` over a picture of so many pixels. A caller that is cancelled takes it along, unless it has begun."""

    def held() -> T:
        with _bench.holding(pixels):
            return work()

    return await asyncio.get_running_loop().run_in_executor(_threads, held)
