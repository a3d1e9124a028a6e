"""Blobs in a bucket: keys that are wrong, servers that are away or say half of it, and what a bucket is asked."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from obstore.store import S3Store
from structlog.testing import capture_logs

from service.errors import GatewayError, Reason
from service.stores.blobs import s3
from service.stores.blobs.port import Shelf
from service.stores.blobs.s3 import S3Blobs
from tests.house import until
from tests.servers.s3 import KEYS, Bucket, MotoServer, RcloneServer
from tests.servers.s3_gate import Gate
from tests.stores.test_blobs import NAME, NAMES_FROM_CALLERS, OTHER, content

HOUSE = Path(__file__).parent.parent.parent
SHELF = Shelf.RESULTS

PROGRAM = """
import asyncio, sys
from service.errors import GatewayError
from service.stores.blobs.port import Shelf
from service.stores.blobs.s3 import from_url

async def main():
    blobs = from_url(sys.argv[1])
    try:
        await blobs.open(Shelf.RESULTS, "0123456789abcdef0123456789abcdef.png", 1000)
    except GatewayError as error:
        print(error.reason, file=sys.stderr)  # its log is on standard output
    await blobs.close()

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys to the servers of the tests; nothing else of the environment's."""
    Bucket("", KEYS).unlock(monkeypatch)


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What the operator hears."""
    with capture_logs() as heard:
        yield heard


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[S3Blobs]:
    blobs = s3.from_url(url)
    try:
        yield blobs
    finally:
        await blobs.close()


async def refusal(asking: Awaitable[object]) -> GatewayError:
    """What is said of a store that cannot be used."""
    with pytest.raises(GatewayError) as failed:
        await asking
    assert failed.value.reason is Reason.UNAVAILABLE
    assert failed.value.retry_after is not None
    return failed.value


async def refusals(blobs: S3Blobs) -> set[str]:
    """The same, of everything that one can ask of it."""
    asked = (blobs.put(SHELF, OTHER, b"x"), blobs.open(SHELF, NAME, 1000), blobs.sweep(SHELF, -60))
    return {each.message for each in await asyncio.gather(*map(refusal, asked))}


def bare(blobs: S3Blobs) -> S3Store:
    """The bucket as others see it."""
    return blobs._store  # pyright: ignore[reportPrivateUsage]


def connections(port: int) -> int:
    """How many connections to a port are open in this process; nobody else knows the port."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(int(row[2].split(":")[1], 16) == port and row[3] in ("01", "08") for row in rows)


# Keys.


