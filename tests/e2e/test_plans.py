"""A plan is what is then carried out: what becomes of each parameter, what is held, and what is refused."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import pytest
from imagegen import Client, ImagegenError, v1

from tests.house import House
from tests.rest.asking import GENERATIONS, Json, ask, events_of, json_of, order
from tests.upstreams.openai import held

PLAN = "/v1/images/plan"
STREAM = {"stream": True, "partial_images": 3}

CARRIED_OUT = {
    "streamed": STREAM,
    "streamed, strict": {**STREAM, "strict": True},
    "whole": {"partial_images": 3},
}
REFUSED = {
    "streamed as url": ({"stream": True, "response_format": "url"}, "response_format"),
    "whole, strict": ({"partial_images": 3, "strict": True}, "partial_images"),
}


async def carry_out(client: Client, *, stream: bool = False, **asked: Any) -> v1.Report:
    """Makes it, whole or as a stream, and returns the account of it."""
    if not stream:
        return (await client.generate(**asked)).message.report
    async with aclosing(client.stream(**asked)) as events:
        *_, last = [event async for event in events]
    assert isinstance(last, v1.Completed)
    return last.report


async def held_for(house: House, client: Client) -> int:
    """What the books hold for the one request that is under way."""
    await house.openai.accepted(1)
    (running,) = (await client.requests()).requests
    return running.held_micro_usd


@pytest.mark.parametrize("asked", CARRIED_OUT.values(), ids=CARRIED_OUT)
async def test_what_is_planned_is_done(house: House, asked: Json) -> None:
    """Over gRPC: the fates that the plan tells are those of the report, and what it costs at most is held."""
    gate = asyncio.Event()
    house.openai.next(held(gate))
    async with Client(house.grpc) as client:
        plan = await client.plan(**order(**asked))
        doing = asyncio.create_task(carry_out(client, **order(**asked)))
        held_micro_usd = await held_for(house, client)
        gate.set()
        done = await doing

    assert list(plan.steps[0].changes) == list(done.changes)
    assert plan.max_cost_micro_usd == held_micro_usd


@pytest.mark.parametrize("asked", CARRIED_OUT.values(), ids=CARRIED_OUT)
async def test_what_is_planned_is_done_over_rest(house: House, asked: Json) -> None:
    """Over REST: the same body, to the other path."""
    gate = asyncio.Event()
    house.openai.next(held(gate))
    plan = json_of(await ask(house, order(**asked), PLAN))
    async with Client(house.grpc) as client:
        doing = asyncio.create_task(ask(house, order(**asked)))
        held_micro_usd = await held_for(house, client)
        gate.set()
        answer = await doing

    done = events_of(answer)[-1].data if "stream" in asked else json_of(answer)
    assert plan["steps"][0]["changes"] == done["extra_fields"]["changes"]
    assert Decimal(plan["max_cost_usd"]) * 1_000_000 == held_micro_usd


@pytest.mark.parametrize(("asked", "field"), REFUSED.values(), ids=REFUSED)
async def test_what_is_refused_has_no_plan(house: House, asked: Json, field: str) -> None:
    """Plan and pictures are refused alike, on both faces, and nobody is asked."""
    over_rest = [json_of(await ask(house, order(**asked), path)) for path in (PLAN, GENERATIONS)]
    async with Client(house.grpc) as client:
        with pytest.raises(ImagegenError) as no_plan:
            await client.plan(**order(**asked))
        with pytest.raises(ImagegenError) as no_picture:
            await carry_out(client, **order(**asked))

    assert [each["status_code"] for each in over_rest] == [400, 400]
    messages = {
        *((each["error"]["param"], each["error"]["message"]) for each in over_rest),
        *((each.value.field, each.value.message) for each in (no_plan, no_picture)),
    }
    assert [param for param, _ in messages] == [field]
    assert not house.openai.requests
