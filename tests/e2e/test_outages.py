"""Stores that go away under load, freeze, come back, or are not there yet when the service starts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
import pytest
from imagegen import Client, ImagegenError, v1

from tests.house import House, open_house, until
from tests.servers.postgres import PostgresServer
from tests.servers.valkey import ValkeyServer
from tests.upstreams.openai import late

CALLERS = 8
"""On each face."""
LONGEST = 6.0
"""Seconds that an answer may take while a store is away."""
HEALS = 3.0
"""Seconds after which a store that is back must be noticed."""

BODY = {"model": "openai/gpt-image-2", "prompt": "a fox", "quality": "low", "response_format": "b64_json"}


@dataclass(frozen=True, slots=True)
class Answer:
    asked: float
    came: float
    status: int
    retry_after: float | None = None


@dataclass(slots=True)
class Load:
    """Callers on both faces who ask again and again."""

    house: House
    answers: list[Answer] = field(default_factory=list[Answer])

    async def over_rest(self, client: httpx.AsyncClient) -> None:
        asked = time.monotonic()
        answer = await client.post(f"{self.house.rest}/v1/images/generations", json=BODY, timeout=30)
        after = answer.headers.get("retry-after")
        self._note(asked, answer.status_code, None if after is None else float(after))

    async def over_grpc(self, client: Client) -> None:
        asked = time.monotonic()
        try:
            await client.generate("a fox", model="openai/gpt-image-2", quality="low", timeout=30)
        except ImagegenError as error:
            status = 503 if error.reason == v1.REASON_UNAVAILABLE else 500
            self._note(asked, status, error.retry_after)
        else:
            self._note(asked, 200, None)

    def _note(self, asked: float, status: int, retry_after: float | None) -> None:
        self.answers.append(Answer(asked, time.monotonic(), status, retry_after))

    @property
    def successes(self) -> list[Answer]:
        return [each for each in self.answers if each.status == 200]


@asynccontextmanager
async def under_load(house: House) -> AsyncGenerator[Load]:
    load, stop = Load(house), asyncio.Event()

    async def again(ask: Callable[[], Awaitable[None]]) -> None:
        while not stop.is_set():
            await ask()
            await asyncio.sleep(0.02)

    house.openai.always(late(0.05))
    async with Client(house.grpc) as grpc, httpx.AsyncClient() as rest:
        asking = [again(lambda: load.over_rest(rest)) for _ in range(CALLERS)]
        asking += [again(lambda: load.over_grpc(grpc)) for _ in range(CALLERS)]
        tasks = [asyncio.create_task(each) for each in asking]
        try:
            await until(lambda: len(load.successes) > 20, within=10)
            yield load
        finally:
            stop.set()
            await asyncio.gather(*tasks)


@pytest.mark.parametrize("how", ["stop", "freeze"])
async def test_records_away_under_load(how: str, tmp_path: Path) -> None:
    """While PostgreSQL is away callers are told so at once, with a time to come back; before and after all goes well,
    without a restart, and no picture is given away: the judge compares the books with the bill.
    """
    with PostgresServer() as server:
        extra = {"stores": {"records": server.create_database(), "blobs": f"file:{tmp_path}/blobs"}}
        async with open_house(tmp_path, extra=extra) as house:
            async with under_load(house) as load:
                gone = time.monotonic()
                await asyncio.to_thread(server.stop if how == "stop" else server.freeze)
                await asyncio.sleep(4)  # longer than anybody waits for an answer
                await asyncio.to_thread(server.start if how == "stop" else server.thaw)
                back = time.monotonic()
                await until(lambda: any(each.asked > back for each in load.successes), within=HEALS + 2)
                healed = next(each.came for each in load.answers if each.status == 200 and each.asked > back)
                await asyncio.sleep(1)
            await until(lambda: not house.gateway.books.late, within=10)

    refused = [each for each in load.answers if each.status != 200]
    assert {each.status for each in refused} == {503}
    assert all(each.retry_after for each in refused)
    assert all(gone < each.came and each.asked < back + HEALS for each in refused)
    assert max(each.came - each.asked for each in load.answers) < LONGEST
    assert refused
    assert healed - back < HEALS


async def test_records_that_come_later(tmp_path: Path) -> None:
    """A service that starts before its PostgreSQL answers 503, and then serves."""
    with PostgresServer() as server:
        extra = {"stores": {"records": server.create_database(), "blobs": f"file:{tmp_path}/blobs"}}
        await asyncio.to_thread(server.stop)
        # The server's keeper talks to this process through pipes.
        async with open_house(tmp_path, extra=extra, unjudged=("pipe",)) as house, httpx.AsyncClient() as client:
            load = Load(house)
            await load.over_rest(client)
            assert (load.answers[0].status, bool(load.answers[0].retry_after)) == (503, True)
            assert not house.openai.requests
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(HEALS + 2):
                while not load.successes:
                    await asyncio.sleep(0.1)
                    await load.over_rest(client)


@pytest.mark.parametrize("how", ["stop", "freeze"])
async def test_signals_away_under_load(how: str, tmp_path: Path) -> None:
    """Without Valkey every request goes on as before."""
    with ValkeyServer(tmp_path) as server:
        records = f"sqlite:{tmp_path}/records.db"
        extra = {"stores": {"records": records, "signals": server.url, "blobs": f"file:{tmp_path}/blobs"}}
        async with open_house(tmp_path, extra=extra) as house, under_load(house) as load:
            await asyncio.to_thread(server.stop if how == "stop" else server.freeze)
            before = len(load.answers)
            await until(lambda: len(load.answers) > before + 100, within=20)
            await asyncio.to_thread(server.start if how == "stop" else server.thaw)
            before = len(load.answers)
            await until(lambda: len(load.answers) > before + 50, within=20)

    assert {each.status for each in load.answers} == {200}
