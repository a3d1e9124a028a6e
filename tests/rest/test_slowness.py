"""Who is too slow, or too many: each is told so and closed in time, and others are answered meanwhile."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

import pytest
import pytest_asyncio

from rest_bridge.guard import LIMITS, Limits
from tests.house import House, open_house
from tests.rest.asking import ask, painting, pictures
from tests.rest.guard_cases import CLOSE, JSON, PAINT, POST, head, post
from tests.rest.raw import answers, line, one_of, refusals
from tests.upstreams import openai as double

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHORT = Limits(head=0.5, silence=0.5, rate=1000, idle=1, reader=1, farewell=0.3, look=0.1)


@asynccontextmanager
async def opened(directory: Path, limits: Limits) -> AsyncGenerator[House]:
    async with open_house(directory, bridged={"limits": limits}) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A house that waits half a second where others wait ten or thirty."""
    async with opened(tmp_path_factory.mktemp("house"), SHORT) as house:
        yield house


async def test_the_real_limits() -> None:
    """The figures that are promised, which these tests make short."""
    assert (LIMITS.head, LIMITS.silence, LIMITS.rate, LIMITS.idle, LIMITS.reader) == (10, 30, 1024, 75, 60)
    assert (LIMITS.connections, LIMITS.body, LIMITS.look) == (16_384, 4 * 1024 * 1024, 1)


async def dripped(writer: asyncio.StreamWriter, sent: bytes, pause: float) -> None:
    """Writes a byte at a time until the other side wants no more."""
    try:
        for at in range(len(sent)):
            writer.write(sent[at : at + 1])
            await writer.drain()
            await asyncio.sleep(pause)
    except (ConnectionError, RuntimeError):  # uvloop's word for a transport that is closed
        return


@pytest.mark.parametrize(
    ("at_once", "dripping", "reason"),
    [
        (b"GET /health HTTP/1.1\r\nHo", b"", "slow_head"),
        (b"G", b"ET /health HTTP/1.1\r\nHost: bridge\r\nX: " + b"a" * 100, "slow_head"),
        (head(POST, b"Content-Length: 100"), b"", "slow_body"),
        (head(POST, JSON, b"Content-Length: 10000"), b" " * 100, "slow_body"),
        (head(POST, JSON, b"Transfer-Encoding: chunked") + b"5", b"", "slow_body"),
        (head(POST, JSON, b"Transfer-Encoding: chunked"), b"1\r\n \r\n" * 50, "slow_body"),
        (head(POST, JSON, b"Content-Length: 100", b"Expect: 100-continue"), b"", "slow_body"),
    ],
    ids=["half a head", "dripped head", "no body", "dripped body", "half a chunk", "dripped chunks", "expecting"],
)
async def test_slow_requests_are_told(hasty: House, at_once: bytes, dripping: bytes, reason: str) -> None:
    """408 in our envelope, once, when the time is over and not before; then the connection is closed."""
    before = await refusals(hasty)
    started = time.monotonic()
    async with line(hasty) as (reader, writer), asyncio.timeout(5):
        writer.write(at_once)
        drip = asyncio.create_task(dripped(writer, dripping, 0.05))
        raw = await reader.read()
        waited = time.monotonic() - started
        writer.transport.abort()
        await drip
    told = answers(raw)
    assert [each.status for each in told] == ([100, 408] if b"100-continue" in at_once else [408])
    assert told[-1].json["error"]["code"] == "request_timed_out"
    assert told[-1].headers["connection"] == "close"
    assert waited >= 0.45
    after = await refusals(hasty)
    assert {each: n - before.get(each, 0) for each, n in after.items() if n != before.get(each)} == {reason: 1}


async def test_a_body_at_the_least_rate_is_taken(hasty: House) -> None:
    """Slow is not too slow: a body that takes twice the silence, in small pieces, is read to its end."""
    body = PAINT + b" " * 2000
    async with line(hasty) as (reader, writer), asyncio.timeout(10):
        writer.write(head(POST, JSON, b"Content-Length: %d" % len(body), CLOSE))
        for at in range(0, len(body), 200):
            writer.write(body[at : at + 200])
            await asyncio.sleep(0.1)
        assert [each.status for each in answers(await reader.read())] == [200]


