"""What the double refuses, by which name, and what it takes: the table of OpenAI's parameters, row by row."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import openai as sdk
import pytest
import pytest_asyncio

from tests.upstreams.openai import FORBIDDEN, OpenAIDouble, number_in, status, url_instead

ORDER: dict[str, Any] = {"model": "gpt-image-2", "prompt": "a red cube", "size": "1024x1024", "quality": "low"}


@pytest_asyncio.fixture
async def openai() -> AsyncGenerator[OpenAIDouble]:
    async with OpenAIDouble() as double:
        yield double


@pytest_asyncio.fixture
async def http(openai: OpenAIDouble) -> AsyncGenerator[httpx2.AsyncClient]:
    key = {"Authorization": f"Bearer {openai.key}"}
    async with httpx2.AsyncClient(base_url=openai.url, headers=key) as http:
        yield http


LATEST = {"model": "gpt-image-2.5-flare"}
REFUSED: list[tuple[dict[str, Any], int, str | None, str | None]] = [
    ({"response_format": "b64_json"}, 400, "unknown_parameter", "response_format"),
    ({"style": "vivid"}, 400, "unknown_parameter", "style"),
    ({"seed": 7}, 400, "unknown_parameter", "seed"),
    ({"complexity": "low"}, 400, "unknown_parameter", "complexity"),
    ({"input_fidelity": "high"}, 400, "unknown_parameter", "input_fidelity"),
    ({"model": "dall-e-2"}, 404, "model_not_found", "model"),
    ({"model": "dall-e-3"}, 404, "model_not_found", "model"),
    ({"model": "gpt-image-1"}, 404, "model_not_found", "model"),
    ({"model": "gpt-image-9"}, 404, "model_not_found", "model"),
    ({"model": None}, 400, "missing_required_parameter", "model"),
    ({"model": 2}, 400, "invalid_type", "model"),
    ({"prompt": ...}, 400, "missing_required_parameter", "prompt"),
    ({"prompt": None}, 400, "invalid_type", "prompt"),
    ({"prompt": ""}, 400, "empty_string", "prompt"),
    ({"prompt": "x" * 32_001}, 400, "string_above_max_length", "prompt"),
    ({"prompt": f"something {FORBIDDEN}"}, 400, "moderation_blocked", None),
    ({"n": 0}, 400, "integer_below_min_value", "n"),
    ({"n": 11}, 400, "integer_above_max_value", "n"),
    ({"n": "2"}, 400, "invalid_type", "n"),
    ({"n": True}, 400, "invalid_type", "n"),
    ({"n": 1.5}, 400, "invalid_type", "n"),
    ({"quality": "hd"}, 400, "invalid_value", "quality"),
    ({"quality": "max"}, 400, "invalid_value", "quality"),
    ({"background": "green"}, 400, "invalid_value", "background"),
    ({"background": "transparent", "output_format": "jpeg"}, 400, "invalid_value", "background"),
    ({"moderation": "off"}, 400, "invalid_value", "moderation"),
    ({"output_format": "bmp"}, 400, "invalid_value", "output_format"),
    ({"output_format": "gif"}, 400, "invalid_value", "output_format"),
    ({"output_compression": 101, "output_format": "jpeg"}, 400, "integer_above_max_value", "output_compression"),
    ({"output_compression": 50}, 400, "invalid_value", "output_compression"),
    ({"stream": "true"}, 400, "invalid_type", "stream"),
    ({"partial_images": 1}, 400, "invalid_value", "partial_images"),
    ({"partial_images": 4, "stream": True}, 400, "integer_above_max_value", "partial_images"),
    ({"user": None}, 400, "invalid_type", "user"),
    ({"size": "1000x1000"}, 400, "invalid_value", "size"),
    ({"size": "3200x1024"}, 400, "invalid_value", "size"),
    ({"size": "3856x2160"}, 400, "invalid_value", "size"),
    ({"size": "3840x2176"}, 400, "invalid_value", "size"),
    ({"size": "512x512"}, 400, "invalid_value", "size"),
    ({"size": "large"}, 400, "invalid_value", "size"),
    ({"size": 1024}, 400, "invalid_type", "size"),
    ({"model": "gpt-image-1.5", "size": "1536x864"}, 400, "invalid_value", "size"),
    ({**LATEST, "output_format": "gif", "stream": True}, 400, "invalid_value", "stream"),
    ({**LATEST, "output_format": "gif", "output_compression": 100}, 400, "invalid_value", "output_compression"),
    ({**LATEST, "output_format": "svg", "n": 2}, 400, "invalid_value", "n"),
    ({**LATEST, "output_format": "svg", "partial_images": 1, "stream": True}, 400, "invalid_value", "stream"),
    ({**LATEST, "frame_count": 4}, 400, "invalid_value", "frame_count"),
    ({**LATEST, "frame_count": 17, "output_format": "gif"}, 400, "integer_above_max_value", "frame_count"),
    ({**LATEST, "svg": {"model": "m"}}, 400, "invalid_value", "svg"),
    ({**LATEST, "svg": "m", "output_format": "svg"}, 400, "invalid_type", "svg"),
]


@pytest.mark.parametrize(("asked", "code", "name", "param"), REFUSED, ids=[str(row[0])[:60] for row in REFUSED])
async def test_a_wrong_request_is_refused_by_name_and_costs_nothing(
    openai: OpenAIDouble,
    http: httpx2.AsyncClient,
    asked: dict[str, Any],
    code: int,
    name: str | None,
    param: str | None,
) -> None:
    """What OpenAI would refuse is refused with its status, code and param, is not billed, and uses up no script."""
    openai.next(status(500))
    body = {key: value for key, value in {**ORDER, **asked}.items() if value is not ...}
    answer = await http.post("/images/generations", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (code, name, param)
    assert error.keys() == {"message", "type", "param", "code"}
    assert (openai.bill, openai.scripted, openai.requests[0].behaviour) == ((), 1, None)


@pytest.mark.parametrize(
    "asked",
    [
        {"size": "3840x2160"},
        {"size": "2160x3840"},
        {"size": "1024x640"},
        {"n": None, "size": None, "quality": None, "stream": None, "partial_images": None},
        {"prompt": "x" * 32_000},
        {"partial_images": 0},
        {"output_format": "webp", "output_compression": 0},
        {"model": "gpt-image-1.5", "background": "transparent"},
        {**LATEST, "quality": "max", "complexity": "high", "moderation": "low"},
        {**LATEST, "output_format": "gif", "frame_count": 2, "frame_duration_ms": 100},
        {**LATEST, "output_format": "svg", "svg": {"model": "m", "reasoning": {"effort": "low"}}},
    ],
    ids=lambda asked: str(asked)[:60],
)
async def test_a_right_request_is_accepted(http: httpx2.AsyncClient, asked: dict[str, Any]) -> None:
    """The far corners of what OpenAI takes are taken."""
    answer = await http.post("/images/generations", json={**ORDER, **asked})
    assert answer.status_code == 200, answer.text


async def test_the_wordings_seen_in_the_wild(openai: OpenAIDouble) -> None:
    """Messages that people search for read as OpenAI writes them."""
    async with sdk.AsyncOpenAI(base_url=openai.url, api_key=openai.key, max_retries=0) as client:
        images: Any = client.images
        with pytest.raises(sdk.BadRequestError, match=r"Unknown parameter: 'response_format'\."):
            await images.generate(**ORDER, response_format="b64_json")
        with pytest.raises(sdk.BadRequestError, match=r"Invalid value: '5x5'\. Supported values are: '1024x1024', "):
            await images.generate(**{**ORDER, "model": "gpt-image-1.5", "size": "5x5"})
        with pytest.raises(sdk.BadRequestError, match=r"Invalid size '1792x936'\. Width and height must both be div"):
            await images.generate(**{**ORDER, "size": "1792x936"})
        with pytest.raises(sdk.BadRequestError) as blocked:
            await images.generate(**{**ORDER, "prompt": FORBIDDEN})
    assert "- Your request was rejected by the safety system." in blocked.value.message
    assert f"request ID {blocked.value.request_id}. safety_violations=[" in blocked.value.message
    assert blocked.value.type == "image_generation_user_error"


async def test_a_wrong_key_is_refused_and_shown_masked(openai: OpenAIDouble) -> None:
    """An unknown key gets 401, and the message shows only its ends."""
    async with sdk.AsyncOpenAI(base_url=openai.url, api_key="sk-wrong-key-of-somebody", max_retries=0) as client:
        with pytest.raises(sdk.AuthenticationError, match=r"Incorrect API key provided: sk-wrong\*+body\.") as refused:
            await client.images.generate(model="gpt-image-2", prompt="a red cube")
    assert refused.value.code == "invalid_api_key"
    assert openai.billed_micro_usd == 0


async def test_several_keys_can_be_valid() -> None:
    """A gateway that rotates its keys finds each of them known."""
    async with OpenAIDouble(key="sk-first", more_keys=["sk-second"]) as openai, httpx2.AsyncClient() as http:
        for key, code in (("sk-first", 200), ("sk-second", 200), ("sk-third", 401)):
            answer = await http.get(f"{openai.url}/models", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == code


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "content", "headers", "code", "name"),
    [
        ("POST", "/images/generations", b"{}", {"Content-Type": "text/plain"}, 400, "unsupported_content_type"),
        ("POST", "/images/generations", b"{}", {}, 400, "unsupported_content_type"),
        ("POST", "/images/generations", b"{", JSON, 400, None),
        ("POST", "/images/generations", b"[]", JSON, 400, None),
        ("POST", "/images/generations", b"\xff", JSON, 400, None),
        ("GET", "/images/generations", None, {}, 405, "method_not_supported"),
        ("POST", "/models", b"{}", JSON, 405, "method_not_supported"),
        ("POST", "/images/paintings", b"{}", JSON, 404, None),
        ("GET", "/models/gpt-image-9", None, {}, 404, "model_not_found"),
        ("GET", "/models", None, {"Authorization": "Basic eDp5"}, 401, None),
        ("GET", "/models", None, {"Authorization": ""}, 401, None),
    ],
)
async def test_what_is_no_image_request_is_refused_in_the_same_shape(
    http: httpx2.AsyncClient,
    method: str,
    path: str,
    content: bytes | None,
    headers: dict[str, str],
    code: int,
    name: str | None,
) -> None:
    """A wrong content type, no JSON, a wrong method, an unknown path, no key: each in OpenAI's envelope."""
    answer = await http.request(method, path, content=content, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (code, "invalid_request_error", name)
    assert answer.headers["x-request-id"].startswith("req_")


async def test_the_shelf_wants_the_address_alone(openai: OpenAIDouble, http: httpx2.AsyncClient) -> None:
    """A picture lies at its signed address for whoever brings nothing else; a key on the way there is refused."""
    openai.next(url_instead())
    address = (await http.post("images/generations", json=ORDER)).json()["data"][0]["url"]
    async with httpx2.AsyncClient() as stranger:
        fetched = await stranger.get(address)
        assert (fetched.status_code, number_in(fetched.content)) == (200, 0)
        assert (await stranger.get(address[:-1])).status_code == 403
        assert (await stranger.get(address, headers={"cookie": "a=b"})).status_code == 400
        assert (await stranger.post(address)).status_code == 405
    with_key = await http.get(address)
    assert with_key.status_code == 400
    assert "authorization" in with_key.json()["error"]["message"]
    assert len(openai.bill) == 1
