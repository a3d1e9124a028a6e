"""The judge: when a test is over, is everything paid, given back and put away?

Two halves. The books against themselves and against a provider's own bill (`complaints_about`), which simulations ask
as well; and the house against what was there before it (`Judge`): tasks, sockets and other descriptors, spans. That no
attempt, entry or call at the double is under way any more is seen to before (`tests.house.settled`).
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import grpc.aio
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider

from service.domain.price import MicroUsd
from service.stores.records.port import Records, Row, Work
from service.telemetry import counting
from tests.tracing import exporter

UNBALANCED = {
    "purses hold money that no open request holds": """
        SELECT p.scope, p.period, p.held FROM purses p WHERE p.held <> 0""",
    "requests still hold money": "SELECT id, state, held FROM requests WHERE held <> 0",
    "requests are open": "SELECT id, state, model FROM requests WHERE ended IS NULL",
    "attempts were sent and never settled": "SELECT request, number, model FROM attempts WHERE state = 'sent'",
    "requests do not cost what their attempts cost": """
        SELECT r.id, r.cost, sum(a.cost) FROM requests r JOIN attempts a ON a.request = r.id
        GROUP BY r.id, r.cost HAVING r.cost <> sum(a.cost)""",
    "requests cost something without an attempt": """
        SELECT id, cost FROM requests WHERE cost <> 0 AND id NOT IN (SELECT request FROM attempts)""",
}
"""What may never be when nothing is under way, and the rows that show it."""

SPENT = "SELECT coalesce(sum(spent), 0) FROM purses WHERE scope = $1 AND period = $2"
PAID = """
SELECT coalesce(sum(cost), 0) FROM requests
WHERE $1 IN ('key:' || coalesce(key_id, ''), 'team:' || coalesce(team_id, ''), 'customer:' || coalesce(customer_id, ''))
"""
UNDER_WAY = (
    "imagegen_requests_active",
    "imagegen_attempts_active",
    "imagegen_queue_size_bytes",
    "imagegen_books_waiting",
)
"""Metrics that say what is going on now."""

COSTS = "SELECT coalesce(sum(cost), 0), coalesce(sum(CASE WHEN presumed = 1 THEN cost ELSE 0 END), 0) FROM attempts"


def complaints_about(bill: MicroUsd, kinds: Sequence[str] | None = None) -> Work[list[str]]:
    """What is wrong with the books when nothing is under way, and they should say what the provider billed.

    Whatever is not presumed was billed, and whatever was billed is in the books. `kinds` are those that sent the bill.
    """
    found: list[str] = []
    for complaint, statement in UNBALANCED.items():
        rows: Sequence[Row] = yield statement, ()
        if rows:
            found.append(f"{complaint}: {[tuple(row) for row in rows[:5]]}")
    for scope, period in (yield "SELECT DISTINCT scope, period FROM purses", ()):
        spent = int((yield SPENT, (scope, period))[0][0])
        paid = int((yield PAID, (scope,))[0][0])
        if spent != paid:
            found.append(f"{scope} has spent {spent} by its purses for {period}, and {paid} by its requests")
    where = f" WHERE kind IN ({', '.join(f'${i + 1}' for i in range(len(kinds)))})" if kinds else ""
    row = (yield COSTS + where, tuple(kinds or ()))[0]
    ledger, presumed = int(row[0]), int(row[1])
    if not ledger - presumed <= bill <= ledger:
        found.append(f"the provider billed {bill}, and the books say {ledger}, {presumed} of it presumed")
    return found


class OpenSpans(SpanProcessor):
    """Counts spans that have begun and not ended."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.names[span.name] += 1

    def on_end(self, span: ReadableSpan) -> None:
        # A span may have been renamed meanwhile; what counts is how many are open.
        name = span.name if self.names[span.name] else next(iter(+self.names))
        self.names[name] -= 1

    @property
    def open(self) -> int:
        return self.names.total()


@cache
def open_spans() -> OpenSpans:
    """The process's one counter, beside the exporter of `tests.tracing`."""
    exporter()
    made = OpenSpans()
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(made)
    return made


def descriptors() -> Counter[str]:
    """The open descriptors of this process, by what they are."""
    found: Counter[str] = Counter()
    for name in os.listdir("/proc/self/fd"):
        try:
            leads = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue  # the one that lists them
        if leads == "/dev/null":
            continue  # uvloop keeps one in hand for the day when there are none left
        found[leads.partition(":")[0] if leads.startswith(("socket:", "pipe:", "anon_inode:")) else "file"] += 1
    return found


def under_way() -> dict[str, float]:
    """What the gateway's own metrics say is going on."""
    found: dict[str, float] = {}
    for family in counting.METER.own.collect():
        if family.name in UNDER_WAY:
            found[family.name] = sum(sample.value for sample in family.samples)
    return found


@cache
def _freeze() -> None:
    """What tests are made of stays, and need not be looked at for every house."""
    gc.freeze()


@dataclass(slots=True)
class Judge:
    """What was there before."""

    tasks: set[asyncio.Task[Any]]
    descriptors: Counter[str]
    spans: int
    gauges: Mapping[str, float]
    unjudged: Sequence[str]
    """Kinds of descriptors that the test itself opens meanwhile."""
    anchor: grpc.aio.Channel
    """While there is any, gRPC keeps four descriptors for the loop; with this one they are there before and after."""

    @classmethod
    def looking(cls, unjudged: Sequence[str] = ()) -> Judge:
        gc.collect()  # what an earlier test forgot shall not count for this one
        _freeze()
        exporter().clear()  # what earlier tests kept would only be in the way of the collector
        anchor = grpc.aio.insecure_channel("127.0.0.1:1")
        return cls(asyncio.all_tasks(), descriptors(), open_spans().open, under_way(), unjudged, anchor)

    async def pass_sentence(self, within: float) -> None:
        """Fails unless, soon, nothing is there that was not there before."""
        complaints: list[str] = []
        end = time.monotonic() + within
        while time.monotonic() < end:
            complaints = self._complaints()
            if not complaints:
                return await self.anchor.close()
            await asyncio.sleep(0.02)
            gc.collect()
        raise AssertionError("the judge found: " + "; ".join(complaints))

    def _complaints(self) -> list[str]:
        found: list[str] = []
        left = {each for each in asyncio.all_tasks() - self.tasks - {asyncio.current_task()} if not each.done()}
        if left:
            found.append(f"tasks are left over: {sorted(each.get_name() for each in left)}")
        more = descriptors() - self.descriptors
        for kind in self.unjudged:
            del more[kind]
        if more:
            found.append(f"descriptors are left open: {dict(more)}")
        for name, value in under_way().items():
            if value != self.gauges.get(name, 0):
                found.append(f"{name} says {value}, and said {self.gauges.get(name, 0)}")
        spans = open_spans().open - self.spans
        if spans > 0:
            found.append(f"{spans} spans are left open: {dict(+open_spans().names)}")
        return found


async def judge_books(records: Records, bill: MicroUsd, kinds: Sequence[str] | None = None) -> None:
    """Fails unless the books are balanced and say what the provider says."""
    complaints = await records.read(complaints_about, bill, kinds)
    assert not complaints, "the judge found: " + "; ".join(complaints)
