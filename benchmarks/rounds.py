"""Measures: round after round, work after work, the contestants in turn, so that whatever the machine does hits all.

Each measurement becomes one `Row`. A row with any wrong answer is invalid and says what was wrong; one where mock or
load had too little room to spare is a lower bound; one where others used the cores as well is doubtful.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks import load
from benchmarks.contestants import Contestant
from benchmarks.ledger import entered
from benchmarks.machine import Cores
from benchmarks.program import Program, forget_peak, memory, peak_memory
from benchmarks.work import Work

TIGHT = 0.85
"""A core that is busier than this with mock and load may be what limits a contestant."""
FOREIGN = 0.05
"""Where others use more than this share of a core, a row is doubtful."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement. Times in milliseconds, memory in bytes, shares of a core from 0 to 1; None: not measured."""

    round: int
    work: str
    at_once: int
    contestant: str
    per_second: float = 0.0
    p50: float | None = None
    p99: float | None = None
    first_byte: float | None = None
    cpu_per_thousand: float | None = None
    """CPU seconds of the contestant's whole process tree for a thousand requests."""
    memory: int | None = None
    """The highest resident memory of the process tree."""
    answers: int = 0
    contestant_share: float = 0.0
    mock_share: float = 0.0
    load_share: float = 0.0
    harness_share: float = 0.0
    """How busy the busier of the cores of mock and load was with these two."""
    foreign_share: float = 0.0
    """How much of a core went to processes that are no part of the measurement; of the core where it was most."""
    wrong: str = ""

    @property
    def bound(self) -> bool:
        """Whether mock and load may be what limited it."""
        return self.contestant != "direct" and self.harness_share > TIGHT

    @property
    def disturbed(self) -> bool:
        return self.foreign_share > FOREIGN


