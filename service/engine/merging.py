"""Several streams of events as one, each event as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class _Said(Struct, Generic[T], frozen=True):
    event: T


class _Ended(Struct, frozen=True):
    error: Exception | None = None


async def merged(streams: Sequence[AsyncGenerator[T, None]], at_once: int) -> AsyncGenerator[T, None]:
    """What they say, so many at once. The first error of one ends all; so does closing this."""
    said: asyncio.Queue[_Said[T] | _Ended] = asyncio.Queue(1)
    room = asyncio.Semaphore(at_once)

    async def pass_on(stream: AsyncGenerator[T, None]) -> None:
        """Says its end too, but not when it is cancelled: then nobody reads any more."""
        ended = _Ended()
        try:
            async with room, aclosing(stream) as events:
                async for event in events:
                    await said.put(_Said(event))
        except Exception as error:
            ended = _Ended(error)
        await said.put(ended)

    tasks = [asyncio.create_task(pass_on(each), name="call of several") for each in streams]
    try:
        going = len(tasks)
        while going:
            match await said.get():
                case _Said(event):
                    yield event
                case _Ended(error):
                    if error is not None:
                        raise error
                    going -= 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
