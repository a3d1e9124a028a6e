"""Answers from the cache: to the same request of the same caller, where a header or the route wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from imagegen import Client, ImagegenError, v1
from imagegen.report import origin

from service.errors import GatewayError, Reason
from service.stores.blobs.port import Shelf
from tests.e2e.keys import another_process, completed, pictures_of
from tests.house import FORMS, House, open_house
from tests.rest.asking import ask
from tests.upstreams import openai as double

MODEL = "openai/gpt-image-2"
BODY = {"model": MODEL, "prompt": "a fox", "response_format": "b64_json"}
REMEMBERED = {
    "targets": [{"target": MODEL}],
    "cache": {"ttl": "1h", "price": "0.001"},
}
"""A route whose answers are found again."""


def key(name: str = "foxes", **more: str) -> dict[str, str]:
    return {"x-bf-cache-key": name, **{f"x-bf-cache-{each.replace('_', '-')}": value for each, value in more.items()}}


async def test_the_same_request_again(house: House) -> None:
    """The pictures are the same, nobody was asked, and the answer says in header and body where it comes from."""
    body = {**BODY, "size": "1000x1000"}
    first = await ask(house, body, headers=key())
    again = await ask(house, body, headers=key())

    assert pictures_of(again) == pictures_of(first)
    assert ("x-imagegen-origin" in first.headers, again.headers["x-imagegen-origin"]) == (False, "cached")
    assert len(house.openai.bill) == 1
    told, was = again.json()["extra_fields"], first.json()["extra_fields"]
    assert (told["origin"], told["cost_usd"], was["cost_usd"] != "0") == ("cached", "0", True)
    assert (told["provider"], told["model"], told["changes"]) == ("cache", MODEL, was["changes"])
    assert [(each["provider"], each["outcome"]) for each in told["attempts"]] == [("cache", "done")]
    assert "usage" not in again.json(), "no tokens were used for it"


async def test_without_a_key_each_answer_is_made(house: House) -> None:
    """The cache is off by default."""
    for _ in range(2):
        assert "x-imagegen-origin" not in (await ask(house, BODY)).headers
    assert len(house.openai.bill) == 2


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"prompt": "a hen"}, key()),
        ({"size": "1536x1024"}, key()),
        ({"n": 2}, key()),
        ({"user": "somebody else"}, key()),
        ({"quality": "low"}, key()),
        ({"strict": True}, key()),
        ({"fallbacks": ["painter/scene"]}, key()),
        ({}, key("hens")),
    ],
)
async def test_another_request_is_not_found(house: House, body: dict[str, Any], headers: dict[str, str]) -> None:
    """Whatever changes what is asked for, or the key, is another question."""
    await ask(house, BODY, headers=key())
    other = await ask(house, {**BODY, **body}, headers=headers)

    assert (other.status_code, "x-imagegen-origin" in other.headers) == (200, False)
    assert len(house.openai.bill) == 2


async def test_how_it_is_delivered_does_not_matter(house: House) -> None:
    """One answer for both faces, whole and streamed, as bytes and as a URL."""
    first = pictures_of(await ask(house, {**BODY, "n": 1}, headers=key()))
    by_url = await ask(house, {"model": MODEL, "prompt": "a fox", "response_format": "url"}, headers=key())
    async with Client(house.grpc) as client:
        whole = await client.generate("a fox", model=MODEL, cache=v1.CacheUse(key="foxes"))
        streamed, last = await completed(client, partial_images=2, cache=v1.CacheUse(key="foxes"))

    assert by_url.headers["x-imagegen-origin"] == "cached"
    assert "url" in by_url.json()["data"][0]
    assert [*whole.pictures] == [each.data for each in streamed] == first
    assert [each.partial for each in streamed] == [None], "a preview of what is finished would be a fake"
    assert origin(whole.message.report) == origin(last.report) == "cached"
    assert len(house.openai.bill) == 1


async def test_a_stream_fills_it(house: House) -> None:
    """What was streamed is found like what was not."""
    async with Client(house.grpc) as client:
        streamed, last = await completed(client, partial_images=1, n=2, cache=v1.CacheUse(key="foxes"))
        whole = await client.generate("a fox", model=MODEL, n=2, cache=v1.CacheUse(key="foxes"))

    assert origin(last.report) == "made"
    assert [*whole.pictures] == [
        each.data for each in sorted(streamed, key=lambda each: each.index) if each.partial is None
    ]
    assert len(house.openai.bill) == 1


async def test_another_process_finds_it(house: House) -> None:
    """It lies in the stores that all processes share."""
    async with Client(house.grpc) as client, another_process(house) as address, Client(address) as elsewhere:
        first = await client.generate("a fox", model=MODEL, cache=v1.CacheUse(key="foxes"))
        again = await elsewhere.generate("a fox", model=MODEL, cache=v1.CacheUse(key="foxes"))

    assert (again.pictures, origin(again.message.report)) == (first.pictures, "cached")
    assert len(house.openai.bill) == 1


async def test_no_store(house: House) -> None:
    """An answer may be looked for and not left."""
    for _ in range(2):
        assert "x-imagegen-origin" not in (await ask(house, BODY, headers=key(no_store="true"))).headers
    await ask(house, BODY, headers=key())
    found = await ask(house, BODY, headers=key(no_store="true"))

    assert found.headers["x-imagegen-origin"] == "cached"
    assert len(house.openai.bill) == 3


async def test_it_ends(house: House) -> None:
    """After its time the answer is made anew, and takes the old one's place."""
    await ask(house, BODY, headers=key(ttl="60s"))
    house.gateway.records.now = _later(house.gateway.records.now, 59)
    assert (await ask(house, BODY, headers=key())).headers["x-imagegen-origin"] == "cached"
    house.gateway.records.now = _later(house.gateway.records.now, 2)
    assert "x-imagegen-origin" not in (await ask(house, BODY, headers=key())).headers
    assert (await ask(house, BODY, headers=key())).headers["x-imagegen-origin"] == "cached"
    assert len(house.openai.bill) == 2


