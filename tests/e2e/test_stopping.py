"""A gateway that stops while providers still work: what it leaves in its books is true."""

from __future__ import annotations

import asyncio
from pathlib import Path

from imagegen import Client, ImagegenError

from service.assembly import Gateway
from service.config import parse
from service.stores.records.port import Work
from tests.house import settings
from tests.judge import complaints_about
from tests.stores.twins import opened
from tests.upstreams.openai import OpenAIDouble, stall


async def test_what_still_runs_after_the_grace(tmp_path: Path) -> None:
    """It is ended, recorded as unknown and presumed at its most; nothing stays open or held."""
    async with OpenAIDouble() as openai:
        openai.always(stall())
        gateway = Gateway(parse(settings(openai, tmp_path), "test.toml", {}))
        ports = await gateway.start()
        async with Client(f"127.0.0.1:{ports[0]}") as client:
            asking = asyncio.create_task(client.generate("a fox", model="openai/gpt-image-2", quality="low"))
            await openai.accepted()
            await gateway.stop(0.3)
            (failed,) = await asyncio.gather(asking, return_exceptions=True)
        assert isinstance(failed, ImagegenError)
        async with opened(f"sqlite:{tmp_path}/records.db") as records:
            assert await records.read(complaints_about, openai.billed_micro_usd) == []
            assert await records.read(_attempts) == [("unknown", 1)]


def _attempts() -> Work[list[tuple[str, int]]]:
    return [(row[0], row[1]) for row in (yield "SELECT outcome, presumed FROM attempts", ())]
