"""A request with an idempotency key is made once, and whoever asks again is given the same answer."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2 as httpx
import pytest
from imagegen import Client, ImagegenError, v1
from imagegen.report import origin

from service.errors import GatewayError, Reason
from service.stores.blobs.port import Shelf
from tests.e2e.keys import BODY, MODEL, another_process, completed, keyed, pictures_of
from tests.house import House
from tests.rest.asking import ask, events_of
from tests.upstreams import openai as double

CALLERS = 200


async def test_the_same_answer_again(house: House) -> None:
    """Pictures, cost and attempts are those of the first time; the call's own name is new, and nobody was asked."""
    asked: dict[str, Any] = {"model": MODEL, "n": 2, "idempotency_key": "once"}
    async with Client(house.grpc) as client:
        first = await client.generate("a fox", **asked)
        again = await client.generate("a fox", **asked)

    assert again.pictures == first.pictures
    assert (origin(first.message.report), origin(again.message.report)) == ("made", "repeated")
    assert again.message.report.attempts == first.message.report.attempts
    assert again.message.report.cost_micro_usd == first.message.report.cost_micro_usd > 0
    assert again.message.report.request_id != first.message.report.request_id
    assert len(house.openai.bill) == 1


async def test_over_rest_it_is_a_header(house: House) -> None:
    """The second answer says that it is one, in a header and in its account; a URL is a new one to the same picture."""
    first = await ask(house, BODY, headers=keyed("rest"))
    again = await ask(house, BODY, headers=keyed("rest"))

    assert pictures_of(again) == pictures_of(first)
    assert ("x-imagegen-origin" in first.headers, again.headers["x-imagegen-origin"]) == (False, "repeated")
    assert ("origin" in first.json()["extra_fields"], again.json()["extra_fields"]["origin"]) == (False, "repeated")

    by_url = {**BODY, "response_format": "url"}
    urls = [(await ask(house, by_url, headers=keyed("url"))).json()["data"][0]["url"] for _ in range(2)]
    async with httpx.AsyncClient() as browser:
        one, other = [(await browser.get(url)).content for url in urls]
    assert (urls[0] != urls[1], one == other) == (True, True)
    assert len(house.openai.bill) == 2


async def test_two_hundred_at_once(house: House) -> None:
    """However many ask at once under one key, over both faces, whole or streamed, the provider is asked once."""
    house.openai.always(double.late(0.3))
    each_way = CALLERS // 4
    async with Client(house.grpc) as client:
        rest = [ask(house, BODY, headers=keyed("crowd")) for _ in range(2 * each_way)]
        grpc = [client.generate("a fox", model=MODEL, idempotency_key="crowd") for _ in range(each_way)]
        streams = [completed(client, idempotency_key="crowd") for _ in range(each_way)]
        answers, told, streamed = await asyncio.gather(
            asyncio.gather(*rest), asyncio.gather(*grpc), asyncio.gather(*streams)
        )

    pictures = {pictures_of(each)[0] for each in answers} | {each.pictures[0] for each in told}
    assert len(pictures | {each.data for pictures, _ in streamed for each in pictures if each.partial is None}) == 1
    assert len(house.openai.bill) == 1


async def test_a_stream_again_is_its_finished_images(house: House) -> None:
    """Previews are not kept; the finished pictures come as they came, and the last event says that it is no new one."""
    asked: dict[str, Any] = {"n": 2, "partial_images": 1, "idempotency_key": "stream"}
    async with Client(house.grpc) as client:
        first, _ = await completed(client, **asked)
        again, last = await completed(client, **asked)

    finished = {each.index: each.data for each in first if each.partial is None}
    assert [each for each in first if each.partial is not None]
    assert {each.index: each.data for each in again} == finished
    assert [each.partial for each in again] == [None, None]
    assert origin(last.report) == "repeated"
    assert len(house.openai.bill) == 1


