"""OpenAI's own Python SDK, unchanged, pointed at the bridge: whole answers, streams, models, errors, retries."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncGenerator
from typing import Any

import openai as sdk
import pytest
from openai.types import ImageGenCompletedEvent, ImageGenPartialImageEvent, ImageGenStreamEvent
from PIL import Image, ImageChops, ImageStat

from tests.house import House
from tests.upstreams.openai import (
    Behaviour,
    Drawn,
    after_headers,
    cut,
    drawn_in,
    html_error,
    mid_body,
    output_details,
    reset,
    stall,
    status,
)

PROMPT = "a lighthouse on a cliff at dusk"


@pytest.fixture
async def client(house: House) -> AsyncGenerator[sdk.AsyncOpenAI]:
    async with sdk.AsyncOpenAI(base_url=f"{house.rest}/v1", api_key="x") as opened:
        yield opened


def shown(event: ImageGenStreamEvent) -> bytes:
    return base64.b64decode(event.b64_json, validate=True)


def extra(event: ImageGenStreamEvent, name: str) -> Any:
    """A field of ours, which the SDK keeps beside its own."""
    return (event.model_extra or {}).get(name)


def distance(one: bytes, other: bytes) -> float:
    """How far two pictures are apart, over all pixels and colours."""
    with Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
        return sum(ImageStat.Stat(ImageChops.difference(first.convert("RGB"), second.convert("RGB"))).mean)


def grows(events: list[ImageGenStreamEvent], size: tuple[int, int]) -> None:
    """Three partials and the image, each closer to it than the one before."""
    *partials, final = events
    assert all(isinstance(each, ImageGenPartialImageEvent) for each in partials)
    assert isinstance(final, ImageGenCompletedEvent)
    assert [extra(each, "sequence_number") for each in events] == [0, 1, 2, 3]
    assert [each.partial_image_index for each in partials if isinstance(each, ImageGenPartialImageEvent)] == [0, 1, 2]
    apart = [distance(shown(each), shown(final)) for each in partials]
    assert apart == sorted(set(apart), reverse=True), apart
    assert apart[-1] > 0
    with Image.open(io.BytesIO(shown(final))) as picture:
        assert (picture.format, picture.size) == ("PNG", size)
    assert final.usage.total_tokens == final.usage.input_tokens + final.usage.output_tokens > 0


async def test_the_synchronous_client_streams_a_growing_picture(house: House) -> None:
    """Three partials of the painter, each nearer to the finished picture, which comes last."""

    def draw() -> list[ImageGenStreamEvent]:
        with sdk.OpenAI(base_url=f"{house.rest}/v1", api_key="x") as client:
            return list(client.images.generate(model="painter/scene", prompt=PROMPT, stream=True, partial_images=3))

    grows(await asyncio.to_thread(draw), (1024, 1024))


async def test_the_synchronous_client_gets_a_picture(house: House) -> None:
    """A whole answer in base64, with usage and what was asked; OpenAI was sent just that."""

    def draw() -> Any:
        with sdk.OpenAI(base_url=f"{house.rest}/v1", api_key="x") as client:
            return client.images.generate(
                model="openai/gpt-image-2", prompt=PROMPT, n=2, size="1536x1024", quality="low"
            )

    answer = await asyncio.to_thread(draw)
    pictures = [base64.b64decode(each.b64_json) for each in answer.data]
    assert [drawn_in(each) for each in pictures] == [Drawn(0, 0), Drawn(0, 1)]
    assert [each.index for each in answer.data] == [0, 1]
    assert (answer.size, answer.quality, answer.output_format, answer.background) == (
        "1536x1024",
        "low",
        "png",
        "opaque",
    )
    assert answer.usage.output_tokens_details.image_tokens == house.openai.bill[0].usage.output_tokens
    (seen,) = house.openai.requests
    assert seen.body == {"model": "gpt-image-2", "prompt": PROMPT, "n": 2, "size": "1536x1024", "quality": "low"}


@pytest.mark.parametrize(
    "prefix", ["", "/openai", "/litellm", "/langchain", "/pydanticai"], ids=lambda each: each or "/"
)
async def test_every_prefix_is_the_same_api(house: House, prefix: str) -> None:
    """Wherever a client expects OpenAI's API to be, with /v1 and without, it streams, lists and gets its picture."""
    for base in (f"{house.rest}{prefix}/v1", f"{house.rest}{prefix}"):
        async with sdk.AsyncOpenAI(base_url=base, api_key="x") as client:
            stream = await client.images.generate(
                model="painter/scene", prompt=PROMPT, size="256x256", stream=True, partial_images=3
            )
            grows([event async for event in stream], (256, 256))
            assert "painter/scene" in [model.id async for model in client.models.list()]
            answer = await client.images.generate(
                model="painter/scene", prompt=PROMPT, size="256x256", response_format="b64_json"
            )
        assert answer.data
        assert answer.data[0].b64_json


