"""Blobs as files: written aside, synced, then renamed, so that a name is either whole or not there."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from service import offload
from service.errors import GatewayError, Reason
from service.stores.blobs.port import Blob

_NAME = re.compile(r"[0-9a-f]{32}\.[a-z]{3,4}")
"""The only names there are: random, with an ending from our own list. Nothing that a caller wrote becomes a path."""


class FileBlobs:
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def put(self, name: str, data: bytes) -> None:
        try:
            await offload.run(self._write, self._path(name), data)
        except OSError as error:
            raise GatewayError(
                Reason.UNAVAILABLE, f"The store for pictures cannot be written: {error.strerror}.", retry_after=10
            ) from error

    async def open(self, name: str, piece: int) -> Blob | None:
        if not _NAME.fullmatch(name):
            return None
        path = self._path(name)
        try:
            found = await offload.run(path.lstat)
        except OSError:
            return None
        return Blob(found.st_size, _read(path, piece)) if stat.S_ISREG(found.st_mode) else None

    async def sweep(self, older_than: float) -> int:
        return await offload.run(self._sweep, time.time() - older_than)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("a blob's name is 32 hexadecimal digits and an ending")
        return self._directory / name[:2] / name

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f"{path.suffix}.part")
        try:
            with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.rename(path)
            _sync_directory(path.parent)
        except BaseException:
            aside.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise

    def _sweep(self, before: float) -> int:
        swept = 0
        for path in self._directory.glob("??/*"):
            try:
                found = path.lstat()
                if found.st_mtime < before and not stat.S_ISDIR(found.st_mode):
                    path.unlink()
                    swept += 1
            except FileNotFoundError:
                continue  # another process was quicker
        return swept


def _sync_directory(path: Path) -> None:
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


async def _read(path: Path, piece: int) -> AsyncGenerator[bytes, None]:
    """Piece by piece, each opened, read and closed by itself: a reader who leaves leaves nothing open."""
    offset = 0
    while data := await offload.run(_read_piece, path, offset, piece):
        yield data
        offset += len(data)


def _read_piece(path: Path, offset: int, size: int) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        raise GatewayError(Reason.NOT_FOUND, "There is no such file, or its time is over.", field="file_id") from None
    try:
        return os.pread(file, size, offset)
    finally:
        os.close(file)
