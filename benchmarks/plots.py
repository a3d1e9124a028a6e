"""Plots as SVG, drawn by hand: for each kind of work, what every contestant gave, took and weighed.

The scales are logarithmic, so there are points and no bars: a bar's length would mean nothing. A point is the median,
the line through it reaches from the lowest to the highest round.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.figures import METRICS, NAMES, Figure, Lines, contestants, written
from benchmarks.work import WORKS

COLOURS = {
    "direct": "#b8b8b8",
    "nginx": "#7a7a7a",
    "imagegen up": "#c8501e",
    "LiteLLM": "#3e6fb0",
    "Portkey": "#4f9460",
}
OTHERS = ("#e39a6e", "#8e5ea8", "#b09030", "#4c9c9c")
DRAWN = ("per_second", "p99", "cpu_per_thousand", "memory")
ROW, GAP, TOP, PANEL, BETWEEN = 19, 12, 58, 250, 66
LETTER = 6.8
"""About how wide a letter is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the plot: a contestant at so many at once, or only the heading of those that follow."""

    label: str
    colour: str = ""
    figures: tuple[Figure | None, ...] = ()


def plots(lines: Lines) -> dict[str, str]:
    """An SVG for each kind of work that has something to show."""
    drawn: dict[str, str] = {}
    for work in dict.fromkeys(work for work, _, _ in lines):
        entries = list(_entries(lines, work))
        if any(entry.figures for entry in entries):
            drawn[work] = _plot(WORKS[work].title if work in WORKS else work, entries)
    return drawn


def _entries(lines: Lines, work: str) -> Iterator[Entry]:
    names = contestants(lines)
    others = iter(OTHERS * len(names))
    colours = {name: COLOURS.get(name) or next(others) for name in names}
    for at_once in sorted({n for each, n, _ in lines if each == work}):
        yield Entry(f"{at_once} at once")
        for name in names:
            line = lines.get((work, at_once, name))
            if line and line.figure("per_second"):
                yield Entry(name, colours[name], tuple(line.figure(metric) for metric in DRAWN))


def _plot(title: str, entries: Sequence[Entry]) -> str:
    left = max(len(entry.label) for entry in entries) * LETTER + 24
    parts, y = [_text(8, 22, title, weight="bold")], TOP
    rows: list[tuple[Entry, float]] = []
    for entry in entries:
        y += 0 if entry.figures else GAP
        rows.append((entry, y))
        anchor, weight = ("end", "normal") if entry.figures else ("start", "bold")
        parts.append(_text(left - 14 if entry.figures else 8, y + 4, entry.label, anchor=anchor, weight=weight))
        y += ROW
    for number, metric in enumerate(DRAWN):
        parts += _panel(metric, number, left + number * (PANEL + BETWEEN), rows, y)
    width, height = left + len(DRAWN) * (PANEL + BETWEEN), y + 26
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}"'
    style = f'height="{height}" font-family="sans-serif" font-size="12"'
    return "\n".join([f"{head} {style}>", '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>"]) + "\n"


def _panel(metric: str, number: int, left: float, rows: Sequence[tuple[Entry, float]], bottom: float) -> Iterator[str]:
    assert metric in METRICS
    unit = 1e6 if metric == "memory" else 1.0
    there = [(entry, y, found) for entry, y in rows if entry.figures and (found := entry.figures[number])]
    values = [value / unit for _, _, figure in there for value in figure.values if value > 0]
    if not values:
        return
    low, high = min(values) / 1.25, max(values) * 1.25

    def x(value: float) -> float:
        return left + PANEL * math.log(max(value / unit, low) / low) / math.log(high / low)

    yield _text(left, 44, f"{NAMES[metric]} (logarithmic)")
    for tick in _ticks(low, high):
        at = x(tick * unit)
        yield f'<path d="M{at:.1f} {TOP - 6}V{bottom - 8}" stroke="#e4e4e4"/>'
        yield _text(at, bottom + 8, f"{tick:,.0f}" if tick >= 1 else f"{tick:g}", anchor="middle", colour="#777")
    for entry, y, figure in there:
        lowest, highest = x(min(figure.values)), x(max(figure.values))
        yield f'<path d="M{lowest:.1f} {y}H{highest:.1f}" stroke="{entry.colour}" stroke-width="3" opacity="0.5"/>'
        yield f'<circle cx="{x(figure.median):.1f}" cy="{y}" r="4.5" fill="{entry.colour}"/>'
        yield _text(highest + 8, y + 4, written(metric, figure.median))


def _ticks(low: float, high: float) -> Iterator[float]:
    steps = (1, 2, 5) if high / low < 100 else (1,)
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for step in steps:
            if low <= (tick := step * 10.0**power) <= high:
                yield tick


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", colour: str = "#222") -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {where} font-weight="{weight}" fill="{colour}">{escape(text)}</text>'
