"""Files are what both doors share: who fills one of them does not close the other."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2
from imagegen import Client

from tests.rest.asking import PAINTING, pictures

FILES = 400
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
"""How an HTTP/2 client greets, with no settings of its own."""


@asynccontextmanager
async def program(directory: Path) -> AsyncGenerator[tuple[str, str]]:
    """A gateway that may open few files: its REST and its gRPC address."""
    command = f'ulimit -n {FILES}; exec "$0" -m terminal up --rest 127.0.0.1:0 --grpc 127.0.0.1:0 --data-dir "$1"'
    running = await asyncio.create_subprocess_exec(
        "bash", "-c", command, sys.executable, str(directory), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert running.stdout is not None
        told: dict[str, str] = {}
        async with asyncio.timeout(30):
            while not {"REST", "gRPC"} <= told.keys():
                words = (await running.stdout.readline()).decode().split()
                told[words[0] if words else ""] = words[1] if len(words) > 1 else ""
        yield told["REST"], told["gRPC"]
    finally:
        running.terminate()
        await asyncio.wait_for(running.wait(), 30)
    assert running.returncode == 0


async def stands(reader: asyncio.StreamReader) -> bool:
    """Whether the other side has not closed."""
    try:
        async with asyncio.timeout(2):
            while await reader.read(1000):
                pass
    except TimeoutError:
        return True
    except ConnectionError:
        pass
    return False


async def test_grpc_connections_leave_files_to_rest(tmp_path: Path) -> None:
    """500 connections to gRPC: an eighth of the files stand, a stub that was there and REST are answered; and when
    they are gone, so is a new stub.
    """
    async with program(tmp_path) as (rest, grpc), AsyncExitStack() as stack:
        host, _, port = grpc.rpartition(":")
        before = await stack.enter_async_context(Client(grpc))
        await before.plan("dusk", model="painter/scene")
        lines = [await asyncio.open_connection(host, int(port)) for _ in range(500)]
        stack.callback(lambda: [writer.transport.abort() for _, writer in lines])
        for _, writer in lines:
            writer.write(HELLO)
        left = sum(await asyncio.gather(*(stands(reader) for reader, _ in lines)))
        async with httpx2.AsyncClient(base_url=rest, trust_env=False, timeout=10) as client:
            asked = {**PAINTING, "response_format": "b64_json"}
            answers = [await client.post("/v1/images/generations", json=asked) for _ in range(3)]
        await before.plan("dusk", model="painter/scene")
        for _, writer in lines:
            writer.transport.abort()
        await asyncio.sleep(0.5)
        async with Client(grpc) as after:
            assert (await after.plan("dusk", model="painter/scene")).steps

    assert [len(pictures(answer)) for answer in answers] == [1] * 3
    assert FILES // 16 < left < FILES // 8
