"""A service that is killed loses nothing that it acknowledged, and holds nothing for long."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from imagegen import Client, ImagegenError
from imagegen.client import Answer
from imagegen.report import origin

from tests.e2e.killing import EXPIRES_WITHIN, configuration, kill_under_load, service
from tests.stores.conftest import postgres_server, postgres_url
from tests.stores.twins import TWINS
from tests.upstreams.openai import OpenAIDouble, stall

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
        config, target = configuration(tmp_path, f"sqlite:{tmp_path}/imagegen.db", openai)
        async with service(config, tmp_path) as process, Client(target) as client:
            answered = await client.generate("a fox", idempotency_key="answered", **asked)
            openai.next(stall())
            cut_off = asyncio.create_task(client.generate("a fox", idempotency_key="cut off", **asked))
            await openai.accepted(2)
            process.kill()
            with suppress(ImagegenError):
                await cut_off
        async with service(config, tmp_path), Client(target) as client:
            again = await _once_reached(client, idempotency_key="answered", **asked)
            for _ in range(2):
                with pytest.raises(ImagegenError) as unknown:
                    await client.generate("a fox", idempotency_key="cut off", timeout=2 * EXPIRES_WITHIN, **asked)
                assert (unknown.value.name, unknown.value.retry_after) == ("outcome_unknown", None)
            anew = await client.generate("a fox", idempotency_key="another", **asked)

        assert (again.pictures, origin(again.message.report)) == (answered.pictures, "repeated")
        assert origin(anew.message.report) == "made"
        assert len(openai.bill) == 3


async def _once_reached(client: Client, **asked: Any) -> Answer:
    """The answer, as soon as the channel has noticed that the service is back."""
    while True:
        try:
            return await client.generate("a fox", **asked)
        except ImagegenError as error:
            if error.name != "unavailable":
                raise
            await asyncio.sleep(0.2)
