"""Requests with an idempotency key, over both faces."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx2 as httpx
from imagegen import Client, Picture, v1

from service.assembly import Gateway
from service.config import parse
from tests.house import House

MODEL = "openai/gpt-image-2"
BODY = {"model": MODEL, "prompt": "a fox", "response_format": "b64_json"}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def pictures_of(answer: httpx.Response) -> list[bytes]:
    assert answer.status_code == 200, answer.text[:300]
    return [base64.b64decode(each["b64_json"]) for each in answer.json()["data"]]


async def completed(client: Client, **asked: Any) -> tuple[list[Picture], v1.Completed]:
    """The pictures of a stream, and its last event."""
    pictures: list[Picture] = []
    async with aclosing(client.stream("a fox", model=MODEL, **asked)) as events:
        async for event in events:
            if isinstance(event, Picture):
                pictures.append(event)
            elif isinstance(event, v1.Completed):
                return pictures, event
    raise AssertionError("the stream did not complete")


@asynccontextmanager
async def another_process(house: House) -> AsyncGenerator[str]:
    """A second gateway with the same stores; its address."""
    gateway = Gateway(parse(house.tables, "test.toml", {}))
    (port,) = await gateway.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await gateway.stop(5)
