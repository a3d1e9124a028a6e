"""Which twin keeps a port: the scheme of its URL says so."""

from __future__ import annotations

from pathlib import Path

from service.stores.blobs.files import FileBlobs
from service.stores.blobs.port import Blobs


def blobs(url: str) -> Blobs:
    """`file:DIRECTORY`; the configuration has refused every other scheme."""
    return FileBlobs(Path(url.removeprefix("file:")))
