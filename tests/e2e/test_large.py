"""A picture of 20 MB arrives whole on every way there is, and never bursts a default limit."""

from __future__ import annotations

import base64
import hashlib

import grpc.aio
import httpx2 as httpx
import pytest
from imagegen import Client, Picture, v1
from imagegen.client import assemble, generation, read_file

from tests.house import House
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
