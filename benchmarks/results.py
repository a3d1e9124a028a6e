"""Writes a run down: a page, every single measurement as CSV, and plots; with machine, versions and command."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import METRICS, NAMES, Line, Lines, contestants, lines, of, with_spread
from benchmarks.goals import DIRECT, Goal
from benchmarks.machine import Cores
from benchmarks.places import fresh
from benchmarks.plots import plots
from benchmarks.rounds import FOREIGN, TIGHT, Row, Timing
from benchmarks.work import WORKS

HOW = """Closed loop unless it says otherwise: each of the N connections asks again as soon as it was answered.
Every figure is the median of {rounds} rounds of {seconds:g} s each, ± half of the distance from the lowest to the
highest round. The gateway has core {gateway} to itself; mock and load generator run on {others}. The contestants take
turns, work by work. The gateway keeps its books in SQLite on disk (`synchronous=FULL`) and writes its log to a file,
as its defaults are. CPU and memory are those of a contestant's whole process tree."""


@dataclass(slots=True)
class Report:
    """Everything that one run found out."""

    commit: str
    command: str
    about: Mapping[str, str]
    how: str
    rows: list[Row] = field(default_factory=list[Row])
    goals: list[Goal] = field(default_factory=list[Goal])
    sections: dict[str, str] = field(default_factory=dict[str, str])
    """Further measurements, each a title and what is to be written under it."""
    tables: dict[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    """What was measured beside the loads, each a list of dataclasses, for a CSV of its own."""
    failed: bool = False
    """Whether there were wrong answers, or something got worse."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def name(self) -> str:
        return f"{self.started:%Y-%m-%d}-{self.commit}"

    def add(self, title: str, text: str, goals: Sequence[Goal] = ()) -> None:
        self.sections[title] = text
        self.goals += goals


def how(timing: Timing, cores: Cores) -> str:
    """The method, in a few sentences."""
    others = f"core {cores.mock}" if cores.shared else f"cores {cores.mock} and {cores.load}"
    return HOW.format(rounds=timing.rounds, seconds=timing.seconds, gateway=cores.gateway, others=others)


def write(report: Report, folder: Path) -> Path:
    """Writes page, table and plots; returns the page."""
    fresh(folder)
    for ending, rows in {"": report.rows, **{f"-{name}": rows for name, rows in report.tables.items()}}.items():
        if rows:
            _write_csv(folder / f"{report.name}{ending}.csv", rows)
    drawn = plots(lines(report.rows))
    for name, svg in drawn.items():
        (folder / f"{report.name}-{name}.svg").write_text(svg, encoding="utf-8")
    page = folder / f"{report.name}.md"
    page.write_text(_page(report, list(drawn)), encoding="utf-8")
    return page


def _write_csv(path: Path, rows: Sequence[Any]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([each.name for each in fields(rows[0])])
        table.writerows([_cell(value) for value in asdict(row).values()] for row in rows)


def _cell(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value


def _page(report: Report, drawn: Sequence[str]) -> str:
    parts = [f"# Measured at {report.commit}, {report.started:%Y-%m-%d %H:%M} UTC", f"`{report.command}`", report.how]
    parts.append("\n".join(f"* {name}: {value}" for name, value in report.about.items()))
    parts += warnings(report.rows)
    if report.goals:
        told = [goal.told() for goal in report.goals]
        parts += ["## Goals", markdown(("within this run", "wanted", "measured", "reached"), told)]
    found = lines(report.rows)
    for name in dict.fromkeys(work for work, _, _ in found):
        parts += [f"## {WORKS[name].title if name in WORKS else name}", work_table(found, name)]
        parts += [f"![{name}]({report.name}-{each}.svg)" for each in drawn if each == name]
    for title, text in report.sections.items():
        parts += [f"## {title}", text]
    return "\n\n".join(part for part in parts if part) + "\n"


def work_table(found: Lines, name: str) -> str:
    """Every contestant at one kind of work."""
    rows: list[Sequence[str]] = []
    has_mock = any(contestant == DIRECT for work, _, contestant in found if work == name)
    for at_once in sorted({n for work, n, _ in found if work == name}):
        for contestant in contestants(found):
            if line := found.get((name, at_once, contestant)):
                share = (_of_direct(found, line),) if has_mock else ()
                rows.append(
                    (str(at_once), contestant, *_figures(line), *share, f"{line.harness_share:.0%}", _remark(line))
                )
    share = ("of direct",) if has_mock else ()
    return markdown(("at once", "", *NAMES.values(), *share, "mock + load", ""), rows)


def _of_direct(found: Lines, line: Line) -> str:
    """Its requests a second as a share of what mock and load do by themselves."""
    row = line.first
    mock = of(found, row.work, row.at_once, DIRECT, "per_second")
    own = of(found, row.work, row.at_once, row.contestant, "per_second")
    return f"{own / mock:.2%}" if mock and own is not None else "–"


def _figures(line: Line) -> list[str]:
    told = [with_spread(metric, line.figure(metric)) for metric in METRICS]
    return [f"≥ {told[0]}", *told[1:]] if line.bound and told[0] != "–" else told


def _remark(line: Line) -> str:
    if line.wrong:
        return f"INVALID: {line.wrong[:300]}"
    remarks = ["mock and load may be what limits it"] if line.bound else []
    if line.disturbed:
        remarks.append(f"others used {line.disturbed:.0%} of a core")
    return "; ".join(remarks)


def warnings(rows: Sequence[Row]) -> list[str]:
    """What a reader must know before believing anything."""
    found: list[str] = []
    if wrong := sum(1 for row in rows if row.wrong):
        found.append(f"**{wrong} of {len(rows)} measurements are INVALID: there were wrong answers.**")
    if disturbed := sum(1 for row in rows if row.disturbed):
        share = f"more than {FOREIGN:.0%} of a core"
        found.append(f"**In {disturbed} of {len(rows)} measurements other programs used {share}: do not quote them.**")
    if bound := sum(1 for row in rows if row.bound):
        found.append(
            f"In {bound} of {len(rows)} measurements mock and load were above {TIGHT:.0%} of their core: these figures "
            "(≥) are what the machine gave, not what the contestant could do."
        )
    return found


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, aligned so that it can be read as text as well."""
    cells = [head, *([str(cell).replace("|", "¦").replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    left = [not all(row[at][:1].isdigit() or row[at][:1] in "≥≤–" for row in cells[1:]) for at in range(len(head))]
    rule = [("-" * max(3, width)) if left[at] else ("-" * max(2, width - 1) + ":") for at, width in enumerate(widths)]

    def line(row: Sequence[str]) -> str:
        padded = [cell.ljust(widths[at]) if left[at] else cell.rjust(widths[at]) for at, cell in enumerate(row)]
        return f"| {' | '.join(padded)} |"

    return "\n".join([line(cells[0]), line(rule), *(line(row) for row in cells[1:])])
