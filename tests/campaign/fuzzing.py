"""Input that nobody thought of, at full length: schemathesis, atheris, and what `make test` draws, many times over.

Every run draws anew; what it finds is printed with the seed, the curl line or the file that shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

import uvloop

from service.telemetry import set_up_logs
from tests.campaign import HOUSE, PAGES, scratch
from tests.fuzz.openapi import WORKING, Tally, ask_everything
from tests.fuzz.targets import NAMES
from tests.fuzz.test_openapi import GROUPS
from tests.house import open_house

PAGE = PAGES / "fuzzing.md"
CASES, SECONDS, TIMES = 100_000, 3600, 20
EXAMPLES = 100
"""How often an operation is drawn in one round."""
DRAWN = ("test_strict_json.py", "test_config.py", "test_answers.py", "test_numbers.py", "test_messages.py")


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What a target went through: how many inputs, how much of the code they reached, and how it ended."""

    runs: int
    edges: int
    kept: int
    good: bool


def play(group: str, seed: int) -> Tally:
    """One round of schemathesis over a group of paths, in a house of its own."""
    set_up_logs("critical")

    async def played() -> Tally:
        with tempfile.TemporaryDirectory(dir=scratch()) as directory:
            async with open_house(Path(directory), only=WORKING) as house:
                return await asyncio.to_thread(ask_everything, house, GROUPS[group], EXAMPLES, seed, False)

    return uvloop.run(played())


def ask(cases: int) -> Tally:
    """Rounds over all groups, one process for each core, until there are so many cases."""
    told = Tally()
    rounds = ((group, seed) for seed in range(1_000_000) for group in GROUPS)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(play, *next(rounds)) for _ in range(os.cpu_count() or 1)}
        while running:
            done = next(as_completed(running))
            running.remove(done)
            tally = done.result()
            told.cases += tally.cases
            told.statuses += tally.statuses
            told.complaints |= tally.complaints
            print(told.cases, dict(told.statuses), file=sys.stderr)
            if told.cases < cases:
                running.add(pool.submit(play, *next(rounds)))
    return told


def fuzz(name: str, seconds: int) -> Fuzzed:
    """One target under atheris, from the committed corpus on."""
    place = scratch() / "atheris" / name
    place.mkdir(parents=True, exist_ok=True)
    corpus = HOUSE / "tests" / "fuzz" / "corpus" / name
    options = [f"-max_total_time={seconds}", "-max_len=2000", "-timeout=10", f"-artifact_prefix={place}/found-"]
    command = [sys.executable, "-m", "tests.fuzz.fuzzer", name, *options, str(place), str(corpus)]
    ended = subprocess.run(command, cwd=HOUSE, capture_output=True, check=False)
    said = ended.stderr.decode("utf-8", "replace")
    last = [*re.finditer(r"^#(\d+)\s.*cov: (\d+) .*corp: (\d+)", said, re.MULTILINE)]
    if ended.returncode:
        print(said[-5000:], file=sys.stderr)
    runs, edges, kept = (int(each) for each in last[-1].groups()) if last else (0, 0, 0)
    return Fuzzed(runs, edges, kept, ended.returncode == 0)


def draw(times: int) -> dict[str, bool]:
    """The tests that draw their inputs, so many times as long."""
    found: dict[str, bool] = {}
    for file in DRAWN:
        command = [sys.executable, "-m", "pytest", f"tests/fuzz/{file}", "-q", "-o", "faulthandler_timeout=0"]
        command.append(f"--basetemp={scratch() / 'pytest'}")
        ended = subprocess.run(command, cwd=HOUSE, env={**os.environ, "IMAGEGEN_FUZZ_TIMES": str(times)}, check=False)
        found[file] = ended.returncode == 0
    return found


def _told(
    tally: Tally, asked_in: float, fuzzed: dict[str, Fuzzed], seconds: int, drawn: dict[str, bool]
) -> Iterator[str]:
    yield "\n## Every path, as /openapi.json describes it\n"
    yield f"{tally.cases:,} requests by schemathesis ({asked_in:.0f} s) against a gateway whose providers work:"
    yield f"{sum(count for status, count in tally.statuses.items() if status >= 500)} answers of 5xx,"
    yield f"{len(tally.complaints)} kinds of complaint.\n"
    yield "| status | answers |\n|---:|---:|"
    for status, count in sorted(tally.statuses.items()):
        yield f"| {status} | {count:,} |"
    for complaint in tally.complaints:
        yield f"\n* {complaint.splitlines()[0][:300]}"
    yield "\n## Under coverage\n"
    yield f"Each target for {seconds} s under atheris, from the committed corpus on.\n"
    yield "| target | inputs | edges reached | inputs worth keeping | |\n|---|---:|---:|---:|---|"
    for name, each in fuzzed.items():
        verdict = "nothing found" if each.good else "a bug was found"
        yield f"| {name} | {each.runs:,} | {each.edges} | {each.kept} | {verdict} |"
    yield "\n## Drawn\n"
    for file, good in drawn.items():
        yield f"* `tests/fuzz/{file}`: {'good' if good else 'FAILED'}"


def main() -> None:
    os.chdir(HOUSE)
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=CASES, help="requests by schemathesis")
    asked.add_argument("--seconds", type=int, default=SECONDS, help="of atheris, all targets together")
    asked.add_argument("--times", type=int, default=TIMES, help="how many times what `make test` draws")
    chosen = asked.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    each = max(1, chosen.seconds // len(NAMES))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        fuzzed: dict[str, Fuzzed] = dict(zip(NAMES, pool.map(fuzz, NAMES, repeat(each)), strict=True))
    print(fuzzed, file=sys.stderr)
    started = time.monotonic()
    tally = ask(chosen.cases)
    asked_in = time.monotonic() - started
    drawn = draw(chosen.times)
    head = (
        f"# Fuzzing\n\n`python -m tests.campaign.fuzzing --cases {chosen.cases} --seconds {chosen.seconds} --times "
        f"{chosen.times}` at {commit.strip()}, {datetime.now(UTC):%Y-%m-%d}, Python "
        f"{platform.python_version()}, two cores."
    )
    told = _told(tally, asked_in, fuzzed, each, drawn)
    PAGE.write_text("\n".join([head, *told]) + "\n", encoding="utf-8")
    if tally.complaints:
        print(tally.told(), file=sys.stderr)
    broken = Counter(status >= 500 or not status for status in tally.statuses)[True]
    good = not tally.complaints and not broken and all(run.good for run in fuzzed.values()) and all(drawn.values())
    sys.exit(not good)


if __name__ == "__main__":
    main()
