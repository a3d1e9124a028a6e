"""The simulated loop: its time, its order, and that a seed is all that decides."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import random
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.loop import EPOCH, DeadlockError, LeftoverError, Trace, seeds, simulate

HOUSE = Path(__file__).parent.parent.parent


async def bustle() -> list[str]:
    """A bit of everything, with sets whose order could differ: who did what, in the order in which it was done."""
    done: list[str] = []
    lock = asyncio.Lock()

    async def work(name: str, seconds: float) -> str:
        await asyncio.sleep(seconds)
        async with lock:
            await asyncio.sleep(0)
            done.append(name)
        return name

    async def fail() -> None:
        await asyncio.sleep(1.5)
        raise ValueError

    tasks = {asyncio.create_task(work(f"set {each}", each % 3)) for each in range(40)}
    while tasks:
        ready, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        done += [f"saw {task.result()}" for task in ready]
    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            for each in range(20):
                group.create_task(note_cancellation(str(each), done))
    for each in range(20):
        asyncio.create_task(note_cancellation(f"of all {each}", done))  # noqa: RUF006 - all_tasks knows it
    await asyncio.sleep(1)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    done += await asyncio.gather(*(work(f"gathered {each}", 1) for each in range(10)))
    done += [f"random {random.random()}", f"at {time.time()}"]
    return done


async def note_cancellation(name: str, notes: list[str]) -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        notes.append(f"cancelled {name}")
        raise


# --- order ---


def test_time_passes_without_waiting() -> None:
    """Half an hour of virtual time is exact to the second, and takes no time."""

    async def main() -> float:
        for _ in range(1800):
            await asyncio.sleep(1)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert simulate(main, 0) == 1800
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("seed", range(50))
def test_the_same_seed_is_the_same_run(seed: int) -> None:
    """Twice the same seed gives the same steps of the same tasks at the same times, and the same results."""
    first: Trace = []
    result = simulate(bustle, seed, trace=first)
    second: Trace = []

    assert simulate(bustle, seed, trace=second) == result
    assert second == first
    assert len(first) > 200


def test_the_tasks_of_other_loops_do_not_matter() -> None:
    """The run is the same with a thousand tasks beside it, which asyncio keeps in the same set."""
    alone = simulate(bustle, 0)
    with asyncio.Runner() as elsewhere:
        loop = elsewhere.get_loop()
        beside = [loop.create_task(asyncio.sleep(60)) for _ in range(1000)]
        assert simulate(bustle, 0) == alone
        assert not any(each.done() for each in beside)


def test_who_is_woken_first_does_not_matter() -> None:
    """Tasks that one step wakes are ready together: in which order it does so, as from a set, makes no difference."""

    async def main() -> list[int]:
        order: list[int] = []

        async def wait(each: int, gate: asyncio.Future[None]) -> None:
            await gate
            order.append(each)

        gates = [asyncio.get_running_loop().create_future() for _ in range(20)]
        async with asyncio.TaskGroup() as group:
            for each, gate in enumerate(gates):
                group.create_task(wait(each, gate))
            await asyncio.sleep(1)
            random.SystemRandom().shuffle(gates)
            for gate in gates:
                gate.set_result(None)
        return order

    assert all(simulate(main, seed) == simulate(main, seed) for seed in range(20))


def test_memory_is_cleared_up_after_the_run_only() -> None:
    """The collector would come when it likes, and what it finds would be told at another moment each time."""

    async def main() -> bool:
        return gc.isenabled()

    assert not simulate(main, 0)


def test_another_seed_is_another_run() -> None:
    """Hardly two seeds give the same order."""
    assert len({tuple(simulate(bustle, seed)) for seed in range(50)}) == 50


def test_neither_the_process_nor_its_hashes_matter() -> None:
    """Other processes, with other hashes of strings, run the same seeds in the same way."""
    told = (
        "from tests.simulation.test_loop import bustle, simulate; print([simulate(bustle, each) for each in range(5)])"
    )

    def elsewhere(hashes: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hashes}
        command = [sys.executable, "-c", told]
        ran = subprocess.run(command, cwd=HOUSE, env=environment, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    here = str([simulate(bustle, each) for each in range(5)])
    assert [elsewhere(hashes) for hashes in ("0", "1", "random")] == [here] * 3


def test_every_order_of_tasks_occurs() -> None:
    """Three tasks that are ready together come in each of their six orders."""

    async def main() -> str:
        order: list[str] = []

        async def note(name: str) -> None:
            order.append(name)

        await asyncio.gather(*(note(name) for name in "abc"))
        return "".join(order)

    assert {simulate(main, seed) for seed in range(100)} == {"abc", "acb", "bac", "bca", "cab", "cba"}


def test_timers_of_one_instant_come_in_any_order() -> None:
    """So do timers that are due together, even if rounding sets them a little apart; others come by their time."""

    async def main() -> str:
        order: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_later(1.5, order.append, "z")
        for name in "abc":
            loop.call_later(0.3 if name == "b" else 0.1 + 0.2, order.append, name)
        await asyncio.sleep(1.4)
        order.append("|")
        await asyncio.sleep(1)
        return "".join(order)

    runs = {simulate(main, seed) for seed in range(100)}
    assert runs == {f"{each}|z" for each in ("abc", "acb", "bac", "bca", "cab", "cba")}


def test_callbacks_keep_their_order() -> None:
    """What is asked for by call_soon comes in that order, as asyncio promises."""

    async def main() -> list[int]:
        order: list[int] = []
        for each in range(20):
            asyncio.get_running_loop().call_soon(order.append, each)
        await asyncio.sleep(1)
        return order

    for seed in range(50):
        assert simulate(main, seed) == list(range(20))


def test_a_cancelled_callback_does_not_come() -> None:
    """Neither a callback, nor a timer, nor one of a thousand timers."""

    async def main() -> list[str]:
        came: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_soon(came.append, "soon").cancel()
        loop.call_later(1, came.append, "later").cancel()
        for each in [loop.call_later(2, came.append, "many") for _ in range(1000)]:
            each.cancel()
        loop.call_later(3, came.append, "kept")
        await asyncio.sleep(4)
        return came

    assert simulate(main, 0) == ["kept"]


def test_a_task_that_spins_keeps_nobody_from_going_on() -> None:
    """A loop around sleep(0) ends when what it waits for needs no time."""

    async def main() -> None:
        done: list[bool] = []

        async def work() -> None:
            for _ in range(10):
                await asyncio.sleep(0)
            done.append(True)

        task = asyncio.create_task(work())
        while not done:  # noqa: ASYNC110 - that is the point
            await asyncio.sleep(0)
        await task

    for seed in range(20):
        simulate(main, seed)


def test_each_task_has_its_context() -> None:
    """Context variables are each task's own, in every order."""
    name = contextvars.ContextVar("name", default="none")

    async def main() -> None:
        async def keep(own: str) -> None:
            name.set(own)
            for _ in range(5):
                await asyncio.sleep(0)
                assert name.get() == own

        await asyncio.gather(*(keep(str(each)) for each in range(10)))
        assert name.get() == "none"

    for seed in range(20):
        simulate(main, seed)


