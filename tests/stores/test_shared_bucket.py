"""Whole gateways that keep their pictures in one bucket."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from service.stores.blobs import s3
from service.stores.blobs.port import Shelf
from tests.house import House, open_house
from tests.servers.s3 import Bucket, RcloneServer


@asynccontextmanager
async def server_over(url: str, directory: Path, name: str = "one") -> AsyncGenerator[House]:
    """A gateway with records of its own, and the signing keys that all of them have."""
    stores = {"stores": {"records": f"sqlite:{directory}/{name}.db", "blobs": url}}
    async with open_house(directory, extra=stores) as house:
        yield house


async def new_picture(house: House) -> str:
    """The path of its URL."""
    async with httpx2.AsyncClient(base_url=house.rest, timeout=30) as client:
        asked = {"model": "painter/scene", "prompt": "a boat", "size": "64x64", "response_format": "url"}
        answer = await client.post("/v1/images/generations", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"][0]["url"].removeprefix(house.rest)


async def shown(house: House, path: str) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=house.rest, timeout=30) as client:
        return await client.get(path)


@pytest.fixture
async def url(rclone: Bucket, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place in a bucket; obstore's threads, which stay until the process ends, are there before anybody counts."""
    rclone.unlock(monkeypatch)
    blobs = s3.from_url(rclone.url())
    await blobs.sweep(Shelf.RESULTS, 0)
    await blobs.close()
    return rclone.url()


async def test_every_server_shows_what_another_one_made(url: str, tmp_path: Path) -> None:
    """A URL that one server signed leads to the same picture at another one, also when the first is gone."""
    async with server_over(url, tmp_path) as one:
        path = await new_picture(one)
        at_one = await shown(one, path)
    async with server_over(url, tmp_path, "other") as other:
        at_other = await shown(other, path)

    assert (at_one.status_code, at_other.status_code) == (200, 200)
    assert at_one.content == at_other.content
    assert at_one.headers["content-type"] == at_other.headers["content-type"] == "image/png"


@pytest.mark.usefixtures("url")
async def test_server_whose_bucket_goes_and_comes_back(tmp_path: Path) -> None:
    """Without its bucket a server answers 503 and says when to come back; with it, it works again."""
    with RcloneServer(tmp_path) as bucket:
        async with server_over(bucket.url(), tmp_path) as house:
            path = await new_picture(house)
            bucket.stop()
            answer = await shown(house, path)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) == 10

            bucket.start()
            assert (await shown(house, path)).status_code == 200
            assert (await shown(house, await new_picture(house))).status_code == 200
