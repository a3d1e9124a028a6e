"""What the figures are held against: ratios within one run, each with what was measured and whether that will do."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.figures import Lines, of

UP, TWO = "imagegen up", "imagegen, two programs"
NGINX, LITELLM, PORTKEY, DIRECT = "nginx", "LiteLLM", "Portkey", "direct"


@dataclass(frozen=True, slots=True)
class Goal:
    """`measured` is None where this run has not measured it."""

    text: str
    measured: float | None
    wanted: float
    at_most: bool = False
    unit: str = "×"

    @property
    def reached(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted

    def told(self) -> tuple[str, str, str, str]:
        """What, wanted, measured, verdict."""
        wanted = f"{'≤' if self.at_most else '≥'} {self.wanted:g} {self.unit}"
        if self.measured is None:
            return self.text, wanted, "–", "not measured"
        return self.text, wanted, f"{self.measured:.2f} {self.unit}", "yes" if self.reached else "NO"


def goals(lines: Lines) -> list[Goal]:
    """The ratios of the loads; what is measured apart from them is added by whoever measured it."""

    def ratio(
        work: str, at_once: int, who: str, whom: str, of_work: str = "", metric: str = "per_second"
    ) -> float | None:
        ours = of(lines, work, at_once, who, metric)
        theirs = of(lines, of_work or work, at_once, whom, metric)
        return ours / theirs if ours is not None and theirs else None

    def added(work: str) -> float | None:
        ours, mock = of(lines, work, 1, UP, "p50"), of(lines, work, 1, DIRECT, "p50")
        return ours - mock if ours is not None and mock is not None else None

    found = [
        Goal("small at 32, over Portkey (as near 3 as can be)", ratio("small", 32, UP, PORTKEY), 1.5),
        Goal("2 MB at 8, over LiteLLM", ratio("large", 8, UP, LITELLM), 6),
        Goal("2 MB at 8, over Portkey", ratio("large", 8, UP, PORTKEY), 12),
        Goal("2 MB at 8, of nginx", ratio("large", 8, UP, NGINX), 0.6),
        Goal("SSE at 8, over LiteLLM's pass-through", ratio("sse", 8, UP, LITELLM), 6),
        Goal("added p50 at 1, small", added("small"), 0.6, at_most=True, unit="ms"),
        Goal("added p50 at 1, 2 MB", added("large"), 1.5, at_most=True, unit="ms"),
        Goal("two programs, small at 32, over Portkey", ratio("small", 32, TWO, PORTKEY), 0.7),
        Goal("two programs, 2 MB at 8, over LiteLLM", ratio("large", 8, TWO, LITELLM), 3.5),
    ]
    for grpc, rest in (("grpc-large", "large"), ("grpc-large-stream", "large"), ("grpc-stream", "sse")):
        found.append(Goal(f"{grpc} at 8, of REST ({rest}) in one process", ratio(grpc, 8, UP, UP, rest), 0.6))
        found.append(Goal(f"{grpc} at 8, over REST in two processes", ratio(grpc, 8, UP, TWO, rest), 1.3))
    memory = ratio("large", 32, UP, LITELLM, metric="memory")
    found.append(Goal("peak memory, 2 MB at 32, of LiteLLM's", memory, 0.5, at_most=True))
    return found
