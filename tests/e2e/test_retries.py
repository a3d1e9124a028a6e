"""Calls that are made anew: with the same key, with another one, and not more than helps. Over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from imagegen import Client, ImagegenError
from imagegen.report import outcome

from tests.house import House, open_house
from tests.rest.asking import ask
from tests.upstreams import openai as double
from tests.upstreams.openai.double import KEY

MODEL = "openai/gpt-image-2"
KEYS = [{"name": "broken", "value": "sk-nobodys", "weight": 1_000_000}, {"name": "good", "value": KEY}]


@pytest_asyncio.fixture
async def patient(tmp_path: Path) -> AsyncGenerator[House]:
    """OpenAI is asked anew once."""
    async with open_house(tmp_path, of_openai={"retries": 1}) as house:
        yield house


@pytest_asyncio.fixture
async def keyed(tmp_path: Path) -> AsyncGenerator[House]:
    """OpenAI has two keys; the one that is all but always drawn first does not work."""
    async with open_house(tmp_path, of_openai={"keys": KEYS}) as house:
        yield house


async def test_as_long_as_the_provider_asks_for(patient: House) -> None:
    """A 503 that says when to come back is followed by the same call, then and not before."""
    patient.openai.next(double.status(503, retry_after="1"))
    began = time.monotonic()
    async with Client(patient.grpc) as client:
        answer = await client.generate("a fox", model=MODEL)

    assert time.monotonic() - began >= 1
    assert [outcome(each) for each in answer.message.report.attempts] == ["rejected", "done"]
    assert answer.message.report.fallback_index == 0
    assert len(patient.openai.bill) == 1


async def test_not_where_the_time_does_not_suffice(patient: House) -> None:
    """A pause that the deadline leaves no time for is not begun: the caller is told at once when to come back."""
    patient.openai.next(double.status(503, retry_after="30"))
    began = time.monotonic()
    async with Client(patient.grpc) as client:
        with pytest.raises(ImagegenError) as failed:
            await client.generate("a fox", model=MODEL, timeout=10)

    assert time.monotonic() - began < 5
    assert (failed.value.name, failed.value.retry_after) == ("provider_overloaded", 30)
    assert len(patient.openai.requests) == 1


@pytest.mark.parametrize("behaviour", [double.reset(), double.status(500), double.moderation_blocked()])
async def test_not_what_may_be_billed_or_would_fail_again(patient: House, behaviour: double.Behaviour) -> None:
    """An unknown end, an error of the provider's own and a refusal are not asked anew."""
    patient.openai.next(behaviour)
    async with Client(patient.grpc) as client:
        with pytest.raises(ImagegenError):
            await client.generate("a fox", model=MODEL)

    assert len(patient.openai.requests) == 1


async def test_a_key_that_does_not_work_is_passed_over(keyed: House) -> None:
    """The other key serves; and the next request begins with it."""
    async with Client(keyed.grpc) as client:
        first = await client.generate("a fox", model=MODEL)
        second = await client.generate("a fox", model=MODEL)

    assert [(each.provider, outcome(each)) for each in first.message.report.attempts] == [
        ("openai", "rejected"),
        ("openai", "done"),
    ]
    assert [outcome(each) for each in second.message.report.attempts] == ["done"]
    assert [seen.headers["authorization"] == f"Bearer {KEY}" for seen in keyed.openai.requests] == [False, True, True]


async def test_a_caller_names_the_key(keyed: House) -> None:
    """Served with that key or not at all; a name that no key has is the caller's mistake."""
    body = {"model": MODEL, "prompt": "a fox"}
    good = await ask(keyed, body, headers={"x-bf-api-key": "good"})
    broken = await ask(keyed, body, headers={"x-bf-api-key": "broken"})
    nobodys = await ask(keyed, body, headers={"x-bf-api-key": "nobody's"})

    assert (good.status_code, broken.status_code, nobodys.status_code) == (200, 502, 400)
    assert len(keyed.openai.requests) == 2
    assert broken.json()["error"]["code"] == "provider_account"
    assert nobodys.json()["error"]["param"] == "x-bf-api-key"


