"""Measures the gateway beside nginx and its peers; writes benchmarks/results/ and says which goals are reached.

Everything runs on this machine and inside this folder. The provider answers at once with bodies made beforehand, it
and the load are native programs, the gateway has a core to itself, and the contestants take turns (README.md says how).
`make bench` runs this, `make bench PEERS=1` with LiteLLM and Portkey, `make bench COMPARE=<commit>` beside another
commit of the gateway. Status 1: something answered wrongly, or is worse than at that commit by more than a tenth.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import compare, growth, machine, mock, overload, peers, results, sections, waiting, workers
from benchmarks.contestants import Contestant, Imagegen, Proxy, TwoPrograms
from benchmarks.figures import lines
from benchmarks.goals import DIRECT, LITELLM, NGINX, PORTKEY, TWO, UP, goals
from benchmarks.places import RESULTS
from benchmarks.program import ProgramError
from benchmarks.rounds import Bench, Timing
from benchmarks.work import WORKS, Work

FULL = Timing(rounds=5, settle=2.0, warm_up=0.5, seconds=3.0)
QUICK = Timing(rounds=2, settle=0.3, warm_up=0.2, seconds=1.0)
PARTS = ("load", "waiting", "overload", "growth")


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--peers", action="store_true", help="LiteLLM and Portkey as well; installed below build/bench/peers")
    add("--compare", metavar="COMMIT", help="beside that commit; only the loads, only the gateway")
    add("--quick", action="store_true", help="two short rounds: to see that it works, not to quote")
    add("--rounds", type=int, metavar="N", help=f"how many rounds (default {FULL.rounds})")
    add("--seconds", type=float, metavar="S", help=f"of each measurement (default {FULL.seconds:g})")
    add("--parts", default=",".join(PARTS), metavar="A,B", help="what to measure (default %(default)s)")
    add("--works", default=",".join(WORKS), metavar="A,B", help="kinds of work (default %(default)s)")
    add("--at-once", metavar="N,M", help="only with so many requests at once (default: as each work has it)")
    add("--contestants", metavar="A,B", help="only these, by the beginnings of their names")
    add("--waiting", type=int, default=5000, metavar="N", help="how many requests wait at once (default %(default)s)")
    add("--into", type=Path, default=RESULTS, metavar="DIR", help="where results go (default benchmarks/results)")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    asked = arguments(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that everything that was started is stopped
    if complaints := machine.missing(["nginx", "h2load", "gcc", *(["node", "npm"] if asked.peers else [])]):
        print("\n".join(complaints), file=sys.stderr)
        return 2
    try:
        report = measured(asked, words)
    except (machine.MissingError, ProgramError) as error:
        print(error, file=sys.stderr)
        return 2
    page = results.write(report, asked.into)
    print(f"\n{page.read_text()}\n{page}")
    return 1 if report.failed else 0


def measured(asked: argparse.Namespace, words: Sequence[str]) -> results.Report:
    standard = QUICK if asked.quick else FULL
    timing = replace(standard, rounds=asked.rounds or standard.rounds, seconds=asked.seconds or standard.seconds)
    cores = machine.cores()
    machine.prepare(cores)
    beside = compare.resolved(asked.compare) if asked.compare else ""
    report = results.Report(
        commit=machine.commit() + (f"-beside-{beside}" if beside else ""),
        command=shlex.join(["python", "-m", "benchmarks.run", *words]),
        about=machine.description() | (peers.install() if asked.peers else {}),
        how=results.how(timing, cores),
    )
    provider, ports = mock.start(cores.mock)
    try:
        bench = Bench(cores, provider, timing, lambda text: print(text, flush=True))
        if beside:
            against(bench, asked, compare.contestants(beside, cores, ports), beside, report)
        else:
            alone(bench, asked, ports, report)
    except (KeyboardInterrupt, ProgramError) as stopped:
        print("stopped: what was measured until now is written down", file=sys.stderr)
        report.add(
            "Stopped before the end",
            f"```\n{stopped or 'by hand'}\n```",
            () if report.goals else goals(lines(report.rows)),
        )
        report.failed = True
    finally:
        provider.stop()
    return report


def alone(bench: Bench, asked: argparse.Namespace, ports: mock.Ports, report: results.Report) -> None:
    """Everything about this commit."""
    parts = asked.parts.split(",")

    def contestants(*but: str) -> list[Contestant]:
        return [each for each in chosen(asked, bench.cores, ports) if each.name not in but]

    if "load" in parts:
        for row in bench.rounds(contestants(), works(asked)):
            report.rows.append(row)  # one by one: what was measured is not lost if it has to stop
        report.failed |= any(row.wrong for row in report.rows)
        report.goals += goals(lines(report.rows))
    if "waiting" in parts:
        bench.say("waiting")
        partials = waiting.partial_at_once(bench, contestants(DIRECT))
        found = waiting.waited(bench, contestants(DIRECT), asked.waiting)
        report.tables["waiting"] = found
        report.add("Waiting requests", *sections.waiting(found, partials))
    if "overload" in parts:
        bench.say("overload")
        pushed = overload.overload(bench, contestants(DIRECT, NGINX))
        report.tables["overload"] = pushed
        report.add("Overload", sections.overload(pushed))
    report.add("Start and idle", *sections.starts(bench))
    if "growth" in parts:
        bench.say("growth")
        grown = growth.grown(bench, ports)
        report.tables["growth"] = [row for each in grown.values() for line in each.values() for row in line.rows]
        report.add("Growth", *sections.grown(grown))


def against(
    bench: Bench, asked: argparse.Namespace, both: Sequence[Contestant], commit: str, report: results.Report
) -> None:
    """This commit beside another."""
    report.rows.extend(bench.rounds([each for each in both if wanted(asked, each)], works(asked)))
    found = lines(report.rows)
    differences, broken = list(compare.differences(found, commit)), compare.broken(found, commit)
    report.sections |= sections.compared(commit, differences, broken)
    report.failed = bool(broken) or any(each.counts for each in differences)


def chosen(asked: argparse.Namespace, cores: machine.Cores, ports: mock.Ports) -> list[Contestant]:
    kinds: list[tuple[type[Contestant], str]] = [
        (Contestant, DIRECT),
        (Proxy, NGINX),
        (Imagegen, UP),
        (TwoPrograms, TWO),
    ]
    if asked.peers:
        kinds += [(peers.LiteLLM, LITELLM), (peers.Portkey, PORTKEY)]
    if workers.there():
        kinds.append((workers.Workers, f"{UP} --workers {workers.WORKERS}"))
    return [each for kind, name in kinds if wanted(asked, each := kind(name, cores, ports))]


def wanted(asked: argparse.Namespace, contestant: Contestant) -> bool:
    return asked.contestants is None or contestant.name.startswith(tuple(asked.contestants.split(",")))


def works(asked: Any) -> list[tuple[Work, int]]:
    names = asked.works.split(",")
    if unknown := [name for name in names if name not in WORKS]:
        raise machine.MissingError(f"there is no work {', '.join(unknown)}; there is {', '.join(WORKS)}")
    counts = [int(text) for text in asked.at_once.split(",")] if asked.at_once else None
    return [(WORKS[name], n) for name in names for n in WORKS[name].at_once if counts is None or n in counts]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
