"""Callers who leave at any moment what they have asked of a provider that bills."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from imagegen import Client, ImagegenError

from tests.callers import ask
from tests.house import House, settled
from tests.upstreams.openai import late

BODY = {"model": "openai/gpt-image-2", "prompt": "a fox", "quality": "low"}
AT_ONCE = 50
LONGEST = 0.3
"""Seconds that a caller stays at most; the provider takes as long at most, and often less."""


async def leave_at_random(house: House, callers: int, seed: int = 0) -> None:
    """So many come over both faces, whole and streamed, some of them with a key; when all have gone, all settles."""
    chance, gate = random.Random(seed), asyncio.Semaphore(AT_ONCE)
    for share, seconds in ((0.3, 0.02), (0.5, 0.1), (1.0, LONGEST)):
        house.openai.when(lambda _, share=share: chance.random() < share, late(seconds))
    async with Client(house.grpc) as client:

        async def come(number: int) -> None:
            async with gate:
                await _come_and_go(house, client, number, chance.uniform(0, LONGEST))

        await asyncio.gather(*(come(number) for number in range(callers)))
        await settled(house)


async def _come_and_go(house: House, client: Client, number: int, patience: float) -> None:
    key = f"key {number // 3}" if number % 4 == 3 else ""
    streamed = number % 2 == 1
    if number % 8 < 4:
        body = {**BODY, "stream": streamed, "response_format": "b64_json"}
        _, writer = await ask(house, body, {"Idempotency-Key": key} if key else None)
        await asyncio.sleep(patience)
        writer.transport.abort()
        return
    asked: dict[str, Any] = {"model": BODY["model"], "quality": "low", "idempotency_key": key}
    with suppress(TimeoutError, ImagegenError):
        async with asyncio.timeout(patience):
            await (_all_of(client.stream("a fox", **asked)) if streamed else client.generate("a fox", **asked))


async def _all_of(stream: AsyncGenerator[object]) -> None:
    async with aclosing(stream) as events:
        async for _ in events:
            pass
