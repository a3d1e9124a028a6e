"""Which twin keeps a port: the scheme of its URL says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from service.stores.blobs.files import FileBlobs
from service.stores.blobs.port import Blobs
from service.stores.records.port import Records
from service.stores.records.sqlite import SqliteRecords
from service.stores.signals.memory import MemorySignals
from service.stores.signals.port import Signals


def records(url: str, on_broken: Callable[[str], None]) -> Records:
    """`sqlite:FILE` or `postgresql://…`; `on_broken` hears of a disk that cannot be trusted any more."""
    if url.startswith("sqlite:"):
        return SqliteRecords(Path(url.removeprefix("sqlite:")), on_broken)
    from service.stores.records.postgres import PostgresRecords  # a driver that most installations never load

    return PostgresRecords(url)


def signals(url: str) -> Signals:
    """`memory:`, or `redis://…` and `valkey://…`, also with TLS (`rediss`, `valkeys`)."""
    if url.startswith("memory:"):
        return MemorySignals()
    from service.stores.signals.valkey import ValkeySignals  # the same: most installations never load it

    return ValkeySignals(url)


def blobs(url: str) -> Blobs:
    """`file:DIRECTORY` or `s3://BUCKET/PREFIX`; the configuration has refused every other scheme."""
    if url.startswith("s3:"):
        from service.stores.blobs import s3  # the same: most installations never load it

        return s3.from_url(url)
    return FileBlobs(Path(url.removeprefix("file:")))
