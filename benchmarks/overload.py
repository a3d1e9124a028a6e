"""An open loop: requests fall due at a fixed rate, up to twice of what a contestant can serve, and are timed from then.

Unlike a closed loop, it does not go easy on whoever is slow. What a contestant turns away is told, and is no mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from benchmarks.contestants import Contestant
from benchmarks.program import peak_memory
from benchmarks.rounds import Bench
from benchmarks.work import WORKS, Work

FACTORS = (0.5, 0.9, 1.5, 2.0)
"""Of what the same contestant answered in a closed loop just before."""
CONNECTIONS = {"small": 512, "large": 128}
"""So many requests may be under way; the others wait for a connection, with the clock running."""
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of one rate."""

    contestant: str
    work: str
    factor: float
    offered: float
    good: float
    """Good answers a second."""
    p50: float | None
    p99: float | None
    waited: int
    """Requests that never found a connection."""
    memory: int
    wrong: str


def overload(
    bench: Bench, contestants: Sequence[Contestant], names: Sequence[str] = ("small", "large")
) -> list[Pushed]:
    """Each contestant alone, at each rate; the medians of the rounds."""
    found: dict[tuple[str, str, float], list[Pushed]] = {}
    for number in range(1, min(ROUNDS, bench.timing.rounds) + 1):
        for contestant in contestants:
            with bench.started([contestant]):
                for work in (WORKS[name] for name in names):
                    bench.settle(contestant, work)
                    for pushed in _rates(bench, contestant, work, number):
                        found.setdefault((work.name, contestant.name, pushed.factor), []).append(pushed)
    return [_median(each) for each in found.values()]


def _rates(bench: Bench, contestant: Contestant, work: Work, number: int) -> Iterator[Pushed]:
    closed = bench.row(number, contestant, work, work.at_once[-1])
    for factor in FACTORS if closed.per_second else ():
        rate = closed.per_second * factor
        served = bench.served(contestant, work, CONNECTIONS[work.name], bench.timing, rate)
        wrong = sum(count for what, count in served.wrong.items() if what != "no answer in time")
        pushed = Pushed(
            contestant=contestant.name,
            work=work.name,
            factor=factor,
            offered=rate,
            good=max(0.0, served.per_second - wrong / served.seconds) if served.seconds else 0.0,
            p50=served.latency.get("p50"),
            p99=served.latency.get("p99"),
            waited=served.waited,
            memory=peak_memory(contestant.programs),
            wrong=", ".join(f"{count} × {what}" for what, count in served.wrong.items()),
        )
        times = f"p50 {pushed.p50:.1f}  p99 {pushed.p99:.1f}" if pushed.p50 and pushed.p99 else ""
        told = f"{rate:10,.0f}/s due {pushed.good:10,.0f}/s good  {times}  {pushed.wrong}"
        bench.say(f"  {work.name:12}{factor:4}×  {contestant.name:24}{told}")
        yield pushed


def _median(rounds: Sequence[Pushed]) -> Pushed:
    def middle(values: Sequence[float | None]) -> float | None:
        there = [value for value in values if value is not None]
        return median(there) if there else None

    return replace(
        rounds[0],
        offered=median(each.offered for each in rounds),
        good=median(each.good for each in rounds),
        p50=middle([each.p50 for each in rounds]),
        p99=middle([each.p99 for each in rounds]),
        waited=int(median(each.waited for each in rounds)),
        memory=max(each.memory for each in rounds),
        wrong="; ".join(sorted({each.wrong for each in rounds if each.wrong}))[:200],
    )
