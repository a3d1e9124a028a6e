"""Pictures as files: whole or not there, under names of ours alone, and gone when their time is over."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from service.errors import GatewayError, Reason
from service.stores import locate
from service.stores.blobs.files import FileBlobs

NAME = "0123456789abcdef0123456789abcdef.png"
OTHER = "fedcba9876543210fedcba9876543210.webp"

NAMES_FROM_CALLERS = (
    "",
    ".",
    "..",
    "../secret",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b.png",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef.",
    "0123456789ABCDEF0123456789ABCDEF.png",
    "0123456789abcdef0123456789abcdef.png\n",
    "0123456789abcdef0123456789abcdef.png/..",
    "0123456789abcdef0123456789abcdef.png.part",
    "0123456789abcdef0123456789abcdeg.png",
    "0123456789abcdef\x00123456789abcdef.png",
    "٠123456789abcdef0123456789abcdef.png",
    "signing.key",
)


async def content(blobs: FileBlobs, name: str, piece: int = 1000) -> bytes | None:
    blob = await blobs.open(name, piece)
    if blob is None:
        return None
    data = b"".join([each async for each in blob.pieces])
    assert len(data) == blob.size
    return data


def files(directory: Path) -> list[str]:
    """Every file and link below a directory, wherever it leads."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir())


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_what_is_put_is_there(tmp_path: Path) -> None:
    """What was stored is read back, as large as it was, by another process as well."""
    await FileBlobs(tmp_path / "new" / "blobs").put(NAME, b"x" * 5000)
    blobs = locate.blobs(f"file:{tmp_path}/new/blobs")
    blob = await blobs.open(NAME, 2048)

    assert blob is not None
    assert (blob.size, [len(piece) async for piece in blob.pieces]) == (5000, [2048, 2048, 904])


async def test_nothing_is_a_thing(tmp_path: Path) -> None:
    """Nothing at all can be stored; what was not stored is not there."""
    blobs = FileBlobs(tmp_path)
    await blobs.put(NAME, b"")

    assert await content(blobs, NAME) == b""
    assert await content(blobs, OTHER) is None


async def test_nobody_else_reads_it(tmp_path: Path) -> None:
    """A picture on disk is its owner's."""
    await FileBlobs(tmp_path).put(NAME, b"x")

    (name,) = files(tmp_path)
    assert os.stat(tmp_path / name).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", NAMES_FROM_CALLERS, ids=ascii)
async def test_names_of_callers_never_become_paths(tmp_path: Path, name: str) -> None:
    """A name that is not one of ours is not there, whatever lies at the place that it spells; nor can it be stored."""
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "blobs" / "01").mkdir(parents=True)
    (tmp_path / "blobs" / "signing.key").write_bytes(b"secret")
    (tmp_path / "blobs" / "01" / f"{NAME}.part").write_bytes(b"secret")
    blobs, before = FileBlobs(tmp_path / "blobs"), files(tmp_path)

    assert await content(blobs, name) is None
    with pytest.raises(ValueError, match="a blob's name is"):
        await blobs.put(name, b"x")
    assert files(tmp_path) == before


@pytest.mark.parametrize("to", ["file", "directory", "nowhere"])
async def test_links_are_not_followed(tmp_path: Path, to: str) -> None:
    """A link in the place of a picture leads nowhere: it is not read, not written through, and what it names stays."""
    secret, blobs = tmp_path / "secret", FileBlobs(tmp_path / "blobs")
    if to == "file":
        secret.write_bytes(b"secret")
    elif to == "directory":
        secret.mkdir()
    link = tmp_path / "blobs" / "01" / NAME
    link.parent.mkdir(parents=True)
    link.symlink_to(secret)
    os.utime(link, (0, 0), follow_symlinks=False)

    assert await content(blobs, NAME) is None
    await blobs.put(OTHER, b"x")
    assert await blobs.sweep(60) == 1
    assert not link.is_symlink()
    assert secret.exists() == (to != "nowhere")


@pytest.mark.parametrize("becomes", ["a link", "nothing"])
async def test_what_goes_between_opening_and_reading_is_not_there(tmp_path: Path, becomes: str) -> None:
    """A picture that is swept, or replaced by a link, after it was found is not there when it is read."""
    blobs, secret = FileBlobs(tmp_path / "blobs"), tmp_path / "secret"
    secret.write_bytes(b"secret")
    await blobs.put(NAME, b"x")
    blob = await blobs.open(NAME, 10)
    assert blob is not None
    (tmp_path / "blobs" / "01" / NAME).unlink()
    if becomes == "a link":
        (tmp_path / "blobs" / "01" / NAME).symlink_to(secret)

    with pytest.raises(GatewayError) as gone:
        await anext(blob.pieces)
    assert gone.value.reason is Reason.NOT_FOUND


