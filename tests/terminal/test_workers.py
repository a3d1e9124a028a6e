"""`imagegen up --workers N`: several processes at one address, watched over, and stopped as one."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from imagegen import Client

from tests.servers import valkey
from tests.terminal.programs import PATIENCE, Place, Running
from tests.terminal.test_up import BODY, assert_stopped_well, leading_to, said_in, up, written
from tests.upstreams.openai import OpenAIDouble, big_png, held, showing

PICTURE = big_png(2000)
COUNTED = re.compile(
    r'^http_server_request_duration_seconds_count\{(?=.*generations)(?=.*"200").*\} (\d+)', re.MULTILINE
)


@pytest.fixture(scope="module")
def signals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey.valkey_url(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
async def openai() -> AsyncGenerator[OpenAIDouble]:
    async with OpenAIDouble() as double:
        yield double


@pytest.fixture
async def pair(place: Place, signals: str, openai: OpenAIDouble) -> AsyncGenerator[Running]:
    """Two workers in front of a double that answers."""
    openai.always(showing(PICTURE))
    path = leading_to(openai, place, more=f'[stores]\nsignals = "{signals}"\n')
    async with place.running(*up(place, "--workers", "2", "--config", path)) as running:
        yield running


def workers_of(running: Running) -> list[int]:
    pid = running.process.pid
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def ask(rest: str, times: int) -> list[int]:
    """Asks anew each time, on a connection of its own."""

    async def once() -> int:
        async with aiohttp.ClientSession() as client, client.post(f"{rest}/v1/images/generations", json=BODY) as answer:
            await answer.read()
            return answer.status

    return list(await asyncio.gather(*(once() for _ in range(times))))


async def text(url: str) -> str:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return await answer.text()


def listening(pid: int) -> set[str]:
    """The sockets that a process listens at, as the kernel names them."""
    links = (os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink())
    mine = {link for link in links if link.startswith("socket:")}
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table]
    return {line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in mine}


def alive(workers: list[int]) -> list[int]:
    return [pid for pid in workers if Path(f"/proc/{pid}").exists()]


async def until(there: Callable[[], bool]) -> None:
    """What another process does is seen only by looking again."""
    async with asyncio.timeout(PATIENCE):
        while not there():  # noqa: ASYNC110 - no event of ours tells it
            await asyncio.sleep(0.05)


async def test_workers_share_the_ports_and_the_work(pair: Running, openai: OpenAIDouble) -> None:
    """Both listen at both addresses, every request is served once, and /metrics counts for both."""
    one, other = workers_of(pair)
    assert len(listening(one)) == 2
    assert listening(one) == listening(other)
    assert await ask(pair.rest, 40) == [200] * 40
    async with Client(pair.grpc) as client:
        answer = await client.generate("dusk", model=BODY["model"])
        usage = (await client.usage()).total
    assert answer.pictures == (PICTURE,)
    assert len(openai.requests) == 41
    assert (usage.requests, usage.images) == (41, 41)
    assert [int(each) for each in COUNTED.findall(await text(f"{pair.rest}/metrics"))] == [40]


async def test_a_worker_that_dies_is_replaced(pair: Running) -> None:
    """The other one goes on serving, and soon there are two again."""
    victim, other = workers_of(pair)
    os.kill(victim, signal.SIGKILL)
    await until(
        lambda: victim not in workers_of(pair) and [len(listening(each)) for each in workers_of(pair)] == [2, 2]
    )
    assert other in workers_of(pair)
    assert await ask(pair.rest, 20) == [200] * 20
    pair.tell()
    result = await pair.ended()
    assert result.code == 0
    assert "ended with status -9; another one starts" in result.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_all_stop_when_one_is_told(
    pair: Running, place: Place, openai: OpenAIDouble, number: signal.Signals
) -> None:
    """What is under way is finished first."""
    openai.clear()
    gate = asyncio.Event()
    openai.always(held(gate) | showing(PICTURE))
    asking = asyncio.create_task(ask(pair.rest, 6))
    await openai.accepted(6)
    workers = workers_of(pair)
    pair.tell(number)
    gate.set()
    assert await asking == [200] * 6
    result = await pair.ended()
    assert_stopped_well(result, place)
    assert said_in(result.err).startswith("stopping")
    assert not alive(workers)
    assert not list(place.data.glob("metrics-*"))


async def test_workers_end_with_the_one_that_watches(pair: Running) -> None:
    """Also where it is killed and can tell nobody."""
    workers = workers_of(pair)
    pair.tell(signal.SIGKILL)
    await until(lambda: not alive(workers))


async def test_workers_need_signals_that_they_share(place: Place) -> None:
    """`memory:` is refused before anything starts, and the sentence says what would be right."""
    result = await place.run(*up(place, "--workers", "2"))
    assert result.code != 0
    assert "stores.signals" in result.err
    assert "2 workers need signals that they share; give them redis://HOST or valkey://HOST" in result.err
    assert not place.data.exists()


@pytest.mark.parametrize("face", ["--rest", "--grpc"])
async def test_a_port_that_others_share_is_taken(place: Place, signals: str, face: str) -> None:
    """Another gateway's workers at the same port would take half of the callers."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        path = written(place, f'[stores]\nsignals = "{signals}"\n')
        result: Any = await place.run(*up(place, "--workers", "2", "--config", path, face, taken))
    assert result.code != 0
    assert f"cannot listen on {taken}" in result.err


async def test_what_does_not_start_is_told_once(place: Place, signals: str) -> None:
    """A configuration that cannot work is refused by the one that watches, in one sentence."""
    path = written(place, f'[stores]\nsignals = "{signals}"\n[providers.nobody]\nkind = "nothing"\n')
    result = await place.run(*up(place, "--workers", "2", "--config", path))
    assert result.code != 0
    assert result.err.count('there is no kind "nothing"') == 1
