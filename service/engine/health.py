"""What is known of each target by the way its last calls went: who is asked first, who last, and what is tried anew.

A target here is a model behind one key of a provider. One that fails five times in a row, or more often than not, is
out: it is asked after all others, longer each time, until a single call has found it well again. One that says when to
come back is out until then. Where nobody else is left, whoever is out is asked all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace
from prometheus_client import Gauge

from service.domain.plan import Step, Target
from service.errors import ProviderError, Reason
from service.telemetry import counting

IN_A_ROW = 5
"""Failures after which a target is out."""
WINDOW = 30.0
"""Seconds in which failures are counted that do not come in a row."""
ENOUGH = 20
"""Calls in the window before their share of failures says anything."""
SHARE = 0.5
"""Of the calls in the window: from here on a target is out."""
FIRST_OUT, LONGEST_OUT = 10.0, 300.0
"""Seconds that it is out the first time; each further time twice as long, up to the longest."""
ACCOUNT_OUT, LONGEST_ACCOUNT_OUT = 60.0, 3600.0
"""The same where the provider does not serve the key or its account."""
DOUBLINGS = 10
"""After which every longest is reached; a target may be out for years."""
REST, LONGEST_REST = 1.0, 60.0
"""Seconds for a key that has used up its rate, where the provider does not say how long, and at most."""

RETRIES = 0.2
"""How many calls may be tried anew, for each that is made."""
FLOOR, EACH_SECOND, CEILING = 10.0, 1.0, 100.0
"""So many may be in any case: at once, and for each second that passes; and never more at once than the last."""

MOST = 10_000
"""Targets of a provider that are remembered, those that failed last; callers may name models that nobody knows."""

_SILENT = frozenset({Reason.CANCELLED, Reason.OVERLOADED, Reason.INTERNAL})
"""How calls may end that say nothing of the target."""
_WELL = frozenset({Reason.CONTENT_REFUSED, Reason.PROVIDER_REJECTED})
"""How calls may fail at a target that is well."""


@dataclass(slots=True)
class Circuit:
    """One target's last calls; all times are the loop's."""

    out: Gauge
    """Counts it while it is out, and until it has served again."""
    in_a_row: int = 0
    times_out: int = 0
    until: float = 0.0
    rests: float = 0.0
    why: str = ""
    probed: bool = False
    """Whether a call is under way that finds out whether it is well again."""
    since: float = 0.0
    calls: int = 0
    failures: int = 0

    def is_out(self, now: float) -> bool:
        return self.probed or now < self.until or now < self.rests

    @property
    def back_at(self) -> float:
        return max(self.until, self.rests)

    def begin(self, now: float) -> None:
        self.probed = self.probed or (self.times_out > 0 and now >= self.until)

    def serve(self, now: float) -> None:
        self._count(now, failures=0)
        self.forget()
        self.in_a_row, self.until, self.probed = 0, 0.0, False

    def forget(self) -> None:
        """It is as good as any other again."""
        if self.times_out:
            self.out.dec()
        self.times_out = 0

    def fail(self, now: float) -> None:
        self._count(now, failures=1)
        self.in_a_row += 1
        often = self.calls >= ENOUGH and self.failures >= SHARE * self.calls
        if self.times_out or often or self.in_a_row >= IN_A_ROW:
            told = f"{self.failures} of its last {self.calls} calls failed"
            self.put_out(now, FIRST_OUT, LONGEST_OUT, told)

    def put_out(self, now: float, first: float, longest: float, why: str) -> None:
        if now < self.until:
            return  # it was asked before it went out, or because nobody else was left
        self.until = now + min(longest, first * 2 ** min(self.times_out, DOUBLINGS))
        self.why, self.probed, self.in_a_row, self.calls, self.failures = why, False, 0, 0, 0
        if not self.times_out:
            self.out.inc()
        self.times_out += 1

    def _count(self, now: float, failures: int) -> None:
        if now - self.since > WINDOW:
            self.since, self.calls, self.failures = now, 0, 0
        self.calls += 1
        self.failures += failures


@dataclass(slots=True)
class Allowance:
    """How many calls of a provider may still be tried anew."""

    left: float = FLOOR
    at: float = 0.0

    def earn(self, now: float, share: float = 0.0) -> None:
        if self.left < FLOOR:
            self.left = min(FLOOR, self.left + EACH_SECOND * (now - self.at))
        self.left = min(CEILING, self.left + share)
        self.at = now


@dataclass(slots=True)
class Provider:
    """One provider's circuits, by key and model, and its allowance."""

    out: Gauge
    allowance: Allowance
    circuits: dict[tuple[str, str], Circuit] = field(default_factory=dict[tuple[str, str], Circuit])
    is_history: bool = False
    """Whether it is in force no longer: what its last calls come to says nothing of what took its place."""

    def remember(self, key: str, model: str) -> Circuit:
        """Its circuit, which is the last now to be forgotten."""
        circuit = self.circuits.pop((key, model), None) or Circuit(self.out)
        while len(self.circuits) >= MOST:
            self.circuits.pop(next(iter(self.circuits))).forget()
        self.circuits[key, model] = circuit
        return circuit

    def forget(self) -> None:
        for circuit in self.circuits.values():
            circuit.forget()
        self.circuits.clear()


