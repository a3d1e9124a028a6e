"""What simulations find: updates that are lost, deadlocks, and whatever a run leaves behind."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from tests.simulation import virtual
from tests.simulation.loop import DeadlockError, LeftoverError, OverrunError, simulate

Main = Callable[[], Coroutine[Any, Any, Any]]


def test_a_lost_update_is_found() -> None:
    """Reading a balance, letting others run and writing it back goes wrong in nearly every order."""

    async def main() -> None:
        balance = 0

        async def pay() -> None:
            nonlocal balance
            read = balance
            await asyncio.sleep(0)
            balance = read + 1

        await asyncio.gather(*(pay() for _ in range(5)))
        assert balance == 5

    assert sum(fails(main, seed, AssertionError) for seed in range(50)) >= 48


def test_an_update_that_is_only_sometimes_lost_is_found() -> None:
    """A bug that asyncio's own order never shows is found too: there the reader is always first."""

    async def main() -> None:
        ready, answer = asyncio.Event(), list[str]()

        async def read() -> None:
            await ready.wait()
            assert answer == []

        async def write() -> None:
            ready.set()
            await asyncio.sleep(0)
            answer.append("overwritten")

        await asyncio.gather(read(), write())

    asyncio.run(main())
    assert 5 < sum(fails(main, seed, AssertionError) for seed in range(50)) < 45


def test_a_deadlock_is_found_and_says_who_waits_where() -> None:
    """Two that take two locks in different orders are named, each with the line in which it waits."""

    async def main() -> None:
        one, other = asyncio.Lock(), asyncio.Lock()

        async def take(first: asyncio.Lock, second: asyncio.Lock) -> None:
            async with first:
                await asyncio.sleep(0)
                async with second:
                    await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            group.create_task(take(one, other), name="upwards")
            group.create_task(take(other, one), name="downwards")

    found = [error for seed in range(50) if (error := failure(main, seed))]

    assert len(found) > 10
    assert {type(each) for each in found} == {DeadlockError}
    for each in found:
        assert re.match(r"seed \d+: deadlock", str(each))
        assert re.search(r"upwards waits in take, test_findings.py:\d+", str(each))
        assert re.search(r"downwards waits in take, test_findings.py:\d+", str(each))
        assert re.search(r"main waits in main, test_findings.py:\d+", str(each))


def test_waiting_for_ever_is_a_deadlock() -> None:
    """A future that nobody will resolve; also with a timer at infinity, and with timers that were cancelled."""

    async def main() -> None:
        asyncio.get_running_loop().call_later(5, print).cancel()
        async with asyncio.timeout(float("inf")):
            await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError, match="seed 3: deadlock"):
        simulate(main, 3)


def test_too_much_virtual_time_is_an_overrun() -> None:
    """Whoever still waits after an hour, or after the limit that the test gives, is named."""

    async def main() -> None:
        while True:  # noqa: ASYNC110 - there is nothing to wait for
            await asyncio.sleep(61)

    with pytest.raises(OverrunError, match=r"seed 0: .*3,600 s \(at 3599 s\)\n  main waits in main, test_findings.py"):
        simulate(main, 0)
    with pytest.raises(OverrunError, match=r"more than 100 s"):
        simulate(main, 0, limit=100)


