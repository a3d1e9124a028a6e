"""What the books tell is what was written into them, on every twin: page by page, and one by one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service.access import ledger, usage
from service.domain.event import Outcome
from service.domain.plan import Action, Change, Skipped
from service.domain.price import Price, TokenPrice
from service.domain.record import (
    Ending,
    Filter,
    PricedAttempt,
    Purpose,
    Recorded,
    State,
    Story,
)
from service.stores.records.port import Records
from tests.access.entries import (
    BEGAN,
    EAST,
    NORTH,
    SOUTH,
    TOKENS,
    Entry,
    account,
    attempt,
    enter,
    everybody,
    sending,
)

PRICE = Price(
    per_image={("1024x1024", "high"): 40_000, ("*", "*"): 50_000},
    per_million=TokenPrice(Decimal("5.00"), Decimal(8), Decimal("0.10"), Decimal(30)),
    as_of="2026-11-20",
)
BY_IMAGE = Price(per_image={("*", "*"): 7})
CHANGES = (
    Change("quality", Action.TRANSLATED, "hd", "high", "its word for it"),
    Change("seed", Action.DROPPED, "42"),
    Change("odd", Action.PASSED, "\x00 ü \u2028"),
)
SKIPPED = (Skipped("west/nothing", "it has no key"),)


FILTERS: dict[str, tuple[Filter, set[int]]] = {
    "nothing": (Filter(), {0, 1, 2, 3, 4}),
    "name": (Filter(request_id="done"), {1, 4}),
    "key": (Filter(key_id="k"), {1}),
    "team": (Filter(team_id="t"), {1}),
    "customer": (Filter(customer_id="c"), {1}),
    "model": (Filter(model="model done"), {1, 4}),
    "state": (Filter(state=State.LEFT), {3}),
    "provider that answered": (Filter(provider="south"), {1, 4}),
    "provider that was asked": (Filter(provider="north"), {0, 1}),
    "since, included": (Filter(since=BEGAN + 3000), {3, 4}),
    "until, excluded": (Filter(until=BEGAN + 3000), {0, 1, 2}),
    "between": (Filter(since=BEGAN + 1000, until=BEGAN + 4000), {1, 2, 3}),
    "an empty stretch": (Filter(since=BEGAN + 1000, until=BEGAN + 1000), set()),
    "before there was time": (Filter(since=-5, until=2**60), {0, 1, 2, 3, 4}),
    "together": (Filter(request_id="done", provider="south", state=State.PARTIAL, since=BEGAN), {4}),
    "nobody": (Filter(model="' OR 1 = 1 --"), set()),
}


async def requests(records: Records, wanted: Filter | None = None, most: int = 1000) -> list[Recorded]:
    return await records.read(usage.requests, wanted or Filter(), most)


async def test_requests_are_told_as_they_were_entered(records: Records) -> None:
    """Every value of every kind of request comes back as it went in, the newest first."""
    entries = everybody()
    for entry in entries:
        await records.write(enter, entry)

    assert await requests(records) == [entry.recorded for entry in reversed(entries)]


async def test_request_is_told_as_it_goes(records: Records) -> None:
    """While a request goes on its money and attempts are those of the moment."""
    one, two = attempt(1, NORTH, Outcome.REJECTED, cost=5), attempt(2, SOUTH, cost=6, images=1)
    entry = Entry(account(BEGAN), Purpose(request_id="r", model="m"))

    def told(found: list[Recorded]) -> list[object]:
        return [(each.state, each.cost, each.held, each.attempts, each.target) for each in found]

    await records.write(ledger.open_request, entry.account, entry.purpose, 90, sending(one))
    assert told(await requests(records)) == [(State.RUNNING, 0, 90, 1, NORTH)]
    await records.write(ledger.send_again, entry.account, (one,), 10, sending(two))
    assert told(await requests(records)) == [(State.RUNNING, 5, 95, 2, SOUTH)]
    await records.write(ledger.close_request, entry.account, (two,), Ending(state=State.DONE, images=1), 1.0)
    assert told(await requests(records)) == [(State.DONE, 11, 0, 2, SOUTH)]


async def test_lost_request_is_told(records: Records) -> None:
    """What the dead left behind is lost, its cost presumed, and there is no ending to tell."""
    entry = Entry(account(BEGAN), Purpose(request_id="r", model="m"), (attempt(1, NORTH),), held=90)
    await records.write(enter, entry)
    await records.write(ledger.expire, entry.account.id, BEGAN / 1000 + 30)
    story = await records.read(usage.story, "r")

    assert story is not None
    assert story.ending is None
    assert (story.recorded.state, story.recorded.cost, story.recorded.presumed) == (State.LOST, 90, 90)
    assert [(each.record.outcome, each.record.cost) for each in story.attempts] == [(Outcome.UNKNOWN, 90)]
    assert story.told == NORTH


async def test_filters(records: Records) -> None:
    """Each filter picks those that it names and no others; together they must all hold. Sums count the same."""
    for entry in everybody():
        await records.write(enter, entry)

    for name, (wanted, numbers) in FILTERS.items():
        found = await requests(records, wanted)
        assert {(each.started - BEGAN) // 1000 for each in found} == numbers, name
        _, total = await records.read(usage.sums, wanted, ())
        assert total.requests == len(numbers), name


async def test_pages_give_each_once(records: Records) -> None:
    """Page after page, while newer requests arrive between them, each of those that were there comes once."""
    ending = Ending(state=State.FAILED)
    for i in range(25):  # several in the same millisecond
        entry = Entry(account(BEGAN + i // 4 * 1000, i), Purpose(request_id=f"r{i}", model="m"), (), ending, BEGAN)
        await records.write(enter, entry)
    seen: list[str] = []
    before: str | None = None
    while page := await records.read(usage.requests, Filter(since=BEGAN), 4, before):
        seen += [each.request_id for each in page]
        before = page[-1].id
        late = Entry(account(BEGAN + 60_000, len(seen)), Purpose(request_id="late", model="m"), (), ending, BEGAN)
        await records.write(enter, late)

    assert seen == [f"r{i}" for i in reversed(range(25))]


@pytest.mark.parametrize("price", [PRICE, BY_IMAGE, None], ids=["tokens", "images", "none"])
async def test_story_is_told_as_it_was_entered(records: Records, price: Price | None) -> None:
    """Attempts, prices, changes, what was left out, prompt and pictures come back as they went in."""
    attempts = (
        attempt(1, NORTH, Outcome.NOT_SENT, reason="provider_unreachable", seconds=0.25),
        attempt(2, SOUTH, Outcome.REJECTED, reason="provider_error", status=500, seconds=1.5),
        attempt(3, EAST, Outcome.DONE, seconds=2.125, images=2, usage=TOKENS, cost=9, presumed=True),
    )
    ending = Ending(
        state=State.PARTIAL,
        reason="provider_no_image",
        images=2,
        fallback_index=2,
        changes=CHANGES,
        skipped=SKIPPED,
        recorded=("0123456789abcdef0123456789abcdef.png",),
    )
    purpose = Purpose(request_id="r", model="m", prompt="a lighthouse\nat dusk: ☀")
    entry = Entry(account(BEGAN), purpose, attempts, ending, BEGAN + 9000)
    await records.write(enter, entry, price)
    name = ledger.terms(price)[0] if price else None
    expected = Story(
        recorded=entry.recorded,
        attempts=tuple(
            PricedAttempt(record=each, size="1024x1024", quality="high", at_most=90, price_name=name, price=price)
            for each in attempts
        ),
        ending=ending,
        prompt=purpose.prompt,
    )

    assert await records.read(usage.story, entry.account.id) == expected
    assert await records.read(usage.story, "r") == expected
    assert expected.told == EAST


async def test_story_speaks_of_the_target_that_the_caller_heard_of(records: Records) -> None:
    """Where a chain was used up, that is the first target, though another was asked last."""
    attempts = [attempt(i, target, Outcome.REJECTED) for i, target in enumerate((NORTH, SOUTH), 1)]
    entry = Entry(account(BEGAN), Purpose(request_id="r", model="m"), attempts, Ending(state=State.FAILED), BEGAN)
    await records.write(enter, entry)
    story = await records.read(usage.story, "r")

    assert story is not None
    assert (story.told, story.recorded.target) == (NORTH, SOUTH)


async def test_newest_of_a_name_is_told(records: Records) -> None:
    """Of several requests of one name the newest is told; an id is looked for before a name; nobody is nobody."""
    ending = Ending(state=State.FAILED)
    for i in (0, 2, 1):
        entry = Entry(account(BEGAN + i * 1000, i), Purpose(request_id="same", model=f"m{i}"), (), ending, BEGAN)
        await records.write(enter, entry)
    first = account(BEGAN).id
    await records.write(enter, Entry(account(BEGAN + 9000), Purpose(request_id=first, model="x"), (), ending, BEGAN))

    async def model(name: str) -> str | None:
        story = await records.read(usage.story, name)
        return story.recorded.model if story else None

    assert [await model(name) for name in ("same", first, "nobody", "")] == ["m2", "m0", None, None]
