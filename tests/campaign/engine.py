"""The engine under the full figures: a provider that bills and breaks, and callers who leave at any moment."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from service.engine import health
from service.telemetry import set_up_logs
from tests.campaign import PAGES, scratch
from tests.e2e.breaking import ask_who_breaks, break_always
from tests.e2e.leavers import leave_at_random
from tests.house import FORMS, House, open_house

BREAKS, LEAVERS = 2500, 2000
PAGE = PAGES / "engine.md"


async def _judged(form: str, work: Callable[[House], Awaitable[None]], idle: str = "5s") -> tuple[int, int, float]:
    """Orders at the double, what it billed, and the seconds; raises where the books say anything else."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=scratch()) as directory:
        async with open_house(Path(directory), form, idle=idle, of_openai={"retries": 1}) as house:
            await work(house)
        return len(house.openai.requests), house.openai.billed_micro_usd, time.monotonic() - began


def _told() -> Iterator[str]:
    yield "\n## A provider that accepts, bills and then breaks\n"
    yield f"{BREAKS:,} requests over both faces, whole and streamed; it resets, closes, stalls, answers 502 or stops"
    yield "in the middle. None is asked twice of it; the books say what was billed."
    yield "\n| form | after unknown | requests | orders at both providers | billed | seconds |"
    yield "|---|---|---:|---:|---:|---:|"
    for form in FORMS:
        for after_unknown in ("fallback", "fail"):

            async def work(house: House, after_unknown: str = after_unknown) -> None:
                break_always(house)
                await ask_who_breaks(house, BREAKS, after_unknown)

            orders, billed, seconds = uvloop.run(_judged(form, work, "300ms"))
            yield f"| {form} | {after_unknown} | {BREAKS} | {orders} | ${billed / 1e6:.2f} | {seconds:.0f} |"
    yield "\n## Callers who leave at any moment\n"
    yield f"{LEAVERS:,} callers of a provider that bills, whole and streamed, some with keys. The books know"
    yield "of every bill, nothing is held and nothing runs on."
    yield "\n| form | callers | orders | billed | seconds |\n|---|---:|---:|---:|---:|"
    for form in FORMS:
        orders, billed, seconds = uvloop.run(_judged(form, lambda house: leave_at_random(house, LEAVERS)))
        yield f"| {form} | {LEAVERS} | {orders} | ${billed / 1e6:.2f} | {seconds:.0f} |"


def main() -> None:
    os.chdir(Path(__file__).parents[2])
    set_up_logs("critical")
    health.IN_A_ROW = health.ENOUGH = 1_000_000  # or the provider that breaks would be out
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    head = (
        f"# The engine\n\n`python -m tests.campaign.engine` at {commit.strip()}, {datetime.now(UTC):%Y-%m-%d}, Python "
        f"{platform.python_version()}, two cores."
    )
    PAGE.write_text("\n".join([head, *_told()]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