def test_spinning_without_time_is_an_overrun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for time to pass and never lets it is found."""
    monkeypatch.setattr(virtual, "AT_ONE_INSTANT", 1000)

    async def main() -> None:
        while asyncio.get_running_loop().time() < 1:  # noqa: ASYNC110 - that is the mistake
            await asyncio.sleep(0)

    with pytest.raises(OverrunError, match="1,000 steps and no time has passed"):
        simulate(main, 0)


def test_a_task_that_is_left_over_is_reported() -> None:
    """By its name and its place; unless that is allowed. It is cancelled either way."""
    cancelled: list[str] = []

    async def main() -> str:
        asyncio.create_task(note_cancellation("it", cancelled), name="heartbeat")  # noqa: RUF006 - nobody keeps it
        await asyncio.sleep(1)
        return "well"

    with pytest.raises(
        LeftoverError, match=r"seed 5: left over: heartbeat waits in note_cancellation, test_findings.py:\d+"
    ):
        simulate(main, 5)
    assert simulate(main, 5, allow_leftover=True) == "well"
    assert cancelled == ["cancelled it"] * 2


def test_what_needs_no_more_time_is_not_left_over() -> None:
    """A task that would be through at the same instant may finish first."""

    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(0))
        task.add_done_callback(lambda _: None)

    for seed in range(20):
        simulate(main, seed)


def test_a_task_that_will_not_end_is_reported() -> None:
    """Also when leftovers are allowed: cancelled, it should end."""

    async def main() -> None:
        async def stubborn() -> None:
            while True:
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(10)

        asyncio.create_task(stubborn(), name="stubborn")  # noqa: RUF006 - nobody keeps it
        await asyncio.sleep(1)

    with pytest.raises(LeftoverError, match=r"does not end: seed 0: .*\n  stubborn waits in stubborn"):
        simulate(main, 0, allow_leftover=True)


def test_an_error_that_nobody_looks_at_is_reported() -> None:
    """Of a task, of a future, in a callback, and of a task that fails while it is cancelled."""

    async def fail() -> None:
        raise ValueError("lost")

    async def fail_late() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError("lost")

    async def in_a_task() -> None:
        task = asyncio.create_task(fail(), name="careless")
        await asyncio.wait([task])

    async def in_a_future() -> None:
        asyncio.get_running_loop().create_future().set_exception(ValueError("lost"))

    async def in_a_callback() -> None:
        def fail_at_once() -> None:
            raise ValueError("lost")

        asyncio.get_running_loop().call_soon(fail_at_once)

    async def in_a_cycle() -> None:
        task = asyncio.create_task(fail())
        circle: list[Any] = [task]
        circle.append(circle)
        await asyncio.wait([task])

    async def while_cancelled() -> None:
        asyncio.create_task(fail_late())  # noqa: RUF006 - nobody keeps it
        await asyncio.sleep(1)

    for main in (in_a_task, in_a_future, in_a_callback, in_a_cycle, while_cancelled):
        with pytest.raises(LeftoverError, match=r"seed 9: .*ValueError\('lost'\)") as caught:
            simulate(main, 9, allow_leftover=True)
        assert isinstance(caught.value.__cause__, ValueError)


def test_the_programs_own_handler_of_lost_errors_is_asked() -> None:
    """A program that has a handler gets the error, and then it is not lost."""
    told: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(str(context["exception"])))
        loop.call_soon(int, "no number")
        await asyncio.sleep(1)

    simulate(main, 0)
    assert told == ["invalid literal for int() with base 10: 'no number'"]


@pytest.mark.parametrize("kept", [False, True])
def test_a_generator_that_is_not_closed_is_reported(kept: bool) -> None:
    """Whether it is still held when the run ends or was dropped on the way; it is closed all the same."""
    closed: list[str] = []
    held: list[AsyncGenerator[int]] = []

    async def numbers() -> AsyncGenerator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            closed.append("it")

    async def main() -> None:
        generator = numbers()
        held.extend([generator] if kept else [])
        async for _ in generator:
            break
        del generator
        await asyncio.sleep(1)

    with pytest.raises(LeftoverError, match=r"seed 0: .*numbers was not closed"):
        simulate(main, 0)
    assert closed == ["it"]


def test_a_failure_keeps_its_type_and_tells_its_seed() -> None:
    """What main raises is raised, with a note that repeats the run, and with what else was wrong."""

    async def main() -> None:
        asyncio.get_running_loop().call_soon(int, "no number")
        await asyncio.sleep(0.5)
        raise KeyError("it")

    with pytest.raises(KeyError) as caught:
        simulate(main, 17)
    notes = caught.value.__notes__
    assert notes[0] == "seed 17: IMAGEGEN_SEED=17 repeats this run"
    assert "no number" in notes[1]


def test_a_run_that_is_interrupted_is_over() -> None:
    """Ctrl-C goes through at once; whoever was waiting is closed, and the world is as it was."""
    closed: list[str] = []
    clock = time.time

    async def main() -> None:
        async def wait() -> None:
            try:
                await asyncio.sleep(5)
            finally:
                closed.append("it")

        async def interrupt() -> None:
            await asyncio.sleep(1)
            raise KeyboardInterrupt

        await asyncio.gather(wait(), interrupt())

    with pytest.raises(KeyboardInterrupt):
        simulate(main, 0)
    assert closed == ["it"]
    assert time.time is clock


def fails(main: Main, seed: int, how: type[Exception]) -> bool:
    return isinstance(failure(main, seed), how)


def failure(main: Main, seed: int) -> Exception | None:
    try:
        simulate(main, seed)
    except Exception as error:
        return error
    return None


async def note_cancellation(name: str, notes: list[str]) -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        notes.append(f"cancelled {name}")
        raise