async def test_link_aside_is_not_written_through(tmp_path: Path) -> None:
    """A link where the picture is written aside is not written through."""
    secret, blobs = tmp_path / "secret", FileBlobs(tmp_path / "blobs")
    secret.write_bytes(b"secret")
    link = tmp_path / "blobs" / "01" / f"{NAME}.part"
    link.parent.mkdir(parents=True)
    link.symlink_to(secret)

    with pytest.raises(GatewayError):
        await blobs.put(NAME, b"x")
    assert secret.read_bytes() == b"secret"
    assert await content(blobs, NAME) is None


def failing(at: int, code: int, original: Callable[..., None]) -> Callable[..., None]:
    """A function that fails when it is called the given time."""
    calls = count()

    def fail(*arguments: object) -> None:
        if next(calls) == at:
            raise OSError(code, os.strerror(code))
        original(*arguments)

    return fail


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT], ids=errno.errorcode.get)
@pytest.mark.parametrize("at", [0, 1], ids=["the file", "its directory"])
async def test_nothing_is_left_when_syncing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, code: int
) -> None:
    """When the disk does not take it, the store says that it is unavailable, and nothing is there nor left over."""
    blobs, before = FileBlobs(tmp_path), descriptors()
    await blobs.put(OTHER, b"before")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing(at, code, os.fsync))
        with pytest.raises(GatewayError) as failed:
            await blobs.put(NAME, b"x" * 1000)

    assert failed.value.reason is Reason.UNAVAILABLE
    assert failed.value.retry_after is not None
    assert str(tmp_path) not in failed.value.message
    assert files(tmp_path) == [f"{OTHER[:2]}/{OTHER}"]
    assert await content(blobs, NAME) is None
    assert descriptors() == before
    await blobs.put(NAME, b"again")
    assert await content(blobs, NAME) == b"again"


async def test_nothing_is_left_when_renaming_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last step fails, what was written aside is gone as well."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", failing(0, errno.ENOSPC, os.rename))
        with pytest.raises(GatewayError):
            await FileBlobs(tmp_path).put(NAME, b"x")

    assert files(tmp_path) == []


async def test_directory_that_is_none(tmp_path: Path) -> None:
    """Where the directory cannot be made, storing is unavailable and reading finds nothing."""
    (tmp_path / "blobs").write_bytes(b"a file")
    blobs = FileBlobs(tmp_path / "blobs")

    with pytest.raises(GatewayError) as failed:
        await blobs.put(NAME, b"x")
    assert failed.value.reason is Reason.UNAVAILABLE
    assert await content(blobs, NAME) is None


async def test_reader_that_leaves_closes_the_file(tmp_path: Path) -> None:
    """Whoever opens and reads on no further, or not at all, leaves no file open."""
    blobs, before = FileBlobs(tmp_path), descriptors()
    await blobs.put(NAME, b"x" * 1000)
    for pieces in (0, 1):
        blob = await blobs.open(NAME, 10)
        assert blob is not None
        if pieces:
            await anext(blob.pieces)
        await blob.pieces.aclose()
        del blob

    assert descriptors() == before


async def test_sweep_takes_what_is_old(tmp_path: Path) -> None:
    """What is older than told is removed, also what a crash left half written; what is younger stays."""
    blobs = FileBlobs(tmp_path)
    for name in (NAME, OTHER):
        await blobs.put(name, b"x")
    left = tmp_path / NAME[:2] / f"{NAME}.part"
    left.write_bytes(b"half")
    for path in (left, tmp_path / NAME[:2] / NAME):
        os.utime(path, (time.time() - 100, time.time() - 100))

    assert await blobs.sweep(101) == 0
    assert await blobs.sweep(99) == 2
    assert files(tmp_path) == [f"{OTHER[:2]}/{OTHER}"]
    assert await blobs.sweep(99) == 0


async def test_sweep_is_not_stopped_by_what_is_not_ours(tmp_path: Path) -> None:
    """A directory where a picture should be does not keep the others from being swept."""
    blobs = FileBlobs(tmp_path)
    await blobs.put(NAME, b"x")
    (tmp_path / "00" / "odd").mkdir(parents=True)
    for path in (tmp_path / "00" / "odd", tmp_path / NAME[:2] / NAME):
        os.utime(path, (0, 0))

    assert await blobs.sweep(60) == 1


async def test_sweep_of_nothing(tmp_path: Path) -> None:
    """Where nothing was ever stored there is nothing to sweep."""
    assert await FileBlobs(tmp_path / "absent").sweep(0) == 0