async def test_who_says_nothing_is_closed(hasty: House) -> None:
    """Without a word, for nothing was asked: at first after the time for a head, between requests after the idle time.
    Only the first is counted.
    """
    before = await refusals(hasty)
    started = time.monotonic()
    async with line(hasty) as (reader, writer), asyncio.timeout(5):
        assert await reader.read() == b""
        assert time.monotonic() - started >= SHORT.head
    async with line(hasty) as (reader, writer), asyncio.timeout(5):
        writer.write(head())
        assert (await one_of(reader)).status == 200
        await asyncio.sleep(SHORT.head + 0.2)
        writer.write(head() + b"\r\n")  # the empty line begins nothing
        assert (await one_of(reader)).status == 200
        started = time.monotonic()
        assert await reader.read() == b""
        assert time.monotonic() - started >= SHORT.idle - 0.1
    after = await refusals(hasty)
    assert after["slow_first_byte"] - before.get("slow_first_byte", 0) == 1
    assert sum(after.values()) - sum(before.values()) == 1


async def test_a_request_at_work_is_not_hurried(hasty: House) -> None:
    """No limit of the client's counts while it is ours to answer, whatever else it has begun to send."""
    gate = asyncio.Event()
    hasty.openai.next(double.held(gate))
    async with line(hasty) as (reader, writer), asyncio.timeout(10):
        asked = b'{"model":"second/gpt-image-2","prompt":"a red cube","quality":"low"}'
        writer.write(post(asked) + b"GET /hea")
        await asyncio.sleep(1.5)
        gate.set()
        assert (await one_of(reader)).status == 200
        writer.write(b"lth HTTP/1.1\r\nHost: bridge\r\n\r\n")
        assert (await one_of(reader)).status == 200


async def _file(house: House) -> bytes:
    """The path of a picture that lies there."""
    answer = await ask(house, painting(size="512x512"))
    return str(answer.json()["data"][0]["url"]).removeprefix(house.rest).encode()


STREAM = b'{"model":"painter/scene","prompt":"a city","size":"1024x1024","n":6,"stream":true,"output_format":"png"}'


@pytest.mark.parametrize("kind", ["answers", "files", "stream"])
async def test_a_slow_reader_is_closed(hasty: House, kind: str) -> None:
    """Answers that nobody takes end, whatever they are, after the time for them and not before."""
    asked = {
        "answers": head(b"GET /openapi.json HTTP/1.1") * 400,
        "files": head(b"GET %b HTTP/1.1" % await _file(hasty)) * 100,
        "stream": post(STREAM),
    }[kind]
    before = (await refusals(hasty)).get("slow_reader", 0)
    started = time.monotonic()
    async with narrow(hasty) as (_, writer):
        writer.write(asked)
        await until_counted(hasty, "slow_reader", before + 1)
        assert time.monotonic() - started > SHORT.reader
    assert len(pictures(await ask(hasty, painting(response_format="b64_json")))) == 1


async def test_a_reader_that_is_slow_enough_is_served(hasty: House) -> None:
    """Who takes something in every span of the limit gets all of it, though it takes several spans."""
    before = await refusals(hasty)
    n, taken = 200, 0
    started = time.monotonic()
    async with narrow(hasty, 256 * 1024) as (reader, writer), asyncio.timeout(30):
        writer.write(head(b"GET /openapi.json HTTP/1.1") * (n - 1) + head(b"GET /openapi.json HTTP/1.1", CLOSE))
        raw = bytearray()
        while piece := await reader.read(512 * 1024):
            raw += piece
            if len(raw) - taken > 1024 * 1024 and time.monotonic() - started < 3:
                taken = len(raw)
                await asyncio.sleep(0.5)
    assert [each.status for each in answers(bytes(raw))] == [200] * n
    assert time.monotonic() - started > 2 * SHORT.reader
    assert await refusals(hasty) == before


