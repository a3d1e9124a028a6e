"""Callers who leave: what they asked for ends with them where it can, and is settled where it cannot."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import httpx2 as httpx
import pytest
from imagegen import Client, Picture

from tests.callers import ask
from tests.e2e.leavers import leave_at_random
from tests.house import House, settled, until
from tests.upstreams.openai import held, stall

CALLERS = 150
"""On each face: three hundred in all."""

TWO_SECONDS = 2.0

PAINTING = {
    "model": "painter/scene",
    "prompt": "a city",
    "stream": True,
    "partial_images": 3,
    "n": 10,
    "size": "96x96",
}
HELD = {"model": "openai/gpt-image-2", "prompt": "a fox", "stream": True, "partial_images": 1}


async def _leave_over_sse(house: House) -> None:
    """Drops the connection in the middle of a stream."""
    reader, writer = await ask(house, PAINTING)
    await reader.readline()  # the stream has begun
    writer.transport.abort()


async def _leave_over_grpc(client: Client) -> None:
    """Closes a stream in its middle."""
    stream = client.stream("a city", model="painter/scene", n=10, size="96x96", partial_images=3)
    async with aclosing(stream) as events:
        async for event in events:
            if isinstance(event, Picture):
                return


async def test_three_hundred_readers_of_painted_streams_leave(house: House) -> None:
    """Within two seconds of the last one leaving nothing is painted, and no call, stream or request is open."""
    at_rest = len(asyncio.all_tasks())
    async with Client(house.grpc) as client:
        await asyncio.gather(
            *(_leave_over_sse(house) for _ in range(CALLERS)),
            *(_leave_over_grpc(client) for _ in range(CALLERS)),
        )
        left = time.monotonic()
        await settled(house, within=TWO_SECONDS)
        await until(lambda: len(asyncio.all_tasks()) <= at_rest, within=TWO_SECONDS)

    assert time.monotonic() - left < TWO_SECONDS


async def test_whole_channels_vanish(house: House) -> None:
    """A channel closed with all its streams on it takes them along."""
    at_rest = len(asyncio.all_tasks())
    client = Client(house.grpc)
    tasks = [asyncio.create_task(_first(client)) for _ in range(CALLERS)]
    await asyncio.gather(*tasks)
    await client.close()

    await settled(house, within=TWO_SECONDS)
    await until(lambda: len(asyncio.all_tasks()) <= at_rest, within=TWO_SECONDS)


async def _first(client: Client) -> None:
    async for _ in client.stream("a city at night", model="painter/scene", n=10, size="96x96"):
        return  # the generator is dropped, not closed: the channel is


async def test_an_attempt_that_cannot_be_ended_is_finished_and_settled(house: House) -> None:
    """Closing a stream does not end OpenAI's bill, so the call goes on without its caller, and then all is at zero."""
    gate = asyncio.Event()
    house.openai.always(held(gate))
    async with Client(house.grpc) as client:
        callers = [asyncio.create_task(_read(client)) for _ in range(20)]
        connections = [await ask(house, HELD) for _ in range(20)]
        await house.openai.accepted(40)
        for caller in callers:
            caller.cancel()
        for _, writer in connections:
            writer.transport.abort()
        await asyncio.wait(callers)
        assert house.openai.in_flight == 40
        gate.set()
        await settled(house)

    assert all(seen.finished for seen in house.openai.requests)
    assert len(house.openai.bill) == 40


async def test_two_hundred_leave_at_any_moment(house: House) -> None:
    """Whole answers and streams, over both faces, with keys and without: the books know whatever was billed."""
    await leave_at_random(house, 200)

    assert house.openai.bill


async def _read(client: Client) -> None:
    async for _ in client.stream("a fox", model="openai/gpt-image-2", partial_images=1):
        pass


async def test_a_caller_of_one_json_answer_leaves(house: House) -> None:
    """Leaving during a call that is not a stream ends the painter's work as well."""
    async with httpx.AsyncClient(base_url=house.rest) as client:
        asking = asyncio.create_task(
            client.post("/v1/images/generations", json={**PAINTING, "stream": False, "partial_images": 0})
        )
        await until(lambda: house.gateway.attempts.running > 0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

        await settled(house, within=TWO_SECONDS)


async def test_a_caller_whose_time_is_over_hears_so(house: House) -> None:
    """X-Request-Timeout ends the wait with 504 and the account of what was tried, not with a cut connection."""
    house.openai.always(stall())
    async with httpx.AsyncClient(base_url=house.rest, timeout=10) as client:
        answer = await client.post(
            "/v1/images/generations",
            json={"model": "openai/gpt-image-2", "prompt": "a fox"},
            headers={"X-Request-Timeout": "0.5"},
        )
    error = answer.json()

    assert answer.status_code == 504
    assert error["type"] == "deadline_exceeded"
    assert answer.headers["x-should-retry"] == "false"
    assert error["extra_fields"]["attempts"][0]["outcome"] == "unknown"
    await settled(house, within=10)