@pytest.mark.parametrize(
    ("headers", "told"), [(keyed("again"), "repeated"), ({"x-bf-cache-key": "again"}, "cached")], ids=str
)
async def test_a_stream_given_again_has_the_headers_of_a_whole_answer(
    house: House, headers: dict[str, str], told: str
) -> None:
    """Who made it and what it cost is known before the first byte, and said there; it stays so in the last event."""
    body = {"model": MODEL, "prompt": "a fox", "size": "1000x1000"}
    await ask(house, body, headers=headers)
    whole = await ask(house, body, headers=headers)
    streamed = await ask(house, {**body, "stream": True, "partial_images": 2}, headers=headers)

    said = {name: value for name, value in streamed.headers.items() if name.startswith("x-imagegen-")}
    assert said == {name: value for name, value in whole.headers.items() if name.startswith("x-imagegen-")}
    assert (said["x-imagegen-origin"], said["x-imagegen-changes"]) == (told, "size:translated")
    (last,) = events_of(streamed)
    assert last.data["extra_fields"] == {
        **whole.json()["extra_fields"],
        "request_type": "image_generation_stream",
    }
    assert len(house.openai.bill) == 1


async def test_another_request_under_the_same_key_is_refused(house: House) -> None:
    """Also while the first is being made; the complaint names the header, and nothing is sent."""
    gate = asyncio.Event()
    house.openai.next(double.held(gate))
    first = asyncio.create_task(ask(house, BODY, headers=keyed("mine")))
    await house.openai.accepted(1)
    meanwhile = await ask(house, {**BODY, "prompt": "a hare"}, headers=keyed("mine"))
    gate.set()
    await first
    afterwards = await ask(house, {**BODY, "n": 2}, headers=keyed("mine"))

    for refused in (meanwhile, afterwards):
        error = refused.json()["error"]
        assert (refused.status_code, error["code"], error["param"]) == (
            422,
            "idempotency_key_reused",
            "Idempotency-Key",
        )
    assert len(house.openai.requests) == 1


async def test_what_cost_nothing_may_be_asked_anew(house: House) -> None:
    """A request that the provider rejected has used up nothing: the same key asks again, and is served."""
    house.openai.next(double.status(429))
    refused = await ask(house, BODY, headers=keyed("patience"))
    served = await ask(house, BODY, headers=keyed("patience"))

    assert (refused.status_code, served.status_code) == (429, 200)
    assert "x-imagegen-origin" not in served.headers
    assert len(house.openai.bill) == 1


async def test_a_rate_is_told_in_time(house: House) -> None:
    """A provider asks for more patience than the caller has: that is told at once, and not when the time is over."""
    house.openai.next(double.status(429, retry_after="30"))
    async with Client(house.grpc) as client:
        with pytest.raises(ImagegenError) as refused:
            await client.generate("a fox", model=MODEL, idempotency_key="rate", timeout=5)

    assert (refused.value.name, refused.value.retry_after) == ("provider_rate_limited", 30)


async def test_what_may_have_cost_is_not_asked_anew(house: House) -> None:
    """A request whose end is unknown fails alike under the same key, as often as it is asked; one bill."""
    house.openai.next(double.reset())
    answers = [await ask(house, BODY, headers=keyed("lost")) for _ in range(3)]

    assert {(each.status_code, each.json()["type"]) for each in answers} == {(502, "provider_connection_lost")}
    assert {each.headers["x-should-retry"] for each in answers} == {"false"}
    assert len({each.json()["event_id"] for each in answers}) == 3
    assert len(house.openai.bill) == 1


