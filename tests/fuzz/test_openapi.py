"""Five thousand requests made from the page that describes the API: nothing breaks, and every answer is as promised."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from rest_bridge.openapi import describe
from tests.fuzz import TIMES
from tests.fuzz.openapi import WORKING, ask_everything
from tests.house import open_house

PREFIXES = ("", "/openai", "/litellm", "/langchain", "/pydanticai")

GROUPS = {
    **{f"{prefix or '/'} {what}": f"^{prefix}(/v1)?/{what}" for prefix in PREFIXES for what in ("images", "models")},
    "deployments": "^/openai/(openai/)?deployments/",
    "house pages": "^/(health|metrics|openapi.json|v1/files|api/)",
}
SHARE = {"images": (620, 35), "models": (260, 20), "deployments": (620, 35), "pages": (95, 20)}
"""At least so many cases in a group, and so many random ones of an operation: 5,000 in all."""


def test_every_path_is_asked() -> None:
    """The groups together are the whole page, and their shares are five thousand."""
    for path in describe()["paths"]:
        assert any(re.search(pattern, path) for pattern in GROUPS.values()), path
    assert sum(SHARE[group.split()[-1]][0] for group in GROUPS) >= 5000


@pytest.mark.parametrize("group", GROUPS)
async def test_every_answer_is_as_promised(group: str, tmp_path: Path) -> None:
    """No 5xx, and no status, header, type or body that the page does not have."""
    least, examples = SHARE[group.split()[-1]]
    async with open_house(tmp_path, only=WORKING) as house:
        tally = await asyncio.to_thread(ask_everything, house, GROUPS[group], examples * TIMES, 20_261)
    assert not tally.complaints, tally.told()
    assert not [status for status in tally.statuses if status >= 500 or not status], tally.statuses
    assert tally.cases >= least, tally
    if group.endswith(("images", "deployments")):
        assert tally.statuses[200] > 20
        assert tally.statuses[400] > 20
