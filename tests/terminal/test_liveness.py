"""Liveness answers on a thread of its own: a busy loop is alive, a stuck one is not."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from service import liveness
from service.liveness import Liveness
from tests.terminal.programs import Place


def asked(port: int, host: str = "127.0.0.1") -> tuple[int, str]:
    """What liveness says. Blocks whatever thread asks: in a test that is the loop's own."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/", timeout=10) as answer:
            return answer.status, json.load(answer)["status"]
    except urllib.error.HTTPError as failed:
        with failed:
            return failed.code, json.load(failed)["status"]


@asynccontextmanager
async def answering(host: str) -> AsyncGenerator[Liveness]:
    made = Liveness(host, 0)
    task = asyncio.create_task(made.run())
    await asyncio.sleep(0)  # one turn, in which it starts
    try:
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_answers_while_the_loop_is_busy(host: str) -> None:
    """It answers while the loop, here with this very question, has no time for anything."""
    async with answering(host) as made:
        assert asked(made.port, f"[{host}]" if ":" in host else host) == (200, "alive")


async def test_says_when_the_loop_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that has not moved for too long is stuck, and that is said with a 503."""
    async with answering("127.0.0.1") as made:
        monkeypatch.setattr(liveness, "TOLERANCE", 0)
        assert asked(made.port) == (503, "stuck")


async def test_leaves_nothing() -> None:
    """When it is over neither its thread nor its port is left."""
    before = set(threading.enumerate())
    async with answering("127.0.0.1") as made:
        port = made.port
    left = [thread for thread in set(threading.enumerate()) - before if thread.name == "liveness"]

    assert left == []
    with pytest.raises(urllib.error.URLError):
        asked(port)


async def test_of_the_program(place: Place, unused_tcp_port: int) -> None:
    """A program that is configured to answers there as long as it runs."""
    config = place.directory / "imagegen.toml"
    config.write_text(f'[service]\nlisten = "127.0.0.1:0"\n[telemetry]\nliveness = "127.0.0.1:{unused_tcp_port}"\n')
    async with place.running("service", "--config", str(config), "--data-dir", str(place.data)) as running:
        assert await asyncio.to_thread(asked, unused_tcp_port) == (200, "alive")
        running.tell()
        assert (await running.ended()).code == 0