def _later(now: Any, seconds: float) -> Any:
    return lambda: now() + seconds


@pytest.fixture(params=FORMS)
async def remembering(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[House]:
    async with open_house(tmp_path, request.param, {"models": {"remembered": REMEMBERED}}) as opened:
        yield opened


async def test_by_route(remembering: House) -> None:
    """A route may want it for all who ask, and say what such an answer costs; the books have it under "cache"."""
    house, body = remembering, {**BODY, "model": "remembered", "n": 2}
    first = await ask(house, body)
    again = await ask(house, body)
    anew = await ask(house, body, headers={"x-bf-cache-ttl": "0"})

    assert pictures_of(again) == pictures_of(first)
    assert again.json()["extra_fields"]["cost_usd"] == "0.002"
    assert ("x-imagegen-origin" in anew.headers, len(house.openai.bill)) == (False, 2)
    async with Client(house.grpc) as client:
        story = await client.request(again.headers["x-request-id"])
    assert [(each.provider, each.model, each.cost_micro_usd) for each in story.report.attempts] == [
        ("cache", MODEL, 2000)
    ]
    assert (origin(story.report), story.report.provider, story.report.model) == ("cached", "cache", MODEL)


async def test_what_did_not_come_whole_is_not_kept(house: House) -> None:
    """A failure is no answer for others."""
    house.openai.next(double.empty_error())
    assert (await ask(house, BODY, headers=key())).status_code >= 500
    assert "x-imagegen-origin" not in (await ask(house, BODY, headers=key())).headers


async def test_half_an_answer_is_not_kept(house: House) -> None:
    """Of three images one failed: the next who asks has all three made."""
    house.openai.next(double.fewer_images(1))
    body = {**BODY, "n": 3}
    first, again = [await ask(house, body, headers=key()) for _ in range(2)]

    assert (len(pictures_of(first)), len(pictures_of(again))) == (2, 3)
    assert "x-imagegen-origin" not in again.headers


async def test_a_fallbacks_answer_is_not_kept(house: House) -> None:
    """The first target is asked again as soon as it is well."""
    house.openai.next(double.status(500))
    body = {**BODY, "fallbacks": ["painter/scene"], "size": "1024x1024"}
    first, again = [await ask(house, body, headers=key()) for _ in range(2)]

    assert (first.headers["x-imagegen-fallback-index"], again.headers["x-imagegen-fallback-index"]) == ("1", "0")
    assert "x-imagegen-origin" not in again.headers


async def test_a_cache_that_is_away_is_empty(house: House) -> None:
    """Its pictures cannot be read for a while: they are made anew."""
    await ask(house, BODY, headers=key())

    async def away(*_: object) -> None:
        raise GatewayError(Reason.UNAVAILABLE, "The store is away.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.gateway.blobs, "open", away)
        anew = await ask(house, BODY, headers=key())

    assert (anew.status_code, "x-imagegen-origin" in anew.headers) == (200, False)


async def test_a_changed_route_has_answers_of_its_own(house: House) -> None:
    """What a name led to before is not found under what it leads to now."""
    routes = house.gateway.pipeline.router.routes
    body = {**BODY, "model": "dall-e-3", "size": "1024x1024"}
    await ask(house, body, headers=key())
    assert (await ask(house, body, headers=key())).headers["x-imagegen-origin"] == "cached"
    assert isinstance(routes, dict)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(routes, "dall-e-3", replace(routes["dall-e-3"], fallbacks=(MODEL,)))
        assert "x-imagegen-origin" not in (await ask(house, body, headers=key())).headers


async def test_a_name_that_means_another_has_answers_of_its_own(house: House) -> None:
    """A bare name leads to another provider than before: what that one made is not what is asked for."""
    upstreams = house.gateway.pipeline.router.upstreams
    body = {**BODY, "model": "gpt-image-2"}
    await ask(house, body, headers=key())
    assert (await ask(house, body, headers=key())).headers["x-imagegen-origin"] == "cached"
    assert isinstance(upstreams, dict)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(upstreams, "openai", replace(upstreams["openai"], configured=False))
        elsewhere = await ask(house, body, headers=key())
    assert (elsewhere.status_code, "x-imagegen-origin" in elsewhere.headers) == (200, False)


async def test_a_store_that_hangs_does_not_keep_an_answer_back(house: House) -> None:
    """An answer that cannot be kept soon is told first: it was paid for."""
    books, gate = house.gateway.books, asyncio.Event()

    async def hang(*_: object) -> None:
        await gate.wait()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(books, "remember", hang)
        answer = await ask(house, BODY, headers={**key(), "X-Request-Timeout": "3"})
    assert answer.status_code == 200, answer.text[:300]


async def test_a_picture_that_is_gone_is_made_anew(house: House) -> None:
    """An entry without its picture is no answer."""
    await ask(house, BODY, headers=key())
    await house.gateway.blobs.sweep(Shelf.KEPT, -1)
    again = await ask(house, BODY, headers=key())

    assert (again.status_code, "x-imagegen-origin" in again.headers) == (200, False)
    assert (await ask(house, BODY, headers=key())).headers["x-imagegen-origin"] == "cached"


async def test_with_an_idempotency_key(house: House) -> None:
    """An answer from the cache is kept for who asks again under the same name, as any other."""
    await ask(house, BODY, headers=key())
    named = {**key(), "Idempotency-Key": "one"}
    told = [(await ask(house, BODY, headers=named)) for _ in range(2)]

    assert [each.headers["x-imagegen-origin"] for each in told] == ["cached", "repeated"]
    assert pictures_of(told[0]) == pictures_of(told[1])
    assert len(house.openai.bill) == 1


@pytest.mark.parametrize(
    ("headers", "status", "param", "words"),
    [
        (key(""), 400, "x-bf-cache-key", "empty"),
        (key("x" * 256), 400, "x-bf-cache-key", "255"),
        (key(ttl="soon"), 400, "x-bf-cache-ttl", "5m"),
        ({"x-bf-cache-ttl": "5m"}, 400, "x-bf-cache-key", "no cache of its own"),
        (key(ttl="25h"), 400, "x-bf-cache-ttl", "86400"),
        (key(no_store="yes"), 400, "x-bf-cache-no-store", "true"),
        (key(type="semantic"), 400, "x-bf-cache-type", "not in this version"),
        (key(type="fuzzy"), 400, "x-bf-cache-type", "direct"),
        (key(threshold="0.9"), 400, "x-bf-cache-threshold", "not in this version"),
    ],
)
async def test_refused_by_name(house: House, headers: dict[str, str], status: int, param: str, words: str) -> None:
    """What is wrong in a header is said under its name, and nobody is asked."""
    refused = await ask(house, BODY, headers=headers)

    assert (refused.status_code, refused.json()["error"]["param"]) == (status, param)
    assert words in refused.json()["error"]["message"]
    assert not house.openai.bill


async def test_a_duration_below_zero_is_refused(house: House) -> None:
    """Over gRPC a duration may be anything."""
    async with Client(house.grpc) as client:
        with pytest.raises(ImagegenError) as refused:
            await client.generate("a fox", model=MODEL, cache=v1.CacheUse(key="foxes", ttl=Duration(seconds=-1)))
    assert refused.value.field == "cache.ttl"
