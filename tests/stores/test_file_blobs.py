"""Blobs as files: what only a disk can do to them. No name is ever half, whatever stops the writer."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
import stat
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from service.errors import GatewayError, Reason
from service.stores.blobs.files import FileBlobs
from service.stores.blobs.port import Shelf
from tests.stores.test_blobs import NAME, NAMES_FROM_CALLERS, OTHER, content

T = TypeVar("T")

HOUSE = Path(__file__).parent.parent.parent
SHELF = Shelf.RESULTS

WRITER = """
import asyncio, sys
from itertools import count
from pathlib import Path
from service.stores.blobs.files import FileBlobs
from service.stores.blobs.port import Shelf

async def write(number):
    name = f"{number:032x}.png"
    await FileBlobs(Path(sys.argv[1])).put(Shelf.RESULTS, name, name.encode() * 30_000)
    print(name, flush=True)

async def main():
    for number in count(int(sys.argv[2]), 3):
        await asyncio.gather(*(write(number + each) for each in range(3)))

asyncio.run(main())
"""
"""Stores a megabyte after another, three at a time, and says which were stored."""

LIMITED = """
import asyncio, resource, sys
from functools import partial
from pathlib import Path
from service.errors import GatewayError
from service.stores.blobs.files import FileBlobs
from service.stores.blobs.port import Shelf

tell = partial(print, file=sys.stderr)  # its log is on standard output

async def main():
    blobs, name = FileBlobs(Path(sys.argv[1])), "0123456789abcdef0123456789abcdef.png"
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    try:
        await blobs.put(Shelf.RESULTS, name, b"x" * 5_000_000)
    except GatewayError as error:
        tell(error.reason, error.retry_after, error.message)
    tell(*(path.name for path in Path(sys.argv[1]).rglob("*") if path.is_file()))
    await blobs.put(Shelf.RESULTS, name, b"x" * 1_000_000)
    tell((await blobs.open(Shelf.RESULTS, name, 1000)).size)

asyncio.run(main())
"""
"""Fills a disk that takes no more than a megabyte."""


def at(directory: Path, name: str) -> Path:
    """Where a thing lies."""
    return directory / SHELF / name[:2] / name


def files(directory: Path) -> list[str]:
    """Every file and link below a directory, wherever it leads."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir())


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_nobody_else_reads_it(tmp_path: Path) -> None:
    """A picture on disk is its owner's."""
    await FileBlobs(tmp_path).put(SHELF, NAME, b"x")

    (name,) = files(tmp_path)
    assert name == f"results/01/{NAME}"
    assert os.stat(tmp_path / name).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", NAMES_FROM_CALLERS, ids=ascii)
async def test_names_of_callers_never_become_paths(tmp_path: Path, name: str) -> None:
    """Nothing is read that lies at the place which a name spells, and nothing is written there."""
    (tmp_path / "secret").write_bytes(b"secret")
    blobs, before = FileBlobs(tmp_path / "blobs"), at(tmp_path / "blobs", NAME).parent
    before.mkdir(parents=True)
    for directory in (before, before.parent, before.parent.parent):
        (directory / "signing.key").write_bytes(b"secret")
        (directory / "secret").write_bytes(b"secret")
    (before / f"{NAME}.part").write_bytes(b"secret")
    there = files(tmp_path)

    assert await content(blobs, name) is None
    with pytest.raises(ValueError, match="a blob's name is"):
        await blobs.put(SHELF, name, b"x")
    assert files(tmp_path) == there


@pytest.mark.parametrize("to", ["file", "directory", "nowhere"])
async def test_links_are_not_followed(tmp_path: Path, to: str) -> None:
    """A link in the place of a picture leads nowhere: it is not read, not written through, and what it names stays."""
    secret, blobs = tmp_path / "secret", FileBlobs(tmp_path / "blobs")
    if to == "file":
        secret.write_bytes(b"secret")
    elif to == "directory":
        secret.mkdir()
    link = at(tmp_path / "blobs", NAME)
    link.parent.mkdir(parents=True)
    link.symlink_to(secret)
    os.utime(link, (0, 0), follow_symlinks=False)

    assert await content(blobs, NAME) is None
    await blobs.put(SHELF, OTHER, b"x")
    assert await blobs.sweep(SHELF, 60) == 1
    assert not link.is_symlink()
    assert secret.exists() == (to != "nowhere")


