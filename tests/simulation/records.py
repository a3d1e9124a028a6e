"""Records for simulations: SQLite in memory, each piece of work done at once, in the place where it is asked for.

Between asking and doing, and between doing and knowing, others may run: that is where money is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from service.stores.records.port import RecordsAwayError, Work
from service.stores.records.schema import migrate
from service.stores.records.sqlite import connect, drive

T = TypeVar("T")
P = ParamSpec("P")


class InlineRecords:
    """`away` makes every call fail; `lose_answers` makes the coming ones succeed and not say so.

    Whoever is cancelled while it writes leaves the work to finish alone, as with the twins of the real world.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._connection = connect(":memory:")
        self._clock = clock
        self.away = False
        self.lose_answers = 0
        self.slowness: Callable[[], float] = lambda: 0.0
        """How long each half of a write takes."""
        self._working: set[asyncio.Task[Any]] = set()
        drive(self._connection, migrate())

    async def open(self) -> None:
        return

    async def write(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        task = asyncio.create_task(self._write(partial(work, *arguments, **named)), name="write")
        self._working.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def _write(self, work: Callable[[], Work[T]]) -> T:
        await asyncio.sleep(self.slowness())
        result = self.at_once(work)
        if self.lose_answers:
            self.lose_answers -= 1
            raise RecordsAwayError("the answer was lost")
        await asyncio.sleep(self.slowness())
        return result

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may have gone

    async def note(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        return await self.write(work, *arguments, **named)

    async def read(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        await asyncio.sleep(0)
        result = self.at_once(work, *arguments, **named)
        await asyncio.sleep(0)
        return result

    def at_once(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        """Does the work whole or not at all, here and now."""
        if self.away:
            raise RecordsAwayError("they are away")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = drive(self._connection, work(*arguments, **named))
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return result

    def now(self) -> float:
        return self._clock()

    async def close(self) -> None:
        self._connection.close()
