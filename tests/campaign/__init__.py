"""The full figures of what `make test` proves scaled: `make campaign` runs them and writes docs/campaigns/."""

from __future__ import annotations

from pathlib import Path

HOUSE = Path(__file__).parents[2]
PAGES = HOUSE / "docs" / "campaigns"


def scratch() -> Path:
    """Where campaigns keep their data while they run: never beside the pages, which are committed."""
    folder = HOUSE / "build" / "campaign"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