@pytest.mark.parametrize("becomes", ["a link", "nothing"])
async def test_what_goes_between_opening_and_reading_is_not_there(tmp_path: Path, becomes: str) -> None:
    """A picture that is swept, or replaced by a link, after it was found is not there when it is read."""
    blobs, secret = FileBlobs(tmp_path / "blobs"), tmp_path / "secret"
    secret.write_bytes(b"secret")
    await blobs.put(SHELF, NAME, b"x")
    blob = await blobs.open(SHELF, NAME, 10)
    assert blob is not None
    at(tmp_path / "blobs", NAME).unlink()
    if becomes == "a link":
        at(tmp_path / "blobs", NAME).symlink_to(secret)

    with pytest.raises(GatewayError) as gone:
        await anext(blob.pieces)
    assert gone.value.reason is Reason.NOT_FOUND


async def test_link_aside_is_not_written_through(tmp_path: Path) -> None:
    """A link where the picture is written aside is not written through."""
    secret, blobs = tmp_path / "secret", FileBlobs(tmp_path / "blobs")
    secret.write_bytes(b"secret")
    link = at(tmp_path / "blobs", f"{NAME}.part")
    link.parent.mkdir(parents=True)
    link.symlink_to(secret)

    with pytest.raises(GatewayError):
        await blobs.put(SHELF, NAME, b"x")
    assert secret.read_bytes() == b"secret"
    assert await content(blobs, NAME) is None


async def test_it_is_synced_before_it_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are on disk before their name is, and that, with each directory made for it, before the put returns."""
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def syncing(descriptor: int) -> None:
        done.append(f"sync {os.path.relpath(os.readlink(f'/proc/self/fd/{descriptor}'), tmp_path)}")
        fsync(descriptor)

    def renaming(old: str, new: str) -> None:
        done.append(f"rename {os.path.relpath(new, tmp_path)}")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "rename", renaming)
    blobs = FileBlobs(tmp_path)
    await blobs.put(SHELF, NAME, b"x")
    first = [f"sync results/01/{NAME}.part", f"rename results/01/{NAME}", "sync results/01"]
    assert done == [*first, "sync results", "sync ."]

    done.clear()
    await blobs.put(SHELF, f"01{OTHER[2:]}", b"x")
    assert done == [each.replace(NAME, f"01{OTHER[2:]}") for each in first]


def failing(at: int, code: int, original: Callable[..., T]) -> Callable[..., T]:
    """A function that fails when it is called the given time."""
    calls = count()

    def fail(*arguments: object) -> T:
        if next(calls) == at:
            raise OSError(code, os.strerror(code))
        return original(*arguments)

    return fail


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT], ids=errno.errorcode.get)
@pytest.mark.parametrize("step", [0, 1, 2], ids=["the file", "its directory", "the shelf"])
async def test_nothing_is_left_when_syncing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, code: int
) -> None:
    """When the disk does not take it, the store says that it is unavailable, and nothing is there nor left over."""
    blobs, before = FileBlobs(tmp_path), descriptors()
    await blobs.put(SHELF, OTHER, b"before")
    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(os, "fsync", failing(step, code, os.fsync))
        with pytest.raises(GatewayError) as failed:
            await blobs.put(SHELF, NAME, b"x" * 1000)
    assert [(each["event"], each["error"]) for each in logs] == [
        ("blobs unreachable", f"cannot be written: {os.strerror(code)}")
    ]

    assert failed.value.reason is Reason.UNAVAILABLE
    assert failed.value.retry_after is not None
    assert str(tmp_path) not in failed.value.message
    assert files(tmp_path) == [f"results/{OTHER[:2]}/{OTHER}"]
    assert await content(blobs, NAME) is None
    assert descriptors() == before
    await blobs.put(SHELF, NAME, b"again")
    assert await content(blobs, NAME) == b"again"


async def test_nothing_is_left_when_renaming_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last step fails, what was written aside is gone as well."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", failing(0, errno.ENOSPC, os.rename))
        with pytest.raises(GatewayError):
            await FileBlobs(tmp_path).put(SHELF, NAME, b"x")

    assert files(tmp_path) == []


async def test_directory_that_is_none(tmp_path: Path) -> None:
    """Where the directory cannot be made, storing is unavailable and reading finds nothing."""
    (tmp_path / "blobs").write_bytes(b"a file")
    blobs = FileBlobs(tmp_path / "blobs")

    with pytest.raises(GatewayError) as failed:
        await blobs.put(SHELF, NAME, b"x")
    assert failed.value.reason is Reason.UNAVAILABLE
    assert await content(blobs, NAME) is None


async def test_disk_that_fails_is_not_an_absent_thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thing that cannot be looked for is not told to be absent, nor is a sweep that fails told to be done."""
    blobs = FileBlobs(tmp_path)
    await blobs.put(SHELF, NAME, b"x")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "lstat", failing(0, errno.EIO, Path.lstat))
        with pytest.raises(GatewayError) as unread:
            await blobs.open(SHELF, NAME, 10)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", failing(0, errno.EROFS, Path.unlink))
        with pytest.raises(GatewayError) as unswept:
            await blobs.sweep(SHELF, -60)

    assert (unread.value.reason, unswept.value.reason) == (Reason.UNAVAILABLE, Reason.UNAVAILABLE)
    assert await content(blobs, NAME) == b"x"


