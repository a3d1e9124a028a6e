"""A house whose configuration is a file that tests change while it runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from service import renewal
from service.telemetry import counting
from tests.house import House, as_toml, open_house, until

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Live:
    house: House
    path: Path

    def tables(self, **changed: Any) -> Json:
        """What the house started with, with other tables in place of some."""
        return {**self.house.tables, **changed}

    def providers(self, **changed: Mapping[str, Any] | None) -> Json:
        """Its providers with other settings for some of them; None takes one away."""
        providers: Json = dict(self.house.tables["providers"])
        for name, settings in changed.items():
            if settings is None:
                del providers[name]
            else:
                providers[name] = {**providers.get(name, {}), **settings}
        return providers

    def put(self, text: str) -> None:
        """Replaces the file as editors do, in one moment."""
        aside = self.path.with_suffix(".new")
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, self.path)

    async def apply(self, **changed: Any) -> None:
        """Changes tables of the configuration that it started with; returns when that is in force."""
        before = applied()
        self.put(as_toml(self.tables(**changed)))
        await until(lambda: applied() == before + 1)

    async def refuse(self, text: str) -> None:
        """Puts a file there that is wrong; returns when it was refused."""
        before = refused()
        self.put(text)
        await until(lambda: refused() == before + 1)


@asynccontextmanager
async def live(directory: Path, form: str = "together", **asked: Any) -> AsyncGenerator[Live]:
    """It looks at its file twenty times a second."""
    path = directory / "imagegen.toml"
    usual, renewal.EVERY = renewal.EVERY, 0.05
    try:
        async with open_house(directory, form, file=path, **asked) as house:
            yield Live(house, path)
    finally:
        renewal.EVERY = usual


def applied() -> float:
    return metric("imagegen_config_changes_total", result="applied")


def refused() -> float:
    return metric("imagegen_config_changes_total", result="refused")


def is_refused() -> bool:
    """Whether the metrics say that the file as it is now was refused."""
    return metric("imagegen_config_refused") == 1


def metric(name: str, **labels: str) -> float:
    registry: CollectorRegistry = counting.METER.own
    return registry.get_sample_value(name, labels) or 0.0


async def nothing_happens(seconds: float = 0.5) -> None:
    """Waits for ten looks at the file, after which nothing was applied or refused."""
    before = applied(), refused()
    await asyncio.sleep(seconds)
    assert (applied(), refused()) == before
