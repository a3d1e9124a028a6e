"""The books' tests run over both twins that keep records."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from service.stores.records.port import Records
from tests.stores.conftest import postgres_server, postgres_url
from tests.stores.twins import TWINS, opened

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=TWINS)
def records_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for records."""
    return f"sqlite:{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
async def records(records_url: str) -> AsyncGenerator[Records]:
    async with opened(records_url) as each:
        yield each
