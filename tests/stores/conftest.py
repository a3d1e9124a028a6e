"""Stores for tests: the real servers behind them, one of a kind for each test process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from service.stores import locate
from service.stores.blobs.port import Blobs
from service.stores.signals.valkey import ValkeySignals
from tests.servers import valkey
from tests.servers.postgres import Databases, PostgresServer
from tests.servers.s3 import Bucket, MotoServer, RcloneServer
from tests.stores.twins import TWINS


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Databases]:
    """The PostgreSQL that tests share: a fresh one, or the one that the environment names."""
    if named := os.environ.get("TEST_POSTGRES_URL"):
        yield Databases(named)
        return
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Databases) -> Iterator[str]:
    """An empty database for one test; afterwards it is gone, whoever is still connected to it."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=TWINS)
def records_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for records."""
    return f"sqlite:{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The Valkey that tests share, each under its own prefix: a fresh one, or the one that the environment names."""
    with valkey.valkey_url(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def valkey_server(tmp_path: Path) -> Iterator[valkey.ValkeyServer]:
    """A Valkey of the test's own, which it may stop and freeze."""
    with valkey.ValkeyServer(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RcloneServer]:
    """An S3 server that checks signatures, shared by all tests that do not stop it."""
    with RcloneServer(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    """An S3 server that knows PUTs which make new things only, shared by all tests that do not stop it."""
    with MotoServer(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def named_bucket() -> Bucket:
    """The one that the environment names, with the keys that are there as well."""
    return Bucket(os.environ["TEST_S3_URL"], {})


@pytest.fixture(params=["files", *(["named_bucket"] if "TEST_S3_URL" in os.environ else ["rclone", "moto"])])
def blobs_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place for blobs where nothing is yet: a directory, or a prefix in a bucket."""
    if request.param == "files":
        return f"file:{tmp_path}/blobs"
    bucket: Bucket = request.getfixturevalue(request.param)
    bucket.unlock(monkeypatch)
    return bucket.url()


@pytest.fixture
async def blobs(blobs_url: str) -> AsyncGenerator[Blobs]:
    """One process's view of that place."""
    opened = locate.blobs(blobs_url)
    yield opened
    await opened.close()


@pytest.fixture
async def open_signals() -> AsyncGenerator[Callable[..., ValkeySignals]]:
    """Opens signals like another process would; at the end all are closed, and no task is left of them."""
    before = asyncio.all_tasks()
    async with AsyncExitStack() as stack:

        def open_signals(url: str, **options: str) -> ValkeySignals:
            signals = ValkeySignals(url, **options)
            stack.push_async_callback(signals.close)
            return signals

        yield open_signals
    assert asyncio.all_tasks() <= before | {asyncio.current_task()}
