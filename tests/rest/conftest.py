"""Houses for tests of the bridge: one a module where the form does not matter, and one whose patience is short."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.house import FORMS, House, open_house, settled
from tests.rest.asking import Tab


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """One house for a module's tables, whose waits for OpenAI are short. The module's tests run on its loop."""
    async with open_house(tmp_path_factory.mktemp("house"), idle="500ms", total="1500ms") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def home(lasting_house: House) -> AsyncGenerator[House]:
    """The lasting house with nothing on its script, before and after."""
    lasting_house.openai.clear()
    yield lasting_house
    await settled(lasting_house)
    assert not lasting_house.openai.scripted, "something of the script was never met"
    lasting_house.openai.clear()


@pytest_asyncio.fixture(loop_scope="module")
async def tab(home: House) -> Tab:
    """What reaches the double from here on."""
    return Tab(home.openai, len(home.openai.requests), len(home.openai.bill))


@pytest.fixture(params=FORMS)
async def hasty_house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[House]:
    """A house in each of its forms that does not wait long for OpenAI."""
    async with open_house(tmp_path, request.param, idle="500ms", total="1500ms") as opened:
        yield opened