@dataclass(frozen=True, slots=True)
class Health:
    """The circuits and allowances of one process, under one configuration."""

    _providers: dict[str, Provider] = field(default_factory=dict[str, Provider])

    def followed(self, kept: Iterable[str], lost: Iterable[str]) -> Health:
        """The health under the next configuration, which shares with this one what is known of providers it keeps."""
        for name in lost:
            self._provider(name).forget()
            self._provider(name).is_history = True
        return Health({name: self._provider(name) for name in kept})

    def arranged(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """The steps as they would be asked now: those that are out last, saying why."""
        if len(steps) == 1:
            return tuple(steps)
        outs = {step.index: self._out(step) for step in steps}
        noted = (replace(step, note=outs[step.index] or "") for step in steps)
        return tuple(sorted(noted, key=lambda step: bool(step.note)))

    def first(self, steps: Sequence[Step]) -> Step:
        """The one to ask next: the first that is not out, else the first."""
        return next((step for step in steps if self._out(step) is None), steps[0])

    def key(self, target: Target, keys: Sequence[str]) -> str:
        """The one to ask with: the first that is not out, else the one that is for the shortest time still."""
        for key in keys:
            if self.out(target, key) is None:
                return key
        return min(keys, key=lambda key: self._provider(target.provider).circuits[key, target.model].back_at)

    def out(self, target: Target, key: str) -> str | None:
        """Why a target is out, and how long still; None where it is not."""
        circuit = self._circuit(target, key)
        now = _now()
        if circuit is None or not circuit.is_out(now):
            return None
        left = circuit.back_at - now
        return f"{circuit.why}; " + (f"out for another {left:.0f} s" if left > 0 else "it is being tried again")

    def outs(self, provider: str) -> Iterator[tuple[str, str, str]]:
        """Model, key and why, for each target of a provider that is out."""
        for key, model in list(self._provider(provider).circuits):
            if why := self.out(Target(provider, "", model), key):
                yield model, key, why

    def begin(self, target: Target, key: str) -> None:
        """A call is about to be made."""
        circuit = self._circuit(target, key)
        if circuit is not None:
            circuit.begin(_now())

    def end(self, target: Target, key: str, error: ProviderError | None) -> None:
        """A call is over, and this is what went wrong, if anything did."""
        circuit, now = self._circuit(target, key), _now()
        if error is None or error.reason in _WELL:
            if circuit is not None:
                circuit.serve(now)
            return
        provider = self._provider(target.provider)
        if provider.is_history:
            return
        circuit = provider.remember(key, target.model)
        match error.reason:
            case reason if reason in _SILENT:
                circuit.probed = False
            case Reason.PROVIDER_RATE_LIMITED:
                circuit.probed = False
                circuit.rests = now + min(LONGEST_REST, error.retry_after or REST)
                circuit.why = "its rate is used up"
            case Reason.PROVIDER_ACCOUNT:
                circuit.put_out(now, ACCOUNT_OUT, LONGEST_ACCOUNT_OUT, "its provider does not serve the key or account")
            case _:
                circuit.fail(now)

    def first_try(self, provider: str) -> None:
        """A call is about to be made that is no retry: it earns a share of one."""
        self._provider(provider).allowance.earn(_now(), RETRIES)

    def may_retry(self, provider: str) -> bool:
        """Whether one more call may be tried anew; it counts as if it were."""
        allowance = self._provider(provider).allowance
        allowance.earn(_now())
        if allowance.left < 1:
            return False
        allowance.left -= 1
        return True

    def forget(self) -> None:
        """Everybody has a new chance."""
        for provider in self._providers.values():
            provider.forget()

    def _out(self, step: Step) -> str | None:
        """Why a step is out, where it is out with all of its keys."""
        told = [self.out(step.target, key) for key in step.keys]
        return told[0] if all(told) else None

    def _circuit(self, target: Target, key: str) -> Circuit | None:
        provider = self._providers.get(target.provider)
        return provider.circuits.get((key, target.model)) if provider is not None else None

    def _provider(self, name: str) -> Provider:
        provider = self._providers.get(name)
        if provider is None:
            provider = self._providers[name] = Provider(counting.out(name), Allowance(at=_now()))
        return provider


def _now() -> float:
    return asyncio.get_running_loop().time()
