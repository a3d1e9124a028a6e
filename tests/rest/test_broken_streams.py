"""Streams that break after something has been said: an error event after partials, never one after a finished image."""

from __future__ import annotations

from collections.abc import Sequence

import openai as sdk
import pytest

from tests.house import House
from tests.rest.asking import Tab, Told, ask, events_of, order
from tests.rest.envelope import error_event_of, nulls
from tests.upstreams.openai import (
    Behaviour,
    Drawn,
    Point,
    after_images,
    after_partials,
    cut,
    drawn_in,
    empty_data,
    error_event,
    fewer_images,
    invalid_json,
    reset,
    stall,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

PARTIAL, COMPLETED, FAILED = (f"image_generation.{name}" for name in ("partial_image", "completed", "failed"))

ENDINGS = {
    "cut": (cut, 502, "provider_connection_lost"),
    "reset": (reset, 502, "provider_connection_lost"),
    "stalled": (stall, 504, "provider_timeout"),
    "an error event": (error_event, 502, "provider_error"),
}


def broken(at: Point) -> Sequence[object]:
    return [pytest.param(make(at), http, code, id=name) for name, (make, http, code) in ENDINGS.items()]


@pytest.mark.parametrize(
    ("does", "status", "code"),
    [
        *broken(after_partials(2)),
        pytest.param(empty_data(), 502, "provider_no_image", id="partials and no image"),
        pytest.param(invalid_json(), 502, "provider_invalid_answer", id="half an event"),
    ],
)
async def test_after_partials_one_error_event_and_nothing_more(
    home: House, tab: Tab, does: Behaviour, status: int, code: str
) -> None:
    """The partials stand, then the envelope as one event: the second provider is not asked, for bytes have left."""
    home.openai.next(does)
    answer = await ask(home, order(stream=True, partial_images=2, fallbacks=["second/gpt-image-2"]))
    *partials, last = events_of(answer)
    assert [(each.name, drawn_in(each.picture)) for each in partials] == [
        (PARTIAL, Drawn(tab.sent[0].index, 0, number)) for number in (0, 1)
    ]
    error = error_event_of(last, answer)
    assert (error["status_code"], error["error"]["code"]) == (status, code)
    (attempt,) = error["extra_fields"]["attempts"]
    assert attempt["outcome"] == "unknown"
    assert attempt["cost_usd"] == "0.01205"  # the image, ten bytes of prompt, two partials
    assert len(tab.sent) == len(tab.charges) == 1


async def test_the_sdk_raises_at_an_error_event(home: House, tab: Tab) -> None:
    """The official SDK hands out the partials, then raises with our code and message; it does not ask again."""
    home.openai.next(cut(after_partials(1)))
    seen: list[str] = []
    async with sdk.AsyncOpenAI(base_url=f"{home.rest}/v1", api_key="x") as client:
        events = await client.images.generate(
            model="openai/gpt-image-2", prompt="a red cube", quality="low", stream=True, partial_images=2
        )

        async def read() -> None:
            async for event in events:
                seen.append(event.type)

        with pytest.raises(sdk.APIError) as raised:
            await read()
    assert seen == [PARTIAL]
    assert raised.value.code == "provider_connection_lost"
    assert "broke" in raised.value.message
    assert len(tab.sent) == len(tab.charges) == 1


@pytest.mark.parametrize(("does", "status", "code"), broken(after_images(1)))
async def test_after_an_image_no_error_event(home: House, tab: Tab, does: Behaviour, status: int, code: str) -> None:
    """With one of three there, the stream ends well, and its last event names the two that failed, and why."""
    home.openai.next(does)
    events = events_of(await ask(home, order(stream=True, n=3, partial_images=1)))
    assert "error" not in [each.name for each in events]
    images = [each for each in events if each.name == COMPLETED]
    assert [(each.data["index"], drawn_in(each.picture)) for each in images] == [(0, Drawn(tab.sent[0].index, 0))]
    _failed_in(events, [1, 2], code)
    assert len(tab.sent) == len(tab.charges) == 1


async def test_an_image_broken_at_its_partial_is_told_as_failed(home: House, tab: Tab) -> None:
    """A break between the second image's partial and its end leaves the first one whole and the others failed."""
    home.openai.next(cut(after_partials(2)))
    events = events_of(await ask(home, order(stream=True, n=3, partial_images=1)))
    shown = [(each.name, each.data["index"]) for each in events if each.name != FAILED]
    assert shown == [(PARTIAL, 0), (COMPLETED, 0), (PARTIAL, 1)]
    _failed_in(events, [1, 2], "provider_connection_lost")
    assert len(tab.charges) == 1


async def test_fewer_images_than_asked(home: House, tab: Tab) -> None:
    """A stream that ends early without a word still tells which image did not come."""
    home.openai.next(fewer_images())
    events = events_of(await ask(home, order(stream=True, n=2)))
    _failed_in(events, [1], "provider_no_image")
    assert len(tab.charges) == 1


def _failed_in(events: Sequence[Told], indexes: Sequence[int], reason: str) -> None:
    """The account is in the last event alone: in the last completed, or in a closing `failed`."""
    *before, last = events
    assert last.name in (COMPLETED, FAILED)
    fields = last.data["extra_fields"]
    assert [(each["index"], each["reason"]) for each in fields["failed_images"]] == [(i, reason) for i in indexes]
    assert all(each["message"] for each in fields["failed_images"])
    (attempt,) = fields["attempts"]
    assert attempt["outcome"] == "done"
    assert not any("extra_fields" in each.data for each in before)
    assert not nulls([each.data for each in events])
