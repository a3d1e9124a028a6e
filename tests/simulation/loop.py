"""Concurrent code in virtual time, in an order that a seed decides: found once, a failure can be repeated.

Nothing sleeps: when nobody can go on, the clock jumps to the next timer. Whenever several could go on, chance picks
one: the next step of any task that is ready, any timer of this instant, or the oldest callback. So each seed is another
order of events, and the same seed is the same order again, whatever the machine does meanwhile. What asyncio promises
stays true: callbacks run in the order in which they were asked for, and a task takes its own steps one by one. What
many only rely on does not: that of two tasks the one that was woken first goes on first.

    for seed in seeds(200):
        simulate(main, seed)

With IMAGEGEN_SEED=17 in the environment there is that seed alone. Sets of tasks and of futures have the same order in
every run; sets of other objects, and of strings, have it only as far as Python gives it to them.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import time
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import pytest

from tests.simulation.virtual import DeadlockError, LeftoverError, OverrunError, SimulatedLoop, SimulationError, Trace

__all__ = ["DeadlockError", "LeftoverError", "OverrunError", "SimulationError", "Trace", "seeds", "simulate"]

T = TypeVar("T")

EPOCH = 1_767_225_600.0
"""What `time.time()` says at first: the beginning of 2026."""


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
    trace: Trace | None = None,
) -> T:
    """Runs `main` in the order that the seed makes, and returns what it returns.

    `limit` is how many virtual seconds it may take. With `virtual_clock` the functions of `time` tell virtual time too,
    and `time.time()` begins at `epoch`; not so a function that was imported from there or that is somebody's default,
    nor `datetime`. With `inline_executor` work for threads is done in the loop, one piece at a time. `allow_leftover`
    is for tasks that are still there when `main` is through; they are cancelled either way. `trace` is filled with each
    step of each task.

    The module `random` is seeded too, and afterwards as it was.
    """
    loop = SimulatedLoop(seed, limit, inline_executor, trace)
    with _surroundings(loop, seed, epoch if virtual_clock else None):
        task = loop.create_task(main(), name="main")
        stuck = loop.attempt(task.done) or loop.attempt(loop.is_idle)
        failed = stuck or task.cancelled() or task.exception()
        loop.tidy(allow_leftover or bool(failed))
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
        first = next((error for _, error in loop.complaints if error), None)
        raise LeftoverError(loop.tell("; ".join(said for said, _ in loop.complaints))) from first
    return result


@contextmanager
def _surroundings(loop: SimulatedLoop, seed: int, epoch: float | None) -> Generator[None]:
    """Everything that a run finds around it and must find the same each time; afterwards it is as it was."""
    if asyncio._get_running_loop() is not None:  # pyright: ignore[reportPrivateUsage] - the one that does not raise
        raise RuntimeError("simulate runs a loop of its own: it is called from plain functions")
    with ExitStack() as after, pytest.MonkeyPatch.context() as patch:
        if epoch is not None:
            for name, clock in {"monotonic": 0.0, "perf_counter": 0.0, "time": epoch}.items():
                patch.setattr(time, name, lambda start=clock: start + loop.time())
                patch.setattr(time, f"{name}_ns", lambda start=clock: round((start + loop.time()) * 1e9))
        after.callback(random.setstate, random.getstate())
        random.seed(seed)
        after.callback(sys.set_asyncgen_hooks, *sys.get_asyncgen_hooks())
        sys.set_asyncgen_hooks(loop.on_generator, loop.on_lost_generator)
        if gc.isenabled():  # it would come when it likes, and errors that nobody looked at are told when it comes
            after.callback(gc.enable)
            gc.disable()
        after.callback(gc.unfreeze)
        gc.freeze()  # what was there before is none of this run's
        after.callback(loop.close)
        after.callback(asyncio._set_running_loop, None)  # pyright: ignore[reportPrivateUsage] - it is for loops
        asyncio._set_running_loop(loop)  # pyright: ignore[reportPrivateUsage]
        yield
