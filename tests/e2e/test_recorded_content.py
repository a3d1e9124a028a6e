"""Prompts and pictures are kept where the operator says so, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from imagegen import Client, ImagegenError, v1

from tests.house import FORMS, House, open_house, settled
from tests.upstreams import openai as double

MODEL = "openai/gpt-image-2"
PROMPT = "a lighthouse that nobody else has thought of"
WORDS: dict[str, Any] = {
    "negative_prompt": "people whom one might know",
    "user": "somebody@example.com",
    "safety_identifier": "a name that is none of ours",
    "extra_json": '{"second_prompt": "a thought of somebody"}',
}
"""What callers write in words of their own beside the prompt."""


async def make_some(client: Client, house: House) -> bytes:
    """Requests of every ending; the picture of the last one."""
    house.openai.next(double.fewer_images(by=1), double.moderation_blocked())
    await client.generate(PROMPT, model=MODEL, n=2)
    for model in (MODEL, "no/such"):
        with pytest.raises(ImagegenError):
            await client.generate(PROMPT, model=model)
    return (await client.generate(PROMPT, model="painter/scene", size="256x256", **WORDS)).pictures[0]


def everything(directory: Path) -> bytes:
    """The bytes of every file: records, their log, pictures, keys."""
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


async def test_content_is_not_kept(house: House, tmp_path: Path) -> None:
    """Without the operator's word neither a prompt nor a picture is anywhere in the books or beside them."""
    async with Client(house.grpc) as client:
        picture = await make_some(client, house)
        await settled(house)
        stories = [await client.request(each.id) for each in (await client.requests()).requests]

    kept = everything(tmp_path)
    assert len(stories) == 4
    assert b"no/such" in kept
    for content in (PROMPT, *list(WORDS.values())[:3], "a thought of somebody"):
        assert content.encode() not in kept
    assert picture not in kept
    assert not [each for each in stories if each.HasField("prompt") or each.images]


@pytest.fixture(params=FORMS)
async def recording(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[House]:
    async with open_house(tmp_path, request.param, {"telemetry": {"record_content": True}}) as opened:
        yield opened


async def test_content_is_kept_where_the_operator_wants_it(recording: House, tmp_path: Path) -> None:
    """With it each request has its prompt and its pictures, to be read over both faces for an hour."""
    async with Client(recording.grpc) as client, httpx.AsyncClient(base_url=recording.rest) as rest:
        picture = await make_some(client, recording)
        await settled(recording)
        newest, *others = (await client.requests()).requests
        story = await client.request(newest.id)
        (image,) = story.images
        over_rest = await rest.get(image.path)
        counts = [len((await client.request(each.id)).images) for each in others]
        prompts = {(await client.request(each.id)).prompt for each in (newest, *others)}

        assert prompts == {PROMPT}
        assert await client.read(image) == picture == over_rest.content
        assert over_rest.headers["content-type"] == "image/png"
        assert counts == [0, 0, 1]
        asked = {each.asked for each in story.report.changes}
        assert asked >= {*list(WORDS.values())[:3], "a thought of somebody"}
        remove(tmp_path, image.file_id)
        with pytest.raises(ImagegenError) as gone:
            await client.read(image)
        assert gone.value.reason == v1.REASON_NOT_FOUND


def remove(directory: Path, name: str) -> None:
    (path,) = directory.rglob(name)
    path.unlink()


async def test_kept_pictures_need_their_signature(recording: House) -> None:
    """A picture that is kept is read by whoever holds its signature, and by nobody else."""
    async with Client(recording.grpc) as client:
        await make_some(client, recording)
        (image,) = (await client.request((await client.requests()).requests[0].id)).images
        image.signature = "0" * 64
        with pytest.raises(ImagegenError) as refused:
            await client.read(image)

    assert refused.value.reason == v1.REASON_SIGNATURE_INVALID
