"""The official OpenAI SDK for Node, at the REST bridge."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.clients.toolchain import answered, need
from tests.house import House
from tests.upstreams.openai import Drawn, cut, drawn_in, number_in, reset, status

SDK = Path(__file__).with_name("openai_sdk.mjs")
ASKED = {"prompt": "a lighthouse at dusk", "size": "1024x1024"}


async def ask(house: House, params: dict[str, Any], **job: Any) -> Any:
    """One images.generate of the SDK, without retries unless the job says otherwise."""
    options = {"baseURL": f"{house.rest}/v1", "apiKey": "x", "maxRetries": 0}
    sent = {"client": "OpenAI", "options": options, "params": {**ASKED, **params}, **job}
    return await answered(need("node"), SDK, job=sent)


def bytes_of(picture: dict[str, Any]) -> bytes:
    return base64.b64decode(picture["b64_json"], validate=True)


async def test_an_answer_carries_the_picture_in_base64(house: House) -> None:
    """A gpt-image model answers with base64 of the very picture that the provider made."""
    said = await ask(house, {"model": "openai/gpt-image-2", "quality": "low", "n": 2})
    pictures = [bytes_of(each) for each in said["answer"]["data"]]
    assert [drawn_in(each) for each in pictures] == [Drawn(0, 0), Drawn(0, 1)]
    assert said["answer"]["usage"]["output_tokens"] == house.openai.bill[0].usage.output_tokens
    assert said["answer"]["extra_fields"]["provider"] == "openai"
    assert len(house.openai.requests) == 1
    assert house.openai.requests[0].body == {**ASKED, "model": "gpt-image-2", "quality": "low", "n": 2}


async def test_an_answer_links_the_picture(house: House) -> None:
    """With response_format "url" the answer links a file, and whoever follows the link gets the picture."""
    said = await ask(house, {"model": "openai/gpt-image-2", "response_format": "url"}, fetch=True)
    assert said["answer"]["data"][0]["url"].startswith(f"{house.rest}/v1/files/")
    assert "b64_json" not in said["answer"]["data"][0]
    assert said["files"][0]["status"] == 200
    assert said["files"][0]["type"] == "image/png"
    assert number_in(bytes_of(said["files"][0])) == 0
    assert "response_format" not in house.openai.requests[0].body


async def test_a_stream_grows_to_the_picture(house: House, tmp_path: Path) -> None:
    """The painter's stream shows three partial images, each nearer to the finished one, numbered without a gap."""
    said = await ask(house, {"model": "painter/scene", "stream": True, "partial_images": 3})
    events = said["events"]
    partial, completed = "image_generation.partial_image", "image_generation.completed"
    assert [event["type"] for event in events] == [partial, partial, partial, completed]
    assert [event["sequence_number"] for event in events] == [0, 1, 2, 3]
    assert [event["index"] for event in events] == [0, 0, 0, 0]
    assert [event["partial_image_index"] for event in events[:3]] == [0, 1, 2]
    distances = [distance(bytes_of(event), bytes_of(events[3]), tmp_path) for event in events[:3]]
    assert distances[0] > distances[1] > distances[2] > 0
    assert events[3]["usage"]["total_tokens"] > 0
    assert events[3]["size"] == "1024x1024"


def distance(one: bytes, other: bytes, directory: Path) -> int:
    """How far two pictures are apart, in sums of colour over a small copy."""
    looks: list[bytes] = []
    for data in (one, other):
        (directory / "picture").write_bytes(data)
        with Image.open(directory / "picture") as picture:
            assert picture.size == (1024, 1024)
            looks.append(picture.convert("RGB").reduce(8).tobytes())
    return sum(abs(a - b) for a, b in zip(*looks, strict=True))


