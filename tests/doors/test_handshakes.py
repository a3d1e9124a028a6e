"""TLS at the bridge's door: who does not come to speak it is counted, timed and ended like any other."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import uvloop
from imagegen.tls import Files, Watch
from prometheus_client.parser import text_string_to_metric_families

from rest_bridge.guard import Limits
from rest_bridge.server import Bridge, Settings
from tests.doors.papers import Authority
from tests.doors.test_tls import trusting

HASTY = Limits(connections=20, head=1, farewell=0.3, look=0.1)
ROOM = 28
"""Twenty, and eight who would hear in TLS that they are too many."""

HELLO = bytes.fromhex("1603010200010001fc0303")
"""How a client begins, and no more of it."""


class Town:
    """A bridge that speaks TLS, with nobody behind it."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.authority = Authority(folder)
        paper = self.authority.sign()
        watch = Watch(Files(paper.certificate, paper.key), lambda _: None)
        self.bridge = Bridge(Settings("127.0.0.1", 0, "127.0.0.1:1", certificates=watch, limits=limits))

    def client(self) -> httpx2.AsyncClient:
        context = trusting(self.authority)
        return httpx2.AsyncClient(base_url=self.bridge.public_url, verify=context, trust_env=False, timeout=5)

    async def ask(self) -> httpx2.Response:
        async with self.client() as client:
            return await client.get("/health")

    async def counted(self) -> dict[str, float]:
        """What was refused, and under "standing" how many connections there are."""
        async with self.client() as client:
            families = list(text_string_to_metric_families((await client.get("/metrics")).text))
        samples = [each for family in families for each in family.samples]
        found = {each.labels["reason"]: each.value for each in samples if each.name == "imagegen_refused_total"}
        (found["standing"],) = [each.value for each in samples if each.name == "imagegen_connections"]
        return found


@asynccontextmanager
async def opened(folder: Path, limits: Limits = HASTY) -> AsyncGenerator[Town]:
    town = Town(folder, limits)
    await town.bridge.start()
    try:
        yield town
    finally:
        await asyncio.wait_for(town.bridge.stop(0.5), 5)


@asynccontextmanager
async def standing(town: Town, n: int, said: bytes) -> AsyncGenerator[list[asyncio.StreamReader]]:
    """So many connections that say this, and no more."""
    lines = [await asyncio.open_connection("127.0.0.1", town.bridge.port) for _ in range(n)]
    for _, writer in lines:
        writer.write(said)
    try:
        yield [reader for reader, _ in lines]
    finally:
        for _, writer in lines:
            writer.transport.abort()


async def lifetime(reader: asyncio.StreamReader, began: float) -> float:
    """Seconds until the other side closes."""
    try:
        async with asyncio.timeout(8):
            while await reader.read(1000):
                pass
    except ConnectionError:
        pass
    return time.monotonic() - began


def on(loop: str, work: Coroutine[None, None, None]) -> None:
    """In the loop of tests, or in the one that the program runs in."""
    (uvloop.run if loop == "uvloop" else asyncio.run)(work)


both_loops = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])


@both_loops
@pytest.mark.parametrize("said", [b"", HELLO], ids=["silent", "half a hello"])
def test_slow_handshakes_are_ended(tmp_path: Path, loop: str, said: bytes) -> None:
    """Not before the time for a head and soon after it; they are counted, and others are served meanwhile."""

    async def seen() -> None:
        async with opened(tmp_path) as town, standing(town, 10, said) as readers:
            began = time.monotonic()
            waiting = asyncio.gather(*(lifetime(each, began) for each in readers))
            served = (await town.ask()).status_code
            await asyncio.sleep(0.3)  # for a tick that counts
            meanwhile = await town.counted()
            assert time.monotonic() - began < HASTY.head, "this machine is too slow to tell"
            lifetimes = await waiting
            await asyncio.sleep(0.3)
            after = await town.counted()

        assert served == 200
        assert meanwhile["standing"] >= 10
        assert HASTY.head - 0.2 <= min(lifetimes) <= max(lifetimes) < HASTY.head + 1
        assert (after["slow_handshake"], after["standing"] <= 1) == (10, True)

    on(loop, seen())


@both_loops
def test_too_many_handshakes(tmp_path: Path, loop: str) -> None:
    """The cap counts those who do not speak yet; what is beyond is closed at once. All is well when they are gone."""

    async def seen() -> None:
        async with opened(tmp_path, Limits(connections=20, head=4)) as town:
            async with standing(town, 100, b"") as readers:
                began = time.monotonic()
                lifetimes = sorted(await asyncio.gather(*(lifetime(each, began) for each in readers)))
            served = (await town.ask()).status_code
            counted = await town.counted()

        assert lifetimes[99 - ROOM] < 1.5 < lifetimes[100 - ROOM]
        assert (served, counted["connections"], counted["slow_handshake"]) == (200, 100 - ROOM, ROOM)

    on(loop, seen())


@both_loops
def test_one_too_many_is_told_in_tls(tmp_path: Path, loop: str) -> None:
    """Between handshakes that fill the cap somebody who speaks TLS hears 503, and when to come again."""

    async def seen() -> None:
        async with opened(tmp_path) as town, standing(town, 20, b""):
            answer = await town.ask()

        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    on(loop, seen())


@both_loops
def test_who_speaks_tls_and_says_nothing(tmp_path: Path, loop: str) -> None:
    """Is closed after the time for a head, though it does not say goodbye as TLS would have it."""

    async def seen() -> None:
        async with opened(tmp_path) as town:
            lasted = await asyncio.to_thread(silent_in_tls, town.bridge.port, trusting(town.authority))
            counted = await town.counted()

        assert HASTY.head - 0.2 <= lasted < HASTY.head + HASTY.farewell + 1
        assert counted["slow_first_byte"] == 1

    on(loop, seen())


def silent_in_tls(port: int, context: ssl.SSLContext) -> float:
    """Seconds until a connection is gone whose client is done with the handshake and does nothing more."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as sock,
        context.wrap_socket(sock, server_hostname="127.0.0.1", do_handshake_on_connect=True) as spoken,
    ):
        raw = socket.socket(fileno=spoken.detach())
        with raw:
            raw.settimeout(5)
            began = time.monotonic()
            try:
                while raw.recv(10_000):
                    pass
            except ConnectionError:
                pass
            return time.monotonic() - began


@both_loops
def test_a_request_that_comes_with_the_handshake(tmp_path: Path, loop: str) -> None:
    """The first words of many clients, sent as soon as they can be, are all answered."""

    async def seen() -> None:
        async with opened(tmp_path, Limits()) as town:
            for _ in range(5):
                answers = await asyncio.gather(*(town.ask() for _ in range(10)))
                assert [each.status_code for each in answers] == [200] * 10

    on(loop, seen())


@both_loops
def test_stopping_waits_for_no_handshake(tmp_path: Path, loop: str) -> None:
    """Who has not begun to speak when the bridge stops is ended at once."""

    async def seen() -> None:
        async with opened(tmp_path, Limits()) as town, standing(town, 5, HELLO) as readers:
            await town.ask()
            began = time.monotonic()
            await town.bridge.stop(5)
            stopped = time.monotonic() - began
            lifetimes = await asyncio.gather(*(lifetime(each, began) for each in readers))

        assert stopped < 2
        assert max(lifetimes) < 2

    on(loop, seen())
