"""The double is what the official Azure client speaks to, and refuses what Azure refuses."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import httpx2
import openai as sdk
import pytest

from tests.upstreams.azure import (
    CLIENT,
    SCOPE,
    SECRET,
    TENANT,
    AzureDouble,
    azure_refusing,
    blocked_resource,
    withholding,
)
from tests.upstreams.openai import FORBIDDEN, drawn_in

VERSION = "2025-04-01-preview"
GENERATIONS = f"/openai/deployments/pictures/images/generations?api-version={VERSION}"
BODY = {"prompt": "a red cube", "size": "1024x1024", "quality": "low"}
FORM = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "scope": SCOPE}
TOKEN = f"/{TENANT}/oauth2/v2.0/token"


@pytest.fixture
async def azure() -> AsyncGenerator[AzureDouble]:
    async with AzureDouble() as opened:
        yield opened


@pytest.fixture
async def client(azure: AzureDouble) -> AsyncGenerator[sdk.AsyncAzureOpenAI]:
    async with sdk.AsyncAzureOpenAI(
        azure_endpoint=azure.url,
        azure_deployment="pictures",
        api_key=azure.key,
        api_version=VERSION,
        max_retries=0,
    ) as opened:
        yield opened


@pytest.fixture
async def http(azure: AzureDouble) -> AsyncGenerator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=azure.url, verify=False, trust_env=False) as opened:
        yield opened


async def test_the_official_client_gets_pictures(azure: AzureDouble, client: sdk.AsyncAzureOpenAI) -> None:
    """A deployment of the client's own needs no model in the body; pictures come with what the filters found."""
    answer = await client.images.generate(prompt="a red cube", size="1024x1024", quality="low", n=2)
    assert answer.data
    assert [drawn_in(base64.b64decode(each.b64_json or "")).image for each in answer.data] == [0, 1]
    found: Any = answer.data[0].model_extra
    assert found["content_filter_results"]["violence"] == {"severity": "safe", "filtered": False}
    (seen,) = azure.orders
    assert "model" not in seen.body
    assert azure.billed_micro_usd == 2 * 5_880 + 15


async def test_the_official_client_streams(azure: AzureDouble, client: sdk.AsyncAzureOpenAI) -> None:
    """Azure's stream is OpenAI's."""
    stream = await client.images.generate(prompt="a red cube", stream=True, partial_images=1)
    assert [event.type async for event in stream] == ["image_generation.partial_image", "image_generation.completed"]


async def test_the_synchronous_client_with_a_token() -> None:
    """A token of Entra's opens the same door; the client that names its model in the body is taken where asked."""
    async with AzureDouble(takes_model=True) as azure:
        async with httpx2.AsyncClient(base_url=azure.url, verify=False, trust_env=False) as http:
            token = (await http.post(TOKEN, data=FORM)).json()["access_token"]

        def draw() -> sdk.types.ImagesResponse:
            with sdk.AzureOpenAI(azure_endpoint=azure.url, azure_ad_token=token, api_version=VERSION) as client:
                return client.images.generate(model="pictures", prompt="a red cube")

        answer = await asyncio.to_thread(draw)
        assert answer.data
        assert azure.orders[0].headers["authorization"] == f"Bearer {token}"


async def test_what_the_official_client_hears_of_failures(azure: AzureDouble, client: sdk.AsyncAzureOpenAI) -> None:
    """A filtered prompt and a blocked resource are errors of the client's own kinds, with Azure's codes."""
    with pytest.raises(sdk.BadRequestError) as filtered:
        await client.images.generate(prompt=f"a {FORBIDDEN} thing")
    assert filtered.value.code == "content_policy_violation"
    body: Any = filtered.value.body
    assert body["inner_error"]["content_filter_results"]["violence"]["filtered"] is True
    azure.next(azure_refusing(blocked_resource()))
    with pytest.raises(sdk.PermissionDeniedError, match="temporarily blocked"):
        await client.images.generate(prompt="a red cube")
    assert not azure.bill


async def test_a_withheld_image_is_billed(azure: AzureDouble, client: sdk.AsyncAzureOpenAI) -> None:
    """An image that was made and filtered stands there without its picture."""
    azure.next(withholding(0))
    answer = await client.images.generate(prompt="a red cube", n=2)
    assert answer.data
    assert [bool(each.b64_json) for each in answer.data] == [False, True]
    assert len(azure.bill) == 1


STRICT: list[tuple[str, str, Mapping[str, str], Any, int, str | None]] = [
    ("no key", GENERATIONS, {}, BODY, 401, "401"),
    ("wrong key", GENERATIONS, {"api-key": "x"}, BODY, 401, "401"),
    ("a key as a token", GENERATIONS, {"authorization": "Bearer KEY"}, BODY, 401, None),
    ("no version", GENERATIONS.partition("?")[0], {"api-key": "KEY"}, BODY, 404, "404"),
    ("a version that is none", GENERATIONS.replace("2025", "2031"), {"api-key": "KEY"}, BODY, 404, "404"),
    ("more in the query", f"{GENERATIONS}&x=1", {"api-key": "KEY"}, BODY, 404, "404"),
    ("model", GENERATIONS, {"api-key": "KEY"}, {**BODY, "model": "pictures"}, 400, "invalid_request"),
    ("elsewhere", GENERATIONS.replace("pictures", "paintings"), {"api-key": "KEY"}, BODY, 404, "DeploymentNotFound"),
    ("v1 without model", "/openai/v1/images/generations", {"api-key": "KEY"}, BODY, 404, "DeploymentNotFound"),
    ("response_format", GENERATIONS, {"api-key": "KEY"}, {**BODY, "response_format": "url"}, 400, "unknown_parameter"),
    (
        "n of old",
        GENERATIONS.replace("pictures", "old.pictures_1"),
        {"api-key": "KEY"},
        {"prompt": "x", "n": 2},
        400,
        "invalid_value",
    ),
]


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "code"), [row[1:] for row in STRICT], ids=[row[0] for row in STRICT]
)
async def test_it_is_strict(
    azure: AzureDouble,
    http: httpx2.AsyncClient,
    path: str,
    headers: Mapping[str, str],
    body: Any,
    status: int,
    code: str | None,
) -> None:
    """What Azure refuses is refused in its shape, and costs nothing."""
    sent = {name: value.replace("KEY", azure.key) for name, value in headers.items()}
    answer = await http.post(path, json=body, headers=sent)
    said = answer.json()
    assert (answer.status_code, said["error"]["code"] if code else said["statusCode"]) == (status, code or 401)
    assert "apim-request-id" in answer.headers
    assert not azure.bill


async def test_a_token_ends(http: httpx2.AsyncClient, azure: AzureDouble) -> None:
    """A token is good until its life is over, or until it is revoked."""
    azure.entra.life = 0.2
    token = (await http.post(TOKEN, data=FORM)).json()["access_token"]
    bearer = {"authorization": f"Bearer {token}"}
    assert (await http.post(GENERATIONS, json=BODY, headers=bearer)).status_code == 200
    await asyncio.sleep(0.25)
    late = await http.post(GENERATIONS, json=BODY, headers=bearer)
    assert (late.status_code, late.json()["statusCode"]) == (401, 401)


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"client_id": "x"}, 400, "unauthorized_client"),
        ({"scope": "x"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"extra": "x"}, 400, "invalid_request"),
    ],
)
async def test_tokens_are_not_for_everyone(
    http: httpx2.AsyncClient, changed: dict[str, str], status: int, error: str
) -> None:
    """Whoever asks wrongly for a token hears why, by the error's name."""
    answer = await http.post(TOKEN, data={**FORM, **changed})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