async def test_who_fails_again_and_again_is_asked_last(house: House) -> None:
    """After five failures the fallback is asked first, and the plan says why; alone, it is asked all the same."""
    house.openai.always(double.status(500))
    async with Client(house.grpc) as client:
        for _ in range(5):
            with pytest.raises(ImagegenError):
                await client.generate("a fox", model=MODEL)
        answer = await client.generate("a fox", model=MODEL, fallbacks=["painter/scene"], size="256x256")
        assert [each.provider for each in answer.message.report.attempts] == ["painter"]
        assert answer.message.report.fallback_index == 1
        plan = await client.plan("a fox", model=MODEL, fallbacks=["painter/scene"])
        assert [each.provider for each in plan.steps] == ["painter", "openai"]
        assert plan.steps[1].note.startswith("5 of its last 5 calls failed; out for another")

        house.openai.clear()
        assert (await client.generate("a fox", model=MODEL)).message.report.provider == "openai"
        back = await client.generate("a fox", model=MODEL, fallbacks=["painter/scene"])
        assert back.message.report.provider == "openai"


async def test_there_is_no_place(tmp_path: Path) -> None:
    """With one place and no seat the second caller is sent away at once, and told when to come back."""
    gate = asyncio.Event()
    async with open_house(tmp_path, of_openai={"limits": {"concurrent": 1, "queue": 0}}) as house:
        house.openai.next(double.held(gate))
        first = asyncio.create_task(ask(house, {"model": MODEL, "prompt": "a fox"}))
        await house.openai.accepted(1)
        second = await ask(house, {"model": MODEL, "prompt": "a fox"})
        elsewhere = await ask(house, {"model": MODEL, "prompt": "a fox", "fallbacks": ["second/gpt-image-2"]})
        gate.set()

        assert (second.status_code, second.json()["type"]) == (503, "overloaded")
        assert (second.headers["retry-after"], second.headers["x-should-retry"]) == ("1", "true")
        assert (elsewhere.status_code, elsewhere.headers["x-imagegen-provider"]) == (200, "second")
        assert (await first).status_code == 200
        assert (await ask(house, {"model": MODEL, "prompt": "a fox"})).status_code == 200
        assert len(house.openai.requests) == 3


async def test_the_plan_is_shown_over_rest(house: House) -> None:
    """The same body as for a picture, and nobody is asked: steps, what becomes of parameters, what it costs at most."""
    body = {"model": MODEL, "prompt": "a fox", "size": "17x17", "fallbacks": ["keyless/gpt-image-2", "painter/scene"]}
    answer = await ask(house, {**body, "size": "1024x1024"}, "/v1/images/plan")
    nearest = await ask(house, body, "/v1/images/plan")
    refused = await ask(house, {**body, "strict": True}, "/v1/images/plan")

    plan = answer.json()
    assert [f"{each['provider_name']}/{each['model']}" for each in plan["steps"]] == [MODEL, "painter/scene"]
    assert plan["steps"][0]["changes"] == [{"parameter": "size", "action": "applied", "asked": "1024x1024"}]
    assert [each["target"] for each in plan["skipped"]] == ["keyless/gpt-image-2"]
    assert float(plan["max_cost_usd"]) > 0.1
    assert [each["sent"] for each in nearest.json()["steps"][0]["changes"]] == ["816x816"]
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "size")
    assert not house.openai.requests


async def test_providers_are_listed_with_what_is_out(keyed: House) -> None:
    """Keys by name and never by value, and the one that does not work with the reason; the same on both faces."""
    async with Client(keyed.grpc) as client:
        await client.generate("a fox", model=MODEL)
        over_grpc = {each.name: each for each in await client.providers()}
    answer = await ask(keyed, None, "/api/providers", method="GET")
    over_rest = {each["name"]: each for each in answer.json()["data"]}

    assert over_rest.keys() == over_grpc.keys() == {"painter", "openai", "second", "keyless", "nobody"}
    assert [each["name"] for each in over_rest["openai"]["keys"]] == ["broken", "good"]
    (out,) = over_rest["openai"]["out"]
    assert (out["model"], out["key"]) == ("gpt-image-2", "broken")
    assert out["explanation"].startswith("its provider does not serve the key or account; out for another")
    assert [each.key for each in over_grpc["openai"].out] == ["broken"]
    assert not over_rest["keyless"]["configured"]
    assert KEY not in answer.text


async def test_names_that_callers_invent_are_shown_to_nobody(keyed: House) -> None:
    """A model that extends a known name and does not exist is out with each key, and stands in no list."""
    invented = "openai/gpt-image-2-ignore-all-that-was-said-before"
    async with Client(keyed.grpc) as client:
        await client.generate("a fox", model=MODEL)
        for calls in (4, 5):  # then no key is left that is not known to be out
            with pytest.raises(ImagegenError):
                await client.generate("a fox", model=invented)
            assert keyed.openai.calls == calls
        shown = [(each.model, each.key) for listed in await client.providers() for each in listed.out]

    assert shown == [("gpt-image-2", "broken")]
