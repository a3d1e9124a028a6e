"""The books tell what the answers told, to the last millionth of a dollar, and reading leaves them as they are."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import Client, ImagegenError, v1
from imagegen.report import state

from rest_bridge import report as rest_report
from service.domain.image import TokenDetails, Usage
from service.domain.price import Price, TokenPrice
from service.domain.request import Parameters
from service.engine.pricing import owed
from tests.callers import ask
from tests.house import House, settled
from tests.upstreams import openai as double
from tests.upstreams.openai import Behaviour

MODEL, NEXT = "openai/gpt-image-2", "second/gpt-image-1.5"
PROMPT = "a lighthouse that nobody else has thought of"
SIZE = "1024x1024"
PATH = "/v1/images/generations"


async def entered(client: Client, name: str) -> v1.GetRequestResponse:
    """The story of a request, as soon as it is in the books and over."""
    async with asyncio.timeout(10):
        while True:
            try:
                story = await client.request(name)
                if story.request.HasField("end_time"):
                    return story
            except ImagegenError as error:
                if error.reason != v1.REASON_NOT_FOUND:
                    raise
            await asyncio.sleep(0.02)


def rounded(of: v1.Report) -> v1.Report:
    """The books have milliseconds."""
    report = v1.Report()
    report.CopyFrom(of)
    report.ClearField("upstream_time")
    for each in report.attempts:
        milliseconds = round(each.duration.ToTimedelta().total_seconds() * 1000)
        each.duration.FromMilliseconds(milliseconds)
    return report


CASES: dict[str, tuple[dict[str, Any], tuple[Behaviour, ...], str]] = {
    "done": ({"model": MODEL}, (), "done"),
    "painted": ({"model": "painter/scene", "size": "256x256", "seed": 5, "quality": "hd"}, (), "done"),
    "routed": ({"model": "dall-e-3", "size": "256x256", "n": 2}, (), "done"),
    "some came": ({"model": MODEL, "n": 3}, (double.fewer_images(by=1),), "partial"),
    "refused by the provider": ({"model": MODEL, "fallbacks": [NEXT]}, (double.moderation_blocked(),), "failed"),
    "lost on the way": ({"model": MODEL, "quality": "high"}, (double.cut(),), "failed"),
    "tried elsewhere": ({"model": MODEL, "fallbacks": [NEXT]}, (double.status(429, retry_after="7"),), "done"),
    "not sent, then elsewhere": ({"model": "nobody/gpt-image-2", "fallbacks": [MODEL]}, (), "done"),
    "with one left out": ({"model": MODEL, "fallbacks": ["keyless/gpt-image-2"], "seed": 5}, (), "done"),
    "used up": ({"model": MODEL, "fallbacks": [NEXT]}, (double.status(500), double.status(503)), "failed"),
    "refused at the door": ({"model": "no/such"}, (), "failed"),
    "without a prompt": ({"model": MODEL, "prompt": " "}, (), "failed"),
}
"""What is asked, what the provider does, and how it ends."""


@pytest.mark.parametrize(("asked", "behaviours", "ends"), CASES.values(), ids=CASES)
async def test_books_tell_what_the_answers_told(
    house: House, asked: dict[str, Any], behaviours: tuple[Behaviour, ...], ends: str
) -> None:
    """Over both faces, unary and streamed: attempts, changes, costs and reasons of the answer are in the books."""
    body = {"prompt": PROMPT, "size": SIZE, **asked}
    async with Client(house.grpc) as client:
        for call in (over_grpc, over_grpc_stream):
            house.openai.next(*behaviours)
            told, reason = await call(client, body)
            story = await entered(client, told.request_id)
            assert rounded(story.report) == rounded(told)
            assert (state(story.request), story.request.reason) == (ends, reason)
            assert story.request.cost_micro_usd == told.cost_micro_usd
            assert story.request.stream == (call is over_grpc_stream)
        for stream in (False, True):
            house.openai.next(*behaviours)
            name = f"rest.{stream}"
            fields = await over_rest(house, {**body, "stream": stream}, name)
            story = await entered(client, name)
            kind = rest_report.GENERATION[stream]
            assert without_times(rest_report.fields(story.report, kind)) == without_times(fields)
            assert (state(story.request), story.request.stream) == (ends, stream)


async def over_grpc(client: Client, body: dict[str, Any]) -> tuple[v1.Report, str]:
    """The account of an answer, or of a failure, and the reason of the request, or of what did not come."""
    try:
        message = (await client.generate(**body)).message
    except ImagegenError as error:
        return error.report or v1.Report(), error.name
    return message.report, message.failed_images[0].reason if message.failed_images else ""


async def over_grpc_stream(client: Client, body: dict[str, Any]) -> tuple[v1.Report, str]:
    try:
        events = [event async for event in client.stream(**body)]
    except ImagegenError as error:
        return error.report or v1.Report(), error.name
    completed = events[-1]
    assert isinstance(completed, v1.Completed)
    return completed.report, completed.failed_images[0].reason if completed.failed_images else ""


async def over_rest(house: House, body: dict[str, Any], name: str) -> dict[str, Any]:
    """`extra_fields` of the answer, whole or streamed, good or bad."""
    async with httpx.AsyncClient(base_url=house.rest, timeout=20) as client:
        answer = await client.post(PATH, json=body, headers={"x-request-id": name})
    return json.loads(answer.text.rpartition("\ndata: ")[2])["extra_fields"]


def without_times(fields: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in fields.items() if name not in ("latency", "failed_images")}
    return {**kept, "attempts": [{**each, "ms": 0} for each in fields.get("attempts", ())]}


@pytest.mark.parametrize("stream", [True, False])
async def test_caller_who_leaves_is_told(house: House, stream: bool) -> None:
    """While it goes on it is under way, with money held; afterwards it is left, and costs what the provider billed."""
    gate = asyncio.Event()
    house.openai.always(double.held(gate))
    async with Client(house.grpc) as client:
        _, writer = await ask(house, {"model": MODEL, "prompt": PROMPT, "stream": stream}, {"x-request-id": "leaver"})
        await house.openai.accepted(1)
        running = (await client.request("leaver")).request
        assert (state(running), running.attempts, running.provider) == ("running", 1, "openai")
        assert running.held_micro_usd > running.cost_micro_usd == 0
        writer.transport.abort()
        await asyncio.sleep(0.1)
        gate.set()
        story = await entered(client, "leaver")

    assert (state(story.request), story.request.reason, story.request.images) == ("left", "cancelled", 0)
    assert [(each.outcome, each.images) for each in story.report.attempts] == [(v1.OUTCOME_DONE, 1)]
    assert story.request.cost_micro_usd == house.openai.billed_micro_usd


@pytest.mark.parametrize(
    ("letters", "then"), [(31_000, b""), (10, b"POST /v1/images/generations HTTP/1.1\r\nhost: x\r\n")]
)
async def test_leaving_is_noticed_behind_what_was_sent(house: House, letters: int, then: bytes) -> None:
    """A long body, or another request after it, makes the server pause; that the client goes is seen all the same."""
    gate = asyncio.Event()
    house.openai.always(double.held(gate))
    async with Client(house.grpc) as client:
        _, writer = await ask(house, {"model": MODEL, "prompt": "灯" * letters}, {"x-request-id": "leaver"})
        await house.openai.accepted(1)
        writer.write(then)
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await asyncio.sleep(0.1)
        gate.set()
        story = await entered(client, "leaver")

    assert state(story.request) == "left"
    assert (story.request.presumed_micro_usd, story.request.held_micro_usd) == (0, 0)


async def test_sums_are_the_bill(house: House) -> None:
    """What the sums say of a provider is what it billed: money, images, tokens; and nothing is counted twice."""
    async with Client(house.grpc) as client:
        for model, n, behaviours in (
            (MODEL, 1, ()),
            (MODEL, 3, (double.fewer_images(by=1),)),
            (MODEL, 2, (double.status(500),)),
            (NEXT, 1, ()),
            ("openai/gpt-image-1-mini", 4, ()),
        ):
            house.openai.next(*behaviours)
            await client.generate(PROMPT, model=model, n=n, size=SIZE, fallbacks=[NEXT])
        await client.generate(PROMPT, model="painter/scene", size="256x256")
        by = [v1.USAGE_GROUPING_PROVIDER]
        answer = await client.usage(by=by)
        of_second = await client.usage(v1.RequestFilter(provider="second"), by)

    rows = {row.provider: row for row in answer.rows}
    bill = house.openai.bill
    assert set(rows) == {"openai", "second", "painter"}
    billed = [rows["openai"], rows["second"]]
    assert sum(row.cost_micro_usd for row in billed) == house.openai.billed_micro_usd == answer.total.cost_micro_usd
    assert sum(row.input_tokens for row in billed) == sum(each.usage.text_tokens for each in bill)
    assert sum(row.output_tokens for row in billed) == sum(each.usage.output_tokens for each in bill)
    assert sum(row.images for row in billed) == sum(each.images for each in bill) - 1  # one of them never came
    assert rows["second"].cost_micro_usd == sum(each.micro_usd for each in bill if each.model == "gpt-image-1.5")
    assert [row.requests for row in (*billed, answer.total)] == [4, 2, 6]
    assert [row.attempts for row in (*billed, answer.total)] == [4, 2, 7]
    assert list(of_second.rows) == [rows["second"]]
    assert of_second.total.cost_micro_usd == rows["second"].cost_micro_usd


async def test_costs_can_be_recomputed(house: House) -> None:
    """What an attempt cost follows from what the books keep with it: tokens, and the prices of that day."""
    async with Client(house.grpc) as client:
        report, _ = await over_grpc(client, {"prompt": PROMPT, "model": MODEL, "size": SIZE, "quality": "high"})
        story = await entered(client, report.request_id)

    (price,), (attempt,) = story.prices, story.report.attempts
    tokens, terms = price.usage, price.per_million
    details = [
        TokenDetails(each.text_tokens, each.image_tokens)
        for each in (tokens.input_tokens_details, tokens.output_tokens_details)
    ]
    usage = Usage(tokens.input_tokens, tokens.output_tokens, tokens.total_tokens, *details)
    dollars = map(Decimal, (terms.text_in, terms.image_in, terms.text_out, terms.image_out))
    per_image = {(row.size, row.quality): row.cost_micro_usd for row in price.per_image}
    known = Price(per_million=TokenPrice(*dollars), per_image=per_image)
    assert (price.number, price.size, price.quality) == (1, SIZE, "high")
    assert owed(known, usage, Parameters(size=SIZE, quality="high"), 1) == attempt.cost_micro_usd > 0
    assert price.at_most_micro_usd >= attempt.cost_micro_usd


async def test_pages_while_others_come(house: House) -> None:
    """Page by page through a hundred and twenty, while more arrive: each comes once, the newest first."""
    async with Client(house.grpc) as client:
        await refused(client, 120)
        names = {each.id for each in (await client.requests(page_size=1000)).requests}
        seen: list[str] = []
        token = ""
        while True:
            page = await client.requests(page_size=7, page_token=token)
            seen += [each.id for each in page.requests]
            token = page.next_page_token
            if not token:
                break
            await refused(client, 1)

    assert len(names) == 120
    assert len(seen) == len(set(seen)) == 120
    assert set(seen) == names
    assert seen == sorted(seen, reverse=True)


async def refused(client: Client, count: int) -> None:
    """So many more requests in the books, that cost nothing."""
    before = (await client.usage()).total.requests
    for _ in range(count):
        with pytest.raises(ImagegenError):
            await client.generate(PROMPT, model="no/such")
    async with asyncio.timeout(10):
        while (await client.usage()).total.requests < before + count:  # noqa: ASYNC110 - they are entered soon after
            await asyncio.sleep(0.02)


async def test_reading_writes_nothing(house: House, tmp_path: Path) -> None:
    """Two hundred readings later every row of the books is what it was."""
    async with Client(house.grpc) as client:
        await client.generate(PROMPT, model="painter/scene", size="256x256")
        with pytest.raises(ImagegenError):
            await client.generate(PROMPT, model="no/such")
        await settled(house)
        before = rows(tmp_path / "records.db")
        name = (await client.requests()).requests[0].id
        every = [each for each in v1.UsageGrouping.values() if each]
        for _ in range(50):
            await client.requests(v1.RequestFilter(since=Timestamp(seconds=1)))
            await client.request(name)
            await client.usage(by=every)
            with pytest.raises(ImagegenError):
                await client.request("nobody")

    assert len(before["requests"]) == 2
    assert rows(tmp_path / "records.db") == before


def rows(path: Path) -> dict[str, list[Any]]:
    """Everything in the books but the signs of life, which go on."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'processes'")
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in tables.fetchall()}
