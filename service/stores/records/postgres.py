"""Records in PostgreSQL, for many processes on many machines. Their clock is the server's.

A server that is away costs nobody time: after a failure one caller in half a second tries again, the others are told
at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it ships none

from service.stores.records.port import RecordsAwayError, Row, Work
from service.stores.records.schema import migrate
from service.telemetry import log

T = TypeVar("T")
P = ParamSpec("P")

Connection = Any  # asyncpg ships no types
Pool = Any

CONNECT_SECONDS = 1.0
STATEMENT_SECONDS = 2.0
PATIENCE = 4.0
"""For all of one piece of work, with waiting for a connection."""
READ_SECONDS = 15.0
PROBE_SECONDS = 0.5
CLOCK_SECONDS = 60.0
"""How long the difference between the server's clock and ours is trusted."""
CONNECTIONS = 16
TRIES = 5
MIGRATING = 0x696D6167  # an advisory lock of our own

AGAIN = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


class PostgresRecords:
    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: Pool | None = None
        self._opening = asyncio.Lock()
        self._away = False
        self._next_probe = 0.0
        self._working: set[asyncio.Task[Any]] = set()
        self._epoch = time.time() - time.monotonic()
        self._clock_read = -CLOCK_SECONDS

    async def open(self) -> None:
        """A server that is away is waited for; one that refuses us is a mistake in the configuration."""
        try:
            await self._ready()
        except asyncpg.PostgresError as error:
            raise OSError(f"PostgreSQL refuses this gateway: {error}") from None
        except RecordsAwayError:
            return

    async def write(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        task = asyncio.create_task(self._patiently(partial(work, *arguments, **named), readonly=False))
        self._working.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def read(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        return await self._patiently(partial(work, *arguments, **named), readonly=True)

    def now(self) -> float:
        return time.monotonic() + self._epoch

    async def close(self) -> None:
        if self._working:
            await asyncio.wait(self._working, timeout=PATIENCE)
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may have gone

    async def _patiently(self, work: Callable[[], Work[T]], *, readonly: bool) -> T:
        """Once more after a lost connection (the work may have been done: it is such that this does no harm)."""
        for left in reversed(range(TRIES)):
            try:
                return await self._once(work, readonly=readonly)
            except AGAIN:
                if not left:
                    raise RecordsAwayError("too many write at once") from None
            except RecordsAwayError as error:
                if not left or not isinstance(error.__cause__, asyncpg.PostgresConnectionError):
                    raise
        raise AssertionError

    async def _once(self, work: Callable[[], Work[T]], *, readonly: bool) -> T:
        patience = READ_SECONDS if readonly else PATIENCE
        how = {"isolation": "repeatable_read", "readonly": True} if readonly else {}
        async with self._connection(patience) as connection, connection.transaction(**how):
            return await drive(connection, work(), patience if readonly else STATEMENT_SECONDS)

    @asynccontextmanager
    async def _connection(self, patience: float) -> AsyncGenerator[Connection]:
        """A connection for one transaction. One that failed us is not given back."""
        if self._away and time.monotonic() < self._next_probe:
            raise RecordsAwayError("the server is away", untried=True)
        self._next_probe = time.monotonic() + PROBE_SECONDS
        pool = await self._ready()
        connection: Connection | None = None
        try:
            async with asyncio.timeout(patience):
                connection = await pool.acquire(timeout=PATIENCE)
                await self._read_clock(connection)
                self._back()
                yield connection
        except LOST as error:
            if connection is not None:
                connection.terminate()
            self._lost(error)
            raise RecordsAwayError("the server does not answer") from error
        finally:
            if connection is not None:
                await pool.release(connection)

    async def _ready(self) -> Pool:
        async with self._opening:
            if self._pool is None:
                try:
                    self._pool = await self._open_pool()
                except LOST as error:
                    self._lost(error)
                    raise RecordsAwayError("the server does not answer") from error
        return self._pool

    async def _open_pool(self) -> Pool:
        pool: Pool = asyncpg.create_pool(  # pyright: ignore[reportUnknownMemberType] - untyped
            self._url,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            max_inactive_connection_lifetime=60,
            server_settings={"application_name": "imagegen", "idle_in_transaction_session_timeout": "10000"},
        )
        try:
            async with asyncio.timeout(PATIENCE):
                await pool
                async with pool.acquire() as connection, connection.transaction():
                    await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATING)
                    applied = await drive(connection, migrate())
        except BaseException:
            pool.terminate()
            raise
        if applied:
            log("records").info("migrated", applied=applied)
        return pool

    async def _read_clock(self, connection: Connection) -> None:
        if time.monotonic() - self._clock_read > CLOCK_SECONDS:
            theirs = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
            self._clock_read = time.monotonic()
            self._epoch = float(theirs) - self._clock_read

    def _lost(self, error: BaseException) -> None:
        if not self._away:
            self._away = True
            log("records").error("records unreachable", error=type(error).__name__)

    def _back(self) -> None:
        if self._away:
            self._away = False
            log("records").info("records are back")


async def drive(connection: Connection, work: Work[T], timeout: float = STATEMENT_SECONDS) -> T:
    """Carries out the statements of a piece of work, one after another."""
    try:
        statement, values = next(work)
        while True:
            rows: Sequence[Row] = await connection.fetch(statement, *values, timeout=timeout)
            statement, values = work.send(rows)
    except StopIteration as done:
        return done.value
    finally:
        work.close()
