"""The event loop of simulations: virtual time, and chance where asyncio makes no promise.

It does what asyncio asks of a loop as far as that goes without the world: there are no sockets, no threads, no signals.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import itertools
import math
import random
import threading
import weakref
from bisect import insort
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextlib import suppress
from contextvars import Context
from pathlib import Path
from types import AsyncGeneratorType
from typing import Any, NoReturn, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
CoroutineLike = Generator[Any, None, T] | Coroutine[Any, Any, T]
ExceptionHandler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]
Trace = list[tuple[float, str]]
"""Each step of each task: when, and whose."""

AT_ONE_INSTANT = 1_000_000
"""So many steps without a moment passing are no work: something spins."""

_RESOLUTION = 1e-9  # sums of seconds that should be equal are not, quite
_ASYNCIO = str(Path(asyncio.__file__).parent)


class SimulationError(Exception):
    """A run that cannot have been meant; its message begins with the seed."""


class DeadlockError(SimulationError):
    """Nobody can go on, and no timer will change that."""


class OverrunError(SimulationError):
    """The run would take too long: in virtual time, or in steps at one instant."""


class LeftoverError(SimulationError):
    """The run ended well and left something: a task, an open generator, an error that nobody looked at."""


class SimulatedTask(asyncio.Task[Any]):
    """A task that is ordered by its number, where others are by their place in memory."""

    def __init__(self, number: int, coro: CoroutineLike[Any], **settings: Any) -> None:
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
    def __init__(self, seed: int, limit: float, inline_executor: bool, trace: Trace | None) -> None:
        self.complaints: list[tuple[str, BaseException | None]] = []
        """What should not have happened and stopped nobody, with the error if there was one."""
        self._seed = seed
        self._limit = limit
        self._inline_executor = inline_executor
        self._trace = trace
        self._chance = random.Random(f"order {seed}").random  # not the numbers that the program draws
        self._now = 0.0
        self._numbers = itertools.count(1)
        self._turns: dict[int, asyncio.Handle] = {}  # what may come in any order
        self._order: list[int] = []  # its numbers, sorted: so the choice does not depend on who came first
        self._line: deque[asyncio.Handle] = deque()  # what comes in the order in which it was asked for
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._cancelled_timers = 0
        self._generators: weakref.WeakValueDictionary[int, AsyncGeneratorType[Any, Any]] = weakref.WeakValueDictionary()
        self._handler: ExceptionHandler | None = None
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
                raise OverrunError(self._describe(f"{AT_ONE_INSTANT:,} steps and no time has passed"))
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
            raise DeadlockError(self._describe("deadlock, nobody can go on"))
        if timers[0][0] > self._limit:
            raise OverrunError(self._describe(f"it takes more than {self._limit:,} s"))
        due = timers[0][0] + _RESOLUTION
        while timers and timers[0][0] <= due:
            when, number, timer = heapq.heappop(timers)
            if not timer.cancelled():
                self._now = when
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
                self.on_lost_generator(generator)
        del left
        self._timers.clear()
        gc.collect()  # now errors that nobody looked at are told
        self._end([])

    def _end(self, tasks: list[SimulatedTask]) -> None:
        """Cancels tasks and waits for them, and for what they begin in their last moments."""
        for task in tasks:
            task.cancel()
        if stuck := self.attempt(lambda: self.is_idle() and not self._pending()):
            self.complaints.append((f"it does not end: {stuck}", None))

    def _pending(self) -> list[SimulatedTask]:
        tasks = [task for task in asyncio.all_tasks(self) if isinstance(task, SimulatedTask)]
        return sorted(tasks, key=lambda task: task.number)

    def tell(self, what: str) -> str:
        return f"seed {self._seed}: {what}"

    def _describe(self, trouble: str) -> str:
        """The trouble, and where every task is."""
        said = [*(_whereabouts(task) for task in self._pending()), *(said for said, _ in self.complaints)]
        return self.tell("\n  ".join([f"{trouble} (at {self._now:g} s)", *said]))

    # --- what asyncio asks for ---

    def time(self) -> float:
        return self._now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self._closed

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """What still runs, because the run was interrupted or it would not end, ends without being asked."""
        self._closed = True
        for task in self._pending():
            if coroutine := task.get_coro():
                with suppress(Exception):
                    coroutine.close()

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if task := _stepping(callback):
            self._add_turn(task.number, handle)
        else:
            self._line.append(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if threading.get_ident() != self._thread:
            self._refuse(f"{callback!r} comes from another thread")
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self, delay: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        number = next(self._numbers)
        if when <= self._now + _RESOLUTION:
            self._add_turn(number, timer)
        else:
            heapq.heappush(self._timers, (when, number, timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._cancelled_timers += 1
        if self._cancelled_timers > 100 + len(self._timers) // 2:
            self._timers = [each for each in self._timers if not each[2].cancelled()]
            heapq.heapify(self._timers)
            self._cancelled_timers = 0

    def create_future(self) -> asyncio.Future[Any]:
        return SimulatedFuture(next(self._numbers), loop=self)

    def create_task(
        self, coro: CoroutineLike[T], *, name: object = None, context: Context | None = None
    ) -> asyncio.Task[T]:
        number = next(self._numbers)
        named = f"task {number}" if name is None else str(name)
        return SimulatedTask(number, coro, loop=self, name=named, context=context)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        if not self._inline_executor:
            self._refuse(f"{func!r} would run in a thread (with inline_executor=True it runs in the loop)")
        future: asyncio.Future[T] = self.create_future()

        def work() -> None:
            if future.cancelled():
                return
            try:
                future.set_result(func(*args))
            except Exception as error:
                future.set_exception(error)

        self._add_turn(next(self._numbers), asyncio.Handle(work, (), self, None))
        return future

    def _refuse(self, what: str) -> NoReturn:
        """Also remembers it, for where the error itself is lost."""
        self.complaints.append((f"{what}, and no seed decides about threads", None))
        raise RuntimeError(self.tell(self.complaints[-1][0]))

    def get_exception_handler(self) -> ExceptionHandler | None:
        return self._handler

    def set_exception_handler(self, handler: ExceptionHandler | None) -> None:
        self._handler = handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        about = context.get("task") or context.get("future") or context.get("handle")
        who = about.get_name() if isinstance(about, asyncio.Task) else repr(about)
        error = context.get("exception")
        said = f"{context.get('message')}: {who}" + (f": {error!r}" if error else "")
        self.complaints.append((said, error))

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self._handler:
            self._handler(self, context)
        else:
            self.default_exception_handler(context)

    # --- generators ---

    def on_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        assert isinstance(generator, AsyncGeneratorType)
        self._generators[next(self._numbers)] = generator

    def on_lost_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Nobody will go on with it, and nobody has closed it."""
        assert isinstance(generator, AsyncGeneratorType)
        if self._closed:
            return
        self.complaints.append((f"{generator.__qualname__} was not closed", None))
        self.create_task(generator.aclose(), name=f"closing {generator.__qualname__}")


def _stepping(callback: Callable[..., object]) -> SimulatedTask | None:
    """The task whose own next step a callback is, if it is one."""
    task = getattr(callback, "__self__", None)
    if type(task) is not SimulatedTask:
        return None
    return task if getattr(callback, "__name__", "step").endswith(("step", "wakeup")) else None


def _whereabouts(task: SimulatedTask) -> str:
    """Where a task waits, in code of ours as far as there is any."""
    at = ""
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "ag_frame", None)
        if frame is not None and not frame.f_code.co_filename.startswith(_ASYNCIO):
            at = f" in {frame.f_code.co_name}, {Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "ag_await", None)
    return f"{task.get_name()} waits{at}"
