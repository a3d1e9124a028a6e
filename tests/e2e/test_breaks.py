"""A provider that accepts, bills and then breaks, two hundred and fifty times: nobody asks it twice for one request."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.engine import health
from tests.e2e.breaking import ask_who_breaks, break_always
from tests.house import open_house

REQUESTS = 250


@pytest.mark.parametrize("after_unknown", ["fallback", "fail"])
async def test_nobody_is_asked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after_unknown: str) -> None:
    """Each request calls the provider that broke once, with no other model either; the other provider serves it and the
    possible duplicate is named, or nobody is asked. The judge compares the books with the bill.
    """
    monkeypatch.setattr(health, "IN_A_ROW", 10_000)  # or it would be out
    monkeypatch.setattr(health, "ENOUGH", 10_000)
    async with open_house(tmp_path, idle="300ms", of_openai={"retries": 1}) as house:
        break_always(house)
        await ask_who_breaks(house, REQUESTS, after_unknown)
