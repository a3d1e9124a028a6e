"""Blobs as files: written aside, synced, then renamed, so that a name is either whole or not there."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path

from service import offload
from service.errors import GatewayError, Reason
from service.stores.blobs.outage import Outage
from service.stores.blobs.port import Blob, Shelf, checked, is_name


class FileBlobs:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._outage = Outage(f"file:{directory}")

    async def put(self, shelf: Shelf, name: str, data: bytes) -> None:
        path = self._path(shelf, checked(name))
        with self._doing("written"):
            await offload.run(self._write, path, data)

    async def open(self, shelf: Shelf, name: str, piece: int) -> Blob | None:
        if not is_name(name):
            return None
        path = self._path(shelf, name)
        with self._doing("read"):
            try:
                found = await offload.run(path.lstat)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return Blob(found.st_size, _read(path, piece)) if stat.S_ISREG(found.st_mode) else None

    async def sweep(self, shelf: Shelf, older_than: float) -> int:
        with self._doing("swept"):
            return await offload.run(self._sweep, shelf, time.time() - older_than)

    async def close(self) -> None:
        """Nothing is held between two calls."""

    @contextmanager
    def _doing(self, what: str) -> Generator[None]:
        """Tells what went wrong, in a sentence that names no path."""
        try:
            yield
        except OSError as error:
            failed = f"cannot be {what}: {error.strerror}"
            self._outage.goes_on(failed)
            raise GatewayError(Reason.UNAVAILABLE, f"The store for pictures {failed}.", retry_after=10) from error
        self._outage.is_over()

    def _path(self, shelf: Shelf, name: str) -> Path:
        return self._directory / shelf / name[:2] / name

    def _write(self, path: Path, data: bytes) -> None:
        made = [each for each in (path.parent, *path.parent.parents) if not each.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f"{path.suffix}.part")
        opened = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with open(opened, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.rename(path)
            for directory in (path.parent, *(each.parent for each in made)):
                _sync_directory(directory)
        except BaseException:
            aside.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise

    def _sweep(self, shelf: Shelf, before: float) -> int:
        swept = 0
        for path in (self._directory / shelf).glob("??/*"):
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
