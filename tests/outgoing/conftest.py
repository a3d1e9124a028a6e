"""A house whose every name leads to the canary."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from service.providers.openai_compatible.adapter import Compatible
from tests.house import House, open_house, settled
from tests.outgoing.canary import LISTED, Canary, Names
from tests.rest.asking import Tab


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def canary() -> AsyncGenerator[Canary]:
    """Nobody has called it when a module is done."""
    async with Canary() as listening:
        yield listening
        assert not listening.heard


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def names(canary: Canary) -> Names:
    names = Names()
    names.answer("*", [("127.0.0.1", canary.port), ("::1", canary.port)])
    return names


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting_house(
    tmp_path_factory: pytest.TempPathFactory, canary: Canary, names: Names
) -> AsyncGenerator[House]:
    """One for a module; it lists an address of this machine at which nobody listens, and the canary's is not that."""
    extra = {"outgoing": {"allow": [LISTED, "listed.example.com"]}}
    async with open_house(tmp_path_factory.mktemp("house"), "apart", extra, idle="500ms", total="3s") as opened:
        for adapter in opened.gateway.pipeline.adapters.values():
            if isinstance(adapter, Compatible):
                adapter.http.resolver = names
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def home(lasting_house: House) -> AsyncGenerator[House]:
    lasting_house.openai.clear()
    yield lasting_house
    await settled(lasting_house)
    assert not lasting_house.openai.scripted, "something of the script was never met"


@pytest_asyncio.fixture(loop_scope="module")
async def tab(home: House) -> Tab:
    """What reaches the double from here on."""
    return Tab(home.openai, len(home.openai.requests), len(home.openai.bill))
