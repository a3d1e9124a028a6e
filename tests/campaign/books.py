"""The books under the full figures: dollars shared by four processes, random sequences, small worlds, and kills."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.campaign import PAGES, scratch
from tests.e2e.killing import Verdict, kill_under_load
from tests.servers.postgres import PostgresServer
from tests.stores.twins import TWINS

ROUNDS, PROCESSES, HOLDS = 50, 4, 1000
SEQUENCES = 20_000
WORLDS = 5_000
KILLS = 100

PAGE = PAGES / "books.md"


async def share_dollars(url: str) -> list[int]:
    """How many of a thousand holds of four cents were made in each round, by four processes at once."""
    from tests.access.holder import held_together, holders

    async with holders(url, [HOLDS // PROCESSES] * PROCESSES) as processes:
        return [sum(await held_together(processes, f"round-{i}")) for i in range(ROUNDS)]


def play_sequences() -> float:
    """How many seconds they took; raises for one that goes wrong."""
    from hypothesis import settings
    from hypothesis.stateful import run_state_machine_as_test

    from tests.access.test_sequences import Money

    started = time.monotonic()
    plays = settings(max_examples=SEQUENCES, stateful_step_count=25, deadline=None, database=None)
    run_state_machine_as_test(Money, settings=plays)
    return time.monotonic() - started


def live_in_worlds() -> float:
    """How many seconds they took; raises for one whose books are wrong."""
    from service.telemetry import set_up_logs
    from tests.simulation.loop import simulate
    from tests.simulation.world import world

    set_up_logs("critical")
    started = time.monotonic()
    for seed in range(WORLDS):
        simulate(world(seed), seed)
    return time.monotonic() - started


def _told(shared: dict[str, list[int]], kills: dict[str, Verdict], sequences: float, worlds: float) -> Iterator[str]:
    yield "\n## A dollar, four cents at a time\n"
    yield f"{HOLDS} holds from {PROCESSES} processes at once, {ROUNDS} rounds. Exactly 25 fit."
    yield "\n| records | rounds | fewest | most |\n|---|---:|---:|---:|"
    for twin, held in shared.items():
        yield f"| {twin} | {len(held)} | {min(held)} | {max(held)} |"
    yield "\n## Random sequences and small worlds\n"
    yield f"{SEQUENCES:,} random sequences of hold, settle, release, duplicate, crash, expiry and change of window"
    yield f"agree with the model ({sequences:.0f} s). {WORLDS:,} small worlds in virtual time, with the whole engine,"
    yield f"end with books that say what the providers billed ({worlds:.0f} s)."
    yield "\n## Killed under load\n"
    yield f"A service with twelve callers is killed (SIGKILL) {KILLS} times, and each time started anew."
    yield "\n| records | answers | of them missing or wrong in the books | billed | in the books | of it presumed "
    yield "| nothing held after (s) |\n|---|---:|---:|---:|---:|---:|---:|"
    for twin, each in kills.items():
        money = " | ".join(f"${amount / 1e6:.6f}" for amount in (each.billed, each.booked, each.presumed))
        yield f"| {twin} | {each.answers} | {len(each.complaints)} | {money} | {each.seconds_held:.1f} |"


def _make(place: Path) -> Path:
    place.mkdir()
    return place


async def _with_servers() -> tuple[dict[str, list[int]], dict[str, Verdict]]:
    shared: dict[str, list[int]] = {}
    kills: dict[str, Verdict] = {}
    with tempfile.TemporaryDirectory(dir=scratch()) as directory, PostgresServer() as server:
        for twin in TWINS:
            place = _make(Path(directory, twin))
            urls = [f"sqlite:{place}/{i}.db" if twin == "sqlite" else server.create_database() for i in range(2)]
            shared[twin] = await share_dollars(urls[0])
            print(twin, "shared", sorted(set(shared[twin])), file=sys.stderr)
            kills[twin] = await kill_under_load(place, urls[1], KILLS)
            print(twin, "killed", kills[twin], file=sys.stderr)
    return shared, kills


def main() -> None:
    os.chdir(Path(__file__).parents[2])
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    sequences, worlds = play_sequences(), live_in_worlds()
    shared, kills = asyncio.run(_with_servers())
    head = (
        f"# The books\n\n`python -m tests.campaign.books` at {commit.strip()}, {datetime.now(UTC):%Y-%m-%d}, Python "
        f"{platform.python_version()}, two cores."
    )
    told = _told(shared, kills, sequences, worlds)
    PAGE.write_text("\n".join([head, *told]).replace(" \n|", " |") + "\n", encoding="utf-8")
    good = all(set(held) == {25} for held in shared.values()) and not any(each.complaints for each in kills.values())
    sys.exit(not good)


if __name__ == "__main__":
    main()
