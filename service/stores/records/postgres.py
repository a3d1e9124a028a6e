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
from urllib.parse import urlsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it ships none

from service.errors import GatewayError
from service.stores.records.port import RecordsAwayError, Row, Work
from service.stores.records.schema import migrate
from service.telemetry import log

T = TypeVar("T")
P = ParamSpec("P")

Connection = Any  # asyncpg ships no types

WRITERS, READERS = 16, 4
"""Connections at most; long sums never stand in the way of money."""
SLOT_SECONDS = 2.0
"""How long to wait for the right to a connection."""
CONNECT_SECONDS = 1.0
WRITE_SECONDS = 3.0
READ_SECONDS = 15.0
"""For all of one piece of work, from taking a connection to the end."""
PROBE_SECONDS = 0.5
CLOCK_SECONDS = 60.0
"""How long the difference between the server's clock and ours is trusted."""
TRIES = 5
LOCK = 0x696D6167  # an advisory lock of our own

WRITING = "BEGIN"
MIGRATING = "BEGIN; SET LOCAL statement_timeout = 0"
READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 14000"

ITS_OWN = (GatewayError, asyncpg.IntegrityConstraintViolationError)
"""What a piece of work brings about by itself: the connection is as good as before."""
IN_THE_WAY = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
REFUSED = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    *REFUSED,
)


class PostgresRecords:
    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[Connection] = []
        self._writers = asyncio.Semaphore(WRITERS)
        self._readers = asyncio.Semaphore(READERS)
        self._migrated = False
        self._migration: asyncio.Task[None] | None = None
        self._away = False
        self._next_probe = 0.0
        self._working: set[asyncio.Task[Any]] = set()
        self._epoch = time.time() - time.monotonic()
        self._clock_read = -CLOCK_SECONDS

    async def open(self) -> None:
        """A server that is away is waited for; one that refuses us is a mistake in the configuration."""
        try:
            async with self._slot(self._writers), self._connection(WRITE_SECONDS):
                pass
        except RecordsAwayError as error:
            if isinstance(error.__cause__, REFUSED):
                raise OSError(f"PostgreSQL refuses this gateway: {error.__cause__}") from None

    async def write(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        return await self._aside(partial(work, *arguments, **named))

    async def note(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        """The same: a server can lose what this process, which lives on, believes to be done."""
        return await self._aside(partial(work, *arguments, **named))

    async def read(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        async with self._slot(self._readers), self._connection(READ_SECONDS) as connection:
            return await _transaction(connection, READING, work(*arguments, **named))

    def now(self) -> float:
        return time.monotonic() + self._epoch

    async def close(self) -> None:
        if self._migration is not None:
            self._migration.cancel()
            await asyncio.wait({self._migration})
            if not self._migration.cancelled():
                self._migration.exception()  # looked at: who waited for it has been told
        if self._working:
            await asyncio.wait(self._working, timeout=WRITE_SECONDS)
        self._drop_idle()

    async def _aside(self, work: Callable[[], Work[T]]) -> T:
        """In a task of its own, which whoever asked for it may leave."""
        task = asyncio.create_task(self._do(work))
        self._working.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may have gone

    async def _do(self, work: Callable[[], Work[T]]) -> T:
        for left in reversed(range(TRIES)):
            try:
                async with self._slot(self._writers), self._connection(WRITE_SECONDS) as connection:
                    return await _transaction(connection, WRITING, work())
            except IN_THE_WAY:
                if not left:
                    raise RecordsAwayError("too many write at once") from None
            except asyncpg.ReadOnlySQLTransactionError as error:
                self._is_away(error)
                raise RecordsAwayError("the server only follows another one") from error
        raise AssertionError

    @asynccontextmanager
    async def _connection(self, seconds: float) -> AsyncGenerator[Connection]:
        """A connection of one's own, on a schema that is up to date. One that failed is dropped, not kept."""
        if self._away and time.monotonic() < self._next_probe:
            raise RecordsAwayError("the server is away", untried=True)
        self._next_probe = time.monotonic() + PROBE_SECONDS
        connection: Connection | None = None
        sound = False
        try:
            async with asyncio.timeout(seconds):
                connection = self._idle_one() or await self._connect()
                if not self._migrated:
                    await self._migrate()
                if time.monotonic() - self._clock_read > CLOCK_SECONDS:
                    await self._read_clock(connection)
                self._is_back()
                try:
                    yield connection
                    sound = True
                except (*ITS_OWN, *IN_THE_WAY):
                    sound = True
                    raise
        except asyncpg.QueryCanceledError:  # by its limit of time: the server itself is well
            raise RecordsAwayError("the answer takes too long") from None
        except TimeoutError as error:
            if connection is None or seconds == WRITE_SECONDS:  # a long reading says nothing of the server's health
                self._is_away(error)
            raise RecordsAwayError("the answer takes too long") from error
        except LOST as error:
            self._is_away(error)
            raise RecordsAwayError("the server does not answer") from error
        finally:
            if connection is not None:
                self._idle.append(connection) if sound else connection.terminate()

    @asynccontextmanager
    async def _slot(self, slots: asyncio.Semaphore) -> AsyncGenerator[None]:
        """The right to a connection."""
        try:
            async with asyncio.timeout(SLOT_SECONDS):
                await slots.acquire()
        except TimeoutError:
            raise RecordsAwayError("too many ask at once", untried=True) from None
        try:
            yield
        finally:
            slots.release()

    def _idle_one(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    def _drop_idle(self) -> None:
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()

    async def _connect(self) -> Connection:
        connect = cast(Any, asyncpg).connect
        settings = {
            "application_name": "imagegen",
            "statement_timeout": "2500",  # less than WRITE_SECONDS: waiting for a lock is no outage
            "idle_in_transaction_session_timeout": "10000",
        }
        return await connect(self._url, timeout=CONNECT_SECONDS, server_settings=settings)

    async def _migrate(self) -> None:
        """One task does it, for as long as it takes; those who wait give up when their time is over."""
        if self._migration is None or self._migration.done():
            self._migration = asyncio.create_task(self._bring_up_to_date(), name="migration")
        await asyncio.shield(self._migration)

    async def _bring_up_to_date(self) -> None:
        connection = await self._connect()
        try:
            applied = await _transaction(connection, MIGRATING, _migrate_alone())
        finally:
            connection.terminate()
        self._migrated = True
        if applied:
            log("records").info("migrated", applied=applied)

    async def _read_clock(self, connection: Connection) -> None:
        theirs = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
        self._clock_read = time.monotonic()
        self._epoch = float(theirs) - self._clock_read

    def _is_away(self, error: BaseException) -> None:
        self._drop_idle()
        if not self._away:
            self._away = True
            log("records").error("records unreachable", server=_place(self._url), error=type(error).__name__)

    def _is_back(self) -> None:
        if self._away:
            self._away = False
            log("records").info("records are back")


async def _transaction(connection: Connection, begin: str, work: Work[T]) -> T:
    """Does the work between BEGIN and COMMIT. After a failure that is not its own the connection is dropped."""
    await connection.execute(begin)
    try:
        result = await drive(connection, work)
    except (*ITS_OWN, *IN_THE_WAY):
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


def _place(url: str) -> str:
    """Where the server is, without who may enter."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'socket'}:{parts.port or 5432}{parts.path}"


def _migrate_alone() -> Work[list[str]]:
    yield "SELECT pg_advisory_xact_lock($1)", (LOCK,)
    return (yield from migrate())
