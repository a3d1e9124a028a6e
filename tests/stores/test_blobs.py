"""Blobs, wherever they lie: whole or not there, under names of ours alone, on shelves that are swept apart."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from contextlib import aclosing

import pytest

from service.stores import locate
from service.stores.blobs.port import Blobs, Shelf

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


async def content(blobs: Blobs, name: str, shelf: Shelf = Shelf.RESULTS, piece: int = 1000) -> bytes | None:
    """What lies under a name, put together from its pieces."""
    blob = await blobs.open(shelf, name, piece)
    if blob is None:
        return None
    async with aclosing(blob.pieces) as pieces:
        read = [each async for each in pieces]
    assert all(0 < len(each) <= piece for each in read)
    assert sum(map(len, read)) == blob.size
    return b"".join(read)


async def test_what_is_put_is_there(blobs: Blobs, blobs_url: str) -> None:
    """What was stored is read back, as large as it was, by another process as well."""
    await blobs.put(Shelf.RESULTS, NAME, bytes(range(256)) * 20)
    elsewhere = locate.blobs(blobs_url)
    try:
        assert await content(elsewhere, NAME) == bytes(range(256)) * 20
    finally:
        await elsewhere.close()


async def test_nothing_is_a_thing(blobs: Blobs) -> None:
    """Nothing at all can be stored; what was not stored is not there."""
    await blobs.put(Shelf.RESULTS, NAME, b"")

    assert await content(blobs, NAME) == b""
    assert await content(blobs, OTHER) is None


async def test_twenty_megabytes_arrive_as_they_were(blobs: Blobs) -> None:
    """A large thing is read back byte for byte, and its size is known before the first of them."""
    data = random.Random(20).randbytes(20_000_000)
    await blobs.put(Shelf.RESULTS, NAME, data)
    blob, digest = await blobs.open(Shelf.RESULTS, NAME, 1_000_000), hashlib.sha256()
    assert blob is not None
    assert blob.size == len(data)
    async with aclosing(blob.pieces) as pieces:
        async for piece in pieces:
            assert len(piece) <= 1_000_000
            digest.update(piece)

    assert digest.digest() == hashlib.sha256(data).digest()


async def test_many_at_once(blobs: Blobs) -> None:
    """A hundred things that are stored and read at the same time do not get mixed up."""
    things = {f"{random.randbytes(16).hex()}.png": random.randbytes(random.randrange(100_000)) for _ in range(100)}
    await asyncio.gather(*(blobs.put(Shelf.RESULTS, name, data) for name, data in things.items()))
    found = await asyncio.gather(*(content(blobs, name, piece=30_000) for name in things))

    assert dict(zip(things, found, strict=True)) == things


async def test_the_same_may_be_put_again(blobs: Blobs) -> None:
    """Whoever does not know whether something was stored stores it once more."""
    await blobs.put(Shelf.RESULTS, NAME, b"the same")
    await blobs.put(Shelf.RESULTS, NAME, b"the same")

    assert await content(blobs, NAME) == b"the same"


@pytest.mark.parametrize("name", NAMES_FROM_CALLERS, ids=ascii)
async def test_names_of_callers_are_no_names(blobs: Blobs, name: str) -> None:
    """A name that is not one of ours is not there, nor can anything be stored under it."""
    assert await content(blobs, name) is None
    with pytest.raises(ValueError, match="a blob's name is"):
        await blobs.put(Shelf.RESULTS, name, b"x")


async def test_a_name_means_nothing_on_another_shelf(blobs: Blobs) -> None:
    """What lies on one shelf is not on the other, and what is swept from one stays on the other."""
    await blobs.put(Shelf.RESULTS, NAME, b"a result")
    await blobs.put(Shelf.RESULTS, OTHER, b"another")
    assert await content(blobs, NAME, Shelf.RECORDED) is None
    await blobs.put(Shelf.RECORDED, NAME, b"a record")

    assert await blobs.sweep(Shelf.RESULTS, -60) == 2
    assert await content(blobs, NAME) is None
    assert await content(blobs, NAME, Shelf.RECORDED) == b"a record"


async def test_sweep_takes_what_is_old(blobs: Blobs) -> None:
    """What was stored before the given time is removed, what came after it stays."""
    await blobs.put(Shelf.RESULTS, NAME, b"old")
    await asyncio.sleep(1.2)  # some servers tell the time in whole seconds
    between = time.time()
    await asyncio.sleep(1.2)
    await blobs.put(Shelf.RESULTS, OTHER, b"young")

    assert await blobs.sweep(Shelf.RESULTS, 3600) == 0
    assert await blobs.sweep(Shelf.RESULTS, time.time() - between) == 1
    assert await content(blobs, NAME) is None
    assert await content(blobs, OTHER) == b"young"


async def test_sweep_of_nothing(blobs: Blobs) -> None:
    """Where nothing was ever stored there is nothing to sweep."""
    assert await blobs.sweep(Shelf.RESULTS, -60) == 0


async def test_two_may_sweep_at_once(blobs: Blobs) -> None:
    """Servers that sweep at the same time do not hinder each other, and together leave nothing."""
    names = [f"{number:032x}.png" for number in range(50)]
    await asyncio.gather(*(blobs.put(Shelf.RESULTS, name, b"x") for name in names))
    swept = await asyncio.gather(*(blobs.sweep(Shelf.RESULTS, -60) for _ in range(4)))

    assert sum(swept) >= 50
    assert not [name for name in names if await content(blobs, name) is not None]


@pytest.mark.parametrize("pieces", [0, 1])
async def test_reader_that_leaves(blobs: Blobs, pieces: int) -> None:
    """Whoever reads on no further, or not at all, leaves no task behind, and others read on."""
    await blobs.put(Shelf.RESULTS, NAME, b"x" * 3_000_000)
    before = asyncio.all_tasks()
    for _ in range(20):
        blob = await blobs.open(Shelf.RESULTS, NAME, 1000)
        assert blob is not None
        for _ in range(pieces):
            await anext(blob.pieces)
        await blob.pieces.aclose()

    assert asyncio.all_tasks() == before
    assert len(await content(blobs, NAME, piece=1_000_000) or b"") == 3_000_000


async def test_put_that_is_given_up(blobs: Blobs) -> None:
    """A put that is cancelled at whatever moment leaves a whole thing or none, and the name can be put again."""
    data = random.Random(5).randbytes(5_000_000)
    for number in range(20):
        name = f"{number:032x}.png"
        putting = asyncio.create_task(blobs.put(Shelf.RESULTS, name, data))
        await asyncio.sleep(number / 500)
        putting.cancel()
        await asyncio.wait([putting])
        assert await content(blobs, name, piece=1_000_000) in (None, data)
