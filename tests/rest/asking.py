"""Asking the bridge in plain HTTP, and reading what it answers: JSON, pictures, event streams, errors.

`Tab` is what reached the double since a test began: what was sent, and what it charged for.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import httpx2

from tests.house import House
from tests.upstreams.openai import Charge, OpenAIDouble, Seen

GENERATIONS = "/v1/images/generations"

ORDER: Mapping[str, Any] = {
    "model": "openai/gpt-image-2",
    "prompt": "a red cube",
    "size": "1024x1024",
    "quality": "low",
}
"""What the double makes fastest, for 15 + 5,880 millionths of a dollar."""

PAINTING: Mapping[str, Any] = {"model": "painter/scene", "prompt": "a red boat on a lake at dusk", "size": "64x64"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One server-sent event."""

    name: str
    data: Json

    @property
    def picture(self) -> bytes:
        return base64.b64decode(self.data["b64_json"], validate=True)


@dataclass(frozen=True, slots=True)
class Tab:
    openai: OpenAIDouble
    requests_before: int
    charges_before: int

    @property
    def sent(self) -> Sequence[Seen]:
        return self.openai.requests[self.requests_before :]

    @property
    def charges(self) -> Sequence[Charge]:
        return self.openai.bill[self.charges_before :]

    @property
    def body(self) -> Json:
        """What the one request that was sent says."""
        (seen,) = self.sent
        return cast(Json, seen.body)


def client(house: House) -> AbstractAsyncContextManager[httpx2.AsyncClient]:
    """A plain client of the bridge; without TLS, whose certificates take longer to load than a picture to paint."""
    return httpx2.AsyncClient(base_url=house.rest, verify=False, trust_env=False, timeout=30)


async def ask(
    house: House,
    body: Json | None = None,
    path: str = GENERATIONS,
    *,
    method: str = "POST",
    content: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> httpx2.Response:
    """One request. `content` in place of `body` is sent as it is, and called JSON unless `headers` say otherwise."""
    sent = httpx2.Headers({"content-type": "application/json"} if content is not None else {})
    sent.update(headers)
    async with client(house) as caller:
        return await caller.request(method, path, json=body, content=content, headers=sent)


def order(**asked: Any) -> Json:
    return {**ORDER, **asked}


def painting(**asked: Any) -> Json:
    return {**PAINTING, **asked}


def pictures(answer: httpx2.Response) -> list[bytes]:
    """The pictures of a good JSON answer in base64."""
    assert answer.status_code == 200, answer.text[:1000]
    return [base64.b64decode(each["b64_json"], validate=True) for each in json_of(answer)["data"]]


def json_of(answer: httpx2.Response) -> Json:
    body: Any = answer.json()
    assert isinstance(body, dict)
    return cast(Json, body)


def events_of(answer: httpx2.Response) -> list[Told]:
    """The events of a stream, read strictly: an event line and one data line each, comments alone between them."""
    assert answer.status_code == 200, answer.text[:1000]
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.text.endswith("\n\n") or not answer.text
    told: list[Told] = []
    for block in answer.text.removesuffix("\n\n").split("\n\n") if answer.text else ():
        name, data = (line for line in block.split("\n") if not line.startswith(":"))
        assert name.startswith("event: "), name[:80]
        assert data.startswith("data: "), data[:80]
        read = Told(name.removeprefix("event: "), httpx2.Response(200, content=data[6:]).json())
        assert read.data["type"] == read.name
        told.append(read)
    assert [each.data["sequence_number"] for each in told] == list(range(len(told)))
    return told
