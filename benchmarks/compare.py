"""Another commit beside this one: its tree and environment under build/bench/compare, and which figures got worse.

A figure is worse when its median is by more than a tenth, and that is beyond the spread: within their own rounds too
the median ratio says so, and in four rounds of five, and in four of five of all pairs of a value before and one now,
it is worse at all. Both run in every round, so what the machine does hits both.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.contestants import Imagegen, TwoPrograms
from benchmarks.figures import HIGHER_IS_BETTER, METRICS, NAMES, Line, Lines, written
from benchmarks.goals import TWO, UP
from benchmarks.machine import Cores, MissingError
from benchmarks.mock import Ports
from benchmarks.places import BUILD, ROOT, fresh

TENTH = 0.1
AGREE = 0.8


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure, before and now. `worse` is a share: 0.2 is a fifth worse, below zero is better."""

    work: str
    at_once: int
    contestant: str
    metric: str
    before: float
    now: float
    worse: float
    paired: float
    """The same, as the median of what each round says."""
    agree: tuple[float, float]
    """In which share of the rounds, and of all pairs, it was worse at all."""

    @property
    def counts(self) -> bool:
        """Whether it is worse beyond the spread."""
        return min(self.worse, self.paired) > TENTH and min(self.agree) >= AGREE

    @property
    def improved(self) -> bool:
        return max(self.worse, self.paired) < -TENTH and max(self.agree) <= 1 - AGREE

    def told(self) -> tuple[str, ...]:
        figures = (written(self.metric, self.before), written(self.metric, self.now))
        share = f"{abs(self.worse):.0%} {'worse' if self.worse > 0 else 'better'}"
        return (f"{self.work} at {self.at_once}", self.contestant, NAMES[self.metric], *figures, share)


def resolved(name: str) -> str:
    """The short hash of a commit."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "--verify", f"{name}^{{commit}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"there is no commit {name}")
    return done.stdout.strip()


def tree(commit: str) -> Path:
    """That commit's tree with an environment of its own, made where it is not there yet."""
    folder = BUILD / "compare" / commit
    done = folder / "installed"
    if done.exists():
        return folder
    fresh(folder)
    print(f"setting up {commit} in {folder}", flush=True)
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    made = subprocess.run(
        ["make", "-C", str(folder), "install", f"XDG_CACHE_HOME={ROOT / 'build' / 'cache'}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise MissingError(f"{commit} cannot be installed:\n{made.stdout[-1000:]}{made.stderr[-2000:]}")
    done.touch()
    return folder


def contestants(commit: str, cores: Cores, ports: Ports) -> list[Imagegen]:
    """Each form of the gateway, as it is and as it was."""
    found: list[Imagegen] = []
    for kind, name in ((Imagegen, UP), (TwoPrograms, TWO)):
        before = kind(before_name(name, commit), cores, ports)
        before.tree = tree(commit)
        found += [kind(name, cores, ports), before]
    return found


def before_name(name: str, commit: str) -> str:
    return f"{name} at {commit}"


def differences(found: Lines, commit: str) -> Iterator[Difference]:
    """Every figure that both have."""
    for (work, at_once, name), line in found.items():
        before = found.get((work, at_once, before_name(name, commit)))
        if before:
            for metric in METRICS:
                if difference := _difference(before, line, metric):
                    yield difference


def broken(found: Lines, commit: str) -> list[str]:
    """What answers wrongly now and did not before."""
    words: list[str] = []
    for (work, at_once, name), line in found.items():
        before = found.get((work, at_once, before_name(name, commit)))
        if before and line.wrong and not before.wrong:
            words.append(f"{work} at {at_once}, {name}: {line.wrong}")
    return words


def _difference(before: Line, now: Line, metric: str) -> Difference | None:
    then, here = before.figure(metric), now.figure(metric)
    values = now.rounds(metric)
    rounds = [(old, values[number]) for number, old in before.rounds(metric).items() if number in values]
    if then is None or here is None or not rounds or not all(old and new for old, new in rounds):
        return None

    def ratio(old: float, new: float) -> float:
        return old / new if metric in HIGHER_IS_BETTER else new / old

    own = [ratio(old, new) for old, new in rounds]
    pairs = [ratio(old, new) for old, _ in rounds for _, new in rounds]
    return Difference(
        work=now.first.work,
        at_once=now.first.at_once,
        contestant=now.first.contestant,
        metric=metric,
        before=then.median,
        now=here.median,
        worse=ratio(then.median, here.median) - 1,
        paired=median(own) - 1,
        agree=(sum(each > 1 for each in own) / len(own), sum(each > 1 for each in pairs) / len(pairs)),
    )
