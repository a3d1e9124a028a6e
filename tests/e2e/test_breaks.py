"""A provider that accepts, bills and then breaks, two hundred and fifty times: nobody asks it twice for one request."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from imagegen import Client, ImagegenError, v1

from service.engine import health
from tests.house import House, open_house
from tests.rest.asking import ask
from tests.upstreams import openai as double

REQUESTS, AT_ONCE = 250, 25
BREAKS = (
    double.reset(),
    double.cut(double.before_answer),
    double.stall(),
    double.status(502, billed=True),
    double.cut(),
)
FIRST, SAME_PROVIDER, ELSEWHERE = "gpt-image-2", "gpt-image-1.5", "gpt-image-1-mini"
FALLBACKS = [f"openai/{SAME_PROVIDER}", f"second/{ELSEWHERE}"]


@pytest_asyncio.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[House]:
    """OpenAI breaks, in five ways by turns, and is never out for it; its double answers the second provider as it
    should.
    """
    monkeypatch.setattr(health, "IN_A_ROW", 10_000)
    monkeypatch.setattr(health, "ENOUGH", 10_000)
    async with open_house(tmp_path, idle="300ms", of_openai={"retries": 1}) as house:
        for way, behaviour in enumerate(BREAKS):
            house.openai.when(lambda seen, way=way: _is_of(way, seen.body), behaviour)
        yield house


def _is_of(way: int, body: dict[str, Any]) -> bool:
    return body["model"] == FIRST and int(body["prompt"].split()[-1]) % len(BREAKS) == way


async def _ask(house: House, client: Client, number: int, after_unknown: str) -> v1.Report | None:
    """One request, whole or streamed, over one face or the other; the report of those that were served over gRPC."""
    prompt, model = f"fox {number}", f"openai/{FIRST}"
    if number % 4 < 2:
        body = {"model": model, "prompt": prompt, "fallbacks": FALLBACKS, "after_unknown": after_unknown}
        answer = await ask(house, {**body, "stream": number % 4 == 1, "response_format": "b64_json"})
        served = answer.status_code == 200 and "event: error" not in answer.text
        assert served is (after_unknown == "fallback"), answer.text[:300]
        assert "possible_duplicate_cost_usd" in answer.text or not served
        return None
    asked: dict[str, Any] = {"model": model, "fallbacks": FALLBACKS, "after_unknown": after_unknown}
    try:
        if number % 4 == 2:
            return (await client.generate(prompt, **asked)).message.report
        async with aclosing(client.stream(prompt, **asked)) as events:
            (completed,) = [each async for each in events if isinstance(each, v1.Completed)]
            return completed.report
    except ImagegenError:
        return None


@pytest.mark.parametrize("after_unknown", ["fallback", "fail"])
async def test_nobody_is_asked_twice(home: House, after_unknown: str) -> None:
    """Each request calls the provider that broke once, with no other model either; the other provider serves it and the
    possible duplicate is named, or nobody is asked. The judge compares the books with the bill.
    """
    gate = asyncio.Semaphore(AT_ONCE)
    async with Client(home.grpc) as client:

        async def one(number: int) -> v1.Report | None:
            async with gate:
                return await _ask(home, client, number, after_unknown)

        reports = await asyncio.gather(*(one(number) for number in range(REQUESTS)))

    asked = Counter((seen.body["model"], seen.body["prompt"]) for seen in home.openai.requests)
    models = Counter(model for model, _ in asked)
    assert set(asked.values()) == {1}
    assert models == {FIRST: REQUESTS, **({ELSEWHERE: REQUESTS} if after_unknown == "fallback" else {})}
    served = [each for each in reports if each is not None]
    over_grpc = sum(number % 4 >= 2 for number in range(REQUESTS))
    assert len(served) == (over_grpc if after_unknown == "fallback" else 0)
    for report in served:
        first, second = report.attempts
        assert report.possible_duplicate_micro_usd == first.cost_micro_usd > 0
        assert report.cost_micro_usd == first.cost_micro_usd + second.cost_micro_usd