@dataclass(frozen=True, slots=True)
class Timing:
    """How often everything is measured, and for how many seconds."""

    rounds: int
    settle: float
    """Of each work after a start, unmeasured: compilers that learn while running have learnt then."""
    warm_up: float
    """Before each measurement."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share, and what is seen in passing."""

    cores: Cores
    mock: Program
    timing: Timing
    say: Say
    starts: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """Seconds from a contestant's start to its first good answer."""
    idle: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """Bytes of memory after that answer."""

    def rounds(self, contestants: Sequence[Contestant], works: Sequence[tuple[Work, int]]) -> Iterator[Row]:
        """Every work at every contestant, in every round; who comes first changes from round to round."""
        for number in range(1, self.timing.rounds + 1):
            self.say(f"round {number} of {self.timing.rounds}")
            turn = number % len(contestants)
            order = [*contestants[turn:], *contestants[:turn]]
            with self.started(order):
                wrong = {(c.name, w.name): c.complaint(w) for w in dict(works) for c in order if c.offers(w)}
                for work in dict(works):
                    for contestant in order:
                        if contestant.offers(work) and not wrong[contestant.name, work.name]:
                            self.settle(contestant, work)
                for work, at_once in works:
                    for contestant in order:
                        if contestant.offers(work):
                            yield self.row(number, contestant, work, at_once, wrong[contestant.name, work.name])

    @contextmanager
    def started(self, contestants: Sequence[Contestant]) -> Generator[None]:
        """They run while this block does."""
        try:
            for contestant in contestants:
                contestant.start()
                if contestant.ready_after:
                    self.starts.setdefault(contestant.name, []).append(contestant.ready_after)
            for contestant in contestants:
                if contestant.programs:
                    self.idle.setdefault(contestant.name, []).append(memory(contestant.programs))
            yield
        finally:
            for contestant in contestants:
                contestant.stop()

    def settle(self, contestant: Contestant, work: Work) -> None:
        if self.timing.settle and contestant.programs:
            self.served(contestant, work, work.at_once[len(work.at_once) // 2], Timing(1, 0.0, 0.1, self.timing.settle))

    def row(self, number: int, contestant: Contestant, work: Work, at_once: int, complaint: str = "") -> Row:
        """One measurement. What is wrong when asked for once is not asked for a thousand times."""
        for program in contestant.programs:
            program.must_run()
        since = time.time()
        served = load.nothing(complaint) if complaint else self.served(contestant, work, at_once, self.timing)
        wrong = dict(served.wrong)
        if work.face != "rest" and contestant.ledger and not wrong:
            wrong = self._unsettled(contestant, since, served.answers)
        row = Row(
            round=number,
            work=work.name,
            at_once=at_once,
            contestant=contestant.name,
            per_second=served.per_second,
            p50=served.latency.get("p50"),
            p99=served.latency.get("p99"),
            first_byte=served.first_byte.get("p50"),
            cpu_per_thousand=_cpu_per_thousand(served) if contestant.programs else None,
            memory=peak_memory(contestant.programs) or None,
            answers=served.answers,
            wrong=", ".join(f"{count} × {what}" for what, count in wrong.items()),
            **self.shares(served),
        )
        self.say(told(row))
        return row

    def shares(self, served: load.Served) -> dict[str, float]:
        """How busy everybody kept their cores, the whole time that was measured."""
        seconds = served.seconds or 1.0
        used = {name: spent / seconds for name, spent in served.cpu.items()}
        mock, loading = used.get("mock", 0.0), served.load_cpu / seconds
        ours = dict.fromkeys((self.cores.gateway, self.cores.mock, self.cores.load), 0.0)
        ours[self.cores.gateway] += used.get("contestant", 0.0)
        ours[self.cores.mock] += mock
        ours[self.cores.load] += loading
        return {
            "contestant_share": used.get("contestant", 0.0),
            "mock_share": mock,
            "load_share": loading,
            "harness_share": max(ours[self.cores.mock], ours[self.cores.load]),
            "foreign_share": max(0.0, *(used.get(f"core {core}", 0.0) - mine for core, mine in ours.items())),
        }

    def served(self, who: Contestant, work: Work, at_once: int, timing: Timing, rate: float = 0.0) -> load.Served:
        """Lets the load generator that fits the work do its part."""
        watch = load.Watch(self.cores, mock=[self.mock], contestant=who.programs)
        timed = load.Timed(timing.warm_up, timing.seconds, lambda: forget_peak(who.programs))
        if work.face == "rest":
            return load.over_http(work, who.port(work), who.request(work), at_once, watch, timed, rate)
        return load.over_grpc(work, who.port(work), who.model(work), at_once, watch, timed)

    def _unsettled(self, contestant: Contestant, since: float, answers: int) -> dict[str, int]:
        """What the books say against a measurement over gRPC, where the load generator does not see the status."""
        states: dict[str, int] = {}
        for _ in range(20):
            states = entered(contestant.ledger, since) if contestant.ledger else {}
            if states.get("done", 0) >= answers and not states.get("running"):
                break
            time.sleep(0.1)
        wrong = {f"{state} in the books": count for state, count in states.items() if state != "done"}
        short = answers - states.get("done", 0)
        return wrong | ({"not in the books": short} if short > 0 else {})


def told(row: Row) -> str:
    """A row in one line, for whoever watches."""
    words = f"  {row.work:12}{row.at_once:5}  {row.contestant:24}{row.per_second:10,.0f}/s"
    for name, value in (("p50", row.p50), ("p99", row.p99), ("first byte", row.first_byte)):
        words += f"  {name} {value:.2f}" if value is not None else ""
    words += f"  cpu {row.cpu_per_thousand:.3f}" if row.cpu_per_thousand is not None else ""
    words += f"  {row.memory / 1e6:.0f} MB" if row.memory else ""
    words += f"  mock+load {row.harness_share:.0%}" + (f"  others {row.foreign_share:.0%}" if row.disturbed else "")
    return words + (f"  INVALID: {row.wrong}" if row.wrong else "")


def _cpu_per_thousand(served: load.Served) -> float | None:
    return served.cpu["contestant"] / served.answers * 1000 if served.answers else None
