"""`buf curl` without a schema: what it knows of the contract it asks the gateway's reflection for."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.clients.toolchain import npm, said
from tests.house import House
from tests.upstreams.openai import Drawn, drawn_in

# The bridge has no part in this: one form of the house will do.
pytestmark = pytest.mark.parametrize("house", ["apart"], indirect=True)

ASKED = {"model": "openai/gpt-image-2", "prompt": "a lighthouse at dusk", "parameters": {"size": "1024x1024"}}


async def curl(house: House, method: str, request: Any) -> tuple[int, str, str]:
    """One call by reflection alone: exit status, what came, what was complained of."""
    curl = (npm("buf"), "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--data", json.dumps(request))
    return await said(*curl, f"http://{house.grpc}/{method}")


async def messages(house: House, method: str, request: Any) -> list[Any]:
    """The messages of a call that succeeds."""
    status, out, err = await curl(house, method, request)
    assert status == 0, err
    decoder, found = json.JSONDecoder(), list[Any]()
    while out := out.lstrip():
        message, end = decoder.raw_decode(out)
        found.append(message)
        out = out[end:]
    return found


async def test_a_picture_by_reflection(house: House) -> None:
    """GenerateImages works for a caller that has nothing but the address."""
    [answer] = await messages(house, "imagegen.v1.ImageGeneration/GenerateImages", {"generation": ASKED})
    assert drawn_in(base64.b64decode(answer["images"][0]["data"])) == Drawn(0, 0)
    assert house.openai.requests[0].body == {
        "model": "gpt-image-2",
        "prompt": "a lighthouse at dusk",
        "size": "1024x1024",
    }


async def test_a_stream_by_reflection(house: House) -> None:
    """StreamGenerateImages tells its events one by one: the plan first, two partials and the picture, the end last."""
    asked = {**ASKED, "parameters": {"size": "1024x1024", "partialImages": 2}}
    events = await messages(house, "imagegen.v1.ImageGeneration/StreamGenerateImages", {"generation": asked})
    kinds = [next(iter(event)) for event in events]
    assert kinds[:2] == ["planned", "attemptStarted"]
    assert kinds[-1] == "completed"
    chunks = [base64.b64decode(event["imageChunk"]["data"]) for event in events if "imageChunk" in event]
    assert [drawn_in(chunk) for chunk in chunks] == [Drawn(0, 0, 0), Drawn(0, 0, 1), Drawn(0, 0)]
    assert house.openai.requests[0].body["partial_images"] == 2


async def test_a_plan_by_reflection(house: House) -> None:
    """PlanImages says what would be done and asks nobody."""
    [plan] = await messages(house, "imagegen.v1.ImageGeneration/PlanImages", {"generation": ASKED})
    assert [step["provider"] for step in plan["steps"]] == ["openai"]
    assert not house.openai.requests


async def test_models_by_reflection(house: House) -> None:
    """ListModels answers an empty request."""
    [answer] = await messages(house, "imagegen.v1.Models/ListModels", {})
    assert {"gpt-image-1", "painter/scene", "openai/gpt-image-2"} <= {model["name"] for model in answer["models"]}


async def test_the_books_by_reflection(house: House) -> None:
    """SumUsage answers an empty request: so far there is nothing."""
    [answer] = await messages(house, "imagegen.v1.Usage/SumUsage", {})
    assert answer == {"total": {}}


@pytest.mark.parametrize("service", ["", "imagegen.v1.ImageGeneration", "imagegen.v1.Models", "imagegen.v1.Usage"])
async def test_health_by_reflection(house: House, service: str) -> None:
    """The standard health service says SERVING, for the whole and for each service."""
    [answer] = await messages(house, "grpc.health.v1.Health/Check", {"service": service})
    assert answer == {"status": "SERVING"}


async def test_a_failure_by_reflection(house: House) -> None:
    """A caller's mistake reaches buf as a status with readable details."""
    asked = {"generation": {**ASKED, "model": "no-such-model"}}
    status, _, err = await curl(house, "imagegen.v1.ImageGeneration/GenerateImages", asked)
    error = json.loads(err)
    assert status == 8 * 5, "buf curl exits with eight times the gRPC code, and NOT_FOUND is 5"
    assert error["code"] == "not_found"
    assert "no-such-model" in error["message"]
    assert "imagegen.v1.ErrorDetail" in {detail["type"] for detail in error["details"]}
    assert not house.openai.requests
