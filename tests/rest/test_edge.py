"""The edge on its own: what becomes of a fault of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from rest_bridge.browsers import Sites
from rest_bridge.edge import Edge
from rest_bridge.metrics import Metrics

SCOPE: Scope = {
    "type": "http",
    "method": "POST",
    "path": "/v1/images/generations",
    "scheme": "http",
    "http_version": "1.1",
    "headers": [(b"x-request-id", b"mine"), (b"x-request-id", b"another")],
}


async def called(app: Any, metrics: Metrics) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nobody asks for the body")

    await Edge(app, metrics, Sites(()))({**SCOPE}, receive, send)
    return sent


async def test_a_fault_of_ours_is_an_envelope() -> None:
    """With the id of the request, no inner word, and its place in the metrics."""

    async def broken(_: Scope, __: Receive, ___: Send) -> None:
        raise KeyError("an inner word")

    metrics = Metrics()
    start, body = await called(broken, metrics)
    assert start["status"] == 500
    assert (b"x-request-id", b"mine") in start["headers"]
    told = json.loads(body["body"])
    assert told["type"] == "internal"
    assert "mine" in told["error"]["message"]
    assert b"inner" not in body["body"]
    assert b'http_response_status_code="500"' in metrics.meter.text()[0]


async def test_a_fault_after_the_answer_began_is_the_servers_to_end() -> None:
    """Nothing can be said any more; the connection is closed, so that nobody takes half for all."""

    async def broken(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError("an inner word")

    with pytest.raises(KeyError):
        await called(broken, Metrics())
