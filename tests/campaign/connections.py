"""Ten thousand slow and idle connections for ten minutes: a normal client hardly notices, and memory is flat.

Four processes: the gateway as `imagegen up` starts it, another one beside it, those who are slow, and this one, the
normal client of both. What a machine does besides slows both down alike.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import cast

import httpx2
import uvloop
from prometheus_client.parser import text_string_to_metric_families

from tests.campaign import HOUSE, PAGES, scratch

CONNECTIONS, MINUTES, QUIET = 10_000, 10.0, 60.0
PAGE = PAGES / "connections.md"
PICTURE = {"model": "painter/scene", "prompt": "a red boat", "size": "64x64", "response_format": "b64_json"}
SPANS = 10
"""Into how many parts the time is divided."""

HOST = b"Host: bridge\r\n"
IDLE = b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"
BEGUN_HEAD = b"GET /health HTTP/1.1\r\n" + HOST + b"X: "
BEGUN_BODY = b"POST /v1/images/generations HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\n"
KINDS = ((IDLE, b""), (IDLE, b""), (BEGUN_HEAD, b"x"), (BEGUN_BODY, b" "))
"""What each writes at once, and again and again. Half of them are idle."""

PAUSE = 5.0
"""Seconds between two bytes of a slow one."""


@dataclass(frozen=True)
class Span:
    ends: float
    """Seconds after the first of them came."""
    files: int
    health: float
    picture: float
    quiet_health: float
    quiet_picture: float
    """Medians, in seconds: where they stand, and in a gateway beside it where nobody does."""
    memory: int
    """Of the gateway, in KiB."""


class Slow(asyncio.Protocol):
    """One that writes its beginning, then a byte now and then, and comes again when it is closed."""

    def __init__(self, kind: tuple[bytes, bytes], lost: asyncio.Queue[tuple[bytes, bytes]]) -> None:
        self._kind = kind
        self._lost = lost
        self._drip: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._kind[0])
        self._next()

    def _next(self) -> None:
        if self._kind[1]:
            self._drip = asyncio.get_running_loop().call_later(PAUSE, self._write)

    def _write(self) -> None:
        self._transport.write(self._kind[1])
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._drip is not None:
            self._drip.cancel()
        self._lost.put_nowait(self._kind)


async def stand(host: str, port: int, n: int) -> None:
    """Keeps `n` connections standing until this process is ended. They come from several addresses, for their ports."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    lost: asyncio.Queue[tuple[bytes, bytes]] = asyncio.Queue()
    for i in range(n):
        lost.put_nowait(KINDS[i % len(KINDS)])
    opened = 0
    while True:
        kind = await lost.get()
        opened += 1
        try:
            source = (f"127.0.0.{2 + opened % 16}", 0)
            await loop.create_connection(lambda kind=kind: Slow(kind, lost), host, port, local_addr=source)
        except OSError:
            lost.put_nowait(kind)
            await asyncio.sleep(0.1)
        if opened % 20 == 0:
            await asyncio.sleep(0.02)  # a thousand a second at most


@asynccontextmanager
async def _gateway() -> AsyncGenerator[tuple[str, int]]:
    """The address of a gateway, and its process."""
    with tempfile.TemporaryDirectory(dir=scratch()) as directory:
        command = ["up", "--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--data-dir", directory]
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "terminal", *command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=HOUSE
        )
        try:
            assert program.stdout is not None
            while not (told := await program.stdout.readline()).startswith(b"REST"):
                assert told, "the gateway did not start"
            yield told.split()[1].decode(), program.pid
        finally:
            program.terminate()
            await program.wait()


async def _span(asked: Sequence[httpx2.AsyncClient], pid: int, ends: float, begun: float) -> Span:
    """Asks both gateways in turn as a normal client does, on kept connections and on new ones, until it is over."""
    health: tuple[list[float], list[float]] = ([], [])
    picture: tuple[list[float], list[float]] = ([], [])
    while time.monotonic() < begun + ends or not health[1]:
        first = len(health[0]) // 2 % 2  # who is asked first after the pause waits a little longer
        for i in (first, 1 - first):
            client = asked[i]
            fresh = {"connection": "close"} if len(health[i]) % 2 else {}
            health[i].append(await _seconds(client.get("/health", headers=fresh)))
            picture[i].append(await _seconds(client.post("/v1/images/generations", json=PICTURE)))
        await asyncio.sleep(0.1)
    files = len(os.listdir(f"/proc/{pid}/fd"))
    here, beside = ([median(each[i]) for each in (health, picture)] for i in range(2))
    return Span(ends, files, here[0], here[1], beside[0], beside[1], _memory(pid))


