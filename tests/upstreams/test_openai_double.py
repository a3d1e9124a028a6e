"""The double of OpenAI against what nobody here wrote: OpenAI's own SDK finds in it what it expects of OpenAI."""

import asyncio
import base64
import io
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import openai as sdk
import pytest
import pytest_asyncio
from openai.types import ImageGenCompletedEvent, ImageGenPartialImageEvent
from PIL import Image

from tests.upstreams.openai import (
    Behaviour,
    Drawn,
    OpenAIDouble,
    after_images,
    auto_in_events,
    big_png,
    billing_limit_reached,
    cut,
    drawn_in,
    echoed_secret,
    empty_error,
    held,
    html_error,
    mid_body,
    moderation_blocked,
    number_in,
    output_details,
    quota_exhausted,
    rate_limited_until,
    reset,
    showing,
    stall,
    status,
)

ORDER: dict[str, Any] = {"model": "gpt-image-2", "prompt": "a red cube", "size": "1024x1024", "quality": "low"}
Event = ImageGenPartialImageEvent | ImageGenCompletedEvent


@pytest_asyncio.fixture
async def openai() -> AsyncGenerator[OpenAIDouble]:
    async with OpenAIDouble() as double:
        yield double
        await double.idle()


@pytest_asyncio.fixture
async def client(openai: OpenAIDouble) -> AsyncGenerator[sdk.AsyncOpenAI]:
    async with sdk.AsyncOpenAI(base_url=openai.url, api_key=openai.key, max_retries=0, timeout=5) as client:
        yield client


async def generate(client: sdk.AsyncOpenAI, **asked: Any) -> Any:
    images: Any = client.images
    return await images.generate(**{**ORDER, **asked})


async def stream(client: sdk.AsyncOpenAI, **asked: Any) -> list[Any]:
    async with await generate(client, stream=True, **asked) as events:
        return [event async for event in events]


def shown(item: Any) -> bytes:
    return base64.b64decode(item.b64_json, validate=True)


