"""Azure's paths, and the seed's: a deployment is a configured name, else provider/model, else Azure's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import openai as sdk
import pytest

from tests.house import House
from tests.rest.asking import Json, Tab, ask, json_of, order, painting, pictures
from tests.rest.envelope import failure_of
from tests.upstreams.openai import Drawn, drawn_in

MODULE = pytest.mark.asyncio(loop_scope="module")
"""For tests that do not depend on the form of the house, in the one that lasts."""

PROMPT = "a lighthouse on a cliff at dusk"


@pytest.fixture
async def client(house: House) -> AsyncGenerator[sdk.AsyncAzureOpenAI]:
    async with sdk.AsyncAzureOpenAI(azure_endpoint=house.rest, api_key="x", api_version="2025-04-01-preview") as opened:
        yield opened


@pytest.mark.parametrize("model", ["dall-e-3", "painter/scene"])
async def test_the_azure_client_finds_a_deployment(client: sdk.AsyncAzureOpenAI, model: str) -> None:
    """A configured name, and provider/model with its slash escaped by the SDK, are deployments."""
    answer = await client.images.generate(model=model, prompt=PROMPT, size="256x256")
    assert answer.data
    assert answer.data[0].url
    events = [
        event.type
        async for event in await client.images.generate(
            model=model, prompt=PROMPT, size="256x256", stream=True, partial_images=1
        )
    ]
    assert events == ["image_generation.partial_image", "image_generation.completed"]


async def test_the_synchronous_azure_client_with_a_deployment_of_its_own(house: House) -> None:
    """`azure_deployment` in the client's settings decides, whatever model a call names."""

    def draw() -> sdk.types.ImagesResponse:
        with sdk.AzureOpenAI(
            azure_endpoint=house.rest, azure_deployment="dall-e-3", api_key="x", api_version="2024-02-01"
        ) as client:
            return client.images.generate(model="nothing", prompt=PROMPT, size="256x256")

    answer = await asyncio.to_thread(draw)
    assert answer.data
    assert answer.data[0].url
    assert not house.openai.requests


async def test_an_unknown_deployment_is_azures(client: sdk.AsyncAzureOpenAI) -> None:
    """A bare name that nothing here means belongs to Azure, which is not configured: 400, naming the model."""
    with pytest.raises(sdk.BadRequestError) as raised:
        await client.images.generate(model="my-pictures", prompt=PROMPT)
    assert (raised.value.code, raised.value.param) == ("provider_not_configured", "model")
    assert "azure" in raised.value.message


@MODULE
@pytest.mark.parametrize("prefix", ["/openai/deployments", "/openai/openai/deployments"])
@pytest.mark.parametrize("named", [{}, {"model": "keyless/gpt-image-2"}, {"model": None}, {"model": ""}], ids=repr)
async def test_the_path_names_the_model(home: House, tab: Tab, prefix: str, named: Json) -> None:
    """`model` may be absent from the body; where it is there, the path wins. `api-version` goes no further."""
    body = {name: value for name, value in order().items() if name != "model"} | named
    path = f"{prefix}/openai/gpt-image-2/images/generations?api-version=2025-04-01-preview"
    answer = await ask(home, body, path)
    (picture,) = pictures(answer)
    assert drawn_in(picture) == Drawn(tab.sent[0].index, 0)
    assert json_of(answer)["extra_fields"]["model_requested"] == "openai/gpt-image-2"
    (seen,) = tab.sent
    assert seen.path == "/v1/images/generations"
    assert seen.body == order(model="gpt-image-2")


@MODULE
@pytest.mark.parametrize("prefix", ["/openai/deployments", "/openai/openai/deployments"])
async def test_an_unknown_deployment_in_either_form(home: House, tab: Tab, prefix: str) -> None:
    """Both forms of the path treat a name alike: not known, so Azure's; the envelope repeats it as it came."""
    for name, requested in (("my-pictures", "my-pictures"), ("azure/x", "azure/x"), ("a%2Fb", "a/b")):
        body = failure_of(await ask(home, painting(), f"{prefix}/{name}/images/generations"))
        assert (body["status_code"], body["error"]["code"]) == (400, "provider_not_configured")
        assert body["extra_fields"]["model_requested"] == requested
    assert not tab.sent


@MODULE
async def test_a_bare_model_of_ours_is_azures_on_azures_path(home: House, tab: Tab) -> None:
    """`gpt-image-2` is no configured name: on a deployment path it is Azure's, and never billed to OpenAI."""
    body = failure_of(await ask(home, order(), "/openai/deployments/gpt-image-2/images/generations"))
    assert body["error"]["code"] == "provider_not_configured"
    assert not tab.sent
    bare = await ask(home, order(model="gpt-image-2"))
    assert bare.status_code == 200
    assert tab.sent[0].body["model"] == "gpt-image-2"


@MODULE
async def test_azures_key_header_is_a_key(home: House, tab: Tab) -> None:
    """`api-key` is where Azure's clients put the caller's key; it is ours to read and never goes to OpenAI."""
    answer = await ask(
        home, order(), "/openai/deployments/openai/gpt-image-2/images/generations", headers={"api-key": "of-the-caller"}
    )
    assert answer.status_code == 200
    (seen,) = tab.sent
    assert seen.headers["authorization"] == f"Bearer {home.openai.key}"
    assert "of-the-caller" not in str(seen.headers)