# --- seeds, clocks, threads ---


def test_the_environment_names_one_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are as many seeds as asked for, or the one that is to be repeated."""
    monkeypatch.delenv("IMAGEGEN_SEED", raising=False)
    assert list(seeds(4)) == [0, 1, 2, 3]

    monkeypatch.setenv("IMAGEGEN_SEED", "17")
    assert list(seeds(4)) == [17]


def test_clocks_tell_virtual_time() -> None:
    """All clocks of `time` follow the loop's, the wall's from a given day; afterwards they are the real ones."""

    async def main() -> tuple[float, ...]:
        await asyncio.sleep(2.5)
        return time.monotonic(), time.perf_counter(), time.time(), time.monotonic_ns() / 1e9, time.time_ns() / 1e9

    real = time.time, time.monotonic, time.perf_counter, time.time_ns, time.monotonic_ns, time.perf_counter_ns

    assert simulate(main, 0) == (2.5, 2.5, EPOCH + 2.5, 2.5, EPOCH + 2.5)
    assert simulate(main, 0, epoch=0) == (2.5,) * 5
    assert simulate(main, 0, virtual_clock=False)[2] > EPOCH + 2.5
    assert real == (
        time.time,
        time.monotonic,
        time.perf_counter,
        time.time_ns,
        time.monotonic_ns,
        time.perf_counter_ns,
    )


def test_chance_is_seeded_and_given_back() -> None:
    """Code that draws from `random` draws the same for a seed, and the tests' own chance goes on undisturbed."""

    async def main() -> float:
        return random.random()

    before = random.getstate()
    assert simulate(main, 1) == simulate(main, 1) != simulate(main, 2)
    assert random.getstate() == before


@pytest.mark.parametrize("error", [None, ValueError])
def test_the_world_is_as_it_was(error: type[Exception] | None) -> None:
    """Neither a good run nor a bad one leaves anything changed."""

    async def main() -> None:
        if error:
            raise error

    def world() -> tuple[Any, ...]:
        return gc.isenabled(), gc.get_freeze_count(), sys.get_asyncgen_hooks(), time.time, threading.active_count()

    before = world()
    with suppress(ValueError):
        simulate(main, 0)
    assert world() == before
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_threads_are_refused_by_name() -> None:
    """Work for a thread fails with an error that names it and the way out."""

    async def main() -> None:
        with suppress(RuntimeError):
            await asyncio.to_thread(time.sleep, 1)

    with pytest.raises(LeftoverError, match=r"sleep.* would run in a thread \(with inline_executor=True"):
        simulate(main, 0)


def test_work_for_threads_can_be_done_in_the_loop() -> None:
    """With its results and its errors, and in an order of chance."""

    async def main() -> str:
        order: list[str] = []
        await asyncio.gather(*(asyncio.to_thread(order.append, name) for name in "abc"))
        with pytest.raises(ZeroDivisionError):
            await asyncio.get_running_loop().run_in_executor(None, divmod, 1, 0)
        abandoned = asyncio.get_running_loop().run_in_executor(None, order.append, "too late")
        abandoned.cancel()
        await asyncio.sleep(1)
        return "".join(order)

    assert len({simulate(main, seed, inline_executor=True) for seed in range(100)}) == 6


def test_a_call_from_another_thread_is_refused() -> None:
    """The thread is told, and so is the test, which would else only see that nothing comes."""
    here: list[bool] = []
    refused: list[BaseException] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        loop.call_soon_threadsafe(here.append, True)

        def call() -> None:
            try:
                loop.call_soon_threadsafe(answer.set_result, 1)
            except RuntimeError as error:
                refused.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        await answer

    with pytest.raises(DeadlockError, match="comes from another thread"):
        simulate(main, 0)
    assert (len(here), len(refused)) == (1, 1)


async def test_it_is_called_from_plain_functions() -> None:
    """Inside a running loop it says so."""

    async def main() -> None:
        return

    with pytest.raises(RuntimeError, match="from plain functions"):
        simulate(main, 0)
