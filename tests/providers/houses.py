"""A gateway with other providers than OpenAI behind it, and after the test the judge over their bill, too."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.house import House, open_house, settled
from tests.judge import judge_books
from tests.upstreams.openai import OpenAIDouble

TIMEOUT = {"connect": "2s", "first_byte": "500ms", "idle": "500ms", "total": "1500ms"}
"""How long a test waits for a provider."""


@asynccontextmanager
async def house_beside(
    directory: Path,
    double: OpenAIDouble,
    providers: Mapping[str, Any],
    kinds: Sequence[str],
    form: str = "together",
    **tables: Any,
) -> AsyncGenerator[House]:
    """A house whose providers are these (and the painter); `kinds` are those for which the double keeps the bill."""
    once = {name: table if name == "painter" else {"retries": 0, **table} for name, table in providers.items()}
    async with open_house(directory, form, {"providers": once, **tables}) as house:
        yield house
        await double.idle()
        await settled(house)
        if kinds:
            await judge_books(house.gateway.records, double.billed_micro_usd, kinds)
