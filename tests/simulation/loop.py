"""An event loop in virtual time, on which a seed decides who goes first.

Nothing sleeps: when nobody can go on, the clock jumps to the next timer. Whenever several could go on, chance picks one:
the next step of any task that is ready, any timer of this instant, or the oldest callback. So each seed is another
order of events, and the same seed is the same order again, whatever the machine does meanwhile. What asyncio promises
stays true: callbacks run in the order in which they were asked for, and a task takes its own steps one by one. What many
only rely on does not: that of two tasks the one that was woken first goes on first.

    for seed in seeds(200):
        simulate(main, seed)

With IMAGEGEN_SEED=17 in the environment there is that seed alone. Sets of tasks and of futures have the same order in
every run; sets of other objects, and of strings, have it only as far as Python gives it to them.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import itertools
import math
import os
import random
import sys
import threading
import time
import weakref
from bisect import insort
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from contextvars import Context
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple, Unpack
from unittest import mock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

EPOCH = 1_767_225_600.0
"""What `time.time()` says at first: the beginning of 2026."""

AT_ONE_INSTANT = 1_000_000
"""So many steps without a moment passing are no work: something spins."""

_RESOLUTION = 1e-9  # sums of seconds that should be equal are not, quite
_ASYNCIO = str(Path(asyncio.__file__).parent)


class SimulationError(Exception):
    """A run that cannot have been meant; its message begins with the seed."""


class Deadlock(SimulationError):
    """Nobody can go on, and no timer will change that."""


class Overrun(SimulationError):
    """The run would take too long: in virtual time, or in steps at one instant."""


class Untidy(SimulationError):
    """The run ended well and left something: a task, an open generator, an error that nobody looked at."""


def seeds(count: int) -> Iterator[int]:
    """0, 1, 2, ...: or the one seed that the environment names."""
    named = os.environ.get("IMAGEGEN_SEED")
    yield from range(count) if named is None else [int(named)]


def simulate(
    main: Callable[[], Coroutine[Any, Any, T]],
    seed: int,
    *,
    limit: float = 3600,
    virtual_clock: bool = True,
    epoch: float = EPOCH,
    inline_executor: bool = False,
    allow_leftover: bool = False,
    trace: list[tuple[float, str]] | None = None,
) -> T:
    """Runs `main` in the order that the seed makes, and returns what it returns.

    `limit` is how many virtual seconds it may take. With `virtual_clock` the functions of `time` tell virtual time too
    (those that were imported from it, or are somebody's default, do not), and `time.time()` begins at `epoch`. With
    `inline_executor` work for threads is done in the loop, one piece at a time. `allow_leftover` is for tasks that are
    still there when `main` is through; they are cancelled either way. `trace` is filled with each step of each task.

    The module `random` is seeded too, and afterwards as it was.
    """
    loop = SimulatedLoop(seed, limit, inline_executor, trace)
    with _surroundings(loop, seed, epoch if virtual_clock else None):
        task = loop.create_task(main(), name="main")
        stuck = loop.attempt(task.done) or loop.attempt(loop.is_idle)
        loop.tidy(allow_leftover)
        try:
            if stuck:
                raise stuck
            result = task.result()
        except BaseException as error:
            error.add_note(f"seed {seed}: IMAGEGEN_SEED={seed} repeats this run")
            for said, _ in loop.complaints:
                error.add_note(f"and {said}")
            raise
        if loop.complaints:
            raise Untidy(loop.tell("; ".join(said for said, _ in loop.complaints))) from next(
                (error for _, error in loop.complaints if error), None
            )
        return result


class SimulatedTask(asyncio.Task[Any]):
    """A task that is ordered by its number, where others are by their place in memory."""

    def __init__(self, number: int, coro: Coroutine[Any, Any, Any], **settings: Any) -> None:
        self.number = number
        super().__init__(coro, **settings)

    def __hash__(self) -> int:
        return self.number


class SimulatedFuture(asyncio.Future[Any]):
    def __init__(self, number: int, **settings: Any) -> None:
        self.number = number
        super().__init__(**settings)

    def __hash__(self) -> int:
        return self.number


class SimulatedLoop(asyncio.AbstractEventLoop):
    """What asyncio asks of a loop, as far as it goes without the world: no sockets, no threads, no signals."""

    def __init__(self, seed: int, limit: float, inline_executor: bool, trace: list[tuple[float, str]] | None) -> None:
        self.complaints: list[tuple[str, BaseException | None]] = []
        """What should not have happened and stopped nobody, with the error if there was one."""
        self._seed = seed
        self._limit = limit
        self._inline_executor = inline_executor
        self._trace = trace
        self._chance = random.Random(seed).random
        self._now = 0.0
        self._numbers = itertools.count(1)
        self._turns: dict[int, asyncio.Handle] = {}  # what may come in any order
        self._order: list[int] = []  # its numbers, sorted: so the choice does not depend on who came first
        self._line: deque[asyncio.Handle] = deque()  # what comes in the order in which it was asked for
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._cancelled_timers = 0
        self._generators: weakref.WeakValueDictionary[int, AsyncGenerator[Any, Any]] = weakref.WeakValueDictionary()
        self._handler: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None = None
        self._thread = threading.get_ident()
        self._closed = False

    # --- running ---

    def run(self, finished: Callable[[], bool]) -> None:
        chance, turns, order, line, trace = self._chance, self._turns, self._order, self._line, self._trace
        left = AT_ONE_INSTANT
        while not finished():
            ready = len(order) + len(line)
            if not ready:
                self._advance()
                left = AT_ONE_INSTANT
                continue
            left -= 1
            if not left:
                raise Overrun(self.tell(f"{AT_ONE_INSTANT:,} steps and no time has passed", waiting=True))
            choice = int(chance() * ready)
            handle = turns.pop(order.pop(choice)) if choice < len(order) else line.popleft()
            if handle.cancelled():
                continue
            if trace is not None and (task := _stepping(handle._callback)):  # pyright: ignore[reportPrivateUsage]
                trace.append((self._now, task.get_name()))
            handle._run()  # pyright: ignore[reportPrivateUsage] - as every loop does

    def attempt(self, finished: Callable[[], bool]) -> SimulationError | None:
        """Runs on, and answers what stopped it too early, if anything did."""
        try:
            self.run(finished)
        except SimulationError as error:
            return error
        return None

    def is_idle(self) -> bool:
        """Whether everything waits for time to pass."""
        return not self._order and not self._line

    def _advance(self) -> None:
        """To the next timer; with it come all that are due at the same instant, in any order."""
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)
        if not timers or timers[0][0] == math.inf:
            raise Deadlock(self.tell("deadlock, nobody can go on", waiting=True))
        if timers[0][0] > self._limit:
            raise Overrun(self.tell(f"it takes more than {self._limit:,} s", waiting=True))
        due = timers[0][0] + _RESOLUTION
        while timers and timers[0][0] <= due:
            when, number, timer = heapq.heappop(timers)
            if not timer.cancelled():
                self._now = max(self._now, when)
                self._add_turn(number, timer)

    def _add_turn(self, number: int, handle: asyncio.Handle) -> None:
        insort(self._order, number)
        self._turns[number] = handle

    # --- ending ---

    def tidy(self, allow_leftover: bool) -> None:
        """Ends what is left over, and complains of it."""
        left = self._pending()
        if not allow_leftover:
            self.complaints += [(f"left over: {_whereabouts(task)}", None) for task in left]
        self._end(left)
        for generator in list(self._generators.values()):
            if generator.ag_frame is not None:
                self._on_lost_generator(generator)
        del left
        gc.collect()  # now errors that nobody looked at are told
        self._end([])
        self._closed = True

    def _end(self, tasks: list[SimulatedTask]) -> None:
        """Cancels tasks and waits for them, and for what they begin in their last moments."""
        for task in tasks:
            task.cancel()
        if stuck := self.attempt(lambda: self.is_idle() and not self._pending()):
            self.complaints.append((f"it does not end: {stuck}", None))

    def _pending(self) -> list[SimulatedTask]:
        tasks = [task for task in asyncio.all_tasks(self) if isinstance(task, SimulatedTask)]
        return sorted(tasks, key=lambda task: task.number)

    def tell(self, what: str, *, waiting: bool = False) -> str:
        told = f"seed {self._seed}: {what}"
        if waiting:
            told += "".join(f"\n  {_whereabouts(task)}" for task in self._pending())
            told += "".join(f"\n  and {said}" for said, _ in self.complaints)
        return f"{told} (at {self._now:g} s)" if not waiting else told

