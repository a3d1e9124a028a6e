"""Sums are those that one gets by counting, on every twin; and whatever is read is found, not searched for."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest

from service.access import usage
from service.domain.account import ScopeKind
from service.domain.event import AttemptRecord
from service.domain.record import (
    Filter,
    Grouping,
    State,
    UsageRow,
)
from service.stores.records.port import Records, Work
from service.stores.records.schema import migrate
from service.stores.records.sqlite import connect, dialect, drive
from tests.access.entries import (
    BEGAN,
    NORTH,
    Entry,
    entered,
    many,
)

VALUES: dict[Grouping, Callable[[Entry, AttemptRecord | None], str | None]] = {
    Grouping.DAY: lambda entry, _: datetime.fromtimestamp(entry.account.started, UTC).date().isoformat(),
    Grouping.MODEL: lambda entry, _: entry.purpose.model,
    Grouping.PROVIDER: lambda _, attempt: attempt.target.provider if attempt else None,
    Grouping.KEY: lambda entry, _: entry.account.payer.id(ScopeKind.KEY),
    Grouping.TEAM: lambda entry, _: entry.account.payer.id(ScopeKind.TEAM),
    Grouping.CUSTOMER: lambda entry, _: entry.account.payer.id(ScopeKind.CUSTOMER),
    Grouping.STATE: lambda entry, _: entry.recorded.state,
}


def counted(entries: Sequence[Entry], by: Sequence[Grouping]) -> list[UsageRow]:
    """The sums, the long way round."""
    groups: dict[tuple[str | None, ...], list[tuple[Entry, AttemptRecord | None]]] = defaultdict(list)
    for entry in entries:
        for each in entry.attempts or (None,):
            groups[tuple(VALUES[grouping](entry, each) for grouping in by)].append((entry, each))
    rows = [_counted(group, pairs) for group, pairs in groups.items()]
    return sorted(rows, key=lambda row: [(value is None, value or "") for value in row.group])


def _counted(group: tuple[str | None, ...], pairs: Sequence[tuple[Entry, AttemptRecord | None]]) -> UsageRow:
    attempts = [each for _, each in pairs if each]
    tokens = [each.usage for each in attempts if each.usage]
    return UsageRow(
        group=group,
        requests=len({entry.account.id for entry, _ in pairs}),
        attempts=len(attempts),
        images=sum(each.images for each in attempts),
        cost=sum(each.cost for each in attempts),
        presumed=sum(each.cost for each in attempts if each.presumed),
        input_tokens=sum(each.input_tokens for each in tokens),
        output_tokens=sum(each.output_tokens for each in tokens),
    )


async def test_sums(records: Records) -> None:
    """Split by any two things, over all or over some, the sums are those that one gets by counting."""
    entries = list(many(200))
    for start in range(0, len(entries), 20):
        await records.write(entered, entries[start : start + 20])
    day = BEGAN + 86_400_000
    some = [entry for entry in entries if day <= entry.account.started * 1000 < day + 2 * 86_400_000]
    of_north = [replace(e, attempts=[a for a in e.attempts if a.target == NORTH]) for e in entries]

    for by in [(), *((each,) for each in Grouping), *combinations(Grouping, 2), tuple(Grouping)]:
        (total,) = counted(entries, ())
        assert await records.read(usage.sums, Filter(), by) == (counted(entries, by) if by else [], total), by
        wanted = Filter(since=day, until=day + 2 * 86_400_000)
        (total,) = counted(some, ())
        assert await records.read(usage.sums, wanted, by) == (counted(some, by) if by else [], total), by
        rows, total = await records.read(usage.sums, Filter(provider="north"), by)
        asked = [entry for entry in of_north if entry.attempts]
        assert (rows, [total]) == (counted(asked, by) if by else [], counted(asked, ())), by
    assert len(some) > 20


async def test_sums_of_nothing(records: Records) -> None:
    """Where there is nothing there is no group, and the total is zero."""
    nothing = UsageRow(requests=0, attempts=0, images=0, cost=0, presumed=0, input_tokens=0, output_tokens=0)

    assert await records.read(usage.sums, Filter(), (Grouping.DAY, Grouping.PROVIDER)) == ([], nothing)


WORK: dict[str, Callable[[], Work[Any]]] = {
    "page": lambda: usage.requests(Filter(since=BEGAN, model="m", state=State.DONE), 50),
    "next page": lambda: usage.requests(Filter(since=BEGAN, until=BEGAN + 1), 50, f"{BEGAN:012x}{7:020x}"),
    "of a provider": lambda: usage.requests(Filter(since=BEGAN, provider="north"), 50),
    "of a name": lambda: usage.requests(Filter(request_id="r"), 50),
    "newest of a name": lambda: usage.story("r"),
    "sums": lambda: usage.sums(Filter(since=BEGAN, until=BEGAN + 1), ()),
    "sums by day": lambda: usage.sums(Filter(since=BEGAN), (Grouping.DAY, Grouping.MODEL)),
    "sums of a provider": lambda: usage.sums(Filter(since=BEGAN, provider="north"), (Grouping.PROVIDER,)),
}


@pytest.mark.parametrize("name", WORK)
def test_stretch_of_time_is_a_stretch_of_the_key(name: str) -> None:
    """Whatever is asked of a stretch of time, or of a name, no table is read from one end to the other."""
    with closing(connect(":memory:")) as connection:
        drive(connection, migrate())
        plan = [detail for statement, values in asked(name) for detail in explained(connection, statement, values)]

    assert [detail for detail in plan if "SEARCH r " in detail or "SEARCH requests " in detail]
    assert not [detail for detail in plan if detail.startswith("SCAN") and detail != "SCAN page"]
    found = plan[: plan.index("SCAN page")] if "SCAN page" in plan else []  # the page itself may be sorted once more
    assert not [detail for detail in found if "TEMP" in detail]


def asked(name: str) -> Iterator[tuple[str, Sequence[object]]]:
    """The statements of a piece of work, which finds nothing."""
    work = WORK[name]()
    rows: list[tuple[None]] | None = None
    while True:
        try:
            statement, values = work.send(rows)  # pyright: ignore[reportArgumentType] - None starts it
        except (StopIteration, ValueError):
            return
        yield statement, values
        rows = [] if "LIMIT" in statement else [(None,)]


def explained(connection: sqlite3.Connection, statement: str, values: Sequence[Any]) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {dialect(statement)}", values)]
