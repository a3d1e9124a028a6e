"""A picture of 20 MB arrives whole on every way there is, and never bursts a default limit."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import grpc.aio
import httpx2 as httpx
import pytest
from imagegen import Client, Picture, v1
from imagegen.channel import options
from imagegen.client import assemble, generation, read_file
from imagegen.errors import ImagegenError, translated

from service.engine.backlog import BACKLOG
from tests.house import House, open_house, until
from tests.upstreams.openai import big_png, showing

MODEL = "openai/gpt-image-2"
BIG = big_png(20_000_000)
SHA256 = hashlib.sha256(BIG).hexdigest()


@pytest.fixture
def big_house(house: House) -> House:
    """A gateway whose provider paints 20 MB."""
    house.openai.always(showing(BIG))
    return house


async def test_unary_grpc_sends_a_reference_instead(big_house: House) -> None:
    """A stub with default limits gets a file reference, and the file is the picture."""
    async with grpc.aio.insecure_channel(big_house.grpc) as channel:
        request = v1.GenerateImagesRequest(generation=generation("a fox", model=MODEL))
        answer = await v1.ImageGenerationStub(channel).GenerateImages(request)
        (image,) = answer.images
        assert image.WhichOneof("content") == "file"
        assert image.sha256 == SHA256

        data = await read_file(v1.ImageFilesStub(channel), image.file)

    assert hashlib.sha256(data).hexdigest() == SHA256


async def test_inline_bytes_stay_within_what_the_caller_reads(big_house: House) -> None:
    """A caller that names a larger limit gets the bytes inline; the limit counts over all images of an answer."""
    big_house.openai.clear()
    small = big_png(1_500_000)
    big_house.openai.always(showing(small))
    async with Client(big_house.grpc) as client:
        answer = await client.generate("a fox", model=MODEL, n=3)

    ways = [image.WhichOneof("content") for image in answer.message.images]
    assert ways == ["data", "data", "file"]
    assert all(hashlib.sha256(each).digest() == hashlib.sha256(small).digest() for each in answer.pictures)


async def test_a_stream_never_sends_a_large_message(big_house: House) -> None:
    """Over the stream a stub with default limits reads every message, none above 1 MiB."""
    largest = 0

    async with grpc.aio.insecure_channel(big_house.grpc) as channel:
        request = v1.StreamGenerateImagesRequest(generation=generation("a fox", model=MODEL))
        call = v1.ImageGenerationStub(channel).StreamGenerateImages(request)
        messages = [message async for message in call]
        largest = max(message.ByteSize() for message in messages)

        async def again():
            for message in messages:
                yield message

        pictures = [event.data async for event in assemble(again()) if isinstance(event, Picture)]

    assert largest <= 1024 * 1024
    assert [hashlib.sha256(each).hexdigest() for each in pictures] == [SHA256]


@pytest.mark.parametrize("most", [64 * 1024, 3_000_000, 256 * 1024 * 1024])
async def test_a_stream_comes_in_chunks_of_the_callers_size(big_house: House, most: int) -> None:
    """A caller that names a size gets chunks of it, and without the SHA-256 that it does not want."""
    async with grpc.aio.insecure_channel(big_house.grpc, options=options()) as channel:
        request = v1.StreamGenerateImagesRequest(
            generation=generation("a fox", model=MODEL), max_chunk_bytes=most, omit_sha256=True
        )
        call = v1.ImageGenerationStub(channel).StreamGenerateImages(request)
        messages = [message async for message in call]

    sizes = [len(each.image_chunk.data) for each in messages if each.HasField("image_chunk")]
    assert sizes[:-1] == [most] * (len(sizes) - 1)
    assert 0 < sizes[-1] <= most
    assert sum(sizes) == len(BIG)
    assert {each.image_end.sha256 for each in messages if each.HasField("image_end")} == {""}


@pytest.mark.parametrize("most", [0, 64 * 1024 - 1, 256 * 1024 * 1024 + 1])
async def test_a_chunk_of_no_sensible_size_is_refused(big_house: House, most: int) -> None:
    """The complaint names the field and what would be right, and nobody is asked for anything."""
    async with grpc.aio.insecure_channel(big_house.grpc) as channel:
        request = v1.StreamGenerateImagesRequest(generation=generation("a fox", model=MODEL), max_chunk_bytes=most)
        with pytest.raises(ImagegenError, match=f"between 65536 and 268435456, not {most}") as refused, translated():
            _ = [each async for each in v1.ImageGenerationStub(channel).StreamGenerateImages(request)]

    assert refused.value.field == "max_chunk_bytes"
    assert not big_house.openai.requests


async def test_unary_leaves_the_sha256_out_where_nobody_wants_it(big_house: House) -> None:
    async with grpc.aio.insecure_channel(big_house.grpc, options=options()) as channel:
        request = v1.GenerateImagesRequest(
            generation=generation("a fox", model=MODEL), max_inline_bytes=len(BIG), omit_sha256=True
        )
        answer = await v1.ImageGenerationStub(channel).GenerateImages(request)

    assert [(image.data == BIG, image.size_bytes, image.sha256) for image in answer.images] == [(True, len(BIG), "")]


async def test_rest_carries_it_as_base64_and_behind_a_url(big_house: House) -> None:
    """Over REST the same bytes come as base64, and behind a URL."""
    async with httpx.AsyncClient(base_url=big_house.rest, timeout=60) as client:
        body = {"model": MODEL, "prompt": "a fox", "response_format": "b64_json"}
        whole = (await client.post("/v1/images/generations", json=body)).json()
        linked = (await client.post("/v1/images/generations", json={**body, "response_format": "url"})).json()
        file = await client.get(linked["data"][0]["url"])

    assert hashlib.sha256(base64.b64decode(whole["data"][0]["b64_json"])).hexdigest() == SHA256
    assert hashlib.sha256(file.content).hexdigest() == SHA256
    assert file.headers["content-length"] == str(len(BIG))


async def test_rest_streams_it_as_one_event(big_house: House) -> None:
    """Over SSE the same bytes come as one event."""
    body = {"model": MODEL, "prompt": "a fox", "stream": True}
    async with (
        httpx.AsyncClient(base_url=big_house.rest, timeout=60) as client,
        client.stream("POST", "/v1/images/generations", json=body) as answer,
    ):
        lines = [line async for line in answer.aiter_lines() if line.startswith("data: ")]

    encoded = lines[-1].partition('"b64_json":"')[2].partition('"')[0]
    assert len(lines) == 1
    assert hashlib.sha256(base64.b64decode(encoded)).hexdigest() == SHA256


async def test_nothing_new_while_too_much_waits(tmp_path: Path) -> None:
    """A caller who reads nothing lets pictures pile up: others are told when to come back, until it reads or goes."""
    large = big_png(4_000_000)
    async with open_house(tmp_path, "apart", {"engine": {"most_waiting": "6MiB"}}) as house:
        house.openai.always(showing(large))
        async with grpc.aio.insecure_channel(house.grpc) as channel, Client(house.grpc) as client:
            asking = v1.StreamGenerateImagesRequest(generation=generation("a fox", model=MODEL, n=10))
            call = v1.ImageGenerationStub(channel).StreamGenerateImages(asking)
            await until(lambda: BACKLOG.size > 24 * 1024**2)  # more than the connection takes before it is full
            with pytest.raises(ImagegenError) as refused:
                await client.generate("a hen", model=MODEL)
            pictures = [each async for each in assemble(call) if isinstance(each, Picture)]
            served = await client.generate("a hen", model=MODEL)

    assert (refused.value.name, refused.value.retry_after, refused.value.should_retry) == ("overloaded", 1, True)
    assert ([each.data for each in pictures], served.pictures) == ([large] * 10, (large,))
    assert len(house.openai.bill) == 2
