"""Which twin keeps a port: the scheme of its URL says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from service.stores.blobs.files import FileBlobs
from service.stores.blobs.port import Blobs
from service.stores.records.port import Records
from service.stores.records.sqlite import SqliteRecords


def records(url: str, on_broken: Callable[[str], None]) -> Records:
    """`sqlite:FILE` or `postgresql://…`; `on_broken` hears of a disk that cannot be trusted any more."""
    if url.startswith("sqlite:"):
        return SqliteRecords(Path(url.removeprefix("sqlite:")), on_broken)
    from service.stores.records.postgres import PostgresRecords  # a driver that most installations never load

    return PostgresRecords(url)


def blobs(url: str) -> Blobs:
    """`file:DIRECTORY`; the configuration has refused every other scheme."""
    return FileBlobs(Path(url.removeprefix("file:")))
