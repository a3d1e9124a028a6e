"""Which failures are tried elsewhere, and which end the chain: rule 9, over real sockets."""

from __future__ import annotations

import pytest
from imagegen import Client, ImagegenError, v1
from imagegen.report import outcome

from tests.house import House
from tests.upstreams import openai as double
from tests.upstreams.openai import Behaviour

MODEL = "openai/gpt-image-2"
NEXT = "second/gpt-image-1.5"
SIZE = "1024x1024"

GOES_ON = {
    "429": double.status(429, retry_after="7"),
    "quota": double.quota_exhausted(),
    "401": double.status(401),
    "403": double.status(403),
    "404": double.status(404),
    "500": double.status(500),
    "503": double.status(503),
    "529": double.status(529),
}
ENDS = {
    "refused": (double.moderation_blocked(), "content_refused"),
    "caller's fault": (double.status(400), "provider_rejected"),
}
MAY_BE_BILLED = {
    "no image": (double.empty_data(), "provider_no_image"),
    "502": (double.status(502, billed=True), "provider_connection_lost"),
    "504": (double.status(504, billed=True), "provider_timeout"),
    "reset": (double.reset(), "provider_connection_lost"),
    "half an answer": (double.cut(), "provider_connection_lost"),
    "no JSON": (double.invalid_json(), "provider_invalid_answer"),
    "no picture": (double.not_an_image(), "provider_invalid_answer"),
}


@pytest.mark.parametrize("behaviour", GOES_ON.values(), ids=GOES_ON)
async def test_what_was_rejected_is_tried_at_the_next_target(house: House, behaviour: Behaviour) -> None:
    """A rejected request goes to the fallback once, and the answer tells both attempts."""
    house.openai.next(behaviour)
    async with Client(house.grpc) as client:
        answer = await client.generate("a fox", model=MODEL, fallbacks=[NEXT], size=SIZE)

    report = answer.message.report
    assert [outcome(each) for each in report.attempts] == ["rejected", "done"]
    assert (report.provider, report.model, report.fallback_index) == ("second", "gpt-image-1.5", 1)
    assert [seen.body["model"] for seen in house.openai.requests] == ["gpt-image-2", "gpt-image-1.5"]
    assert len(house.openai.bill) == 1


@pytest.mark.parametrize(("behaviour", "reason"), ENDS.values(), ids=ENDS)
async def test_what_was_refused_ends_the_chain(house: House, behaviour: Behaviour, reason: str) -> None:
    """A refusal and a fault of the caller are final: nobody else is asked."""
    house.openai.next(behaviour)
    async with Client(house.grpc) as client:
        with pytest.raises(ImagegenError) as failed:
            await client.generate("a fox", model=MODEL, fallbacks=[NEXT], size=SIZE)

    assert failed.value.name == reason
    assert not failed.value.should_retry
    assert len(house.openai.requests) == 1
    assert [each.reason for each in failed.value.report.attempts] == [reason]


@pytest.mark.parametrize(("behaviour", "reason"), MAY_BE_BILLED.values(), ids=MAY_BE_BILLED)
async def test_after_what_may_be_billed_another_provider_is_asked(
    house: House, behaviour: Behaviour, reason: str
) -> None:
    """The same provider never is, not even with another model; the possible duplicate is in the cost, and named."""
    house.openai.next(behaviour)
    async with Client(house.grpc) as client:
        answer = await client.generate("a fox", model=MODEL, fallbacks=["openai/gpt-image-1.5", NEXT], size=SIZE)

    report = answer.message.report
    assert [(each.provider, outcome(each)) for each in report.attempts] == [("openai", "unknown"), ("second", "done")]
    assert report.attempts[0].reason == reason
    assert report.possible_duplicate_micro_usd == report.attempts[0].cost_micro_usd > 0
    assert report.cost_micro_usd == sum(each.cost_micro_usd for each in report.attempts)


@pytest.mark.parametrize(("behaviour", "reason"), MAY_BE_BILLED.values(), ids=MAY_BE_BILLED)
async def test_after_what_may_be_billed_nobody_is_asked_for_who_wants_that(
    house: House, behaviour: Behaviour, reason: str
) -> None:
    """With after_unknown = "fail" the caller hears of it at once, and is told not to ask again."""
    house.openai.next(behaviour)
    async with Client(house.grpc) as client:
        with pytest.raises(ImagegenError) as failed:
            await client.generate("a fox", model=MODEL, fallbacks=[NEXT], size=SIZE, after_unknown="fail")

    assert failed.value.name == reason
    assert not failed.value.should_retry
    assert len(house.openai.requests) == 1


async def test_a_provider_that_cannot_be_reached_is_passed_over(house: House) -> None:
    """Nothing was sent, so the next target is asked."""
    async with Client(house.grpc) as client:
        answer = await client.generate("a fox", model="nobody/gpt-image-2", fallbacks=["painter/scene"], size="256x256")

    assert [outcome(each) for each in answer.message.report.attempts] == ["not_sent", "done"]
    assert answer.message.report.provider == "painter"


async def test_a_used_up_chain_fails_as_its_first_target_failed(house: House) -> None:
    """When everyone rejects, the caller hears the first target's reason, and of every attempt."""
    house.openai.next(double.status(429, retry_after="7"), double.status(500))
    async with Client(house.grpc) as client:
        with pytest.raises(ImagegenError) as failed:
            await client.generate("a fox", model=MODEL, fallbacks=[NEXT])

    assert failed.value.name == "provider_rate_limited"
    assert failed.value.retry_after == 7
    assert failed.value.should_retry
    assert [each.status for each in failed.value.report.attempts] == [429, 500]


async def test_no_fallback_once_a_preview_has_left(house: House) -> None:
    """After a partial image the stream is committed: it fails, and nobody else is asked."""
    house.openai.next(double.error_event(at=double.after_partials(1)))
    async with Client(house.grpc) as client:
        with pytest.raises(ImagegenError):
            [event async for event in client.stream("a fox", model=MODEL, fallbacks=[NEXT], partial_images=2)]

    assert len(house.openai.requests) == 1


async def test_a_stream_falls_back_before_the_first_preview(house: House) -> None:
    """A stream that is rejected before any image bytes goes on at the next target."""
    house.openai.next(double.status(503))
    async with Client(house.grpc) as client:
        events = [event async for event in client.stream("a fox", model=MODEL, fallbacks=[NEXT], partial_images=1)]

    started = [event for event in events if isinstance(event, v1.AttemptStarted)]
    assert [each.provider for each in started] == ["openai", "second"]
    assert isinstance(events[-1], v1.Completed)


async def test_some_images_are_better_than_none(house: House) -> None:
    """When fewer images come than were asked for, those are the answer and the others are named."""
    house.openai.next(double.fewer_images(by=1))
    async with Client(house.grpc) as client:
        answer = await client.generate("a fox", model=MODEL, n=3, fallbacks=[NEXT])

    assert [image.index for image in answer.message.images] == [0, 1]
    assert [(each.index, each.reason) for each in answer.message.failed_images] == [(2, "provider_no_image")]
    assert len(house.openai.requests) == 1


async def test_a_stream_that_breaks_after_an_image_still_succeeds(house: House) -> None:
    """Two of three images came, then the connection was cut: the call succeeds and names the third."""
    house.openai.next(double.cut(at=double.after_images(2)))
    async with Client(house.grpc) as client:
        events = [event async for event in client.stream("a fox", model=MODEL, n=3)]

    completed = events[-1]
    assert isinstance(completed, v1.Completed)
    assert [each.index for each in completed.failed_images] == [2]
    assert completed.failed_images[0].reason == "provider_connection_lost"
