"""A service that is killed loses nothing that it acknowledged, and holds nothing for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.killing import kill_under_load
from tests.stores.conftest import postgres_server, postgres_url
from tests.stores.twins import TWINS

__all__ = ["postgres_server", "postgres_url"]


@pytest.mark.parametrize("twin", TWINS)
async def test_killed_ten_times_under_load(twin: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every answer that a caller got is in the books at its cost, and the provider's bill lies between what the books
    know and what they presume; half a minute after the last kill no money is held.
    """
    url = f"sqlite:{tmp_path}/imagegen.db" if twin == "sqlite" else request.getfixturevalue("postgres_url")
    verdict = await kill_under_load(tmp_path, url, times=10)

    assert not verdict.complaints
    assert 0 < verdict.presumed < verdict.booked