async def test_three_images_streamed_know_whose_they_are(house: House, client: sdk.AsyncOpenAI) -> None:
    """OpenAI never says whose an event is; ours do, and the pictures inside prove that they say the truth."""
    house.openai.next(output_details())
    stream = await client.images.generate(
        model="openai/gpt-image-2", prompt=PROMPT, quality="low", n=3, stream=True, partial_images=2
    )
    events = [event async for event in stream]
    expected = [Drawn(0, image, partial) for image in range(3) for partial in (0, 1, None)]
    assert [drawn_in(shown(each)) for each in events] == expected
    assert [extra(each, "index") for each in events] == [each.image for each in expected]
    assert [extra(each, "sequence_number") for each in events] == list(range(9))
    completed = [each for each in events if isinstance(each, ImageGenCompletedEvent)]
    assert [events.index(each) for each in completed] == [2, 5, 8]
    billed = house.openai.bill[0].usage
    for each in completed:
        details: dict[str, int] = (each.usage.model_extra or {})["output_tokens_details"]
        assert details == {"image_tokens": each.usage.output_tokens, "text_tokens": 0}
        assert each.usage.input_tokens_details.text_tokens == each.usage.input_tokens
    assert sum(each.usage.output_tokens for each in completed) == billed.output_tokens
    assert sum(each.usage.input_tokens for each in completed) == billed.text_tokens
    assert extra(completed[-1], "extra_fields")["cost_usd"] == str(house.openai.billed_micro_usd / 1_000_000)
    assert [extra(each, "extra_fields") for each in events[:-1]] == [None] * 8


async def test_models_are_listed_and_found(client: sdk.AsyncOpenAI) -> None:
    """Names with a slash can be retrieved like any other; each says whose it is."""
    listed = {model.id: model async for model in client.models.list()}
    assert {"dall-e-3", "gpt-image-1", "painter/scene", "openai/gpt-image-2", "keyless/gpt-image-2"} <= set(listed)
    assert listed["openai/gpt-image-2"].owned_by == "openai"
    for name in ("painter/scene", "dall-e-3", "second/gpt-image-2.5-flare"):
        assert await client.models.retrieve(name) == listed[name]
    with pytest.raises(sdk.NotFoundError) as raised:
        await client.models.retrieve("painter/scenery")
    assert raised.value.code == "model_not_found"
    assert "painter/scene" in raised.value.message


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("breaks", "expected"),
    [
        pytest.param(cut(mid_body), 502, id="cut"),
        pytest.param(reset(after_headers), 502, id="reset"),
        pytest.param(stall(), 504, id="stall"),
        pytest.param(html_error(502, billed=True), 502, id="html 502"),
        pytest.param(status(500, billed=True), 502, id="500"),
    ],
)
async def test_the_sdk_does_not_pay_twice(hasty_house: House, breaks: Behaviour, expected: int, stream: bool) -> None:
    """After a break that may have been billed the SDK, retries on, asks once: one call upstream, one charge."""
    hasty_house.openai.always(breaks)
    async with sdk.AsyncOpenAI(base_url=f"{hasty_house.rest}/v1", api_key="x") as client:
        assert client.max_retries == 2
        with pytest.raises(sdk.InternalServerError) as raised:
            await client.images.generate(model="openai/gpt-image-2", prompt=PROMPT, quality="low", stream=stream)
    assert raised.value.status_code == expected
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert raised.value.request_id
    assert len(hasty_house.openai.requests) == len(hasty_house.openai.bill) == 1
    if hasty_house.openai.requests[0].status == 500:
        hasty_house.forgiven = hasty_house.openai.billed_micro_usd


async def test_the_sdk_tries_again_when_it_is_safe(house: House, client: sdk.AsyncOpenAI) -> None:
    """A 429 with Retry-After cost nothing: the SDK waits, asks again by itself, and gets its picture."""
    house.openai.next(status(429, retry_after_ms="100"))
    answer = await client.images.generate(model="openai/gpt-image-2", prompt=PROMPT, quality="low")
    assert answer.data
    assert [seen.status for seen in house.openai.requests] == [429, 200]
    assert len(house.openai.bill) == 1


async def test_errors_are_the_sdks_own(client: sdk.AsyncOpenAI) -> None:
    """Status, code, param and type arrive where users of the SDK look for them."""
    with pytest.raises(sdk.BadRequestError) as raised:
        await client.images.generate(model="painter/scene", prompt=PROMPT, n=11)
    assert (raised.value.code, raised.value.param, raised.value.type) == ("invalid_value", "n", "invalid_request_error")
    with pytest.raises(sdk.NotFoundError, match="Nearest"):
        await client.images.generate(model="painter/scen", prompt=PROMPT)
    with pytest.raises(sdk.BadRequestError, match="not in this version"):
        await client.images.edit(model="gpt-image-2", prompt=PROMPT, image=b"png")
