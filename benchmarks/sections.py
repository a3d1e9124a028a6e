"""What is written under each heading beside the loads: starts, waiting, overload, growth, another commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks import growth
from benchmarks.compare import Difference
from benchmarks.figures import METRICS, NAMES, Lines, with_spread, written
from benchmarks.goals import UP, Goal
from benchmarks.overload import CONNECTIONS, Pushed
from benchmarks.results import markdown
from benchmarks.rounds import Bench
from benchmarks.waiting import Waited


def starts(bench: Bench) -> tuple[str, list[Goal]]:
    """From the start of a process to its first good answer, and what it weighs then."""
    head = ("", "first answer after, s", "memory then, MB")
    rows = [
        (name, f"{median(seconds):.2f}", f"{median(bench.idle[name]) / 1e6:,.0f}")
        for name, seconds in bench.starts.items()
    ]
    text = "Medians of all starts. Memory is the proportional share of the whole process tree.\n\n" + markdown(
        head, rows
    )
    first = median(bench.starts[UP]) if UP in bench.starts else None
    return text, [Goal("start to first answer", first, 1.5, at_most=True, unit="s")]


def waiting(found: Sequence[Waited], partials: Mapping[str, bool]) -> tuple[str, list[Goal]]:
    head = ("", "asked", "taken", "at the provider", "memory before, MB", "meanwhile, MB", "each, KB")
    rows = [
        (
            one.contestant,
            f"{one.wanted:,}",
            f"{one.taken:,}",
            f"{one.at_provider:,}",
            written("memory", one.before),
            written("memory", one.meanwhile),
            f"{one.each / 1000:.1f}",
        )
        for one in found
    ]
    text = "Small requests over REST, each on a connection of its own, to a provider that does not answer yet.\n\n"
    text += markdown(head, rows)
    told = ", ".join(f"{name} {'yes' if passed else 'NO'}" for name, passed in partials.items())
    text += f"\n\nThe first partial picture is forwarded before the second is sent: {told}."
    ours = next((one for one in found if one.contestant == UP), None)
    goals = [
        Goal("of many waiting, taken in", ours.taken / ours.wanted if ours else None, 1.0),
        Goal("a waiting request", ours.each / 1000 if ours else None, 30, at_most=True, unit="KB"),
        Goal("first partial forwarded before the second is sent (1: yes)", partials.get(UP), 1),
    ]
    return text, goals


def overload(found: Sequence[Pushed]) -> str:
    head = (
        "work",
        "",
        "due, of what it can",
        "due/s",
        "good/s",
        "p50, ms",
        "p99, ms",
        "never sent",
        "memory, MB",
        "wrong",
    )
    rows = [
        (
            each.work,
            each.contestant,
            f"{each.factor:g} ×",
            written("per_second", each.offered),
            written("per_second", each.good),
            *(written("p50", value) if value is not None else "–" for value in (each.p50, each.p99)),
            f"{each.waited:,}",
            written("memory", each.memory),
            each.wrong,
        )
        for each in found
    ]
    limits = ", ".join(f"{count} for {work}" for work, count in CONNECTIONS.items())
    text = "Open loop: requests fall due at a fixed rate and are timed from then, those that were never sent too "
    text += f"(until the end). So many may be under way at once: {limits}. What a contestant can is what it did in a "
    return text + "closed loop just before.\n\n" + markdown(head, rows)


def grown(found: Mapping[str, Lines]) -> tuple[str, list[Goal]]:
    parts: list[str] = []
    goals: list[Goal] = []
    for what, lines in found.items():
        rows = [
            (name, *(with_spread(metric, line.figure(metric)) for metric in METRICS), line.wrong)
            for (_, _, name), line in lines.items()
        ]
        parts.append(markdown((what, *NAMES.values(), ""), rows))
        text = f"cost of a request by {what}, off that of the first at most"
        goals.append(Goal(text, growth.differs(lines), growth.FLAT, at_most=True, unit="%"))
    text = f"`imagegen up`, small requests, {growth.AT_ONCE} at once. The books on disk: {growth.sizes()}.\n\n"
    return text + "\n\n".join(parts), goals


def compared(commit: str, found: Sequence[Difference], broken: Sequence[str]) -> dict[str, str]:
    """What got worse, what got better, and what answers wrongly now."""
    head = ("work", "", "figure", commit, "now", "")
    worse = sorted((each for each in found if each.counts), key=lambda each: -each.worse)
    better = sorted((each for each in found if each.improved), key=lambda each: each.worse)
    sections = {
        f"Worse than {commit} by more than a tenth": markdown(head, (each.told() for each in worse))
        if worse
        else f"Nothing of {len(found)} figures."
    }
    if better:
        sections[f"Better than {commit} by more than a tenth"] = markdown(head, (each.told() for each in better))
    if broken:
        sections[f"Wrong now, and right at {commit}"] = "\n".join(f"* {each}" for each in broken)
    return sections
