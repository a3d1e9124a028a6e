"""From measurements to figures: the median of the rounds, and how far they lay apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.rounds import Row

HIGHER_IS_BETTER = frozenset({"per_second"})
METRICS = ("per_second", "p50", "p99", "first_byte", "cpu_per_thousand", "memory")
NAMES = {
    "per_second": "requests/s",
    "p50": "p50, ms",
    "p99": "p99, ms",
    "first_byte": "first byte, ms",
    "cpu_per_thousand": "CPU s / 1000",
    "memory": "peak memory, MB",
}

Key = tuple[str, int, str]
"""Work, how many at once, contestant."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that stands for several rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def spread(self) -> float:
        """Half of the distance from the lowest to the highest, as a share of the median."""
        return (max(self.values) - min(self.values)) / 2 / self.median if self.median else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """What one contestant did at one kind of work, over all rounds."""

    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        return self.rows[0]

    @property
    def wrong(self) -> str:
        return "; ".join(sorted({row.wrong for row in self.rows if row.wrong}))

    @property
    def bound(self) -> bool:
        return any(row.bound for row in self.rows)

    @property
    def disturbed(self) -> float:
        """The most that others took of a core in any round, if it was too much."""
        return max((row.foreign_share for row in self.rows if row.disturbed), default=0.0)

    @property
    def harness_share(self) -> float:
        return median(row.harness_share for row in self.rows)

    def figure(self, metric: str) -> Figure | None:
        """The figure, where every round was right and has it."""
        values = tuple(value for row in self.rows if (value := getattr(row, metric)) is not None)
        return Figure(values) if values and not self.wrong else None

    def rounds(self, metric: str) -> dict[int, float]:
        """The value of each round."""
        return {row.round: value for row in self.rows if (value := getattr(row, metric)) is not None}


Lines = dict[Key, Line]


def lines(rows: Iterable[Row]) -> Lines:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault((row.work, row.at_once, row.contestant), []).append(row)
    return {key: Line(tuple(each)) for key, each in found.items()}


def of(all_lines: Lines, work: str, at_once: int, contestant: str, metric: str) -> float | None:
    """One median, or None where it was not measured rightly."""
    line = all_lines.get((work, at_once, contestant))
    figure = line.figure(metric) if line else None
    return figure.median if figure else None


def written(metric: str, value: float) -> str:
    """A number with as many digits as mean something."""
    if metric == "memory":
        return f"{value / 1e6:,.0f}"
    if metric == "cpu_per_thousand":
        return f"{value:.3f}" if value < 10 else f"{value:.1f}"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def with_spread(metric: str, figure: Figure | None) -> str:
    if figure is None:
        return "–"
    text = written(metric, figure.median)
    return f"{text} ± {figure.spread:.0%}" if len(figure.values) > 1 else text


def contestants(all_lines: Lines) -> Sequence[str]:
    """In the order in which they were first measured, the mock itself first."""
    seen = dict.fromkeys(contestant for _, _, contestant in all_lines)
    return sorted(seen, key=lambda name: (name != "direct", name != "nginx", "imagegen" not in name, name))
