"""Silence in a stream: headers wait for the first event or for patience, then comments keep the line awake."""

from __future__ import annotations

import asyncio
import time

import openai as sdk
import pytest

from rest_bridge import sse
from tests.house import House
from tests.rest.asking import GENERATIONS, Tab, ask, client, events_of, order, pictures
from tests.rest.envelope import error_event_of, failure_of
from tests.upstreams.openai import Drawn, after_partials, drawn_in, held, late, status

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE = 0.2

ORDER = order(model="second/gpt-image-2", stream=True)
"""To the provider that waits long for OpenAI: here it is the caller who is kept waiting."""


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bridge that says something after a fifth of a second."""
    monkeypatch.setattr(sse, "PATIENCE", PATIENCE)


async def test_patience_is_ten_seconds() -> None:
    """What proxies and people bear: the figure of the design, which the tests below make short."""
    assert sse.PATIENCE == 10


@pytest.mark.usefixtures("hasty")
async def test_headers_come_when_patience_ends(home: House) -> None:
    """While OpenAI is silent the status comes after the patience and not before, with a comment and no event."""
    gate = asyncio.Event()
    home.openai.next(held(gate))
    started = time.monotonic()
    async with client(home) as caller, caller.stream("POST", GENERATIONS, json=ORDER) as answer:
        waited = time.monotonic() - started
        assert not gate.is_set()
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-imagegen-provider"] == "second"
        assert waited >= PATIENCE
        lines = answer.aiter_lines()
        assert [await anext(lines), await anext(lines)] == [": keep-alive"] * 2
        gate.set()
        rest = [line async for line in lines if not line.startswith(":")]
    assert rest[0] == "event: image_generation.completed"


async def test_headers_wait_for_the_first_event(home: House, tab: Tab) -> None:
    """A failure within the patience is JSON with its own status, however long OpenAI thought about it."""
    home.openai.next(status(503) | late(PATIENCE))
    body = failure_of(await ask(home, ORDER))
    assert (body["status_code"], body["error"]["code"]) == (503, "provider_overloaded")
    assert len(tab.sent) == 1


@pytest.mark.usefixtures("hasty")
async def test_a_comment_is_one_line(home: House) -> None:
    """No blank line follows a comment, between two events either: some clients take one for an empty event."""
    home.openai.next(late(0.45) | late(0.45, at=after_partials(1)))
    answer = await ask(home, {**ORDER, "partial_images": 1})
    lines = answer.text.split("\n")
    comments = [number for number, line in enumerate(lines) if line.startswith(":")]
    assert all(lines[number] == ": keep-alive" and lines[number + 1] for number in comments)
    first = lines.index("event: image_generation.partial_image")
    assert {number < first for number in comments} == {True, False}
    assert [each.name for each in events_of(answer)] == ["image_generation.partial_image", "image_generation.completed"]


@pytest.mark.usefixtures("hasty")
async def test_the_sdk_reads_on(home: House, tab: Tab) -> None:
    """OpenAI's SDK does not see the comments: partial and picture arrive as ever."""
    home.openai.next(late(0.45) | late(0.45, at=after_partials(1)))
    async with sdk.AsyncOpenAI(base_url=f"{home.rest}/v1", api_key="x") as caller:
        stream = await caller.images.generate(
            model="second/gpt-image-2", prompt="a red cube", quality="low", stream=True, partial_images=1
        )
        events = [event async for event in stream]
    assert [event.type for event in events] == ["image_generation.partial_image", "image_generation.completed"]
    assert len(tab.sent) == len(tab.charges) == 1


@pytest.mark.usefixtures("hasty")
async def test_a_failure_after_a_comment_is_an_error_event(home: House, tab: Tab) -> None:
    """The status has gone out as 200: the event says what it would have been, as number 0 and the last."""
    home.openai.next(status(429, retry_after="7") | late(0.45))
    answer = await ask(home, ORDER)
    assert answer.text.startswith(": keep-alive\n")
    (told,) = events_of(answer)
    error = error_event_of(told, answer)
    assert (error["status_code"], error["error"]["code"], error["sequence_number"]) == (429, "rate_limit_exceeded", 0)
    assert error["is_bifrost_error"] is False
    assert error["extra_fields"]["attempts"][0]["status"] == 429
    assert not tab.charges


@pytest.mark.usefixtures("hasty")
async def test_the_sdk_raises_a_late_failure(home: House, tab: Tab) -> None:
    """What comes as an event after a comment is raised by the SDK like any other, and not tried again."""
    home.openai.next(status(500) | late(0.45))
    async with sdk.AsyncOpenAI(base_url=f"{home.rest}/v1", api_key="x") as caller:
        stream = await caller.images.generate(
            model="second/gpt-image-2", prompt="a red cube", quality="low", stream=True
        )
        with pytest.raises(sdk.APIError) as raised:
            await anext(aiter(stream))
    assert raised.value.code == "provider_error"
    assert len(tab.sent) == 1


@pytest.mark.usefixtures("hasty")
async def test_a_caller_who_leaves_in_the_silence(home: House, tab: Tab) -> None:
    """Leaving a silent stream ends it here; OpenAI goes on, and its answer is waited for and settled."""
    gate = asyncio.Event()
    home.openai.next(held(gate))
    async with client(home) as caller, caller.stream("POST", GENERATIONS, json=ORDER) as answer:
        assert await anext(answer.aiter_lines()) == ": keep-alive"
    assert home.openai.in_flight == 1
    gate.set()
    await home.openai.idle()
    (seen,) = tab.sent
    assert seen.finished
    assert not seen.client_left


@pytest.mark.usefixtures("hasty")
async def test_whole_answers_know_no_patience(home: House, tab: Tab) -> None:
    """JSON waits as long as it takes, and nothing comes before it."""
    home.openai.next(late(0.45))
    answer = await ask(home, {**ORDER, "stream": False})
    assert answer.text.startswith('{"created":')
    assert [drawn_in(each) for each in pictures(answer)] == [Drawn(tab.sent[0].index, 0)]
