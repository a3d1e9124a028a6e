"""A service whose disk fails says so and ends, for whoever watches it to start it anew."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from imagegen import Client, ImagegenError, v1

from tests.terminal.programs import Place, finished

PROGRAM = """
import signal, sys
sys.path.insert(0, {house!r})
from tests.servers.failing_disk import fail_from_now_on
signal.signal(signal.SIGUSR1, lambda *_: fail_from_now_on())
from terminal.__main__ import main
main()
"""
HOUSE = str(Path(__file__).parents[2])


async def test_it_ends(place: Place) -> None:
    """The request that meets the failure is refused before anything is sent, and the process ends with status 1."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM.format(house=HOUSE), "service", "--grpc", "127.0.0.1:0"),
        *("--data-dir", str(place.directory)),
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdout
    async with asyncio.timeout(20):
        said = (await process.stdout.readline()).decode()
    async with Client(said.removeprefix("gRPC").strip()) as client:
        assert (await client.generate("a fox", model="painter/scene", size="64x64")).pictures
        process.send_signal(signal.SIGUSR1)
        refused: v1.Reason.ValueType | None = None
        while refused is None:
            try:
                await client.generate("a fox", model="painter/scene", size="64x64")
            except ImagegenError as error:
                refused = error.reason
    ended = await finished(process)

    assert refused == v1.REASON_UNAVAILABLE
    assert ended.code == 1
    assert "imagegen: the disk failed: what was written last may be lost; start again when it is sound" in ended.err
