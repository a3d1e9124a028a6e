"""What goes on beside the requests, whoever does it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from service import housekeeping
from service.access.books import Books
from service.access.lives import Lives
from service.domain.account import Payer
from service.domain.record import Ending, Purpose, State
from service.housekeeping import Housekeeping
from service.stores.blobs.files import FileBlobs
from service.stores.blobs.port import Shelf
from service.stores.records.port import Work
from service.stores.signals.memory import MemorySignals
from tests.house import until
from tests.simulation.records import InlineRecords

NAME = "0123456789abcdef0123456789abcdef.png"
DAY = 86400.0


@asynccontextmanager
async def kept(books: Books, blobs: FileBlobs, signals: MemorySignals) -> AsyncGenerator[None]:
    tasks = Housekeeping(books, blobs, signals).tasks()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(housekeeping, "SWEEP_EVERY", 0.02)
    monkeypatch.setattr(housekeeping, "AFTER_FAILURE", 0.02)


def prompts() -> Work[list[str | None]]:
    return [row[0] for row in (yield "SELECT prompt FROM requests ORDER BY id", ())]


def beats() -> Work[list[int]]:
    return [row[0] for row in (yield "SELECT beat FROM processes", ())]


async def test_recorded_content_goes_after_a_month(tmp_path: Path) -> None:
    """Prompts and recorded pictures after thirty days, result files after two hours; the rest stays."""
    now = time.time()
    records, blobs = InlineRecords(lambda: now), FileBlobs(tmp_path)
    for age in (29 * DAY, 31 * DAY):
        books = Books(records)
        now = time.time() - age
        books.note(books.account(Payer()), Ending(state=State.DONE), Purpose(request_id="r", model="m", prompt="a fox"))
        await until(lambda books=books: not books.late)
    now = time.time()
    for shelf, age in ((Shelf.RESULTS, 3 * 3600), (Shelf.RECORDED, 31 * DAY)):
        await blobs.put(shelf, NAME, b"picture")
        os.utime(tmp_path / shelf / NAME[:2] / NAME, (now - age, now - age))
    await blobs.put(Shelf.RECORDED, NAME.replace("0", "1"), b"picture")
    async with kept(Books(records), blobs, MemorySignals()):
        await until(lambda: records.at_once(prompts) == [None, "a fox"])
        await until(lambda: len(list(tmp_path.glob("*/*/*"))) == 1)


async def test_every_process_beats_and_one_sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three processes with the same signals: each gives its sign of life, one sweeps for all."""
    records, signals, cleaning = InlineRecords(), MemorySignals(), set[str]()

    async def forget_prompts(books: Books, _: float) -> None:
        cleaning.add(books.lives.process)

    monkeypatch.setattr(Books, "forget_prompts", forget_prompts)
    three = [Books(records) for _ in range(3)]
    blobs = FileBlobs(tmp_path)
    async with kept(three[0], blobs, signals), kept(three[1], blobs, signals), kept(three[2], blobs, signals):
        await until(lambda: len(records.at_once(beats)) == 3 and min(records.at_once(beats)) > 5)

    assert len(cleaning) == 1


async def test_a_chore_that_fails_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with it, now and then or every time: the others go on, and so does it."""
    records, tried = InlineRecords(), list[int]()

    async def expire(_: Lives) -> int:
        tried.append(1)
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(Lives, "expire", expire)
    async with kept(Books(records), FileBlobs(tmp_path), MemorySignals()):
        await until(lambda: len(tried) > 3)
        records.away = True
        await asyncio.sleep(0.1)
        records.away = False
        before = records.at_once(beats)[0]
        await until(lambda: records.at_once(beats)[0] > before + 2)
