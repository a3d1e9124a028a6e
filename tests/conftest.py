"""Fixtures that many rooms share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
import uvloop

from tests.house import FORMS, House, open_house, settled


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that the product runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(params=FORMS)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[House]:
    """A running gateway, in each of its forms; afterwards nothing may be left running."""
    before = asyncio.all_tasks()
    async with open_house(tmp_path, request.param) as opened:
        yield opened
        await settled(opened)
    left = {task for task in asyncio.all_tasks() - before - {asyncio.current_task()} if not task.done()}
    assert not left, f"tasks are left over: {[task.get_name() for task in left]}"