async def test_a_providers_stream_arrives_as_it_was_drawn(house: House) -> None:
    """Each event of an OpenAI stream carries the picture that the provider drew for it."""
    said = await ask(house, {"model": "openai/gpt-image-2", "stream": True, "partial_images": 3})
    drawn = [drawn_in(bytes_of(event)) for event in said["events"]]
    assert drawn == [Drawn(0, 0, 0), Drawn(0, 0, 1), Drawn(0, 0, 2), Drawn(0, 0)]
    assert [event["sequence_number"] for event in said["events"]] == [0, 1, 2, 3]
    assert said["events"][3]["usage"]["output_tokens"] == house.openai.bill[0].usage.output_tokens
    assert house.openai.requests[0].body == {**ASKED, "model": "gpt-image-2", "stream": True, "partial_images": 3}
    assert len(house.openai.requests) == 1


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            {"model": "painter/scene", "size": "huge"},
            {"name": "BadRequestError", "status": 400, "param": "size", "code": "invalid_value"},
        ),
        (
            {"model": "openai/gpt-image-2", "prompt": ""},
            {"name": "BadRequestError", "status": 400, "param": "prompt", "code": "missing_required_parameter"},
        ),
        (
            {"model": "openai/gpt-image-2", "stream": True, "response_format": "url"},
            {"name": "BadRequestError", "status": 400, "param": "response_format"},
        ),
        (
            {"model": "no-such-model"},
            {"name": "NotFoundError", "status": 404, "param": "model", "code": "model_not_found"},
        ),
    ],
    ids=["size", "prompt", "stream-of-urls", "model"],
)
async def test_a_callers_mistake_is_the_sdks_own_error(
    house: House, params: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The SDK raises its own class for what the caller did wrong, naming the parameter, and no provider is asked."""
    error = (await ask(house, params))["error"]
    assert {name: error.get(name) for name in expected} == expected
    assert "APIError" in error["classes"]
    assert error["type"] == "invalid_request_error"
    assert error["requestID"]
    assert not house.openai.requests


async def test_a_providers_failure_is_an_internal_server_error(house: House) -> None:
    """A provider's own error is the SDK's InternalServerError, as 502 with a code that says whose fault it is."""
    house.openai.always(status(500))
    error = (await ask(house, {"model": "openai/gpt-image-2"}))["error"]
    assert (error["name"], error["status"], error["code"]) == ("InternalServerError", 502, "provider_error")
    assert len(house.openai.requests) == 1


async def test_a_rate_limit_is_a_rate_limit_error(house: House) -> None:
    """A provider's rate limit is the SDK's RateLimitError."""
    house.openai.always(status(429, retry_after="7"))
    error = (await ask(house, {"model": "openai/gpt-image-2"}))["error"]
    assert (error["name"], error["status"], error["code"]) == ("RateLimitError", 429, "rate_limit_exceeded")


def with_default_retries(house: House) -> dict[str, Any]:
    return {"baseURL": f"{house.rest}/v1", "apiKey": "x"}


@pytest.mark.parametrize("breaks", [cut(), reset()], ids=["cut", "reset"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_default_retries_never_pay_twice(house: House, breaks: Any, stream: bool) -> None:
    """An SDK with its default retries asks once, and is billed once, when the answer breaks after it was billed."""
    house.openai.always(breaks)
    params = {"model": "openai/gpt-image-2", "stream": stream}
    error = (await ask(house, params, options=with_default_retries(house)))["error"]
    assert error["code"] == "provider_connection_lost"
    assert len(house.openai.requests) == 1
    assert len(house.openai.bill) == 1


async def test_default_retries_help_where_they_cost_nothing(house: House) -> None:
    """An SDK with its default retries tries again after a rate limit that names its time, and pays once."""
    house.openai.next(status(429, retry_after="1"))
    said = await ask(house, {"model": "openai/gpt-image-2"}, options=with_default_retries(house))
    assert number_in(bytes_of(said["answer"]["data"][0])) == 1
    assert [seen.status for seen in house.openai.requests] == [429, 200]
    assert len(house.openai.bill) == 1


async def azure(house: House, deployment: str) -> Any:
    """The same picture from a deployment, by the SDK's Azure client."""
    options = {"endpoint": house.rest, "apiKey": "x", "apiVersion": "2026-10-01-preview", "maxRetries": 0}
    return await ask(house, {}, client="AzureOpenAI", options={**options, "deployment": deployment})


async def test_azures_client_reaches_a_configured_name(house: House) -> None:
    """A deployment that is a configured model's name goes where that leads, and answers as Azure does: in base64."""
    said = await azure(house, "gpt-image-1")
    assert bytes_of(said["answer"]["data"][0]).startswith(b"\x89PNG")
    assert said["answer"]["extra_fields"]["provider"] == "painter"
    assert not house.openai.requests


async def test_azures_client_reaches_a_providers_model(house: House) -> None:
    """A deployment named provider/model is that model; the API version stays with us."""
    said = await azure(house, "openai/gpt-image-2")
    assert number_in(bytes_of(said["answer"]["data"][0])) == 0
    assert house.openai.requests[0].path == "/v1/images/generations"
    assert house.openai.requests[0].body == {**ASKED, "model": "gpt-image-2"}


async def test_azures_client_is_told_that_azure_is_not_there(house: House) -> None:
    """A deployment that nobody configured is Azure's own, and Azure is not configured here."""
    error = (await azure(house, "pictures-of-the-north"))["error"]
    assert (error["name"], error["status"]) == ("BadRequestError", 400)
    assert error["code"] == "provider_not_configured"
    assert not house.openai.requests
