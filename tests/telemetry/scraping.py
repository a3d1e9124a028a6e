"""What a Prometheus reads: numbers by name and labels, and what has changed between two looks."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2
from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]


class Look:
    """The numbers at one moment."""

    def __init__(self, text: str) -> None:
        self.numbers: dict[tuple[str, Labels], float] = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def of(self, name: str, **labels: str) -> float:
        """The sum of a metric over all that has these labels."""
        wanted = set(labels.items())
        return sum(value for (known, has), value in self.numbers.items() if known == name and wanted <= has)

    def since(self, before: Look) -> Mapping[tuple[str, Labels], float]:
        """What has grown or shrunk."""
        differences = {key: value - before.numbers.get(key, 0) for key, value in self.numbers.items()}
        return {key: difference for key, difference in differences.items() if difference}


async def look(url: str) -> Look:
    async with httpx2.AsyncClient() as client:
        answer = await client.get(url)
        assert answer.status_code == 200
        return Look(answer.text)
