"""Several streams of events as one, each event as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def merged(streams: Sequence[AsyncGenerator[T, None]], at_once: int) -> AsyncGenerator[T, None]:
    """What they say, so many at once. The first error of one ends all; so does closing this."""
    said: asyncio.Queue[T | None] = asyncio.Queue(1)
    room = asyncio.Semaphore(at_once)

    async def pass_on(stream: AsyncGenerator[T, None]) -> None:
        try:
            async with room, aclosing(stream) as events:
                async for event in events:
                    await said.put(event)
        finally:
            await said.put(None)

    tasks = [asyncio.create_task(pass_on(each), name="call of several") for each in streams]
    try:
        going = len(tasks)
        while going:
            event = await said.get()
            if event is not None:
                yield event
                continue
            going -= 1
            for task in tasks:
                if task.done() and not task.cancelled() and (error := task.exception()):
                    raise error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
