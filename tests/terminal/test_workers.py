"""`imagegen up --workers N`: several processes at one address, watched over, and stopped as one."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from imagegen import Client

from terminal import workers
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
        mine = [each for each in counting_folders() if pair_counts_in(running, each)]
        yield running
    for each in mine:
        shutil.rmtree(each, ignore_errors=True)  # who is killed leaves it


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


def counting_folders() -> set[str]:
    return {str(each) for each in Path("/dev/shm").glob("imagegen-metrics-*")}


def pair_counts_in(running: Running, folder: str) -> bool:
    environment = Path(f"/proc/{workers_of(running)[0]}/environ").read_bytes()
    return f"PROMETHEUS_MULTIPROC_DIR={folder}".encode() in environment


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


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


@pytest.mark.parametrize("everybody", [False, True], ids=["the one that watches", "everybody, as systemd does"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_all_stop_when_told(
    pair: Running, place: Place, openai: OpenAIDouble, number: signal.Signals, everybody: bool
) -> None:
    """What is under way is finished first, whoever is told how often."""
    openai.clear()
    mine = {each for each in counting_folders() if pair_counts_in(pair, each)}
    gate = asyncio.Event()
    openai.always(held(gate) | showing(PICTURE))
    asking = asyncio.create_task(ask(pair.rest, 6))
    await openai.accepted(6)
    pids = workers_of(pair)
    for worker in pids if everybody else ():
        os.kill(worker, number)
    pair.tell(number)
    await asyncio.sleep(0.3)  # so that what would end at once has ended
    gate.set()
    assert await asking == [200] * 6
    result = await pair.ended()
    assert_stopped_well(result, place)
    assert said_in(result.err).startswith("stopping")
    assert not alive(pids)
    assert mine
    assert not mine & counting_folders()


async def test_workers_end_with_the_one_that_watches(pair: Running) -> None:
    """Also where it is killed and can tell nobody."""
    pids = workers_of(pair)
    pair.tell(signal.SIGKILL)
    await until(lambda: not alive(pids))


async def test_told_twice_all_end_at_once(pair: Running, openai: OpenAIDouble) -> None:
    """The second signal is for somebody who does not want to wait."""
    openai.clear()
    openai.always(held(asyncio.Event()))
    asking = asyncio.create_task(ask(pair.rest, 2))
    await openai.accepted(2)
    pids = workers_of(pair)
    pair.tell()
    await asyncio.sleep(0.3)
    pair.tell()
    result = await pair.ended()
    assert result.code == 1
    await until(lambda: not alive(pids))
    with pytest.raises(aiohttp.ClientError):
        await asking


async def test_a_stuck_worker_is_replaced(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Who gives no sign of life is ended, and another one takes the place."""
    monkeypatch.setattr(workers, "TOLERANCE", 0.5)
    program = "import time; print('gRPC', flush=True); time.sleep(60)"
    worker = workers.Worker(1, [sys.executable, "-c", program], "/nowhere")
    await worker.start()
    keeping = asyncio.create_task(worker.keep())
    told = ""
    async with asyncio.timeout(PATIENCE):
        while told.count("no sign of life") < 2:
            await asyncio.sleep(0.05)
            told += capfd.readouterr().err
    keeping.cancel()
    await asyncio.wait({keeping})
    await worker.stop(5)
    assert "worker 1 ended with status -9; another one starts" in told


async def test_the_folder_it_is_started_in_is_no_part_of_it(place: Place, signals: str) -> None:
    """A project may have a random.py of its own."""
    place.work.mkdir(parents=True)
    (place.work / "random.py").write_text("raise SystemExit('the wrong random')", encoding="utf-8")
    path = written(place, f'[stores]\nsignals = "{signals}"\n')
    async with place.running(*up(place, "--workers", "2", "--config", path)) as running:
        assert len(workers_of(running)) == 2
        assert running.rest
        running.tell()
        assert (await running.ended()).code == 0


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
