"""How long a provider is waited for: for the first byte of its answer, between two pieces of it, and in all."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.house import House, open_house
from tests.rest.asking import ask
from tests.upstreams import openai as double
from tests.upstreams.openai import Behaviour

TIMEOUT = {"connect": "1s", "first_byte": "1500ms", "idle": "300ms", "total": "3s"}
ORDER = {"model": "openai/gpt-image-2", "prompt": "a fox"}


@pytest_asyncio.fixture
async def home(tmp_path: Path) -> AsyncGenerator[House]:
    async with open_house(tmp_path, of_openai={"timeout": TIMEOUT}) as house:
        yield house


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_the_first_byte_may_take_longer_than_the_next(home: House, stream: bool) -> None:
    """An answer that begins after 0.8 s is waited for, though between two pieces 0.3 s are the most."""
    home.openai.next(double.late(0.8))
    answer = await ask(home, {**ORDER, "stream": stream})

    assert answer.status_code == 200
    assert "b64_json" in answer.text


SILENCES = {
    "before the first byte": (double.stall(), 1.5),
    "in the middle": (double.stall(double.mid_body), 0.3),
    "after the head": (double.stall(double.after_headers), 0.3),
    "one byte now and then": (double.trickle(0.1), 3.0),
}


@pytest.mark.parametrize(("behaviour", "seconds"), SILENCES.values(), ids=SILENCES)
async def test_silence_ends_at_its_limit(home: House, behaviour: Behaviour, seconds: float) -> None:
    """Each kind of silence ends when it has lasted too long, and not before."""
    home.openai.next(behaviour)
    began = time.monotonic()
    answer = await ask(home, ORDER)
    took = time.monotonic() - began

    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "provider_timeout")
    assert took >= seconds - 0.05
    assert took < seconds + 1
