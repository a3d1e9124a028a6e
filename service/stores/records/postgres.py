"""Records in PostgreSQL, for many processes on many machines. Their clock is the server's.

A server that is away costs nobody much time: after a failure one caller in half a second tries again, and the others
are told at once. The connections are kept here and not in asyncpg's pool, which asks the server to reset each one after
use, and waits for a server that says nothing before it lets a connection go.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it ships none

from service.errors import GatewayError
from service.stores.records.port import RecordsAwayError, Row, Work
from service.stores.records.schema import migrate
from service.telemetry import log

T = TypeVar("T")
P = ParamSpec("P")

Connection = Any  # asyncpg ships no types

CONNECTIONS = 16
CONNECT_SECONDS = 1.0
WRITE_SECONDS = 3.0
READ_SECONDS = 15.0
"""For all of one piece of work, from asking for a connection to the end."""
PROBE_SECONDS = 0.5
CLOCK_SECONDS = 60.0
"""How long the difference between the server's clock and ours is trusted."""
TRIES = 5
MIGRATING = 0x696D6167  # an advisory lock of our own

WRITING, READING = "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

AGAIN = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
ITS_OWN = (GatewayError, asyncpg.IntegrityConstraintViolationError, asyncpg.ReadOnlySQLTransactionError, *AGAIN)
"""What a piece of work, or its meeting with another one, brings about: the connection is as good as before."""


class PostgresRecords:
    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[Connection] = []
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._migrated = False
        self._migrating = asyncio.Lock()
        self._away = False
        self._next_probe = 0.0
        self._working: set[asyncio.Task[Any]] = set()
        self._epoch = time.time() - time.monotonic()
        self._clock_read = -CLOCK_SECONDS

    async def open(self) -> None:
        """A server that is away is waited for; one that refuses us is a mistake in the configuration."""
        try:
            async with self._connection(WRITE_SECONDS):
                pass
        except asyncpg.PostgresError as error:
            raise OSError(f"PostgreSQL refuses this gateway: {error}") from None
        except RecordsAwayError:
            return

    async def write(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        task = asyncio.create_task(self._do(partial(work, *arguments, **named), WRITING, WRITE_SECONDS))
        self._working.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def read(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        return await self._do(partial(work, *arguments, **named), READING, READ_SECONDS)

    def now(self) -> float:
        return time.monotonic() + self._epoch

    async def close(self) -> None:
        if self._working:
            await asyncio.wait(self._working, timeout=WRITE_SECONDS)
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may have gone

    async def _do(self, work: Callable[[], Work[T]], begin: str, seconds: float) -> T:
        """Anew where others were in the way, or where the server dropped a connection that had been idle."""
        for left in reversed(range(TRIES)):
            try:
                async with self._connection(seconds) as connection:
                    return await _transaction(connection, begin, work())
            except AGAIN:
                if not left:
                    raise RecordsAwayError("too many write at once") from None
            except RecordsAwayError as error:
                if not left or not isinstance(error.__cause__, asyncpg.PostgresConnectionError):
                    raise
        raise AssertionError

    @asynccontextmanager
    async def _connection(self, seconds: float) -> AsyncGenerator[Connection]:
        """A connection of one's own, on a schema that is up to date. One that failed is dropped, not kept."""
        if self._away and time.monotonic() < self._next_probe:
            raise RecordsAwayError("the server is away", untried=True)
        self._next_probe = time.monotonic() + PROBE_SECONDS
        async with self._slot(seconds):
            connection: Connection | None = None
            sound = False
            try:
                async with asyncio.timeout(seconds):
                    connection = self._idle.pop() if self._idle else await self._connect()
                    if not self._migrated:
                        await self._migrate(connection)
                    if time.monotonic() - self._clock_read > CLOCK_SECONDS:
                        await self._read_clock(connection)
                    try:
                        yield connection
                        sound = True
                    except ITS_OWN:
                        sound = True
                        raise
                self._is_back()
            except LOST as error:
                self._is_away(error)
                raise RecordsAwayError("the server does not answer") from error
            finally:
                if connection is not None:
                    self._idle.append(connection) if sound else connection.terminate()

    @asynccontextmanager
    async def _slot(self, seconds: float) -> AsyncGenerator[None]:
        """The right to one of the connections."""
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise RecordsAwayError("too many ask at once", untried=True) from None
        try:
            yield
        finally:
            self._slots.release()

    async def _connect(self) -> Connection:
        connect = cast(Any, asyncpg).connect
        settings = {"application_name": "imagegen", "idle_in_transaction_session_timeout": "10000"}
        return await connect(self._url, timeout=CONNECT_SECONDS, server_settings=settings)

    async def _migrate(self, connection: Connection) -> None:
        async with self._migrating:
            if not self._migrated:
                applied = await _transaction(connection, WRITING, _migrate_alone())
                self._migrated = True
                if applied:
                    log("records").info("migrated", applied=applied)

    async def _read_clock(self, connection: Connection) -> None:
        theirs = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
        self._clock_read = time.monotonic()
        self._epoch = float(theirs) - self._clock_read

    def _is_away(self, error: BaseException) -> None:
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()
        if not self._away:
            self._away = True
            log("records").error("records unreachable", error=type(error).__name__)

    def _is_back(self) -> None:
        if self._away:
            self._away = False
            log("records").info("records are back")


async def _transaction(connection: Connection, begin: str, work: Work[T]) -> T:
    """Does the work between BEGIN and COMMIT. After a failure that is not its own the connection is dropped."""
    await connection.execute(begin)
    try:
        result = await drive(connection, work)
    except ITS_OWN:
        await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")
    return result


async def drive(connection: Connection, work: Work[T]) -> T:
    """Carries out the statements of a piece of work, one after another."""
    try:
        statement, values = next(work)
        while True:
            rows: Sequence[Row] = await connection.fetch(statement, *values)
            statement, values = work.send(rows)
    except StopIteration as done:
        return done.value
    finally:
        work.close()


def _migrate_alone() -> Work[list[str]]:
    yield "SELECT pg_advisory_xact_lock($1)", (MIGRATING,)
    return (yield from migrate())
