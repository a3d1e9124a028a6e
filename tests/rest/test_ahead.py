"""Streams that are read with patience: nothing is lost, nothing runs ahead, nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from rest_bridge.ahead import Ahead, PatienceEndedError


async def counting(seen: list[int], gate: asyncio.Event | None = None) -> AsyncGenerator[int, None]:
    try:
        for i in range(5):
            if gate is not None and i == 2:
                await gate.wait()
            seen.append(i)
            yield i
    finally:
        seen.append(-1)


def soon(seconds: float = 5) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_everything_comes_once_and_in_order() -> None:
    ahead = Ahead(counting([]))
    assert [await ahead.take(soon()) for _ in range(6)] == [0, 1, 2, 3, 4, None]
    await ahead.close()


async def test_what_comes_after_patience_ended_is_not_lost() -> None:
    """However often waiting is given up, the stream goes on where it was."""
    gate, seen = asyncio.Event(), list[int]()
    ahead = Ahead(counting(seen, gate))
    assert [await ahead.take(soon()), await ahead.take(soon())] == [0, 1]
    for _ in range(3):
        with pytest.raises(PatienceEndedError):
            await ahead.take(soon(0.01))
    gate.set()
    assert [await ahead.take(soon()) for _ in range(4)] == [2, 3, 4, None]
    await ahead.close()


async def test_it_reads_one_item_ahead_and_no_further() -> None:
    """Who takes nothing holds the stream up: pictures do not pile up behind a slow reader."""
    seen = list[int]()
    ahead = Ahead(counting(seen))
    await asyncio.sleep(0.01)
    assert seen == [0]
    assert await ahead.take(soon()) == 0
    await asyncio.sleep(0.01)
    assert seen == [0, 1]
    await ahead.close()


@pytest.mark.parametrize("error", [KeyError("broken"), TimeoutError()])
async def test_what_the_stream_raises_comes_after_what_it_gave(error: Exception) -> None:
    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise error

    ahead = Ahead(failing())
    await asyncio.sleep(0.01)
    assert await ahead.take(soon()) == 1
    with pytest.raises(type(error)):
        await ahead.take(soon())
    await ahead.close()


@pytest.mark.parametrize("taken", [0, 1, 2])
async def test_closing_ends_the_stream_where_it_is(taken: int) -> None:
    """Before its first item, with one that nobody took, and while it waits."""
    gate, seen = asyncio.Event(), list[int]()
    ahead = Ahead(counting(seen, gate))
    for _ in range(taken):
        await ahead.take(soon())
    await asyncio.sleep(0.01)
    await ahead.close()
    assert seen[-1] == -1
    assert len(asyncio.all_tasks()) == 1
