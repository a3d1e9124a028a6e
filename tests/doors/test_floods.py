"""Floods of HTTP/2 against the gRPC server: meanwhile and afterwards everybody else is answered, and nothing is left.

Attackers, honest callers and the server share this process, so what one of them takes is missing to the others, and
the figures are generous. Waiting is measured by the work that this process does meanwhile: a machine that is busy with
other things makes nobody's wait longer. That nothing is left, and that the books balance, is what the judge of
`open_house` sees to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from imagegen import Client, ImagegenError, v1

from service.rpc import server
from tests.doors.frames import (
    PING,
    SETTINGS,
    attacking,
    continuation,
    data,
    header_block,
    headers,
    message,
    reset,
)
from tests.house import House, open_house, settled, until
from tests.upstreams.openai import held

MIB = 1024 * 1024
PLAN = header_block("ImageGeneration/PlanImages")
GENERATE = header_block("ImageGeneration/GenerateImages")
MOST_MEMORY = 150 * MIB
"""What a flood may add to the memory of this process, the attacker's own needs included."""
PATIENCE = 5.0
"""Seconds of the processor that may go by until an honest caller is answered."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House]:
    async with open_house(tmp_path, "apart") as opened:
        yield opened


@asynccontextmanager
async def honest(house: House) -> AsyncGenerator[list[float]]:
    """While this lasts somebody asks again and again, and is always answered in time; and memory does not swell.

    Where nothing happens any more the caller's own deadline ends its wait, and the test.
    """
    waits: list[float] = []
    before = _memory()
    done = False

    async def ask() -> None:
        async with Client(house.grpc) as client:
            while not done or not waits:
                began = time.process_time()
                await client.plan("dusk", model="painter/scene")
                waits.append(time.process_time() - began)
                await asyncio.sleep(0.02)

    asking = asyncio.create_task(ask())
    try:
        yield waits
    finally:
        done = True
        await asking
    assert max(waits) < PATIENCE
    assert _memory() - before < MOST_MEMORY
    async with Client(house.grpc) as client:  # and the server still serves
        assert len((await client.generate("dusk", model="painter/scene", size="64x64")).pictures) == 1


def _memory() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("this system does not say how much memory there is")


async def test_rapid_resets(house: House) -> None:
    """20,000 streams opened and reset at once: what exceeds the limit never reaches a handler."""
    pairs = (
        b"".join(headers(stream, PLAN) + reset(stream) for stream in range(first, first + 200, 2))
        for first in range(1, 40_001, 200)
    )
    async with honest(house), attacking(house.grpc) as attacker:
        await attacker.send(pairs)
        await until(lambda: attacker.refused > 1_000, within=20)

    assert attacker.limits[3] == server.MAX_STREAMS


async def test_late_resets(house: House) -> None:
    """Streams reset when their handlers had begun to pay: each is released, and the books balance."""
    gate = asyncio.Event()
    house.openai.always(held(gate))
    wanted = v1.Generation(model="openai/gpt-image-2", prompt="dusk")
    asked = message(v1.GenerateImagesRequest(generation=wanted).SerializeToString())
    streams = range(1, 101, 2)
    async with honest(house), attacking(house.grpc) as attacker:
        await attacker.send(headers(stream, GENERATE) + data(stream, asked, "END_STREAM") for stream in streams)
        await until(lambda: house.openai.in_flight == len(streams))
        await attacker.send([b"".join(reset(stream) for stream in streams)])
        gate.set()
        await settled(house)

    assert len(house.openai.bill) == len(streams)


async def test_ping_flood(house: House) -> None:
    """Who pings without end is sent away with the reason."""
    async with honest(house), attacking(house.grpc) as attacker:
        await attacker.send(PING * 100 for _ in range(200))
        await until(lambda: attacker.closed)

    assert attacker.farewell == b"too_many_pings"


async def test_settings_flood(house: House) -> None:
    """20,000 changes of settings harm nobody."""
    async with honest(house) as waits, attacking(house.grpc) as attacker:
        await attacker.send(SETTINGS * 100 for _ in range(200))
        await until(lambda: attacker.frames["SettingsFrame"] > 10_000, within=20)

    assert waits


@pytest.mark.parametrize("piece", [b"", b"\0\x01a\x7f\x81\x06" + b"x" * 1000], ids=["empty", "of a kilobyte"])
async def test_continuation_flood(house: House, piece: bytes) -> None:
    """Headers that go on for megabytes, or for ever without a byte, cost no memory."""
    async with honest(house), attacking(house.grpc) as attacker:
        await attacker.send([headers(1, PLAN, "END_STREAM")])
        await attacker.send(continuation(1, piece) * 100 for _ in range(200))
        await asyncio.sleep(0.2)

    assert attacker.told.get("grpc-status") != "0"


async def test_headers_of_megabytes(house: House) -> None:
    """One header of eight megabytes is refused, not gathered."""
    literal = b"\0\x01a\x7f\x81\xa4\xe8\x03" + b"x" * 16_000  # its length says eight million
    async with honest(house), attacking(house.grpc) as attacker:
        await attacker.send([headers(1, PLAN, "END_STREAM"), continuation(1, literal)])
        await attacker.send(continuation(1, b"x" * 16_000) for _ in range(500))
        await asyncio.sleep(0.2)


async def test_metadata_over_the_limit(house: House) -> None:
    """Metadata of more than 16 KiB is refused before anything happens, always, over the wire and in process alike."""
    large = (("x-large", "x" * server.MAX_METADATA),)
    async with honest(house), Client(house.grpc) as client:
        codes = [await _code(client, large) for _ in range(20)]

    assert set(codes) == {"overloaded"}


async def _code(client: Client, metadata: tuple[tuple[str, str], ...]) -> str:
    client._metadata = metadata  # pyright: ignore[reportPrivateUsage] - no caller means to send so much
    try:
        await client.plan("dusk", model="painter/scene")
    except ImagegenError as error:
        return error.name
    return "answered"


async def test_a_message_that_claims_four_gigabytes(house: House) -> None:
    """A length is no reason to make room: only what has come is kept, and no more of it than the window lets."""
    async with honest(house), attacking(house.grpc) as attacker:
        await attacker.send([headers(1, PLAN), data(1, message(b"x" * 1000, claimed=2**32 - 1))])
        await attacker.send(data(1, b"x" * 10_000) for _ in range(5))
        await asyncio.sleep(0.5)


async def test_a_message_over_the_limit(house: House) -> None:
    """A message of more than four megabytes is refused with a sentence that says so."""
    async with honest(house), Client(house.grpc) as client:
        with pytest.raises(ImagegenError) as refused:
            await client.plan("x" * 5 * MIB, model="painter/scene")

    assert (refused.value.name, refused.value.message) == (
        "payload_too_large",
        "The message is larger than the other side reads.",
    )


async def test_streams_over_the_limit(house: House) -> None:
    """One connection cannot take all the room: what exceeds its streams is reset, and others are answered."""
    opened = (
        b"".join(headers(stream, PLAN) for stream in range(first, first + 200, 2)) for first in range(1, 24_001, 200)
    )
    async with honest(house), attacking(house.grpc) as attacker:
        await attacker.send(opened)
        await until(lambda: attacker.closed or attacker.resets.total() >= 12_000 - server.MAX_STREAMS)


async def test_half_open_connections(house: House) -> None:
    """200 connections that say nothing, or half of a greeting, keep nobody from being answered."""
    host, _, port = house.grpc.rpartition(":")
    async with honest(house), AsyncExitStack() as stack:
        for number in range(200):
            _, writer = await asyncio.open_connection(host, int(port))
            stack.callback(writer.close)
            writer.write(b"PRI * HTTP"[: number % 11])


async def test_more_calls_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A call too many is refused before anything is paid, over the wire and in process alike; the others go on."""
    monkeypatch.setattr(server, "MAX_CALLS", 3)
    async with open_house(tmp_path, "apart") as house:
        gate = asyncio.Event()
        house.openai.always(held(gate))
        local: Any = v1.ImageGenerationStub(cast(Any, house.gateway.server.channel()))  # its types know no such channel
        asked = v1.GenerateImagesRequest(generation=v1.Generation(model="openai/gpt-image-2", prompt="dusk"))
        async with Client(house.grpc) as client:
            calls = [asyncio.create_task(client.generate("dusk", model="openai/gpt-image-2")) for _ in range(3)]
            await until(lambda: house.openai.in_flight == 3)
            with pytest.raises(ImagegenError) as refused:
                await client.generate("dusk", model="openai/gpt-image-2")
            inside = [asyncio.ensure_future(_awaited(local.GenerateImages(asked))) for _ in range(3)]
            await until(lambda: house.openai.in_flight == 6)
            with pytest.raises(Exception, match="RESOURCE_EXHAUSTED"):
                await local.GenerateImages(asked)
            gate.set()
            await asyncio.gather(*calls, *inside)
        assert len(house.openai.bill) == 6

    assert (refused.value.name, refused.value.columns.http) == ("overloaded", 503)


async def _awaited(call: Any) -> Any:
    return await call