async def test_two_images_arrive_as_asked_and_say_who_they_are(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """A unary n=2 yields two different PNGs of the asked size, numbered by the request that they answer."""
    await generate(client)
    answer = await generate(client, n=2, size="1536x864")
    assert [drawn_in(shown(item)) for item in answer.data] == [Drawn(1, 0), Drawn(1, 1)]
    with Image.open(io.BytesIO(shown(answer.data[0]))) as picture:
        assert (picture.format, picture.size) == ("PNG", (1536, 864))
    assert (answer.size, answer.quality, answer.background, answer.output_format) == (
        "1536x864",
        "low",
        "opaque",
        "png",
    )
    assert openai.requests[number_in(shown(answer.data[0]))].body["n"] == 2


async def test_auto_is_decided_in_the_unary_answer(client: sdk.AsyncOpenAI) -> None:
    """The answer never says auto, whatever was left open."""
    answer = await generate(client, size="auto", quality="auto", background="auto", safety_identifier="u-1")
    assert (answer.size, answer.quality, answer.background) == ("1024x1024", "high", "opaque")
    assert answer.safety_identifier == "u-1"


@pytest.mark.parametrize("background", ["opaque", "transparent"])
@pytest.mark.parametrize("form", ["png", "webp", "jpeg", "gif", "svg"])
async def test_every_format_can_be_read_back(client: sdk.AsyncOpenAI, form: str, background: str) -> None:
    """Each output format is what it says and carries its number, in lossy ones too."""
    if background == "transparent" and form not in ("png", "webp"):
        with pytest.raises(sdk.BadRequestError):
            await generate(client, model="gpt-image-2.5-flare", output_format=form, background=background)
        return
    answer = await generate(client, model="gpt-image-2.5-flare", output_format=form, background=background)
    picture = shown(answer.data[0])
    assert drawn_in(picture) == Drawn(0, 0)
    if form != "svg":
        with Image.open(io.BytesIO(picture)) as opened:
            assert opened.format == form.upper()
            assert opened.has_transparency_data == (background == "transparent")
            assert getattr(opened, "n_frames", 1) == (9 if form == "gif" else 1)


async def test_stream_sends_partials_and_then_the_image(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """Partials count from 0, the completed event carries usage without output details, and nothing follows it."""
    *partials, final = await stream(client, partial_images=2, size="1024x1536")
    assert all(isinstance(event, ImageGenPartialImageEvent) for event in partials)
    assert [event.partial_image_index for event in partials] == [0, 1]
    assert [drawn_in(shown(event)) for event in (*partials, final)] == [Drawn(0, 0, 0), Drawn(0, 0, 1), Drawn(0, 0)]
    assert isinstance(final, ImageGenCompletedEvent)
    assert final.usage.total_tokens == final.usage.input_tokens + final.usage.output_tokens
    assert "output_tokens_details" not in (final.usage.model_extra or {})
    assert openai.requests[0].finished


async def test_streamed_images_come_one_after_the_other(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """With n=3 each image ends with its own completed event, and the shares of usage add up to the bill."""
    events = await stream(client, n=3, partial_images=1, prompt="four tokens :)")
    assert [drawn_in(shown(event)) for event in events] == [
        Drawn(0, image, partial) for image in range(3) for partial in (0, None)
    ]
    completed = [event for event in events if isinstance(event, ImageGenCompletedEvent)]
    assert sum(event.usage.total_tokens for event in completed) == openai.bill[0].usage.streamed()["total_tokens"]


async def test_switches_change_what_events_say(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """Output details and 'auto' in events are there when a test wants them."""
    openai.next(output_details() | auto_in_events())
    (final,) = await stream(client, size="auto")
    assert final.size == "auto"
    assert final.usage.model_extra["output_tokens_details"]["image_tokens"] == final.usage.output_tokens


async def test_models_are_listed_without_the_retired(client: sdk.AsyncOpenAI) -> None:
    """The SDK lists and finds the models that are sold, and no other."""
    names = {model.id async for model in client.models.list()}
    assert "gpt-image-2" in names
    assert names.isdisjoint({"dall-e-2", "dall-e-3", "gpt-image-1"})
    assert (await client.models.retrieve("gpt-image-2")).owned_by == "system"
    with pytest.raises(sdk.NotFoundError):
        await client.models.retrieve("dall-e-3")


async def test_retired_model_can_be_revived() -> None:
    """A test of older times gets gpt-image-1 back by asking for it."""
    async with (
        OpenAIDouble(revived={"gpt-image-1"}) as openai,
        sdk.AsyncOpenAI(base_url=openai.url, api_key=openai.key, max_retries=0) as client,
    ):
        answer = await generate(client, model="gpt-image-1")
        assert answer.usage.output_tokens == 272


async def test_headers_are_those_of_openai(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """Request id, version and rate limits come with the answer, and the trace context was seen."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    images: Any = client.images.with_raw_response
    raw = await images.generate(**ORDER, extra_headers={"traceparent": trace})
    assert raw.headers["x-request-id"] == openai.requests[0].request_id
    assert raw.headers["openai-version"] == "2020-10-01"
    assert raw.headers["x-ratelimit-reset-tokens"] == "6m0s"
    assert openai.requests[0].traceparent == trace


async def test_the_synchronous_sdk_is_served_as_well(openai: OpenAIDouble) -> None:
    """A blocking client in a thread talks to the double in the loop."""

    def ask() -> Any:
        with sdk.OpenAI(base_url=openai.url, api_key=openai.key, max_retries=0) as client:
            return client.images.generate(model="gpt-image-2", prompt="a red cube")

    assert number_in(shown((await asyncio.to_thread(ask)).data[0])) == 0


@pytest.mark.parametrize(
    ("behaviour", "expected", "code"),
    [
        (status(401), sdk.AuthenticationError, "invalid_api_key"),
        (status(403), sdk.PermissionDeniedError, None),
        (status(404), sdk.NotFoundError, "model_not_found"),
        (status(408), sdk.APIStatusError, None),
        (status(409), sdk.ConflictError, None),
        (status(429), sdk.RateLimitError, "rate_limit_exceeded"),
        (quota_exhausted(), sdk.RateLimitError, "insufficient_quota"),
        (billing_limit_reached(), sdk.BadRequestError, "billing_hard_limit_reached"),
        (moderation_blocked("violence"), sdk.BadRequestError, "moderation_blocked"),
        (status(500), sdk.InternalServerError, None),
        (html_error(502), sdk.InternalServerError, None),
        (status(503), sdk.InternalServerError, None),
        (status(504), sdk.InternalServerError, None),
        (status(529), sdk.InternalServerError, None),
        (empty_error(500), sdk.InternalServerError, None),
    ],
    ids=lambda value: value.name if isinstance(value, Behaviour) else "",
)
@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "stream"])
async def test_an_error_answer_is_the_sdks_own_exception_and_costs_nothing(
    openai: OpenAIDouble,
    client: sdk.AsyncOpenAI,
    behaviour: Behaviour,
    expected: type[sdk.APIStatusError],
    code: str | None,
    streamed: bool,
) -> None:
    """Each scripted refusal reaches the SDK as the exception of its status, is not billed, and comes once."""
    openai.next(behaviour)
    with pytest.raises(expected) as refused:
        await (stream if streamed else generate)(client)
    assert (refused.value.code, openai.bill) == (code, ())
    await generate(client)
    assert (openai.calls, len(openai.bill)) == (2, 1)


async def test_retry_after_comes_in_three_forms(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """Seconds, milliseconds and an HTTP date."""

    async def headers() -> Any:
        with pytest.raises(sdk.RateLimitError) as refused:
            await generate(client)
        return refused.value.response.headers

    openai.next(status(429, retry_after="7"), status(429, retry_after_ms="250"), rate_limited_until(60))
    assert (await headers())["retry-after"] == "7"
    assert (await headers())["retry-after-ms"] == "250"
    wait = parsedate_to_datetime((await headers())["retry-after"]) - datetime.now(UTC)
    assert 55 < wait.total_seconds() <= 60


async def test_the_sdk_by_itself_asks_three_times(openai: OpenAIDouble) -> None:
    """With its default retries the SDK sends a failed request three times; the double sees each."""
    openai.always(status(500, retry_after_ms="1"))
    async with sdk.AsyncOpenAI(base_url=openai.url, api_key=openai.key) as client:
        with pytest.raises(sdk.InternalServerError):
            await generate(client)
    retries = [seen.headers.get("x-stainless-retry-count") for seen in openai.requests]
    assert (openai.calls, retries) == (3, ["0", "1", "2"])


async def test_an_answer_that_is_lost_is_billed_each_time(openai: OpenAIDouble) -> None:
    """Three tries of the SDK against a connection that resets cost three images, and only one arrives."""
    openai.next(reset(), reset(mid_body))
    async with sdk.AsyncOpenAI(base_url=openai.url, api_key=openai.key) as client:
        await generate(client)
    assert len(openai.bill) == 3
    assert [seen.finished for seen in openai.requests] == [False, False, True]


async def test_the_bill_adds_up(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """Each accepted order is charged once, at token prices, and a refused one is not."""
    first = await generate(client, n=2)
    with pytest.raises(sdk.BadRequestError):
        await generate(client, n=11)
    (final,) = await stream(client, model="gpt-image-1.5")
    assert [(charge.request, charge.model, charge.images) for charge in openai.bill] == [
        (0, "gpt-image-2", 2),
        (2, "gpt-image-1.5", 1),
    ]
    assert openai.bill[0].micro_usd == first.usage.input_tokens * 5 + first.usage.output_tokens * 30
    assert openai.bill[1].micro_usd == final.usage.input_tokens * 5 + final.usage.output_tokens * 32
    assert openai.billed_micro_usd == sum(charge.micro_usd for charge in openai.bill)


async def test_partials_cost_extra(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """Each partial adds its tokens to the bill of its image."""
    await stream(client)
    await stream(client, partial_images=3)
    assert openai.bill[1].usage.output_tokens - openai.bill[0].usage.output_tokens == 300


@pytest.mark.parametrize(("when", "early"), [("on_accept", 1), ("on_finish", 0)])
async def test_the_moment_of_billing_is_chosen(when: Any, early: int) -> None:
    """The charge stands while the answer is held back, or comes when the double is done with it, broken or not."""
    gate = asyncio.Event()
    async with (
        OpenAIDouble(bill_when=when) as openai,
        sdk.AsyncOpenAI(base_url=openai.url, api_key=openai.key, max_retries=0) as client,
    ):
        openai.next(held(gate), cut())
        asking = asyncio.create_task(generate(client))
        await openai.accepted()
        assert (len(openai.bill), openai.in_flight) == (early, 1)
        gate.set()
        await asking
        with pytest.raises(sdk.APIConnectionError):
            await generate(client)
        await openai.idle()
        assert [charge.request for charge in openai.bill] == [0, 1]


async def test_a_client_that_leaves_is_seen(openai: OpenAIDouble) -> None:
    """A timeout at the client ends the visit, marks it, and leaves no connection behind."""
    openai.always(stall())
    async with sdk.AsyncOpenAI(base_url=openai.url, api_key=openai.key, max_retries=0, timeout=0.1) as client:
        with pytest.raises(sdk.APITimeoutError):
            await generate(client)
        await openai.idle()
    assert (openai.in_flight, openai.open_connections, len(openai.bill)) == (0, 0, 1)
    assert (openai.requests[0].client_left, openai.requests[0].finished) == (True, False)


async def test_rules_choose_by_request(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """`when` speaks for the requests that it fits, before the queue and the default, until clear()."""
    openai.when(lambda seen: seen.body["model"] == "gpt-image-1.5", status(503))
    openai.always(status(500))
    openai.next(status(403))
    for model, expected in (("gpt-image-1.5", 503), ("gpt-image-2", 403), ("gpt-image-2", 500), ("gpt-image-1.5", 503)):
        with pytest.raises(sdk.APIStatusError) as refused:
            await generate(client, model=model)
        assert refused.value.status_code == expected
    openai.clear()
    await generate(client, model="gpt-image-1.5")


async def test_a_great_picture_is_shown(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """A picture of many megabytes, a valid PNG, is sent as it is, and cannot be taken for one that the double drew."""
    picture = big_png(20_000_000)
    openai.next(showing(picture))
    sent = shown((await generate(client)).data[0])
    assert sent == picture
    with Image.open(io.BytesIO(big_png(100_000))) as opened:
        opened.load()
    with pytest.raises(ValueError, match="not drawn by the double"):
        number_in(big_png(100_000))


async def test_a_secret_can_be_echoed(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """The error message carries key and prompt in full, so that a leak can be looked for."""
    openai.next(echoed_secret())
    with pytest.raises(sdk.InternalServerError) as failed:
        await generate(client)
    assert openai.key in failed.value.message
    assert ORDER["prompt"] in failed.value.message


async def test_a_script_that_cannot_be_played_fails_the_test() -> None:
    """A point that the answer does not have is raised when the double is left, not taken for a provider's fault."""
    openai = OpenAIDouble()
    await openai.__aenter__()
    openai.next(cut(after_images(1)))
    async with sdk.AsyncOpenAI(base_url=openai.url, api_key=openai.key, max_retries=0) as client:
        with pytest.raises(sdk.APIError):
            await generate(client)
    with pytest.raises(ExceptionGroup, match="the double itself failed"):
        await openai.__aexit__()


async def test_many_at_once_are_not_mixed_up(openai: OpenAIDouble, client: sdk.AsyncOpenAI) -> None:
    """Fifty concurrent requests each get the picture that was drawn for them."""
    prompts = [f"picture {number}" for number in range(50)]
    answers = await asyncio.gather(*(generate(client, prompt=prompt) for prompt in prompts))
    numbers = [number_in(shown(answer.data[0])) for answer in answers]
    assert [openai.requests[number].body["prompt"] for number in numbers] == prompts


async def test_it_runs_as_a_program() -> None:
    """`python -m tests.upstreams.openai` says its address, answers, and prints its bill when it is stopped."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.upstreams.openai", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout is not None
    said = dict(word.split("=", 1) for word in (await program.stdout.readline()).decode().split())
    async with sdk.AsyncOpenAI(base_url=said["OPENAI_BASE_URL"], api_key=said["OPENAI_API_KEY"]) as client:
        await generate(client)
    program.terminate()
    rest, _ = await program.communicate()
    assert rest.decode().splitlines() == ["0 POST /v1/images/generations 200 finished", "1 charges, 5895 micro-dollars"]