@asynccontextmanager
async def narrow(house: House, ahead: int = 4096) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that takes little ahead."""
    host, _, port = house.rest.removeprefix("http://").rpartition(":")
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ahead)
        sock.connect((host, int(port)))
        sock.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)


async def until_counted(house: House, reason: str, n: float, within: float = 20) -> None:
    async with asyncio.timeout(within):
        while (await refusals(house)).get(reason, 0) < n:  # noqa: ASYNC110 - a page has no event to wait for
            await asyncio.sleep(0.1)


async def test_one_too_many_is_turned_away(tmp_path: Path) -> None:
    """503 with Retry-After at once; who was there before is served, and so is the next as soon as one has gone."""
    async with opened(tmp_path, Limits(connections=4, look=0.1)) as house, AsyncExitStack() as stack:
        held = [await stack.enter_async_context(line(house)) for _ in range(4)]
        for reader, writer in held:
            writer.write(head())
            assert (await one_of(reader)).status == 200
        for _ in range(20):
            async with line(house) as (reader, writer), asyncio.timeout(1):
                writer.write(head())
                (answer,) = answers(await reader.read())
                assert (answer.status, answer.headers["retry-after"]) == (503, "1")
                assert (answer.json["type"], answer.headers["x-should-retry"]) == ("overloaded", "true")
        held[0][1].write(post(PAINT))
        assert (await one_of(held[0][0])).status == 200
        held[1][1].transport.abort()
        await asyncio.sleep(0.1)
        assert (await refusals(house))["connections"] == 20


async def test_a_thousand_that_stand_do_not_stand_in_the_way(tmp_path: Path) -> None:
    """With a thousand slow and idle connections a normal client is answered, pictures too, each soon."""
    async with opened(tmp_path, LIMITS) as house, AsyncExitStack() as stack:
        begun = [b"", b"GET /heal", head(POST, b"Content-Length: 100"), head()]
        for at in range(0, 1000, 100):
            lines = await asyncio.gather(*(stack.enter_async_context(line(house)) for _ in range(100)))
            for i, (_, writer) in enumerate(lines):
                writer.write(begun[(at + i) % len(begun)])
        waits: list[float] = []
        async with asyncio.timeout(30):
            for _ in range(50):
                started = time.monotonic()
                assert (await ask(house, path="/health", method="GET")).status_code == 200
                waits.append(time.monotonic() - started)
            assert len(pictures(await ask(house, painting(response_format="b64_json")))) == 1
        assert median(waits) < 0.5
        assert set(await refusals(house)) <= {"slow_head", "slow_first_byte"}  # a machine this slow has other worries


async def test_few_files_are_enough(tmp_path: Path) -> None:
    """A gateway that may open 256 files lives through a thousand connections, idles while they stand, serves those
    that were there, and takes new ones when they are gone.
    """
    command = 'ulimit -n 256; exec "$0" -m terminal up --rest 127.0.0.1:0 --grpc 127.0.0.1:0 --data-dir "$1"'
    program = await asyncio.create_subprocess_exec(
        "bash", "-c", command, sys.executable, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert program.stdout is not None
        async with asyncio.timeout(30):
            while not (told := await program.stdout.readline()).startswith(b"REST"):
                pass
        rest = told.split()[1].decode()
        host, _, port = rest.removeprefix("http://").rpartition(":")
        async with AsyncExitStack() as stack:
            stack.callback(lambda: [writer.transport.abort() for _, writer in standing])
            first = await asyncio.open_connection(host, int(port))
            standing = [first]
            first[1].write(head())
            assert (await one_of(first[0])).status == 200
            for _ in range(10):
                standing += await asyncio.gather(*(asyncio.open_connection(host, int(port)) for _ in range(100)))
            await asyncio.sleep(1)
            spent = _seconds_of(program.pid)
            await asyncio.sleep(1)
            assert _seconds_of(program.pid) - spent < 0.5
            first[1].write(post(PAINT))
            assert (await one_of(first[0])).status == 200
        async with asyncio.timeout(5):
            while not await _is_well(host, int(port)):  # noqa: ASYNC110 - another process has no event to wait for
                await asyncio.sleep(0.1)
        assert program.returncode is None
    finally:
        program.terminate()
        await asyncio.wait_for(program.wait(), 30)
    assert program.returncode == 0


def _seconds_of(pid: int) -> float:
    """The CPU time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _is_well(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(head())
            return (await one_of(reader)).status == 200
        finally:
            writer.transport.abort()
    except (ConnectionError, asyncio.IncompleteReadError):
        return False
