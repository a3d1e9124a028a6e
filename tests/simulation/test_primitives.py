"""What asyncio has works on the simulated loop, in every order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any

import pytest

from tests.simulation.loop import seeds, simulate

Main = Callable[[], Coroutine[Any, Any, None]]


class Crowd:
    """How many are in a place at once, and how many were at most."""

    def __init__(self) -> None:
        self.inside = self.most = 0

    async def stay(self, seconds: float) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(seconds)
        finally:
            self.inside -= 1


async def a_lock_lets_one_in() -> None:
    """Also when some lose patience while they wait or while they are in."""
    lock, crowd = asyncio.Lock(), Crowd()

    async def enter(each: int) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(each % 5), lock:
                await crowd.stay(each % 2)

    await asyncio.gather(*(enter(each) for each in range(30)))
    assert (crowd.most, crowd.inside, lock.locked()) == (1, 0, False)


async def a_semaphore_lets_three_in() -> None:
    semaphore, crowd = asyncio.BoundedSemaphore(3), Crowd()

    async def enter(each: int) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(each % 5), semaphore:
                await crowd.stay(each % 2)

    await asyncio.gather(*(enter(each) for each in range(30)))
    assert (crowd.most, crowd.inside) == (3, 0)
    for _ in range(3):
        await asyncio.wait_for(semaphore.acquire(), 1)
    assert semaphore.locked()


async def an_event_wakes_all() -> None:
    event = asyncio.Event()
    waiting = [asyncio.create_task(event.wait()) for _ in range(10)]
    await asyncio.sleep(1)
    assert not any(each.done() for each in waiting)
    event.set()
    assert await asyncio.gather(*waiting) == [True] * 10


async def a_condition_wakes_as_many_as_told() -> None:
    condition, woken = asyncio.Condition(), 0

    async def wait() -> None:
        nonlocal woken
        async with condition:
            await condition.wait()
            woken += 1

    waiting = [asyncio.create_task(wait()) for _ in range(5)]
    await asyncio.sleep(1)
    for expected, count in ((2, 2), (5, 5)):
        async with condition:
            condition.notify(count)
        await asyncio.sleep(1)
        assert woken == expected
    await asyncio.gather(*waiting)


async def a_barrier_gathers() -> None:
    barrier, passed = asyncio.Barrier(4), list[int]()

    async def come(each: int) -> None:
        await asyncio.sleep(each)
        passed.append(await barrier.wait())
        assert asyncio.get_running_loop().time() == 3

    await asyncio.gather(*(come(each) for each in range(4)))
    assert sorted(passed) == [0, 1, 2, 3]


async def a_queue_loses_nothing() -> None:
    """With producers that wait for room, and consumers that lose patience just when something comes."""
    queue, taken = asyncio.Queue[int](2), list[int]()

    async def produce(each: int) -> None:
        await asyncio.sleep(each % 3)
        await queue.put(each)

    async def consume() -> None:
        while True:
            try:
                async with asyncio.timeout(1):
                    each = await queue.get()
            except TimeoutError:
                continue
            taken.append(each)
            queue.task_done()

    consumers = [asyncio.create_task(consume()) for _ in range(3)]
    await asyncio.gather(*(produce(each) for each in range(30)))
    await queue.join()
    for each in consumers:
        each.cancel()
    await asyncio.wait(consumers)
    assert sorted(taken) == list(range(30))


async def a_task_group_ends_together() -> None:
    notes: list[str] = []

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0.5))
            for each in range(5):
                group.create_task(note_cancellation(str(each), notes))
            await asyncio.sleep(1)
            group.create_task(asyncio.wait_for(asyncio.Event().wait(), 1))

    with pytest.raises(ExceptionGroup) as caught:
        await work()
    assert [type(each) for each in caught.value.exceptions] == [TimeoutError]
    assert (len(notes), asyncio.get_running_loop().time()) == (5, 2)


async def timeouts_are_exact() -> None:
    loop = asyncio.get_running_loop()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await asyncio.sleep(60)
    assert loop.time() == 2
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 1)
    assert loop.time() == 3
    with pytest.raises(TimeoutError):
        async with asyncio.timeout_at(1):
            await asyncio.sleep(60)
    assert loop.time() == 3
    async with asyncio.timeout(1) as timeout:
        timeout.reschedule(loop.time() + 10)
        await asyncio.sleep(9)
    assert not timeout.expired()
    assert await asyncio.wait_for(asyncio.sleep(1, "in time"), 2) == "in time"
    async with asyncio.timeout(None), asyncio.timeout(float("inf")):
        await asyncio.sleep(1)


async def waiting_for_several() -> None:
    tasks = [asyncio.create_task(asyncio.sleep(each, each)) for each in (3, 1, 2)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert ([each.result() for each in done], len(pending)) == ([1], 2)
    assert [await each for each in asyncio.as_completed(tasks)][1:] == [2, 3]

    async def fail() -> None:
        raise ValueError

    results = await asyncio.gather(asyncio.sleep(1, "well"), fail(), return_exceptions=True)
    assert (results[0], type(results[1])) == ("well", ValueError)


async def a_shield_holds() -> None:
    inner = asyncio.create_task(asyncio.sleep(2, "whole"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(inner), 1)
    assert await inner == "whole"


async def generators_are_closed() -> None:
    closed: list[int] = []

    async def count() -> AsyncGenerator[int]:
        try:
            for each in range(10):
                yield each
                await asyncio.sleep(1)
        finally:
            await asyncio.sleep(1)
            closed.append(1)

    async with aclosing(count()) as early:
        async for each in early:
            if each == 3:
                break
    assert [each async for each in count()] == list(range(10))
    assert len(closed) == 2


async def a_cancelled_task_says_so() -> None:
    task = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(1)
    assert task.cancel("no more")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    unborn = asyncio.create_task(asyncio.sleep(60))
    unborn.cancel()
    await asyncio.wait([unborn])
    assert unborn.cancelled()


PRIMITIVES: list[Main] = [
    a_lock_lets_one_in,
    a_semaphore_lets_three_in,
    an_event_wakes_all,
    a_condition_wakes_as_many_as_told,
    a_barrier_gathers,
    a_queue_loses_nothing,
    a_task_group_ends_together,
    timeouts_are_exact,
    waiting_for_several,
    a_shield_holds,
    generators_are_closed,
    a_cancelled_task_says_so,
]


@pytest.mark.parametrize("main", PRIMITIVES, ids=lambda main: main.__name__)
def test_what_asyncio_has_works_in_every_order(main: Main) -> None:
    """Each of asyncio's primitives keeps its promise, whatever the seed."""
    for seed in seeds(100):
        simulate(main, seed)


def test_twenty_runs_of_a_thousand_tasks_are_quick() -> None:
    """Hundreds of runs fit into a test: one of a thousand tasks takes hundredths of a second."""

    async def main() -> None:
        crowd, gate = Crowd(), asyncio.Semaphore(10)

        async def work(each: int) -> None:
            async with asyncio.timeout(3000), gate:
                await crowd.stay(each % 7)

        async with asyncio.TaskGroup() as group:
            for each in range(1000):
                group.create_task(work(each))
        assert crowd.most == 10

    began = time.monotonic()
    for seed in range(20):
        simulate(main, seed)
    assert time.monotonic() - began < 20


async def note_cancellation(name: str, notes: list[str]) -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        notes.append(f"cancelled {name}")
        raise
