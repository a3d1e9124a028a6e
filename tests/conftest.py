"""Fixtures that many rooms share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
import uvloop

from tests.house import FORMS, House, open_house


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that the product runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(params=FORMS)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[House]:
    """A running gateway, in each of its forms; afterwards the judge looks."""
    async with open_house(tmp_path, request.param) as opened:
        yield opened
