"""The twins that keep records, made for a test and closed after it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from service.stores.records.port import Records
from service.stores.records.postgres import PostgresRecords
from service.stores.records.sqlite import SqliteRecords

TWINS = ("sqlite", "postgres")


def make(url: str) -> Records:
    return SqliteRecords(Path(url.removeprefix("sqlite:"))) if url.startswith("sqlite:") else PostgresRecords(url)


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Records]:
    records = make(url)
    await records.open()
    try:
        yield records
    finally:
        await records.close()
