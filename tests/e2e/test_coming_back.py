"""Callers with a key who leave, or have too little time: what was made for them is there when they come back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from imagegen import Client, ImagegenError, v1
from imagegen.report import origin

from service.domain.card import ModelCard
from service.stores.blobs.port import Shelf
from tests.e2e.keys import MODEL
from tests.house import House, settled, until
from tests.upstreams import openai as double


async def test_who_left_finds_the_answer(house: House) -> None:
    """The provider bills for a request whose caller has gone: it is made to its end, and there when they come back."""
    gate = asyncio.Event()
    house.openai.next(double.held(gate))
    async with Client(house.grpc) as client:
        leaving = asyncio.create_task(client.generate("a fox", model=MODEL, idempotency_key="back"))
        await house.openai.accepted(1)
        leaving.cancel()
        await asyncio.wait([leaving])
        coming_back = asyncio.create_task(client.generate("a fox", model=MODEL, idempotency_key="back"))
        await asyncio.sleep(0.1)
        gate.set()
        assert origin((await coming_back).message.report) == "repeated"
        await client.generate("a fox", model=MODEL, idempotency_key="back")

    assert len(house.openai.bill) == 1


async def test_what_ends_with_its_caller_leaves_the_key_free(house: House) -> None:
    """Painting stops when nobody waits for it any more; asked again, it is painted."""
    asked: dict[str, Any] = {"model": "painter/scene", "size": "2048x2048", "idempotency_key": "paint"}
    async with Client(house.grpc) as client:
        leaving = asyncio.create_task(client.generate("a city", **asked))
        await until(lambda: house.gateway.attempts.running > 0)
        leaving.cancel()
        await asyncio.wait([leaving])
        await settled(house)
        assert origin((await client.generate("a city", **asked)).message.report) == "made"


async def test_the_first_may_leave_while_others_wait(house: House) -> None:
    """What would end with its only caller goes on for whoever asked meanwhile."""
    asked: dict[str, Any] = {"model": "painter/scene", "size": "2048x2048", "idempotency_key": "paint"}
    async with Client(house.grpc) as client:
        first = asyncio.create_task(client.generate("a city", **asked))
        await until(lambda: house.gateway.attempts.running > 0)
        second = asyncio.create_task(client.generate("a city", **asked))
        await asyncio.sleep(0.05)
        first.cancel()
        answer = await second

    assert [each.number for each in answer.message.report.attempts] == [1]


async def test_a_deadline_is_ones_own(house: House) -> None:
    """Who waits for another's answer waits as long as its own deadline says; nothing is billed for it."""
    gate = asyncio.Event()
    house.openai.next(double.held(gate))
    async with Client(house.grpc) as client:
        first = asyncio.create_task(client.generate("a fox", model=MODEL, idempotency_key="slow"))
        await house.openai.accepted(1)
        with pytest.raises(ImagegenError) as late:
            await client.generate("a fox", model=MODEL, idempotency_key="slow", timeout=0.3)
        gate.set()
        served = await first

    assert late.value.name == "deadline_exceeded"
    assert late.value.report is not None
    assert late.value.report.request_id != served.message.report.request_id
    assert len(house.openai.bill) == 1


async def test_who_had_too_little_time_finds_its_picture(house: House) -> None:
    """A caller's time is over before the provider's answer: the answer waits for it, and is billed once."""
    gate = asyncio.Event()
    house.openai.next(double.held(gate))
    async with Client(house.grpc) as client:
        with pytest.raises(ImagegenError) as late:
            await client.generate("a fox", model=MODEL, idempotency_key="hasty", timeout=0.4)
        assert late.value.report is not None
        (attempt,) = late.value.report.attempts
        gate.set()
        again = await client.generate("a fox", model=MODEL, idempotency_key="hasty")

    assert (late.value.name, attempt.outcome) == ("deadline_exceeded", v1.OUTCOME_UNKNOWN)
    assert (attempt.cost_micro_usd > 0, attempt.presumed, late.value.should_retry) == (True, True, False)
    assert (origin(again.message.report), len(again.pictures)) == ("repeated", 1)
    assert len(house.openai.bill) == 1


async def test_who_left_while_its_picture_was_put_away(house: House) -> None:
    """The picture has come, and lies on its way to where it is kept: it is not lost with its caller."""
    blobs, put, gate, begun = house.gateway.blobs, house.gateway.blobs.put, asyncio.Event(), asyncio.Event()

    async def slow(shelf: Shelf, name: str, data: bytes) -> None:
        begun.set()
        await gate.wait()
        await put(shelf, name, data)

    asked: dict[str, Any] = {"model": "painter/scene", "size": "64x64", "idempotency_key": "slow store"}
    async with Client(house.grpc) as client:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blobs, "put", slow)
            leaving = asyncio.create_task(client.generate("a fox", **asked))
            await begun.wait()
            leaving.cancel()
            await asyncio.wait([leaving])
            await asyncio.sleep(0.2)
            gate.set()
            await settled(house)
        assert origin((await client.generate("a fox", **asked)).message.report) == "repeated"


async def test_all_images_are_made_for_who_comes_back(house: House) -> None:
    """More images than are made at once, and a caller with too little time: the rest is made all the same."""
    asked: dict[str, Any] = {"model": "openai/gpt-image-2", "n": 10, "idempotency_key": "many"}
    house.openai.always(double.late(0.4))
    async with Client(house.grpc) as client:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ModelCard, "most", lambda *_: 1)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - stands in for a card
            with pytest.raises(ImagegenError):
                await client.generate("a fox", timeout=0.5, **asked)
            answer = await client.generate("a fox", **asked)

    assert (len(answer.pictures), len(answer.message.failed_images)) == (10, 0)
    assert len(house.openai.bill) == 10


async def test_the_firsts_deadline_is_no_others(house: House) -> None:
    """Who waits for what another asked for is served, though that one had too little time."""
    gate = asyncio.Event()
    house.openai.next(double.held(gate))
    async with Client(house.grpc) as client:
        first = asyncio.create_task(client.generate("a fox", model=MODEL, idempotency_key="two", timeout=0.4))
        await house.openai.accepted(1)
        second = asyncio.create_task(client.generate("a fox", model=MODEL, idempotency_key="two"))
        await asyncio.wait([first])
        gate.set()
        answer = await second

    assert isinstance(first.exception(), ImagegenError)
    assert origin(answer.message.report) == "repeated"
    assert len(house.openai.bill) == 1


async def test_nobody_else_is_asked_for_nobody(house: House) -> None:
    """The caller leaves, and then the provider fails at no cost: no fallback is asked for a caller who has gone."""
    gate = asyncio.Event()
    house.openai.next(double.status(500) | double.held(gate))
    async with Client(house.grpc) as client:
        leaving = asyncio.create_task(
            client.generate("a fox", model=MODEL, fallbacks=["painter/scene"], idempotency_key="gone")
        )
        await house.openai.accepted(1)
        leaving.cancel()
        making = house.gateway.once._making.values()  # pyright: ignore[reportPrivateUsage] - nobody else knows who left
        await until(lambda: all(each._left for each in making))  # pyright: ignore[reportPrivateUsage] - the same
        gate.set()
        await settled(house)
        recorded = (await client.requests()).requests[0]

    assert (recorded.attempts, recorded.images, recorded.cost_micro_usd) == (1, 0, 0)
