"""TypeScript stubs made from our protos, over @grpc/grpc-js with the limits it has when nobody sets any."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.toolchain import answered, need, running
from tests.house import House, settled
from tests.upstreams.openai import Drawn, big_png, drawn_in, showing, status

# The bridge has no part in this: one form of the house will do.
pytestmark = pytest.mark.parametrize("house", ["apart"], indirect=True)

MIB = 1024 * 1024
SIZE = "1024x1024"


@dataclass(frozen=True, slots=True)
class Caller:
    """The TypeScript client, with its generated schemas beside it."""

    folder: Path

    @property
    def command(self) -> tuple[str, ...]:
        return need("node"), "--import", "tsx", "call.ts"

    async def call(self, house: House, method: str, request: Mapping[str, Any], **job: Any) -> Any:
        job = {"address": house.grpc, "method": method, "request": request, **job}
        return await answered(*self.command, job=job, cwd=self.folder)

    def picture(self, said: Mapping[str, Any]) -> bytes:
        """A picture that the client put together, after its hash was compared with what the gateway said."""
        data = (self.folder / said["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == said["sha256"] == said["said"]
        return data


@pytest.fixture
def caller(typescript: Path) -> Caller:
    return Caller(typescript)


def asking(model: str, **parameters: Any) -> dict[str, Any]:
    """A request as proto JSON."""
    generation = {"model": model, "prompt": "a lighthouse at dusk", "parameters": {"size": SIZE, **parameters}}
    return {"generation": generation}


async def test_one_call_brings_the_pictures(house: House, caller: Caller) -> None:
    """GenerateImages answers with the provider's own bytes, inline, and says in the trailers what was done."""
    said = await caller.call(house, "GenerateImages", asking("openai/gpt-image-2", n=2, quality="low"))
    assert [drawn_in(caller.picture(each)) for each in said["pictures"]] == [Drawn(0, 0), Drawn(0, 1)]
    assert [image["width"] for image in said["answer"]["images"]] == [1024, 1024]
    assert said["answer"]["report"]["attempts"][0]["outcome"] == "OUTCOME_DONE"
    assert said["trailers"]["x-imagegen-provider"] == "openai"
    assert house.openai.requests[0].body["n"] == 2
    assert house.openai.requests[0].body["quality"] == "low"
    assert len(house.openai.bill) == 1


async def test_a_stream_brings_pictures_in_pieces(house: House, caller: Caller) -> None:
    """StreamGenerateImages shows each of two images grow, every picture as start, chunks in order, and an end."""
    said = await caller.call(
        house, "StreamGenerateImages", asking("painter/scene", n=2, partialImages=2, size="512x512")
    )
    pictures = [(each["index"], each.get("partial")) for each in said["pictures"]]
    assert sorted(pictures, key=str) == [(0, 0), (0, 1), (0, None), (1, 0), (1, 1), (1, None)]
    assert [partial for index, partial in pictures if index == 1] == [0, 1, None]
    assert all(caller.picture(each).startswith(b"\x89PNG") for each in said["pictures"])
    assert "planned" in said["events"][0]
    assert "completed" in said["events"][-1]
    assert said["largest_message"] <= MIB
    assert not house.openai.requests


async def test_a_providers_stream_keeps_its_order(house: House, caller: Caller) -> None:
    """Partial images and the picture of an OpenAI stream arrive as they were drawn."""
    said = await caller.call(house, "StreamGenerateImages", asking("openai/gpt-image-2", partialImages=3))
    drawn = [drawn_in(caller.picture(each)) for each in said["pictures"]]
    assert drawn == [Drawn(0, 0, 0), Drawn(0, 0, 1), Drawn(0, 0, 2), Drawn(0, 0)]
    assert house.openai.requests[0].body["stream"] is True
    assert house.openai.requests[0].body["partial_images"] == 3


async def test_a_plan_asks_nobody(house: House, caller: Caller) -> None:
    """PlanImages says which provider would be asked and what it may cost, and asks none."""
    said = await caller.call(house, "PlanImages", asking("openai/gpt-image-2", quality="low"))
    assert [(step["provider"], step["model"]) for step in said["answer"]["steps"]] == [("openai", "gpt-image-2")]
    assert int(said["answer"]["maxCostMicroUsd"]) > 0
    assert not house.openai.requests


