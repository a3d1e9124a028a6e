"""Requests to a provider that accepts, bills and then breaks in five ways by turns."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from typing import Any

from imagegen import Client, ImagegenError, v1

from tests.house import House
from tests.rest.asking import ask
from tests.upstreams import openai as double

AT_ONCE = 25
BREAKS = (
    double.reset(),
    double.cut(double.before_answer),
    double.stall(),
    double.status(502, billed=True),
    double.cut(),
)
FIRST, SAME_PROVIDER, ELSEWHERE = "gpt-image-2", "gpt-image-1.5", "gpt-image-1-mini"
FALLBACKS = [f"openai/{SAME_PROVIDER}", f"second/{ELSEWHERE}"]


def break_always(house: House) -> None:
    """OpenAI breaks, in five ways by turns; its double answers the second provider as it should."""
    for way, behaviour in enumerate(BREAKS):
        house.openai.when(lambda seen, way=way: _is_of(way, seen.body), behaviour)


async def ask_who_breaks(house: House, requests: int, after_unknown: str) -> None:
    """Raises AssertionError where somebody is asked twice, or told something else than what happened."""
    gate = asyncio.Semaphore(AT_ONCE)
    async with Client(house.grpc) as client:

        async def one(number: int) -> v1.Report | None:
            async with gate:
                return await _ask(house, client, number, after_unknown)

        reports = await asyncio.gather(*(one(number) for number in range(requests)))

    asked = Counter((seen.body["model"], seen.body["prompt"]) for seen in house.openai.requests)
    models = Counter(model for model, _ in asked)
    assert set(asked.values()) == {1}
    assert models == {FIRST: requests, **({ELSEWHERE: requests} if after_unknown == "fallback" else {})}
    served = [each for each in reports if each is not None]
    over_grpc = sum(number % 4 >= 2 for number in range(requests))
    assert len(served) == (over_grpc if after_unknown == "fallback" else 0)
    for report in served:
        first, second = report.attempts
        assert report.possible_duplicate_micro_usd == first.cost_micro_usd > 0
        assert report.cost_micro_usd == first.cost_micro_usd + second.cost_micro_usd


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
