"""A service that is killed while it works, again and again, and what its books say afterwards."""

from __future__ import annotations

import asyncio
import os
import random
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from imagegen import Client, ImagegenError

from service.stores.records.port import Records, Work
from tests.judge import COSTS, complaints_about
from tests.servers.process import free_port
from tests.stores.twins import opened
from tests.terminal.programs import COMMAND
from tests.upstreams.openai import OpenAIDouble, late

CALLERS = 12
EXPIRES_WITHIN = 30.0


@dataclass(slots=True)
class Told:
    """What callers were told: each answered request's id and cost; and how many got none."""

    answers: dict[str, int] = field(default_factory=dict[str, int])
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    answers: int
    failures: int
    billed: int
    booked: int
    presumed: int
    seconds_held: float
    complaints: Sequence[str]


async def kill_under_load(directory: Path, records_url: str, times: int, seed: int = 0) -> Verdict:
    """Kills a loaded service so many times, each time starting it anew, and then reads its books."""
    chance, told = random.Random(seed), Told()
    async with OpenAIDouble() as openai:
        for share, seconds in ((0.3, 0.02), (0.5, 0.2), (1.0, 0.8)):
            openai.when(lambda _, share=share: chance.random() < share, late(seconds))
        config, target = configuration(directory, records_url, asking(openai))
        stop = asyncio.Event()
        async with Client(target) as client:
            callers = [asyncio.create_task(_call(client, told, stop)) for _ in range(CALLERS)]
            for _ in range(times):
                async with service(config, directory) as process:
                    before = len(told.answers)
                    await asyncio.sleep(chance.uniform(0.2, 1.2))
                    while len(told.answers) == before:  # noqa: ASYNC110 - it has to have served somebody
                        await asyncio.sleep(0.02)
                    process.kill()
            stop.set()
            killed = time.monotonic()
            async with service(config, directory), opened(records_url) as records:
                await asyncio.gather(*callers)
                async with asyncio.timeout(EXPIRES_WITHIN):
                    await _nothing_held(records)
                seconds = time.monotonic() - killed
                return await _verdict(records, told, openai.billed_micro_usd, seconds)


async def _call(client: Client, told: Told, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            answer = await client.generate("a fox", model="openai/gpt-image-2", quality="low", timeout=10)
        except ImagegenError:
            told.failures += 1
            await asyncio.sleep(0.25)
        else:
            told.answers[answer.message.report.request_id] = answer.message.report.cost_micro_usd


def configuration(directory: Path, records_url: str, providers: str) -> tuple[Path, str]:
    """A file for a service with these tables of providers, and where it will listen."""
    path, target = directory / "kill.toml", f"127.0.0.1:{free_port()}"
    path.write_text(
        f"""
        [service]
        listen = "{target}"
        [stores]
        records = "{records_url}"
        blobs = "file:{directory}/blobs"
        [files]
        signing_keys = ["a signing key for tests"]
        {providers}
        """,
        encoding="utf-8",
    )
    return path, target


def asking(openai: OpenAIDouble) -> str:
    return f'''
        [providers.openai]
        base_url = "{openai.url}"
        keys = [{{ value = "{openai.key}" }}]
    '''


@asynccontextmanager
async def service(
    config: Path, directory: Path, extra: Mapping[str, str] = MappingProxyType({})
) -> AsyncGenerator[Process]:
    """A service that answers; killed at the end, if it is still there."""
    with (directory / "kill.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            COMMAND,
            *("service", "--config", str(config), "--data-dir", str(directory)),
            stdout=PIPE,
            stderr=log,
            env={**os.environ, **extra},
        )
    try:
        assert process.stdout
        async with asyncio.timeout(20):
            await process.stdout.readuntil(b"gRPC")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _verdict(records: Records, told: Told, billed: int, seconds: float) -> Verdict:
    complaints = list(await records.read(complaints_about, billed))
    entered = await records.read(_costs)
    for request, cost in told.answers.items():
        if entered.get(request) != ("done", cost):
            complaints.append(f"the caller was told that {request} cost {cost}, the books say {entered.get(request)}")
    booked, presumed = await records.read(_totals)
    return Verdict(len(told.answers), told.failures, billed, booked, presumed, seconds, complaints)


async def _nothing_held(records: Records) -> None:
    while await records.read(_held):  # noqa: ASYNC110 - other processes change it
        await asyncio.sleep(0.2)


def _held() -> Work[int]:
    return int((yield "SELECT count(*) FROM requests WHERE ended IS NULL", ())[0][0])


def _costs() -> Work[dict[str, tuple[str, int]]]:
    return {row[0]: (row[1], row[2]) for row in (yield "SELECT request_id, state, cost FROM requests", ())}


def _totals() -> Work[tuple[int, int]]:
    rows = yield COSTS, ()
    return int(rows[0][0]), int(rows[0][1])
