"""The writer of server-sent events, on its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from imagegen import ImagegenError
from starlette.responses import Response

from rest_bridge import sse


@dataclass
class Asked:
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def failed(self, error: ImagegenError) -> Response:
        return Response(error.message, 502)

    def error_event(self, error: ImagegenError, number: int) -> sse.Pieces:
        return (b"event: error\n\n",)


async def test_an_event_that_comes_while_a_comment_is_sent_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow client takes its time over the keep-alive; what happens meanwhile reaches it all the same."""
    monkeypatch.setattr(sse, "PATIENCE", 0.01)
    commented, sent = asyncio.Event(), list[bytes]()

    async def events() -> AsyncGenerator[sse.Pieces, None]:
        await commented.wait()
        yield (b"event: first\n\n",)
        yield (b"event: second\n\n",)

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: Any) -> None:
        if message.get("body") == sse.COMMENT:
            commented.set()
            await asyncio.sleep(0.05)  # long enough for the event to be ready before this is through
        sent.append(message.get("body", b""))

    await sse.EventStream(events(), Asked(), 5)({"type": "http"}, receive, send)

    assert [each for each in sent if each.startswith(b"event")] == [b"event: first\n\n", b"event: second\n\n"]
