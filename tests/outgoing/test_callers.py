"""Nothing that a caller says moves where the gateway connects, or who gets the provider's key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import grpc.aio
import httpx2
import pytest
from imagegen import v1
from imagegen.client import generation

from tests.house import House
from tests.outgoing.canary import Canary
from tests.outgoing.payloads import ENDS, MODELS, NAMES
from tests.rest.asking import GENERATIONS, ORDER, Tab, client, order

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEPLOYMENTS = ("/openai/deployments/{}/images/generations", "/openai/openai/deployments/{}/images/generations")


def only_the_provider_was_asked(home: House, tab: Tab, canary: Canary, expected: int | None = None) -> None:
    """Every request upstream is the one that is meant, to the one host that is, and the canary heard nothing."""
    host = home.openai.url.removeprefix("http://").removesuffix("/v1")
    for seen in tab.sent:
        assert (seen.method, seen.target) == ("POST", "/v1/images/generations")
        assert seen.headers["host"] == host
        assert seen.headers["authorization"] == f"Bearer {home.openai.key}"
        names = sorted(name.lower() for name in seen.headers)
        assert names == sorted(
            ["host", "user-agent", "accept", "accept-encoding", "authorization", "content-type", "content-length"]
        )
    assert expected is None or len(tab.sent) == expected
    assert not canary.heard


def told(home: House, answer: httpx2.Response) -> None:
    """Some answer that is no failure of ours, and that holds no key."""
    assert answer.status_code < 500 or answer.json()["type"] == "provider_account", answer.text[:500]
    assert answer.status_code != 500
    assert home.openai.key not in answer.text + str(answer.headers)


def values(canary: Canary) -> tuple[Any, ...]:
    """The canary's address, as one says it in a text, and inside of a table."""
    address = f"http://127.0.0.1:{canary.port}/v1"
    return address, {"api_base": address, "base_url": address, "host": f"127.0.0.1:{canary.port}"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_fields_of_the_body(home: House, tab: Tab, canary: Canary, stream: bool) -> None:
    """A field by any of these names is passed on in the body or refused, and is never an address of ours."""
    async with client(home) as caller:
        for name in NAMES:
            for value in values(canary):
                told(home, await caller.post(GENERATIONS, json=order(stream=stream, **{name: value})))
        nested = {name: values(canary)[0] for name in NAMES}
        told(home, await caller.post(GENERATIONS, json=order(stream=stream, extra_body=nested)))
    only_the_provider_was_asked(home, tab, canary)
    assert len(tab.sent) > len(NAMES)


@pytest.mark.parametrize("path", [GENERATIONS, *(each.format("openai%2Fgpt-image-2") for each in DEPLOYMENTS)])
async def test_headers_and_queries(home: House, tab: Tab, canary: Canary, path: str) -> None:
    """No header of the caller's and no part of the query travels on, so none can lead elsewhere."""
    address, _ = values(canary)
    async with client(home) as caller:
        for name in NAMES:
            if name != "host":
                told(home, await caller.post(path, json=order(), headers={name: address}))
            told(home, await caller.post(path, json=order(), params={name: address}))
        told(home, await caller.post(path, json=order(), headers={"host": f"127.0.0.1:{canary.port}"}))
        told(home, await caller.post(path, json=order(), headers={"authorization": f"Bearer {address}"}))
    only_the_provider_was_asked(home, tab, canary)
    assert len(tab.sent) > len(NAMES)


async def test_metadata_and_extras_over_grpc(home: House, tab: Tab, canary: Canary) -> None:
    """The same over gRPC: in metadata, and in extra_json."""
    address, table = values(canary)
    asked = dict(ORDER)
    prompt = asked.pop("prompt")
    async with grpc.aio.insecure_channel(home.grpc) as channel:
        stub = v1.ImageGenerationStub(channel)

        async def say(metadata: Mapping[str, str], extra: Mapping[str, Any]) -> None:
            meant = generation(prompt, **asked)
            if extra:
                meant.parameters.extra_json = json.dumps(extra)
            call = stub.GenerateImages(
                v1.GenerateImagesRequest(generation=meant), metadata=tuple(metadata.items()), timeout=20
            )
            code, details = await call.code(), await call.details()
            assert code not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN), details
            assert home.openai.key not in f"{details} {await call.trailing_metadata()}"

        for name in NAMES:
            if name != "host":
                await say({name.lower(): address}, {})
            await say({}, {name: address})
            await say({}, {name: table})
    only_the_provider_was_asked(home, tab, canary)
    assert len(tab.sent) > len(NAMES)


async def test_names_of_models(home: House, tab: Tab, canary: Canary) -> None:
    """A model's name is a name: whatever it looks like, it is looked up, and is no part of an address."""
    where = f"127.0.0.1:{canary.port}"
    names = [f"openai/gpt-image-2{end}" for end in ENDS] + list(MODELS)
    async with client(home) as caller:
        for name in (each.format(canary=where) for each in names):
            for body in (order(model=name), order(model="nobody/gpt-image-2", fallbacks=[name])):
                answer = await caller.post(GENERATIONS, json=body)
                assert home.openai.key not in answer.text
                assert answer.status_code in (400, 404, 502), (name, answer.text)
    only_the_provider_was_asked(home, tab, canary)


async def test_names_of_deployments(home: House, tab: Tab, canary: Canary) -> None:
    """A deployment in a path is one too, escaped or as it is."""
    where = f"127.0.0.1:{canary.port}"
    names = [f"openai/gpt-image-2{end}" for end in ENDS] + list(MODELS)
    async with client(home) as caller:
        for name in (each.format(canary=where) for each in names):
            for path in DEPLOYMENTS:
                for written in {quote(name, safe=""), quote(name, safe="/@:;%\\?#"), quote(quote(name, safe=""))}:
                    body = {key: value for key, value in ORDER.items() if key != "model"}
                    answer = await caller.post(path.format(written), json=body)
                    assert home.openai.key not in answer.text
                    assert answer.status_code != 500, (name, answer.text)
    only_the_provider_was_asked(home, tab, canary)
