"""How the cost of a request grows with what is there already: rows in the books, routes and providers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks import ledger
from benchmarks.contestants import CONFIGURATION, KEY, MODEL, Imagegen
from benchmarks.figures import Lines, lines
from benchmarks.mock import Ports
from benchmarks.places import BUILD, ROOT, fresh
from benchmarks.rounds import Bench
from benchmarks.work import WORKS, Work

ROWS = (0, 100_000, 1_000_000)
ROUTES = (1, 10, 100, 500)
WORK, AT_ONCE = WORKS["small"], 32
FLAT = 10
"""Percent by which the cost of a request may differ from that of the first."""
MIGRATIONS = ROOT / "service" / "stores" / "records" / "migrations"


class LongBooks(Imagegen):
    """The gateway with so many requests in its books already. They are entered once and kept for later runs."""

    rows: int = 0
    keeps_books = True

    def start(self) -> None:
        books = _books(self.rows)
        self.books = f"sqlite:{books}"
        super().start()
        self.ledger = books
        if self.rows and ledger.length(books) < self.rows:
            self.stop()
            print(f"  entering {self.rows:,} requests into {books}", flush=True)
            ledger.fill(books, self.rows)
            super().start()

    def configuration(self) -> str:
        return f'[stores]\nrecords = "{self.books}"\n' + super().configuration()


class ManyRoutes(Imagegen):
    """The gateway with so many providers, each with a route of its own; the one in the middle is asked for."""

    routes: int = 1

    def configuration(self) -> str:
        port = self.mock[WORK.body]
        tables = [CONFIGURATION.format(name=f"provider{n}", port=port, key=KEY) for n in range(self.routes)]
        tables += [
            f'[models."{_route(n)}"]\ntargets = [{{ target = "provider{n}/{MODEL}" }}]\n' for n in range(self.routes)
        ]
        return "".join(tables)

    def model(self, work: Work) -> str:
        del work
        return _route(self.routes // 2)


def _route(number: int) -> str:
    return f"gpt-image-of-route-{number}"  # such names mean base64, as at OpenAI


def grown(bench: Bench, mock: Ports) -> dict[str, Lines]:
    """The measurements: by rows, and by routes and providers."""
    books = [LongBooks(f"{rows:,} rows", bench.cores, mock) for rows in ROWS]
    for contestant, rows in zip(books, ROWS, strict=True):
        contestant.rows = rows
    for left in _books(0).parent.glob("0.db*"):
        left.unlink()
    routes = [ManyRoutes(f"{count} routes", bench.cores, mock) for count in ROUTES]
    for contestant, count in zip(routes, ROUTES, strict=True):
        contestant.routes = count
    return {"rows in the books": _measured(bench, books), "routes and providers": _measured(bench, routes)}


def _measured(bench: Bench, contestants: Sequence[Imagegen]) -> Lines:
    found = lines(bench.rounds(contestants, [(WORK, AT_ONCE)]))
    return {key: found[key] for each in contestants if (key := (WORK.name, AT_ONCE, each.name)) in found}


def differs(found: Lines) -> float | None:
    """How far the cost of a request is from that of the first at most, in percent; None where a line is invalid."""
    figures = [line.figure("cpu_per_thousand") for line in found.values()]
    costs = [figure.median for figure in figures if figure is not None]
    if len(costs) < len(figures) or not costs:
        return None
    return max(abs(cost / costs[0] - 1) * 100 for cost in costs)


def sizes() -> str:
    """How large the books are on disk."""
    files = {rows: _books(rows) for rows in ROWS}
    return ", ".join(f"{rows:,} rows: {f.stat().st_size / 1e6:,.0f} MB" for rows, f in files.items() if f.exists())


def _books(rows: int) -> Path:
    """Kept apart by schema: what a later version has brought up to date, an earlier one need not understand."""
    schema = b"".join(file.read_bytes() for file in sorted(MIGRATIONS.glob("*.sql")))
    return fresh(BUILD / "books" / hashlib.sha256(schema).hexdigest()[:8]) / f"{rows}.db"