async def _seconds(asking: Awaitable[httpx2.Response]) -> float:
    started = time.monotonic()
    answer = await asking
    assert answer.status_code == 200, answer.text
    return time.monotonic() - started


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


async def campaign(n: int, minutes: float) -> tuple[list[Span], dict[str, int]]:
    """The quiet before, the spans, the quiet after; and how often what was refused."""
    async with (
        _gateway() as (rest, pid),
        _gateway() as (beside, _),
        httpx2.AsyncClient(base_url=rest, verify=False, trust_env=False, timeout=60) as client,
        httpx2.AsyncClient(base_url=beside, verify=False, trust_env=False, timeout=60) as quiet,
    ):
        asked = (client, quiet)
        spans = [await _span(asked, pid, min(QUIET, minutes * 6), time.monotonic())]
        host, _, port = rest.removeprefix("http://").rpartition(":")
        slow = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.campaign.connections", "--stand", host, port, str(n), cwd=HOUSE
        )
        begun = time.monotonic()
        try:
            for i in range(SPANS):
                spans.append(await _span(asked, pid, minutes * 60 * (i + 1) / SPANS, begun))
                print(spans[-1], file=sys.stderr)
        finally:
            slow.kill()
            await slow.wait()
        await asyncio.sleep(5)
        spans.append(await _span(asked, pid, 10, time.monotonic()))
        refused: dict[str, int] = {}
        for family in text_string_to_metric_families((await client.get("/metrics")).text):
            for sample in family.samples:
                if sample.name == "imagegen_refused_total":
                    refused[sample.labels["reason"]] = int(sample.value)
    return spans, refused


def _growth(spans: Sequence[Span]) -> float:
    """MiB from the median of the first half, once all are there, to that of the second."""
    standing = spans[2:-1]
    half = len(standing) // 2
    return (median(each.memory for each in standing[half:]) - median(each.memory for each in standing[:half])) / 1024


def _slower(spans: Sequence[Span]) -> tuple[float, float]:
    """How many times as long as in the gateway beside it, which shares the machine and has nobody standing."""
    standing = spans[1:-1]
    return (
        median(each.health / each.quiet_health for each in standing),
        median(each.picture / each.quiet_picture for each in standing),
    )


def _good(spans: Sequence[Span], n: int) -> bool:
    """Twice the quiet value, flat memory, all of them there in the middle, and none afterwards."""
    return (
        max(_slower(spans)) < 2
        and _growth(spans) < 10
        and median(each.files for each in spans[2:-1]) > 0.9 * n
        and spans[-1].files < spans[0].files + 20
    )


def _told(spans: Sequence[Span], refused: dict[str, int]) -> Iterator[str]:
    health, picture = _slower(spans)
    ended = ", ".join(f"{count} for `{reason}`" for reason, count in sorted(refused.items()))
    yield f"\nThe median of `GET /health` is {health:.2f} times what it is in a gateway beside it, asked in turn, where"
    yield "nobody stands;"
    yield f"of a painted picture {picture:.2f} times; from the first half to the second the gateway's memory changed by"
    yield f"{_growth(spans):+.1f} MiB. Ended by the gateway, besides idle ones: {ended or 'none'}.\n"
    yield "| until (s) | open files | health (ms), here | beside | picture (ms), here | beside | memory (MiB) |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for i, span in enumerate(spans):
        ends = "before" if i == 0 else "after" if i == len(spans) - 1 else f"{span.ends:.0f}"
        times = (span.health, span.quiet_health, span.picture, span.quiet_picture)
        figures = " | ".join(f"{each * 1000:.2f}" for each in times)
        yield f"| {ends} | {span.files} | {figures} | {span.memory / 1024:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--stand", nargs=3, metavar=("HOST", "PORT", "N"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.stand:
        host, port, n = asked.stand
        uvloop.run(stand(host, int(port), int(n)))
        return
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    spans, refused = uvloop.run(campaign(asked.connections, asked.minutes))
    command = " ".join(["python -m tests.campaign.connections", *sys.argv[1:]])
    told = [
        "# Slow and idle connections",
        "",
        f"`{command}` at {commit.strip()}, {datetime.now(UTC):%Y-%m-%d}, Python "
        f"{platform.python_version()}: {asked.connections} connections for {asked.minutes:g} minutes. Half are idle "
        f"after a request, a quarter writes a byte of its headers each {PAUSE:g} seconds, a quarter one of a body; "
        "whoever is closed comes again. A normal client asks meanwhile, on kept connections and on new ones.",
        *_told(spans, refused),
    ]
    PAGE.write_text("\n".join(told) + "\n", encoding="utf-8")
    sys.exit(not _good(spans, asked.connections))


if __name__ == "__main__":
    main()
