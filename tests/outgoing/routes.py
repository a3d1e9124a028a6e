"""Every way on which an address can come into the gateway from outside. A new one joins here, and meets the table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import grpc.aio
import pytest
from imagegen import Client, ImagegenError, v1
from imagegen.client import generation
from imagegen.errors import from_rpc_error

from tests.house import House
from tests.rest.asking import ask, order
from tests.rest.envelope import failure_of
from tests.upstreams.openai import json_for_stream, url_instead


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller was told: our reason, and everything around it as text."""

    reason: str
    text: str


async def _rest(house: House, address: str) -> Said:
    house.openai.next(url_instead(address))
    answer = await ask(house, order())
    body = failure_of(answer)
    assert answer.status_code == 502
    return Said(body["type"], answer.text + str(answer.headers))


async def _rest_stream(house: House, address: str) -> Said:
    """A stream was asked, and JSON with an address comes."""
    house.openai.next(json_for_stream() | url_instead(address))
    answer = await ask(house, order(stream=True))
    return Said(failure_of(answer)["type"], answer.text + str(answer.headers))


async def _grpc(house: House, address: str) -> Said:
    house.openai.next(url_instead(address))
    async with Client(house.grpc) as client:
        with pytest.raises(ImagegenError) as failed:
            await client.generate(**order())
    return Said(failed.value.name, f"{failed.value.message} {failed.value.report}")


async def _grpc_stream(house: House, address: str) -> Said:
    house.openai.next(json_for_stream() | url_instead(address))
    asked = order()
    request = v1.StreamGenerateImagesRequest(generation=generation(asked.pop("prompt"), **asked))
    async with grpc.aio.insecure_channel(house.grpc) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            async for _ in v1.ImageGenerationStub(channel).StreamGenerateImages(request):
                pass
    error = from_rpc_error(failed.value)
    return Said(error.name, f"{error.message} {error.report}")


ROUTES: Mapping[str, Callable[[House, str], Awaitable[Said]]] = {
    "an item's url, asked over REST": _rest,
    "an item's url, a stream asked over REST": _rest_stream,
    "an item's url, asked over gRPC": _grpc,
    "an item's url, a stream asked over gRPC": _grpc_stream,
}
