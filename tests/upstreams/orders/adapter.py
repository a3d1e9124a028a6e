"""The provider as the gateway sees it. An order that it has had before is fetched, and not placed again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp

from service.config.schema import Provider
from service.domain.card import ModelCard
from service.domain.event import Accepted, AdapterEvent, ImageReady, Outcome, Progress
from service.domain.image import Image, Traits
from service.errors import ProviderError, Reason
from service.providers.base import Call
from service.providers.destinations import Allowed
from service.providers.pictures import from_bytes

POLL = 0.05
"""Seconds."""


class Orders:
    def __init__(self, url: str) -> None:
        self.models = {"artist": ModelCard(parameters={})}
        self.keys = ()
        self.configured = True
        self._url = url

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        try:
            async with aiohttp.ClientSession(self._url) as session:
                job = call.job
                if not job:
                    order = {"model": call.model, "prompt": call.request.prompt}
                    async with session.post("/orders", json=order) as answer:
                        job = (await answer.json())["order"]
                    yield Accepted(job)
                while True:
                    async with session.get(f"/orders/{job}") as answer:
                        if answer.content_type == "image/png":
                            yield ImageReady(Image(index=0, picture=from_bytes(await answer.read(), Traits())))
                            return
                        state = (await answer.json()).get("state")
                    if state == "failed":
                        raise ProviderError(Reason.PROVIDER_REJECTED, "The order failed.", Outcome.REJECTED)
                    if state != "working":
                        raise ProviderError(Reason.PROVIDER_INVALID_ANSWER, "It is not known.", Outcome.UNKNOWN)
                    yield Progress(0, 50, "working")
                    await asyncio.sleep(POLL)
        except aiohttp.ClientError:
            raise ProviderError(Reason.PROVIDER_CONNECTION_LOST, "It was lost.", Outcome.UNKNOWN) from None

    async def close(self) -> None:
        return


def make(settings: Provider, allowed: Allowed) -> Orders:
    return Orders(settings.base_url)
