"""What only SQLite does: wait for other writers, run out of space, and share a commit among many."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from service.errors import Reason
from service.stores.records import sqlite
from service.stores.records.port import RecordsAwayError, Work
from service.stores.records.sqlite import SqliteRecords
from tests.stores.test_records import add, everything, make_table, put
from tests.stores.twins import opened


def fill(name: str) -> Work[None]:
    yield "INSERT INTO things (name, amount) VALUES ($1 || $2, 0)", (name, "x" * 100_000)


async def test_another_writer_is_waited_for(tmp_path: Path) -> None:
    """As long as it does not take too long nobody notices."""
    async with opened(f"sqlite:{tmp_path}/r.db") as records:
        await records.write(make_table)
        other = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(records.write(put, "a"))
        await asyncio.sleep(0.3)
        assert not writing.done()
        other.execute("COMMIT")
        other.close()
        await writing


async def test_another_writer_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the records are unavailable, reading goes on, and once it has ended writing does, without a restart."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    async with opened(f"sqlite:{tmp_path}/r.db") as records:
        await records.write(make_table)
        other = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(records.write(put, f"{i}") for i in range(20)), return_exceptions=True)
        assert all(isinstance(each, RecordsAwayError) for each in results)
        assert {each.reason for each in results if isinstance(each, RecordsAwayError)} == {Reason.UNAVAILABLE}
        assert await records.read(everything) == []
        other.execute("ROLLBACK")
        other.close()
        await records.write(put, "a")
        assert await records.read(everything) == [("a", 0)]


async def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is refused whole; as soon as there is room, or for what is small, it goes on."""
    monkeypatch.setattr(sqlite, "SETTINGS", (*sqlite.SETTINGS, "PRAGMA max_page_count = 60"))
    broken: list[str] = []
    records = SqliteRecords(tmp_path / "r.db", broken.append)
    await records.open()
    await records.write(make_table)
    await records.write(put, "a")
    with pytest.raises(RecordsAwayError, match="the disk is full"):
        await _fill(records)
    assert await records.write(add, "a", 1) == 1
    assert not broken
    await records.close()


async def _fill(records: SqliteRecords) -> None:
    for i in range(10):
        await records.write(fill, f"{i}")


async def test_many_share_a_commit(tmp_path: Path) -> None:
    """Five hundred who ask at once are acknowledged by a few commits."""
    async with opened(f"sqlite:{tmp_path}/r.db") as records:
        await records.write(make_table)
        reader = sqlite3.connect(tmp_path / "r.db")
        seen: set[int] = set()
        tasks = [asyncio.create_task(records.write(put, f"{i:03}")) for i in range(500)]
        for task in asyncio.as_completed(tasks):
            await task
            seen.add(reader.execute("SELECT count(*) FROM things").fetchone()[0])
        reader.close()
    assert max(seen) == 500
    assert len(seen) < 20


async def test_nobody_else_reads_it(tmp_path: Path) -> None:
    """Who asked for what is its owner's to know: the file, and those that SQLite keeps beside it."""
    async with opened(f"sqlite:{tmp_path}/new/r.db") as records:
        await records.write(make_table)
        assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()} == {0o600}


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """It stops the start, and is named."""
    (tmp_path / "r.db").write_bytes(b"something else entirely" * 1000)
    records = SqliteRecords(tmp_path / "r.db")
    with pytest.raises(OSError, match=r"r\.db cannot be used for records: file is not a database"):
        await records.open()
    await records.close()
