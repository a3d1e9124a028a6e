"""The books' tests run over both twins that keep records."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from service.stores.records.port import Records
from tests.stores.conftest import postgres_server, postgres_url, records_url
from tests.stores.twins import opened

__all__ = ["postgres_server", "postgres_url", "records_url"]


@pytest.fixture
async def records(records_url: str) -> AsyncGenerator[Records]:
    async with opened(records_url) as each:
        yield each
