"""A service that is killed loses nothing that it acknowledged, and holds nothing for long."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from imagegen import Client, ImagegenError
from imagegen.client import Answer
from imagegen.report import origin, state

from tests.e2e.killing import EXPIRES_WITHIN, asking, configuration, kill_under_load, service
from tests.stores.conftest import postgres_server, postgres_url
from tests.stores.twins import TWINS
from tests.upstreams.openai import OpenAIDouble, stall
from tests.upstreams.orders import PRICE, OrdersDouble, papers

__all__ = ["postgres_server", "postgres_url"]


@pytest.mark.parametrize("twin", TWINS)
async def test_killed_ten_times_under_load(twin: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every answer that a caller got is in the books at its cost, and the provider's bill lies between what the books
    know and what they presume; half a minute after the last kill no money is held.
    """
    url = f"sqlite:{tmp_path}/imagegen.db" if twin == "sqlite" else request.getfixturevalue("postgres_url")
    verdict = await kill_under_load(tmp_path, url, times=10)

    assert not verdict.complaints
    assert 0 < verdict.presumed < verdict.booked


async def test_killed_in_the_middle_of_a_request_with_a_key(tmp_path: Path) -> None:
    """Asked again after the kill, the provider is not: what was answered is answered again, and of what was under way
    it is said, as often as it is asked, that nobody knows. One bill for each.
    """
    asked: dict[str, Any] = {"model": "openai/gpt-image-2", "quality": "low"}
    async with OpenAIDouble() as openai:
        config, target = configuration(tmp_path, f"sqlite:{tmp_path}/imagegen.db", asking(openai))
        async with service(config, tmp_path) as process, Client(target) as client:
            answered = await client.generate("a fox", idempotency_key="answered", **asked)
            openai.next(stall())
            cut_off = asyncio.create_task(client.generate("a fox", idempotency_key="cut off", **asked))
            await openai.accepted(2)
            process.kill()
            with suppress(ImagegenError):
                await cut_off
        async with service(config, tmp_path), Client(target) as client:
            await reached(client)
            again = await client.generate("a fox", idempotency_key="answered", **asked)
            for _ in range(2):
                with pytest.raises(ImagegenError) as unknown:
                    await client.generate("a fox", idempotency_key="cut off", timeout=2 * EXPIRES_WITHIN, **asked)
                assert (unknown.value.name, unknown.value.retry_after) == ("outcome_unknown", None)
            anew = await client.generate("a fox", idempotency_key="another", **asked)

        assert (again.pictures, origin(again.message.report)) == (answered.pictures, "repeated")
        assert origin(anew.message.report) == "made"
        assert len(openai.bill) == 3


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_ended_while_an_order_is_under_way(end: signal.Signals, tmp_path: Path) -> None:
    """The provider has a name for what it is making. Asked again afterwards, the caller is given what was ordered, and
    it costs what it costs; of what the provider knows no more, nobody knows; what came to nothing is asked anew.
    """
    async with OrdersDouble() as orders:
        config, target = configuration(
            tmp_path,
            f"sqlite:{tmp_path}/imagegen.db",
            f"""
            [drain]
            grace = "500ms"
            [providers.orders]
            base_url = "{orders.url}"
            [prices."orders/artist"]
            per_image = "0.04"
            """,
        )
        environment = papers(tmp_path)

        def ask(client: Client, key: str) -> Coroutine[Any, Any, Answer]:
            return client.generate("a fox", model="orders/artist", idempotency_key=key, timeout=2 * EXPIRES_WITHIN)

        async def insist(client: Client, key: str) -> Answer:
            """As a client does that has a key: where the service was not reached it asks again."""
            while True:
                try:
                    return await ask(client, key)
                except ImagegenError as error:
                    if error.name != "unavailable":
                        raise
                    await asyncio.sleep(0.2)

        async with service(config, tmp_path, environment) as process, Client(target) as client:
            cut_off: list[asyncio.Task[Answer]] = []
            for number, key in enumerate(("good", "failed", "forgotten"), 1):
                cut_off.append(asyncio.create_task(ask(client, key)))
                await orders.accepted(number)
            await asyncio.sleep(0.3)  # for the names to be entered
            process.send_signal(end)
            await asyncio.gather(*cut_off, return_exceptions=True)
            await process.wait()
        good, failed, forgotten = orders.bill
        orders.fail(failed)
        orders.forget(forgotten)
        orders.ready.set()
        async with service(config, tmp_path, environment), Client(target) as client:
            await reached(client)
            answers = await asyncio.gather(*(insist(client, "good") for _ in range(3)))
            with pytest.raises(ImagegenError) as rejected:
                await insist(client, "failed")
            anew = await insist(client, "failed")
            for _ in range(2):
                with pytest.raises(ImagegenError) as unknown:
                    await insist(client, "forgotten")
                assert unknown.value.name == "outcome_unknown"
            recorded = (await client.requests()).requests

        assert {each.pictures for each in answers} == {(orders.picture(good),)}
        assert sorted(origin(each.message.report) for each in answers) == ["made", "repeated", "repeated"]
        assert (rejected.value.name, origin(anew.message.report)) == ("provider_rejected", "made")
        assert orders.bill == [good, forgotten, "order-4"]
    told = [(state(each), each.cost_micro_usd) for each in recorded if each.attempts]
    assert sorted(told) == [("done", PRICE), ("done", PRICE), ("failed", 0), ("lost", PRICE)]


async def reached(client: Client) -> None:
    """Returns as soon as the channel has noticed that the service is back."""
    while True:
        try:
            await client.models()
        except ImagegenError:
            await asyncio.sleep(0.2)
        else:
            return
