"""What must survive does: whole or not at all, the same on every twin."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence

import pytest

from service.errors import GatewayError, Reason
from service.stores.records.port import Records, Row, Work
from service.stores.records.schema import migrations
from tests.stores.twins import opened


def make_table() -> Work[None]:
    yield "CREATE TABLE things (name TEXT PRIMARY KEY, amount BIGINT NOT NULL)", ()


def put(name: str, amount: int = 0) -> Work[None]:
    yield "INSERT INTO things (name, amount) VALUES ($1, $2)", (name, amount)


def add(name: str, amount: int) -> Work[int]:
    rows = yield "UPDATE things SET amount = amount + $2 WHERE name = $1 RETURNING amount", (name, amount)
    return rows[0][0]


def everything() -> Work[list[tuple[str, int]]]:
    rows: Sequence[Row] = yield "SELECT name, amount FROM things ORDER BY name", ()
    return [(row[0], row[1]) for row in rows]


def put_and_fail(name: str) -> Work[None]:
    yield from put(name)
    raise GatewayError(Reason.BUDGET_EXCEEDED, "on purpose")


@pytest.fixture
async def records(records_url: str) -> AsyncGenerator[Records]:
    """With a table in it."""
    async with opened(records_url) as each:
        await each.write(make_table)
        yield each


async def test_what_is_written_is_read(records: Records, records_url: str) -> None:
    """By the same process, by another one, and after both have gone."""
    await records.write(put, "a", 1)
    assert await records.read(everything) == [("a", 1)]
    async with opened(records_url) as other:
        assert await other.read(everything) == [("a", 1)]
        await other.write(put, "b", 2)
    assert await records.read(everything) == [("a", 1), ("b", 2)]


async def test_work_that_fails_leaves_nothing(records: Records) -> None:
    """Neither alone nor among others: what is done beside it stays."""
    with pytest.raises(GatewayError, match="on purpose"):
        await records.write(put_and_fail, "alone")
    results = await asyncio.gather(
        *(records.write(put_and_fail if i % 3 == 0 else put, f"{i:03}") for i in range(90)), return_exceptions=True
    )

    assert [isinstance(each, GatewayError) for each in results] == [i % 3 == 0 for i in range(90)]
    assert [name for name, _ in await records.read(everything)] == [f"{i:03}" for i in range(90) if i % 3]


async def test_a_row_that_is_there_already_is_the_works_own_mistake(records: Records) -> None:
    """It is told as what it is, not as a store that is away, and the next work is done."""
    await records.write(put, "a")
    with pytest.raises(Exception, match=r"(?i)unique") as failed:
        await records.write(put, "a")
    assert not isinstance(failed.value, GatewayError)
    await records.write(put, "b")


async def test_work_is_done_alone(records: Records, records_url: str) -> None:
    """Three clients add to one row six hundred times at once: nothing is lost, and each total is told once."""
    await records.write(put, "sum")
    async with opened(records_url) as second, opened(records_url) as third:
        clients = (records, second, third)
        totals = await asyncio.gather(*(clients[i % 3].write(add, "sum", 1) for i in range(600)))

    assert sorted(totals) == list(range(1, 601))


async def test_reading_never_writes(records: Records) -> None:
    """Work that writes cannot be done as reading."""
    with pytest.raises(Exception, match=r"(?i)read-?only"):
        await records.read(put, "a")
    assert await records.read(everything) == []


async def test_reading_sees_one_moment(records: Records) -> None:
    """Two statements of one reading see the same, whatever is written between them."""
    await records.write(put, "a")
    first_is_read = asyncio.Event()
    loop = asyncio.get_running_loop()

    def twice() -> Work[tuple[int, int]]:
        before = yield "SELECT count(*) FROM things", ()
        loop.call_soon_threadsafe(first_is_read.set)
        yield SLOW[type(records).__name__], ()
        after = yield "SELECT count(*) FROM things", ()
        return before[0][0], after[0][0]

    reading = asyncio.create_task(records.read(twice))
    await first_is_read.wait()
    await records.write(put, "b")
    assert not reading.done(), "the reading was over too soon to prove anything"
    assert await reading == (1, 1)


SLOW = {
    "SqliteRecords": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) "
    "SELECT count(*) FROM n",
    "PostgresRecords": "SELECT pg_sleep(0.7)",
}


async def test_a_caller_that_is_cancelled_leaves_the_work_whole(records: Records) -> None:
    """A hundred callers leave at once: their work is done all the same, and the store goes on."""
    tasks = [asyncio.create_task(records.write(put, f"{i:03}")) for i in range(100)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await records.write(put, "last")
    async with asyncio.timeout(5):
        while len(await records.read(everything)) < 101:  # noqa: ASYNC110 - a store has no event to wait for
            await asyncio.sleep(0.01)


async def test_four_start_at_once(records_url: str) -> None:
    """On an empty store one of them makes the schema, the others wait, none fails, and each migration is there once."""
    from contextlib import AsyncExitStack

    from tests.stores.twins import make

    async with AsyncExitStack() as stack:
        four = [make(records_url) for _ in range(4)]
        for each in four:
            stack.push_async_callback(each.close)
        await asyncio.gather(*(each.open() for each in four))
        applied = await four[3].read(applied_migrations)

    assert applied == [migration.number for migration in migrations()]


def applied_migrations() -> Work[list[int]]:
    return [row[0] for row in (yield "SELECT number FROM migrations ORDER BY number", ())]


async def test_an_older_version_goes_on_beside_a_newer_one(records: Records, records_url: str) -> None:
    """A migration that this version does not know, as the next one applies it, disturbs nobody."""

    def newer() -> Work[None]:
        yield "ALTER TABLE requests ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'", ()
        yield "INSERT INTO migrations (number, name) VALUES (9000, 'colour')", ()

    await records.write(newer)
    async with opened(records_url) as older:
        await older.write(put, "a")
        assert await older.read(everything) == [("a", 0)]


async def test_one_clock(records: Records, records_url: str) -> None:
    """Those who share records agree what time it is."""
    async with opened(records_url) as other:
        assert abs(records.now() - other.now()) < 0.5
        assert abs(records.now() - time.time()) < 5


async def test_what_is_asked_before_closing_is_done(records_url: str) -> None:
    """Closing waits for work that was asked for."""
    async with opened(records_url) as records:
        await records.write(make_table)
        tasks = [asyncio.create_task(records.write(put, f"{i:03}")) for i in range(50)]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    async with opened(records_url) as records:
        assert len(await records.read(everything)) == 50
