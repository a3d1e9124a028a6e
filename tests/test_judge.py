"""What the judge is there for: whatever a test leaves behind, or the books do not say, makes it fail."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from opentelemetry import trace

from service.domain.price import MicroUsd
from service.engine.attempt import Attempt, Attempts
from tests.house import House, open_house
from tests.upstreams.openai import cut, mid_body

BODY = {"model": "openai/gpt-image-2", "prompt": "a fox", "quality": "low"}


async def ask(house: House) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.post(f"{house.rest}/v1/images/generations", json=BODY)).status_code


@asynccontextmanager
async def found(directory: Path, verdict: str) -> AsyncGenerator[House]:
    """A house whose judge has to say this."""
    with pytest.raises(AssertionError, match=verdict):
        async with open_house(directory, patience=1) as house:
            yield house


async def test_nothing_wrong(tmp_path: Path) -> None:
    """A picture made and paid for leaves nothing."""
    async with open_house(tmp_path) as house:
        assert await ask(house) == 200


async def test_a_task_left_over(tmp_path: Path) -> None:
    """It is named."""
    async with found(tmp_path, "tasks are left over: .'forgotten'."):
        task = asyncio.create_task(asyncio.sleep(60), name="forgotten")
    task.cancel()


async def test_a_socket_left_open(tmp_path: Path) -> None:
    """It is counted."""
    async with found(tmp_path, "descriptors are left open: .'socket': 1."):
        forgotten = socket.socket()
    forgotten.close()


async def test_a_span_left_open(tmp_path: Path) -> None:
    """It is named."""
    async with found(tmp_path, "1 spans are left open: .'forgotten': 1."):
        span = trace.get_tracer("test").start_span("forgotten")
    span.end()


def free(attempt: Attempt, *, presumed: bool) -> MicroUsd:
    return 0


class Sticky(dict[asyncio.Task[None], Any]):
    """Forgets nothing."""

    def pop(self, *_: object) -> None:
        return


async def never(attempts: Attempts, *_: object) -> None:
    return


async def test_a_bill_that_the_books_do_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a call that broke after it was billed is taken for free."""
    monkeypatch.setattr(Attempt, "_cost", free)
    async with found(tmp_path, "the provider billed [0-9]+, and the books say 0, 0 of it presumed") as house:
        house.openai.always(cut(mid_body))
        assert await ask(house) == 502


async def test_money_that_stays_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a request is answered, and never closed in the books."""
    monkeypatch.setattr(Attempts, "release", never)
    async with found(tmp_path, "requests still hold money.*requests are open.*sent and never settled") as house:
        assert await ask(house) == 200
        house.gateway.books.lives.serving.clear()  # it thinks that nothing is open any more


async def test_a_slot_that_is_never_free_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: an attempt that has ended still counts as running."""
    async with found(tmp_path, "still under way after 5 s are 1 attempts") as house:
        monkeypatch.setattr(house.gateway.attempts, "_attempts", Sticky())
        assert await ask(house) == 200
        assert house.gateway.attempts.running == 1
        house.gateway.attempts.drain = never  # pyright: ignore[reportAttributeAccessIssue] - or closing waits for it