async def test_wrong_secret_is_refused_and_told_without_secrets(
    rclone: RcloneServer, monkeypatch: pytest.MonkeyPatch, logs: list[Any]
) -> None:
    """With a wrong secret nothing works; what is said of it, in tracebacks and logs too, names no key and no thing."""
    url = rclone.url()
    async with opened(url) as good:
        await good.put(SHELF, NAME, b"x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    async with opened(url) as blobs:
        assert await refusals(blobs) == {"The store for pictures answered 403 SignatureDoesNotMatch."}
        said = "".join(traceback.format_exception(await refusal(blobs.put(SHELF, OTHER, b"x"))))
        said += str(logs)

    assert [each["error"] for each in logs] == ["answered 403 SignatureDoesNotMatch"]
    assert not [each for each in ("another-secret", *KEYS.values(), rclone.address, OTHER, "<") if each in said]


async def test_keys_of_the_machines_role(rclone: RcloneServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment has no keys, those of the machine's role open the bucket."""
    for name in KEYS:
        monkeypatch.delenv(name)
    async with Gate() as cloud:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://{cloud.address}")
        async with opened(rclone.url()) as blobs:
            await blobs.put(SHELF, NAME, b"x")
            assert await content(blobs, NAME) == b"x"


async def test_no_keys_at_all(rclone: RcloneServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no keys anywhere, the sentence says so."""
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
    async with opened(rclone.url()) as blobs:
        (said,) = await refusals(blobs)

    assert said.startswith("The store for pictures has no keys from us")


# Servers that are away.


@pytest.mark.parametrize("kind", [RcloneServer, MotoServer])
async def test_server_that_comes_late_goes_and_comes_back(
    tmp_path: Path, logs: list[Any], kind: type[RcloneServer | MotoServer]
) -> None:
    """Whoever starts before the store waits for nothing; as soon as it is there it works, and the log says so once."""
    server = kind(tmp_path)
    url = server.url()
    async with opened(url) as blobs:
        for again in range(2):
            began = time.monotonic()
            assert await refusals(blobs) == {"The store for pictures cannot be reached."}
            assert time.monotonic() - began < 5
            with server:
                name = f"{again:032x}.png"
                await blobs.put(SHELF, name, b"x")
                assert await content(blobs, name) == b"x"

    away = {"event": "blobs unreachable", "log_level": "error", "error": "cannot be reached"}
    back = {"event": "blobs are back", "log_level": "info"}
    assert logs == [each | {"place": url.partition("?")[0]} for each in (away, back) * 2]


@pytest.mark.parametrize("kind", [RcloneServer, MotoServer])
async def test_frozen_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[RcloneServer | MotoServer]
) -> None:
    """A server that says nothing is waited for so long and no longer, and used again when it speaks."""
    monkeypatch.setattr(s3, "ANSWER", 1.0)  # ten seconds, shortened
    with kind(tmp_path) as server:
        async with opened(server.url()) as blobs:
            await blobs.put(SHELF, NAME, b"x" * 5_000_000)
            blob = await blobs.open(SHELF, NAME, 1000)
            assert blob is not None
            server.freeze()
            began = time.monotonic()
            assert await refusals(blobs) == {"The store for pictures does not answer."}
            assert (await refusal(_to_the_end(blob.pieces))).message == "The store for pictures does not answer."
            assert 1.0 <= time.monotonic() - began < 5

            server.thaw()
            assert len(await content(blobs, NAME, piece=1_000_000) or b"") == 5_000_000
            await blobs.put(SHELF, OTHER, b"x")


async def test_server_that_goes_while_it_is_read(tmp_path: Path) -> None:
    """A reader whose server ends in the middle is told so, and does not take a half for the whole."""
    with RcloneServer(tmp_path) as server:
        async with opened(server.url()) as blobs:
            await blobs.put(SHELF, NAME, b"x" * 20_000_000)
            blob = await blobs.open(SHELF, NAME, 1000)
            assert blob is not None
            await anext(blob.pieces)
            server.stop()
            await refusal(_to_the_end(blob.pieces))


async def test_reader_may_be_slow(rclone: RcloneServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the server is waited for in bounded time: a reader may take as long as it likes."""
    monkeypatch.setattr(s3, "ANSWER", 0.5)
    async with opened(rclone.url()) as blobs:
        await blobs.put(SHELF, NAME, b"x" * 20_000_000)
        blob = await blobs.open(SHELF, NAME, 1_000_000)
        assert blob is not None
        size = 0
        async for piece in blob.pieces:
            await asyncio.sleep(0.7 if size < 2_000_000 else 0)
            size += len(piece)

    assert size == 20_000_000


async def test_no_bucket_is_not_an_absent_thing(rclone: RcloneServer) -> None:
    """Where the bucket itself is missing nothing is absent: the store cannot be used."""
    async with opened(rclone.url().replace("//pictures", "//pictured")) as blobs:
        assert await refusals(blobs) == {"The store for pictures answered 404 NoSuchBucket."}
    async with Gate() as gate, opened(gate.url()) as blobs:
        gate.nothing = "<html>Somebody on the way who has never heard of it</html>"
        assert await refusals(blobs) == {"The store for pictures answered 404."}


# Connections.


@pytest.mark.parametrize("pieces", [0, 1])
async def test_reader_that_leaves_leaves_no_connection(tmp_path: Path, pieces: int) -> None:
    """Whoever reads on no further, or not at all, gives the connection back at once; closing gives back the rest."""
    with RcloneServer(tmp_path) as server:
        async with opened(server.url()) as blobs:
            await blobs.put(SHELF, NAME, b"x" * 20_000_000)
            blob = await blobs.open(SHELF, NAME, 1_000_000)
            assert blob is not None
            for _ in range(pieces):
                await anext(blob.pieces)
            assert connections(server.port) == 1
            await blob.pieces.aclose()
            del blob
            await until(lambda: connections(server.port) == 0)

            await asyncio.gather(*(blobs.open(SHELF, OTHER, 1000) for _ in range(10)))
            assert connections(server.port) > 0
        await until(lambda: connections(server.port) == 0)


async def test_programs_end_in_order(tmp_path: Path) -> None:
    """A program that closes its store ends as it should, whatever obstore's threads were doing."""

    async def ended() -> tuple[int | None, str]:
        command = [sys.executable, "-c", PROGRAM, "s3://pictures?endpoint=http://127.0.0.1:1"]
        pipe = asyncio.subprocess.PIPE
        program = await asyncio.create_subprocess_exec(*command, cwd=HOUSE, stdout=pipe, stderr=pipe)
        said = (await program.communicate())[1].decode()
        return program.returncode, said

    for _ in range(5):
        assert {*await asyncio.gather(*(ended() for _ in range(3)))} == {(0, "unavailable\n")}


# What is asked.


@pytest.mark.parametrize("name", NAMES_FROM_CALLERS, ids=ascii)
async def test_names_of_callers_never_reach_the_store(name: str) -> None:
    """For a name that is not one of ours the store is not even asked."""
    async with Gate() as gate, opened(gate.url()) as blobs:
        assert await blobs.open(SHELF, name, 1000) is None
        with pytest.raises(ValueError, match="a blob's name is"):
            await blobs.put(SHELF, name, b"x")
        assert (gate.asked, connections(gate.port)) == ([], 0)

        assert await blobs.open(SHELF, NAME, 1000) is None
        assert len(gate.asked) == 1


async def test_the_bucket_stands_in_the_path_or_in_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thing lies at BUCKET/PREFIX/SHELF/NAME of the endpoint that was configured, whatever the environment says."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    async with Gate() as gate:
        # A bucket called 127, so that in front of this host's name it makes an address.
        in_the_host = f"s3://127/a/b?endpoint=http://0.0.1:{gate.port}&path_style=false"
        for url in (
            f"s3://127/a/b/?endpoint=http://{gate.address}",
            in_the_host,
            f"s3://127?endpoint=http://{gate.address}",
        ):
            async with opened(url) as blobs:
                assert await blobs.open(SHELF, NAME, 1000) is None

    paths = [f"/127/a/b/results/{NAME}", f"/a/b/results/{NAME}", f"/127/results/{NAME}"]
    assert gate.asked == [f"GET {path}" for path in paths]


async def test_no_plain_http_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint without encryption is used where the configuration names it, not where the environment does."""
    async with Gate() as gate:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{gate.address}")
        async with opened("s3://pictures?region=eu-central-1") as blobs:
            assert await refusals(blobs) == {"The store for pictures cannot be reached."}

    assert gate.asked == []


@pytest.mark.parametrize(
    ("ending", "kind"), [("png", "image/png"), ("svg", "image/svg+xml"), ("bin", "application/octet-stream")]
)
async def test_the_store_knows_what_it_keeps(moto: MotoServer, ending: str, kind: str) -> None:
    """A thing has the media type that its name's ending says."""
    name = f"{'a' * 32}.{ending}"
    async with opened(moto.url()) as blobs:
        await blobs.put(SHELF, name, b"x")
        assert (await bare(blobs).get_async(f"results/{name}")).attributes["Content-Type"] == kind


# New things only.


async def test_a_name_is_used_once(moto: MotoServer) -> None:
    """Where the server can tell, what is there stays: the same bytes are a repetition, others are a mistake."""
    async with opened(moto.url()) as blobs:
        for data in (b"first", b"x" * 20_000_000):
            name = f"{len(data):032x}.png"
            await blobs.put(SHELF, name, data)
            with pytest.raises(ValueError, match="something else"):
                await blobs.put(SHELF, name, data[::-1] + b"other")
            await blobs.put(SHELF, name, data)
            assert await content(blobs, name, piece=1_000_000) == data


@pytest.mark.parametrize("server", ["rclone", "moto"])
async def test_lost_answer(request: pytest.FixtureRequest, server: str) -> None:
    """A put whose answer is lost is asked again and has succeeded, though the name is taken by then: by itself."""
    async with Gate(request.getfixturevalue(server)) as gate, opened(gate.url()) as blobs:
        gate.loses = 1
        await blobs.put(SHELF, NAME, b"once")
        assert [each.split()[0] for each in gate.asked][:2] == ["PUT", "PUT"]
        assert await content(blobs, NAME) == b"once"


async def test_busy_server(moto: MotoServer) -> None:
    """A server that has no room for a moment is asked again; one that stays busy is told."""
    async with Gate(moto) as gate, opened(gate.url()) as blobs:
        gate.busy = 2
        await blobs.put(SHELF, NAME, b"x")
        assert await content(blobs, NAME) == b"x"
        gate.busy = 99
        assert (await refusal(blobs.put(SHELF, OTHER, b"x"))).message == "The store for pictures answered 503 SlowDown."
        assert await content(blobs, OTHER) is None


@pytest.mark.parametrize("server", ["rclone", "moto"])
async def test_server_without_conditions(request: pytest.FixtureRequest, server: str) -> None:
    """A server that knows no PUT for new things only is found out once, and then asked without."""
    async with Gate(request.getfixturevalue(server)) as gate, opened(gate.url()) as blobs:
        gate.knows_conditions = False
        await blobs.put(SHELF, NAME, b"x")
        assert await content(blobs, NAME) == b"x"

        gate.asked.clear()
        await blobs.put(SHELF, OTHER, b"y")
        assert len(gate.asked) == 1


# Sweeping.


@pytest.mark.parametrize("server", ["rclone", "moto"])
async def test_sweep_of_many(request: pytest.FixtureRequest, server: str) -> None:
    """Twelve hundred things are listed and removed in two pages; what others keep beside them stays."""
    async with Gate(request.getfixturevalue(server)) as gate, opened(gate.url()) as blobs:
        for first in range(0, 1200, 100):
            names = [f"{number:032x}.png" for number in range(first, first + 100)]
            await asyncio.gather(*(blobs.put(SHELF, name, b"x") for name in names))
        store = bare(blobs)
        await store.put_async("results/theirs.txt", b"x")
        await store.put_async(f"results/deeper/{NAME}", b"x")
        await store.put_async(f"results-of-others/{NAME}", b"x")
        gate.asked.clear()

        assert await blobs.sweep(SHELF, 3600) == 0
        assert await blobs.sweep(SHELF, -60) == 1200
        assert await blobs.sweep(SHELF, -60) == 0
        assert len([each for each in gate.asked if each.startswith("POST")]) == 2
        assert len([each for each in gate.asked if each.startswith("GET")]) <= 2 + 2 + 1
        assert (await store.get_async("results/theirs.txt")).meta["size"] == 1
        assert (await store.get_async(f"results/deeper/{NAME}")).meta["size"] == 1
        assert (await store.get_async(f"results-of-others/{NAME}")).meta["size"] == 1


async def _to_the_end(pieces: AsyncGenerator[bytes]) -> None:
    async for _ in pieces:
        pass
