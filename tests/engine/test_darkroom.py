"""The room where pictures are made anew: in the order of coming, and for nobody who has left."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from threading import Event

import pytest
from PIL import Image as Pillow

from service import offload
from service.engine.darkroom import Line, develop
from service.raster import MOST_PIXELS, encode


@asynccontextmanager
async def at_work(pixels: int) -> AsyncGenerator[asyncio.Task[bool]]:
    """Meanwhile a picture of so many pixels is made."""
    going, begun = Event(), Event()

    def work() -> bool:
        begun.set()
        return going.wait(20)

    task = asyncio.create_task(develop(work, pixels))
    try:
        assert await offload.run(begun.wait, 20)
        yield task
    finally:
        going.set()
        await asyncio.wait({task})


async def test_nothing_else_waits_for_it() -> None:
    """Whatever else is done beside the loop is done while pictures are made anew, however many."""
    async with at_work(MOST_PIXELS):
        tasks = [asyncio.create_task(develop(list[int], MOST_PIXELS)) for _ in range(8)]
        await asyncio.wait_for(offload.run(encode, Pillow.new("RGB", (64, 16)), "png"), 20)
        assert not any(task.done() for task in tasks)
    await asyncio.gather(*tasks)


async def test_pixels_are_given_in_the_order_of_coming() -> None:
    """Those that are worked on together have no more; one that is larger than that is alone."""
    line, came, together, most = Line(100), list[int](), 0, 0

    async def work(pixels: int) -> None:
        nonlocal together, most
        taken = await line.take(pixels)
        came.append(pixels)
        together += taken
        most = max(most, together)
        await asyncio.sleep(0.001)
        together -= taken
        line.give_back(taken)

    coming = [30, 40, 60, 100, 10, 500, 50, 50] * 3
    await asyncio.gather(*map(work, coming))

    assert came == coming
    assert 50 < most <= 100
    assert together == 0


@pytest.mark.parametrize("moments", range(4))
async def test_who_leaves_about_their_turn_takes_no_pixels_along(moments: int) -> None:
    """Nothing is lost, and nothing is given twice."""
    line = Line(100)
    first = await line.take(60)
    leaving, staying = (asyncio.create_task(line.take(pixels)) for pixels in (100, 40))
    await asyncio.sleep(0)
    line.give_back(first)
    for _ in range(moments):
        await asyncio.sleep(0)
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        line.give_back(await leaving)
    assert await asyncio.wait_for(staying, 5) == 40
    assert await asyncio.wait_for(line.take(60), 5) == 60

    one_more = asyncio.create_task(line.take(1))
    await asyncio.wait({one_more}, timeout=0.01)
    assert not one_more.done()
    line.give_back(60)
    assert await asyncio.wait_for(one_more, 5) == 1


async def test_the_large_is_not_passed_by_the_small() -> None:
    """What comes later waits for it, even where there would be room."""
    begun: list[int] = []
    async with at_work(MOST_PIXELS // 2):
        coming = (MOST_PIXELS, 1, 2, 3)
        tasks = [asyncio.create_task(develop(partial(begun.append, pixels), pixels)) for pixels in coming]
        await asyncio.sleep(0.05)
        assert not begun
    await asyncio.gather(*tasks)

    assert begun[0] == MOST_PIXELS
    assert sorted(begun) == sorted(coming)


async def test_what_has_not_begun_is_not_made_for_who_left() -> None:
    """Who comes after them goes on at once."""
    made: list[str] = []
    async with at_work(MOST_PIXELS // 2):
        leaving, staying = (
            asyncio.create_task(develop(partial(made.append, name), pixels))
            for name, pixels in (("nobody's", MOST_PIXELS), ("somebody's", MOST_PIXELS // 2))
        )
        await asyncio.sleep(0.05)
        leaving.cancel()
        await asyncio.wait_for(staying, 5)
    await develop(list[int], MOST_PIXELS)

    assert made == ["somebody's"]


async def test_what_has_begun_has_its_pixels_until_it_is_done() -> None:
    """Though nobody waits for it any more."""
    async with at_work(MOST_PIXELS) as task:
        task.cancel()
        following = asyncio.create_task(develop(list[int], 1))
        await asyncio.wait({task, following}, timeout=0.05)
        assert (task.cancelled(), following.done()) == (True, False)
    await asyncio.wait_for(following, 5)


def test_pixels_come_back_though_the_loop_has_ended() -> None:
    """What was begun in one is waited for in the next."""
    going = Event()

    async def left() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(develop(partial(going.wait, 20), MOST_PIXELS), 0.05)

    async def found() -> None:
        waiting = asyncio.create_task(develop(list[int], MOST_PIXELS))
        await asyncio.sleep(0.01)
        going.set()
        await asyncio.wait_for(waiting, 5)

    asyncio.run(left())
    asyncio.run(found())


LEFT = """
import asyncio
from threading import Event
from service.engine.darkroom import develop
from service.raster import MOST_PIXELS

begun, over = Event(), Event()

def work():
    print("begun", flush=True)
    begun.set()
    over.wait(20)

async def main():
    tasks = [asyncio.create_task(develop(work, MOST_PIXELS)) for _ in range(8)]
    while not begun.is_set():
        await asyncio.sleep(0.01)

asyncio.run(main())
over.set()
"""


async def test_a_process_ends_without_making_what_waits() -> None:
    """It finishes what has begun."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", LEFT, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()

    assert told.splitlines() == [b"begun"]
    assert process.returncode == 0
