"""Five thousand callers leave mid-stream, in waves, on both faces: everything is back at zero, and memory is flat."""

from __future__ import annotations

import asyncio
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import uvloop
from imagegen import Client, Picture

from service.telemetry import set_up_logs
from tests.callers import ask
from tests.campaign import PAGES, scratch
from tests.house import FORMS, House, open_house, settled

CALLERS, WAVE = 5000, 250
PAGE = PAGES / "leaving.md"
BODY = {"model": "painter/scene", "prompt": "a city", "stream": True, "partial_images": 3, "n": 10, "size": "128x128"}


@dataclass(frozen=True)
class Wave:
    left: int
    settled_in: float
    tasks: int
    files: int
    memory: int


async def _over_sse(house: House) -> None:
    reader, writer = await ask(house, BODY)
    await reader.readline()
    writer.transport.abort()


async def _over_grpc(client: Client) -> None:
    stream = client.stream("a city", model="painter/scene", n=10, size="128x128", partial_images=3)
    async with aclosing(stream) as events:
        async for event in events:
            if isinstance(event, Picture):
                return


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _memory() -> int:
    """Resident memory of this process, in KiB: gateway, doubles and callers together."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def campaign(form: str) -> list[Wave]:
    waves: list[Wave] = []
    with tempfile.TemporaryDirectory(dir=scratch()) as directory:
        async with open_house(Path(directory), form) as house, Client(house.grpc) as client:
            for left in range(WAVE, CALLERS + 1, WAVE):
                half = WAVE // 2
                callers = [_over_sse(house) for _ in range(half)] + [_over_grpc(client) for _ in range(half)]
                await asyncio.gather(*callers)
                started = time.monotonic()
                await settled(house, within=10)
                seconds = time.monotonic() - started
                await asyncio.sleep(0.2)
                waves.append(Wave(left, seconds, len(asyncio.all_tasks()), _open_files(), _memory()))
                print(form, waves[-1], file=sys.stderr)
    return waves


def _told(form: str, waves: list[Wave]) -> Iterator[str]:
    yield f"\n## {form}\n"
    yield f"Slowest wave settled in {max(wave.settled_in for wave in waves):.2f} s. From the second quarter to the last"
    yield f"the median of memory changed by {_growth(waves):+.1f} MiB.\n"
    yield "| left | settled in (s) | tasks | open files | memory (MiB) |"
    yield "|---:|---:|---:|---:|---:|"
    for wave in waves:
        yield f"| {wave.left} | {wave.settled_in:.2f} | {wave.tasks} | {wave.files} | {wave.memory / 1024:.1f} |"


def _good(waves: list[Wave]) -> bool:
    """Two seconds, back at zero, and memory that does not climb."""
    return (
        max(wave.settled_in for wave in waves) < 2
        and waves[-1].tasks <= waves[0].tasks
        and waves[-1].files <= waves[0].files
        and _growth(waves) < 10
    )


def _growth(waves: list[Wave]) -> float:
    """MiB from the median of the second quarter to that of the last."""
    quarter = len(waves) // 4
    early, late = (median(wave.memory for wave in part) for part in (waves[quarter : 2 * quarter], waves[-quarter:]))
    return (late - early) / 1024


def main() -> None:
    set_up_logs("error")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    told = [
        "# Callers who leave",
        "",
        f"`python -m tests.campaign.leaving` at {commit.strip()}, {datetime.now(UTC):%Y-%m-%d}, Python "
        f"{platform.python_version()}: {CALLERS} callers in waves of {WAVE}, half over SSE and half over gRPC, leave "
        "in the middle of a painted stream. The process holds the gateway and its callers.",
    ]
    waves = {form: uvloop.run(campaign(form)) for form in FORMS}
    for form in FORMS:
        told += _told(form, waves[form])
    PAGE.write_text("\n".join(told) + "\n", encoding="utf-8")
    sys.exit(not all(_good(each) for each in waves.values()))


if __name__ == "__main__":
    main()
