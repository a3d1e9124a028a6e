"""What stands between a caller and a second bill, an endless wait, or a stranger's words."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc.aio
import httpx2 as httpx
import pytest
from imagegen import v1
from imagegen.client import generation
from imagegen.errors import from_rpc_error

from rest_bridge import images
from tests.callers import PATH, ask
from tests.house import House, open_house, settled, until
from tests.upstreams import openai as double

MODEL = "openai/gpt-image-2"


async def _post(house: House, body: dict[str, Any], headers: Mapping[str, str | bytes] | None = None) -> httpx.Response:
    async with httpx.AsyncClient(base_url=house.rest, timeout=20) as client:
        return await client.post(PATH, json={"model": MODEL, "prompt": "a fox", **body}, headers=_raw(headers or {}))


def _raw(headers: Mapping[str, str | bytes]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers.items()]


@pytest.mark.parametrize("name", ["fo\u0001o", "fo\r\nX: 1", "", "x" * 200], ids=["control", "lines", "empty", "long"])
async def test_a_parameters_name_must_be_one(house: House, name: str) -> None:
    """A name that no header could carry is refused at once, before anything is paid."""
    answer = await _post(house, {name: 1})

    assert answer.status_code == 400
    assert not house.openai.requests


async def test_no_second_bill_after_a_store_that_fails(house: House, tmp_path: Path) -> None:
    """When the picture was paid for and cannot be stored, SDKs are told not to ask again."""
    (tmp_path / "blobs").write_text("in the way")
    answer = await _post(house, {"response_format": "url"})

    assert answer.status_code == 503
    assert answer.headers["x-should-retry"] == "false"
    assert "retry-after" not in answer.headers
    assert answer.json()["extra_fields"]["attempts"][0]["outcome"] == "done"


async def test_a_request_whose_time_is_over_asks_nobody(house: House) -> None:
    """A deadline too short for anything is told, and nothing is sent."""
    answer = await _post(house, {}, {"X-Request-Timeout": "0.01"})

    assert answer.status_code == 504
    assert not house.openai.requests


async def test_an_odd_key_is_just_a_key(house: House) -> None:
    """In open mode any key is ignored, also one that metadata could not carry; an endless one is refused."""
    odd = await _post(house, {"model": "painter/scene", "size": "64x64"}, {"authorization": b"Bearer \xe9"})
    endless = await _post(house, {}, {"authorization": f"Bearer {'k' * 10_000}"})

    assert odd.status_code == 200
    assert (endless.status_code, endless.json()["type"]) == (401, "invalid_key")


async def test_the_contracts_names_are_understood_in_json(house: House) -> None:
    """`steps` and `guidance` are the contract's names of num_inference_steps and guidance_scale."""
    answer = await _post(house, {"steps": 20, "guidance": 7})
    changes = {each["parameter"]: each["action"] for each in answer.json()["extra_fields"]["changes"]}

    assert changes == {"num_inference_steps": "dropped", "guidance_scale": "dropped"}


async def test_a_key_in_the_wrong_place_is_refused(house: House) -> None:
    """An idempotency key among the metadata, where it would be ignored, is refused; the field for it is named."""
    async with grpc.aio.insecure_channel(house.grpc) as channel:
        asking = v1.GenerateImagesRequest(generation=generation("a fox", model=MODEL))
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await v1.ImageGenerationStub(channel).GenerateImages(asking, metadata=(("idempotency-key", "1"),))

    error = from_rpc_error(failed.value)
    assert (error.name, error.field) == ("not_supported", "idempotency-key")
    assert not house.openai.requests


async def test_no_more_pictures_than_were_asked_for(house: House) -> None:
    """A provider that sends more than n is not believed."""
    house.openai.always(double.json_for_stream())
    answer = await _post(house, {"n": 2, "response_format": "b64_json"})

    assert [each["index"] for each in answer.json()["data"]] == [0, 1]


async def test_draws_are_the_gateways_own(tmp_path: Path) -> None:
    """A caller that always sends the same x-request-id still meets every target and every key, in every combination."""
    extra = {"models": {"spread": {"targets": [{"target": f"{name}/gpt-image-2"} for name in ("openai", "second")]}}}
    async with open_house(tmp_path, extra=extra) as house:
        answers = [await _post(house, {"model": "spread"}, {"x-request-id": "always-the-same"}) for _ in range(40)]
        providers = Counter(answer.headers["x-imagegen-provider"] for answer in answers)
        await settled(house)

    assert set(providers) == {"openai", "second"}
    assert min(providers.values()) >= 5


async def test_a_reader_who_takes_nothing_is_let_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream whose reader stalls is held until the request's deadline and a little more, not for ever."""
    monkeypatch.setattr(images, "LAST_WORDS", 0.5)
    house.openai.always(double.showing(double.big_png(20_000_000)))
    body = {"model": MODEL, "prompt": "a fox", "stream": True}
    _, writer = await ask(house, body, {"x-request-timeout": "2"}, reads=4096)
    await house.openai.accepted()
    await until(lambda: house.gateway.attempts.running == 0, within=10)
    await until(lambda: not _bridge_tasks(), within=10)
    writer.transport.abort()


def _bridge_tasks() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if "RequestResponseCycle" in repr(task.get_coro())]


async def test_a_long_account_arrives_with_default_limits(house: House) -> None:
    """Many parameters and a long refusal in another script: a stub without options still learns the reason."""
    house.openai.always(double.moderation_blocked(*["暴力" * 40] * 8))
    extras = json.dumps({f"parameter_{i:02d}_{'x' * 40}": "y" * 200 for i in range(64)})
    asked = generation("a fox", model=MODEL, extra_json=extras)
    async with grpc.aio.insecure_channel(house.grpc) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await v1.ImageGenerationStub(channel).GenerateImages(v1.GenerateImagesRequest(generation=asked))

    assert from_rpc_error(failed.value).name in ("content_refused", "provider_rejected")


async def test_there_is_an_end_to_extras(house: House) -> None:
    """More unknown parameters than anybody means are refused, by name and number."""
    answer = await _post(house, {f"parameter{i}": i for i in range(65)})

    assert answer.status_code == 400
    assert "at most 64" in answer.json()["error"]["message"]
