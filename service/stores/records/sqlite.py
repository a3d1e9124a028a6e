"""Records in one file on this machine: SQLite, what is written is on the disk before it is acknowledged.

One thread writes. While it waits for the disk more work queues up, and the next commit takes all of it: many requests
share the price of one. Other processes may write the same file; they wait for one another.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from service.stores.records.port import RecordsAwayError, Row, Work
from service.stores.records.schema import migrate
from service.telemetry import log

T = TypeVar("T")
P = ParamSpec("P")

BUSY_SECONDS = 5.0
"""How long to wait for another process that writes."""
PATIENCE = 15.0
"""How long a caller waits for a thread. What it asked for is still done, or not, when the disk answers."""
MAX_BATCH = 256
READERS = 2

OF_THE_FILE = tuple(
    f"SQLITE_{word}"
    for word in ("BUSY", "LOCKED", "IOERR", "FULL", "CANTOPEN", "READONLY", "CORRUPT", "NOTADB", "NOMEM")
)
"""Errors that are not the work's own."""

FULL, NORMAL = "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"
SETTINGS = (
    "PRAGMA journal_mode = WAL",
    FULL,
    "PRAGMA cache_size = -16384",
    "PRAGMA wal_autocheckpoint = 4000",
)


@dataclass(slots=True)
class Job:
    """One piece of work on its way through the writing thread, and what came of it."""

    work: Callable[[], Work[Any]]
    lasting: bool
    """Whether it must be on the disk before it is acknowledged."""
    done: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class SqliteRecords:
    def __init__(self, path: Path, on_broken: Callable[[str], None] | None = None) -> None:
        self._path = path
        self._on_broken = on_broken
        self._broken: str | None = None
        self._synchronous = FULL
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._writer: threading.Thread | None = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="records")
        self._local = threading.local()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading: list[sqlite3.Connection] = []

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        connection = await self._loop.run_in_executor(self._readers, self._prepare)
        self._writer = threading.Thread(target=self._write, args=(connection,), name="records writer", daemon=True)
        self._writer.start()

    async def write(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        return await self._do(partial(work, *arguments, **named), lasting=True)

    async def note(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        return await self._do(partial(work, *arguments, **named), lasting=False)

    async def _do(self, work: Callable[[], Work[T]], *, lasting: bool) -> T:
        if self._broken or self._loop is None:
            raise RecordsAwayError(self._broken or "they are not open", untried=True, retry_after=10)
        job = Job(work, lasting, self._loop.create_future())
        self._jobs.put(job)
        timer = self._loop.call_later(PATIENCE, _give_up, job.done)
        try:
            return await job.done
        finally:
            timer.cancel()

    async def read(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        if self._loop is None:
            raise RecordsAwayError("they are not open")
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._loop.run_in_executor(self._readers, self._read, partial(work, *arguments, **named))
        except TimeoutError:
            self._interrupt_readers()
            raise RecordsAwayError("the answer takes too long") from None

    def now(self) -> float:
        return time.time()

    async def close(self) -> None:
        if self._writer is not None and self._loop is not None:
            self._jobs.put(None)
            await self._loop.run_in_executor(None, self._writer.join)
            self._writer = None
        self._interrupt_readers()
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._reading:
            connection.close()
        self._loop = None

    def _interrupt_readers(self) -> None:
        """Ends what the reading threads are at: with those who ask too much, whoever else reads at this moment."""
        for connection in self._reading:
            connection.interrupt()

    # --- in the writing thread ---

    def _prepare(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)  # what stands beside it gets the same mode
        try:
            connection = connect(self._path)
            end = time.monotonic() + BUSY_SECONDS
            for setting in SETTINGS:
                _patiently(partial(connection.execute, setting), end)  # not every lock knows the busy timeout
            _patiently(partial(connection.execute, "BEGIN IMMEDIATE"), end)
            applied = drive(connection, migrate())
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise OSError(f"{self._path} cannot be used for records: {error}") from error
        if applied:
            log("records").info("migrated", applied=applied)
        return connection

    def _write(self, connection: sqlite3.Connection) -> None:
        closing = False
        while not closing:
            batch, closing = self._batch()
            if batch:
                try:
                    self._commit(connection, batch)
                except Exception as error:  # without this thread nothing is written any more
                    self._break(f"the writing thread failed ({type(error).__name__})")
                    _fail(batch, "the writing thread failed")
                self._tell(batch)
        connection.close()

    def _batch(self) -> tuple[list[Job], bool]:
        """Everything that waits, and whether that was all there will ever be."""
        batch: list[Job] = []
        try:
            job = self._jobs.get()
            while job is not None:
                batch.append(job)
                if len(batch) == MAX_BATCH:
                    return batch, False
                job = self._jobs.get_nowait()
        except Empty:
            return batch, False
        return batch, True

    def _commit(self, connection: sqlite3.Connection, batch: Sequence[Job]) -> None:
        """One transaction for all; work that fails is taken back alone. What is not on disk is not done."""
        if self._broken:
            return _fail(batch, self._broken, retry_after=10)
        try:
            self._sync(connection, FULL if any(job.lasting for job in batch) else NORMAL)
            connection.execute("BEGIN IMMEDIATE")
            if len(batch) == 1:
                _attempt(connection, batch[0], take_back="ROLLBACK")
            else:
                for job in batch:
                    connection.execute("SAVEPOINT job")
                    _attempt(connection, job, take_back="ROLLBACK TO job")
                    connection.execute("RELEASE job")
            if connection.in_transaction:
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._take_back(connection, error)
            _fail(batch, _why(error))

    def _sync(self, connection: sqlite3.Connection, how: str) -> None:
        """Whether the next commit waits for the disk."""
        if self._synchronous != how:
            connection.execute(how)
            self._synchronous = how

    def _take_back(self, connection: sqlite3.Connection, error: sqlite3.Error) -> None:
        if _name(error).startswith(("SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB")):
            # After a failed fsync nobody knows what is on the disk: what was written may be there, or look so.
            self._break("the disk failed, and this process has to be started anew")
        log("records").error("not written", path=str(self._path), error=_name(error))
        if connection.in_transaction and not self._broken:
            connection.execute("ROLLBACK")

    def _break(self, why: str) -> None:
        self._broken = why
        if self._on_broken and self._loop:
            self._loop.call_soon_threadsafe(self._on_broken, why)

    def _tell(self, batch: Sequence[Job]) -> None:
        with suppress(RuntimeError):  # the loop is gone, and everybody who waited with it
            batch[0].done.get_loop().call_soon_threadsafe(_deliver, batch)

    # --- in a reading thread ---

    def _read(self, work: Callable[[], Work[T]]) -> T:
        try:
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                return drive(connection, work())
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            if _name(error) == "SQLITE_READONLY" or not _is_of_the_file(error):
                raise  # the work's own mistake
            raise RecordsAwayError(_why(error)) from error

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path, writing=False)
            self._reading.append(connection)
        return connection


def connect(path: Path | str, *, writing: bool = True) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    if not writing:
        connection.execute("PRAGMA query_only = ON")
    return connection


def drive(connection: sqlite3.Connection, work: Work[T]) -> T:
    """Carries out the statements of a piece of work, one after another."""
    try:
        statement, values = next(work)
        while True:
            rows: Sequence[Row] = connection.execute(dialect(statement), values).fetchall()
            statement, values = work.send(rows)
    except StopIteration as done:
        return done.value
    finally:
        work.close()


@lru_cache(maxsize=1024)
def dialect(statement: str) -> str:
    """The statement as SQLite writes it."""
    statement = statement.removesuffix(" FOR UPDATE")  # one writes at a time anyhow
    return re.sub(r"/\*sqlite (.*?)\*/", r"\1", re.sub(r"\$(\d+)", r"?\1", statement))


def _attempt(connection: sqlite3.Connection, job: Job, *, take_back: str) -> None:
    """Does one job of a batch. Whatever is wrong with it is told to its caller and leaves nothing behind."""
    try:
        job.result = drive(connection, job.work())
    except Exception as error:
        if isinstance(error, sqlite3.Error) and _is_of_the_file(error):
            raise
        job.error = error
        connection.execute(take_back)


def _fail(batch: Sequence[Job], why: str, *, retry_after: float = 1) -> None:
    for job in batch:
        job.error = RecordsAwayError(why, retry_after=retry_after)


def _give_up(done: asyncio.Future[Any]) -> None:
    if not done.done():
        done.set_exception(RecordsAwayError("the disk does not answer"))


def _deliver(batch: Sequence[Job]) -> None:
    for job in batch:
        if job.done.done():  # who asked has gone
            continue
        if job.error is not None:
            job.done.set_exception(job.error)
        else:
            job.done.set_result(job.result)


def _patiently(step: Callable[[], object], end: float) -> None:
    while True:
        try:
            step()
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _is_of_the_file(error: sqlite3.Error) -> bool:
    return _name(error).startswith(OF_THE_FILE)


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "")  # what Python itself complains of has none


def _why(error: sqlite3.Error) -> str:
    known = {"SQLITE_BUSY": "another process is writing", "SQLITE_FULL": "the disk is full"}
    return known.get(_name(error), "the disk failed")
