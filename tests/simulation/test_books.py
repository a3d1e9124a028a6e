"""Engine and books in a thousand small worlds, each another order of events."""

from __future__ import annotations

import asyncio
import random

import pytest

from service.access.books import Books
from service.stores.records.port import Work
from tests.access.asking import DOLLAR, balance, payer, try_to_hold
from tests.simulation.loop import seeds, simulate
from tests.simulation.records import InlineRecords
from tests.simulation.world import World, world

WORLDS, DOLLARS = 1000, 20
AT_ONCE = 20


@pytest.mark.parametrize("first", range(0, WORLDS, AT_ONCE))
def test_the_books_say_what_the_providers_billed(first: int) -> None:
    """Whoever leaves, whatever breaks, whichever answer is lost: nothing is held, missing, doubled or overspent."""
    for seed in seeds(AT_ONCE):
        simulate(world(first + seed), first + seed)


@pytest.mark.parametrize("first", range(0, DOLLARS, AT_ONCE))
def test_a_dollar_is_twenty_five_times_four_cents(first: int) -> None:
    """In every order in which a thousand can ask for it."""

    async def ask() -> None:
        records = InlineRecords()
        books = Books(records)
        held = await asyncio.gather(*(try_to_hold(books, payer(DOLLAR)) for _ in range(1000)))
        assert sum(held) == 25
        assert records.at_once(balance).held == DOLLAR

    for seed in seeds(AT_ONCE):
        simulate(ask, first + seed)


def test_the_worlds_are_eventful() -> None:
    """What shall do no harm does happen there: money runs out, chains fall back, callers leave, records are away."""
    happened = [0] * len(EVENTS)

    async def live() -> None:
        made = World(random.Random(seed))
        await made.live()
        for i, number in enumerate(made.records.at_once(_numbers)):
            happened[i] += number

    for seed in range(5):
        simulate(live, seed)

    assert all(number >= 5 for number in happened), dict(zip(EVENTS, happened, strict=True))


EVENTS = {
    "had too little money": "SELECT count(*) FROM requests WHERE reason = 'budget_exceeded'",
    "fell back": "SELECT count(*) FROM attempts WHERE number = 2",
    "left": "SELECT count(*) FROM requests WHERE state = 'left'",
    "found the records away": "SELECT count(*) FROM requests WHERE reason = 'unavailable'",
    "got only some of their images": "SELECT count(*) FROM requests AS r WHERE n > (SELECT sum(images) FROM attempts "
    "WHERE request = r.id AND images > 0)",
    "paid for an unknown end": "SELECT count(*) FROM attempts WHERE presumed = 1 AND state = 'settled'",
}


def _numbers() -> Work[list[int]]:
    numbers: list[int] = []
    for statement in EVENTS.values():
        numbers.append(int((yield statement, ())[0][0]))
    return numbers