async def test_models_are_listed(house: House, caller: Caller) -> None:
    """ListModels names the configured models and every provider's, and says which can be asked."""
    said = await caller.call(house, "ListModels", {})
    models = {model["name"]: model for model in said["answer"]["models"]}
    assert models["gpt-image-1"]["targets"] == ["painter/scene"]
    assert models["openai/gpt-image-2"]["configured"] is True
    assert "configured" not in models["keyless/gpt-image-2"]
    assert not house.openai.requests


async def test_the_server_says_what_it_is(house: House, caller: Caller) -> None:
    """GetServerInfo tells the limits that a stub with defaults can live with."""
    said = await caller.call(house, "GetServerInfo", {})
    assert said["answer"]["accessMode"] == "open"
    assert int(said["answer"]["defaultMaxInlineBytes"]) < 4 * MIB


async def test_a_failure_says_why_in_details(house: House, caller: Caller) -> None:
    """A caller's mistake is a status whose details hold Google's ErrorInfo and BadRequest, and our ErrorDetail."""
    said = await caller.call(house, "GenerateImages", asking("openai/gpt-image-2", n=99))
    assert said["error"]["code"] == "INVALID_ARGUMENT"
    assert said["error"]["status"]["message"] == said["error"]["details"]
    details = {each["@type"].removeprefix("type.googleapis.com/"): each for each in said["error"]["status"]["details"]}
    assert details["google.rpc.ErrorInfo"]["reason"] == "INVALID_PARAMETER"
    assert details["google.rpc.ErrorInfo"]["domain"] == "imagegen.v1"
    assert details["google.rpc.BadRequest"]["fieldViolations"][0]["field"] == "n"
    assert details["imagegen.v1.ErrorDetail"]["reason"] == "REASON_INVALID_PARAMETER"
    assert details["imagegen.v1.ErrorDetail"]["field"] == "n"
    assert not house.openai.requests


async def test_a_streams_failure_says_whose_it_was(house: House, caller: Caller) -> None:
    """A stream that fails ends with a status too; a provider's rate limit keeps its delay and its attempt."""
    house.openai.always(status(429, retry_after="7"))
    said = await caller.call(house, "StreamGenerateImages", asking("openai/gpt-image-2"))
    assert said["error"]["code"] == "RESOURCE_EXHAUSTED"
    details = {each["@type"].removeprefix("type.googleapis.com/"): each for each in said["error"]["status"]["details"]}
    assert details["google.rpc.RetryInfo"]["retryDelay"] == "7s"
    assert details["imagegen.v1.ErrorDetail"]["fromProvider"] is True
    assert details["imagegen.v1.ErrorDetail"]["report"]["attempts"][0]["status"] == 429
    assert len(house.openai.requests) == 1
    assert not house.openai.bill


async def test_cancelling_stops_the_work(house: House, caller: Caller) -> None:
    """After cancel() in mid-stream the painter stops within two seconds, while the client still lives."""
    request = asking("painter/scene", n=10, size="2048x2048", quality="high", partialImages=3)
    job = {"address": house.grpc, "method": "StreamGenerateImages", "request": request, "cancel": True}
    async with running(caller.command, cwd=caller.folder) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(json.dumps(job).encode() + b"\n")
        async with asyncio.timeout(20):
            said = json.loads(await client.stdout.readline())
        assert said["error"]["code"] == "CANCELLED"
        assert not said["pictures"]
        await settled(house, within=2)
        assert client.returncode is None


async def test_a_large_picture_fits_through_default_limits(house: House, caller: Caller) -> None:
    """A picture of 20 MB comes as a file to a stub with default limits, and in pieces of at most 1 MiB in a stream."""
    large = await asyncio.to_thread(big_png, 20_000_000)
    house.openai.always(showing(large))
    whole = await caller.call(house, "GenerateImages", asking("openai/gpt-image-2"))
    assert "file" in whole["answer"]["images"][0]
    streamed = await caller.call(house, "StreamGenerateImages", asking("openai/gpt-image-2"))
    assert streamed["pictures"][0]["chunks"] >= 20
    for said in (whole, streamed):
        assert caller.picture(said["pictures"][0]) == large
        assert said["largest_message"] <= MIB
    assert len(house.openai.bill) == 2
