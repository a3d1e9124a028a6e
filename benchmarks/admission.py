"""What the books cost a request: CPU and time for holding, settling and releasing, on SQLite.

`python -m benchmarks.admission` prints a table and writes it to benchmarks/results/admission.md. CPU is that of the
whole process, with the writing thread. Each line is the median of five runs; before each the books hold so many
requests already.
"""

from __future__ import annotations

import asyncio
import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import uvloop

from benchmarks import machine
from benchmarks.places import BUILD, RESULTS, fresh
from service.access.books import Books
from service.access.permit import KeptPermit
from service.domain.account import Budget, Payer, Period, Scope, ScopeKind
from service.domain.event import AttemptRecord, Outcome
from service.domain.plan import Target
from service.domain.price import Price
from service.domain.record import Ending, Purpose, Sending, State
from service.stores.records.sqlite import SqliteRecords
from service.telemetry import set_up_logs

REQUESTS, RUNS = 2000, 5
TARGET = Target("openai", "openai", "gpt-image-2")
PRICE = Price(per_image={("*", "*"): 40_000})
COST = 40_000
FIRST = Sending(number=1, target=TARGET, at_most=COST, price=PRICE)
PAID = AttemptRecord(number=1, target=TARGET, outcome=Outcome.DONE, cost=COST, images=1)
DONE = Ending(state=State.DONE, images=1)

PAYERS = {
    "open mode": Payer(),
    "key, team and customer, a budget each": Payer(
        (
            Scope(ScopeKind.KEY, "key", (Budget(10**12, Period.DAY),)),
            Scope(ScopeKind.TEAM, "team", (Budget(10**12, Period.MONTH),)),
            Scope(ScopeKind.CUSTOMER, "customer", (Budget(10**12, Period.EVER),)),
        )
    ),
}
PAGE = RESULTS / "admission.md"


async def _request(books: Books, payer: Payer, number: int) -> None:
    permit, purpose = KeptPermit(books, payer), Purpose(request_id=f"{number:032x}", model="gpt-image-2")
    await permit.hold(purpose, COST, FIRST)
    permit.settle(PAID)
    await permit.release(purpose, DONE)


async def _requests(books: Books, payer: Payer, at_once: int, requests: int) -> None:
    async def one_after_another(first: int) -> None:
        for number in range(first, requests, at_once):
            await _request(books, payer, number)

    await asyncio.gather(*(one_after_another(i) for i in range(at_once)))


async def measure(payer: Payer, at_once: int, rows: int) -> tuple[float, float]:
    """Microseconds of CPU and of time that a request takes."""
    cpu: list[float] = []
    wall: list[float] = []
    with tempfile.TemporaryDirectory(dir=fresh(BUILD)) as directory:
        records = SqliteRecords(Path(directory, "records.db"))
        await records.open()
        books = Books(records)
        await books.lives.beat()
        await _requests(books, payer, 256, rows)
        for _ in range(RUNS):
            await _requests(books, payer, at_once, 100)
            spent, started = time.process_time(), time.perf_counter()
            await _requests(books, payer, at_once, REQUESTS)
            cpu.append((time.process_time() - spent) / REQUESTS * 1e6)
            wall.append((time.perf_counter() - started) / REQUESTS * 1e6)
        await records.close()
    return median(cpu), median(wall)


def main() -> None:
    set_up_logs("error")
    PAGE.parent.mkdir(exist_ok=True)
    lines = [
        "# What the books cost a request",
        "",
        f"`python -m benchmarks.admission` at {machine.commit()}, {datetime.now(UTC):%Y-%m-%d}: Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}. Hold, settle and release "
        f"on SQLite with `synchronous=FULL`; medians of {RUNS} runs of {REQUESTS} requests.",
        "",
        "| payer | requests at once | rows before | CPU per request | time per request |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, payer in PAYERS.items():
        for at_once, rows in ((1, 0), (8, 0), (32, 0), (128, 0), (32, 200_000)):
            cpu, wall = uvloop.run(measure(payer, at_once, rows))
            lines.append(f"| {name} | {at_once} | {rows:,} | {cpu:.0f} µs | {wall:.0f} µs |")
            print(lines[-1], flush=True)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