async def test_reader_that_leaves_closes_the_file(tmp_path: Path) -> None:
    """Whoever opens and reads on no further, or not at all, leaves no file open."""
    blobs, before = FileBlobs(tmp_path), descriptors()
    await blobs.put(SHELF, NAME, b"x" * 1000)
    for pieces in (0, 1):
        blob = await blobs.open(SHELF, NAME, 10)
        assert blob is not None
        if pieces:
            await anext(blob.pieces)
        await blob.pieces.aclose()
        del blob

    assert descriptors() == before


async def test_sweep_takes_what_a_crash_left(tmp_path: Path) -> None:
    """What is older than told is removed, also what is half written; what is younger stays."""
    blobs = FileBlobs(tmp_path)
    for name in (NAME, OTHER):
        await blobs.put(SHELF, name, b"x")
    left = at(tmp_path, f"{NAME}.part")
    left.write_bytes(b"half")
    for path in (left, at(tmp_path, NAME)):
        os.utime(path, (time.time() - 100, time.time() - 100))

    assert await blobs.sweep(SHELF, 101) == 0
    assert await blobs.sweep(SHELF, 99) == 2
    assert files(tmp_path) == [f"results/{OTHER[:2]}/{OTHER}"]
    assert await blobs.sweep(SHELF, 99) == 0


async def test_sweep_is_not_stopped_by_what_is_not_ours(tmp_path: Path) -> None:
    """A directory where a picture should be does not keep the others from being swept."""
    blobs = FileBlobs(tmp_path)
    await blobs.put(SHELF, NAME, b"x")
    odd = tmp_path / SHELF / "00" / "odd"
    odd.mkdir(parents=True)
    for path in (odd, at(tmp_path, NAME)):
        os.utime(path, (0, 0))

    assert await blobs.sweep(SHELF, 60) == 1


async def test_killed_writer_leaves_nothing_half(tmp_path: Path) -> None:
    """Twenty writers are killed in the middle of it: what was said to be stored is, and no name is ever half."""

    async def killed(number: int) -> list[str]:
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(number * 1_000_000)]
        writer = await asyncio.create_subprocess_exec(*command, cwd=HOUSE, stdout=asyncio.subprocess.PIPE)
        assert writer.stdout
        first = await writer.stdout.readline()
        await asyncio.sleep(random.random() / 5)
        writer.send_signal(signal.SIGKILL)
        said = first + await writer.stdout.read()
        await writer.wait()
        return said.decode().split("\n")[:-1]

    stored: list[str] = []
    for batch in range(5):
        for said in await asyncio.gather(*(killed(batch * 4 + each) for each in range(4))):
            assert said
            stored += said
    there = [Path(name) for name in files(tmp_path)]
    whole = {path.name for path in there if path.suffix != ".part"}

    assert whole >= set(stored)
    assert all((at(tmp_path, name)).read_bytes() == name.encode() * 30_000 for name in whole)
    assert any(path.suffix == ".part" for path in there), "nobody was killed in the middle of it"
    assert await FileBlobs(tmp_path).sweep(SHELF, -60) == len(there)
    assert files(tmp_path) == []


async def test_full_disk(tmp_path: Path) -> None:
    """Where the disk takes no more the store is unavailable, nothing is left of what did not fit, and less does fit."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    pipe = asyncio.subprocess.PIPE
    limited = await asyncio.create_subprocess_exec(*command, cwd=HOUSE, stdout=pipe, stderr=pipe)
    said = (await limited.communicate())[1].decode().split("\n")

    assert limited.returncode == 0
    assert said[:3] == ["unavailable 10 The store for pictures cannot be written: File too large.", "", "1000000"]
    assert stat.S_ISREG(at(tmp_path, NAME).lstat().st_mode)