async def test_two_processes_are_one(house: House) -> None:
    """Who asks another process waits for what the first one makes; asked at once, one of them makes it."""
    gate = asyncio.Event()
    house.openai.next(double.held(gate))
    asked: dict[str, Any] = {"model": MODEL, "idempotency_key": "shared"}
    async with another_process(house) as address, Client(house.grpc) as here, Client(address) as there:
        first = asyncio.create_task(here.generate("a fox", **asked))
        await house.openai.accepted(1)
        second = asyncio.create_task(there.generate("a fox", **asked))
        await asyncio.sleep(0.2)
        gate.set()
        assert (await first).pictures == (await second).pictures
        assert origin((await second).message.report) == "repeated"

        house.openai.always(double.late(0.2))
        calls = [
            client.generate("a fox", model=MODEL, idempotency_key=f"race {number}")
            for number in range(10)
            for client in (here, there)
        ]
        answers = await asyncio.gather(*calls)
    assert all(mine.pictures == yours.pictures for mine, yours in zip(answers[::2], answers[1::2], strict=True))
    assert len(house.openai.bill) == 11


async def test_a_picture_that_could_not_be_delivered_has_come(house: House) -> None:
    """The place for results fails, so this caller has no URL; who asks again under the key has the picture."""
    blobs, put = house.gateway.blobs, house.gateway.blobs.put

    async def full(shelf: Shelf, name: str, data: bytes) -> None:
        if shelf is Shelf.RESULTS:
            raise GatewayError(Reason.UNAVAILABLE, "There is no room.")
        await put(shelf, name, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blobs, "put", full)
        refused = await ask(house, {**BODY, "response_format": "url"}, headers=keyed("full"))
    again = await ask(house, {**BODY, "response_format": "url"}, headers=keyed("full"))

    assert refused.status_code == 503
    assert (again.status_code, again.headers["x-imagegen-origin"]) == (200, "repeated")
    assert len(house.openai.bill) == 1


async def test_failed_images_again(house: House) -> None:
    """Of several images some have failed: told again, the answer has the same, and says why alike."""
    house.openai.next(double.fewer_images(2))
    asked = {**BODY, "n": 3}
    first, again = [(await ask(house, asked, headers=keyed("some"))) for _ in range(2)]

    failed = first.json()["extra_fields"]["failed_images"]
    assert (len(failed), again.json()["extra_fields"]["failed_images"]) == (2, failed)
    assert pictures_of(again) == pictures_of(first)
    assert len(house.openai.bill) == 1


async def test_a_refused_prompt_may_be_mended(house: House) -> None:
    """A key whose request was rejected at no cost is free, also for what the caller asks instead."""
    house.openai.next(double.moderation_blocked("violence"))
    refused = await ask(house, BODY, headers=keyed("mended"))
    served = await ask(house, {**BODY, "prompt": "a friendly fox"}, headers=keyed("mended"))

    assert (refused.status_code, served.status_code) == (400, 200)
    assert len(house.openai.bill) == 1


async def test_a_lost_race_is_no_request(house: House) -> None:
    """Of two processes one is faster; the other has nothing to count, and tells no plan of its own."""
    async with another_process(house) as address, Client(house.grpc) as here, Client(address) as there:
        house.openai.always(double.late(0.1))
        for number in range(5):
            await asyncio.gather(
                *(completed(client, idempotency_key=f"race {number}") for client in (here, there)),
            )
        recorded = (await here.requests()).requests
    assert [(each.state, each.images) for each in recorded] == [(v1.REQUEST_STATE_DONE, 1)] * 5


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
async def test_a_bad_key_is_refused_by_name(house: House, key: str) -> None:
    """A key is one to 255 printable characters."""
    refused = await ask(house, BODY, headers=keyed(key))

    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "Idempotency-Key")
    assert not house.openai.requests


async def test_lost_pictures_are_not_made_anew(house: House) -> None:
    """Where the place for pictures has lost one, nobody asks the provider, and pays, a second time."""
    await ask(house, BODY, headers=keyed("swept"))
    await house.gateway.blobs.sweep(Shelf.KEPT, -1)
    answer = await ask(house, BODY, headers=keyed("swept"))

    assert (answer.status_code, answer.json()["type"]) == (502, "outcome_unknown")
    assert len(house.openai.bill) == 1
