"""Money: held before it is spent, paid once, given back once, never more than there is."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from service.access import ledger
from service.access.books import Books
from service.access.permit import KeptPermit
from service.domain.account import Budget, Payer, Period, Scope, ScopeKind
from service.domain.event import Outcome
from service.domain.price import MicroUsd, Price
from service.domain.record import Ending, Purpose, State
from service.errors import GatewayError, Reason
from service.stores.records.port import Records, Work
from tests.access.asking import (
    CENT,
    DOLLAR,
    TARGET,
    Asker,
    Balance,
    balance_of,
    chain,
    ended,
    pay,
    payer,
    sending,
    settled,
    try_to_hold,
)
from tests.access.holder import held_together, holders

LEFT = Ending(state=State.LEFT)


@pytest.fixture
async def books(records: Records) -> Books:
    made = Books(records)
    await made.lives.beat()
    return made


async def test_a_dollar_is_twenty_five_times_four_cents(books: Books, records: Records) -> None:
    """Of a thousand that ask at once exactly twenty-five are held for, and not a millionth more is held."""
    held = await asyncio.gather(*(try_to_hold(books, payer(DOLLAR)) for _ in range(1000)))

    assert sum(held) == 25
    assert await balance_of(records) == Balance(held=DOLLAR, held_by_requests=DOLLAR, open_requests=25)


async def test_three_processes_share_a_dollar(records: Records, records_url: str) -> None:
    """The same thousand from three processes: exactly twenty-five."""
    async with holders(records_url, (334, 333, 333)) as processes:
        assert sum(await held_together(processes, "k")) == 25
    assert (await balance_of(records)).held == DOLLAR


async def test_a_request_pays_what_it_cost(books: Books, records: Records) -> None:
    """What is held and not spent is given back; the next one finds it."""
    asker = Asker.of(books, payer(10 * CENT))
    await asker.hold(9 * CENT)
    assert not await try_to_hold(books, payer(10 * CENT), 2 * CENT)
    asker.permit.settle(ended(cost=3 * CENT))
    await asker.release()

    assert await balance_of(records) == settled(3 * CENT)
    await pay(books, payer(10 * CENT), 7 * CENT)
    assert not await try_to_hold(books, payer(10 * CENT), 1)


async def test_more_than_was_held_is_owed_all_the_same(books: Books, records: Records) -> None:
    """A provider that charges more than the most is believed: the books say what it is, and the purse is empty."""
    asker = Asker.of(books, payer(10 * CENT))
    await asker.hold(4 * CENT)
    asker.permit.settle(ended(cost=12 * CENT))
    await asker.release()

    assert await balance_of(records) == settled(12 * CENT)
    assert not await try_to_hold(books, payer(10 * CENT), 0)


@pytest.mark.parametrize("poorest", range(3))
async def test_every_scope_must_have_enough(books: Books, records: Records, poorest: int) -> None:
    """Where one link of the chain has too little nothing is held at any, and the answer names it."""
    limits = [DOLLAR, DOLLAR, DOLLAR]
    limits[poorest] = 3 * CENT
    with pytest.raises(GatewayError, match=r"The budget of (key|team|customer) .* \$0.03 .* \$0.04") as refused:
        await Asker.of(books, chain(*limits)).hold()

    assert refused.value.reason is Reason.BUDGET_EXCEEDED
    assert f'"{("key", "team", "customer")[poorest]}1"' in refused.value.message
    assert refused.value.retry_after
    assert await balance_of(records) == Balance()


@pytest.mark.parametrize(
    ("limits", "purses"),
    [((1, 1, 1), 3), ((None, 1, 1), 2), ((None, None, 1), 1), ((1, None, None), 1), ((None,) * 3, 0)],
)
async def test_any_link_may_be_absent(
    books: Books, records: Records, limits: tuple[int | None, ...], purses: int
) -> None:
    """A scope without a budget pays nothing and stops nobody; the cost is in the books all the same."""
    key, team, customer = (None if each is None else DOLLAR for each in limits)
    await pay(books, chain(key, team, customer))

    assert await balance_of(records) == settled(4 * CENT, purses)


async def test_a_key_with_two_budgets(books: Books, records: Records) -> None:
    """A day's and a month's budget both hold, and the smaller one stops."""
    scope = Scope(ScopeKind.KEY, "k", (Budget(10 * CENT, Period.DAY), Budget(DOLLAR, Period.MONTH)))
    await pay(books, Payer((scope,)))
    await pay(books, Payer((scope,)))
    with pytest.raises(GatewayError, match=r"\$0.1 for each day"):
        await Asker.of(books, Payer((scope,))).hold()

    assert await balance_of(records) == settled(8 * CENT, 2)


async def test_settled_twice_is_paid_once(books: Books, records: Records) -> None:
    """Whoever settles or releases again, at once or later, changes nothing."""
    asker = Asker.of(books, payer(DOLLAR))
    await asker.hold()
    for _ in range(5):
        asker.permit.settle(ended())
    await asyncio.gather(*(asker.release() for _ in range(5)))
    await asker.release(LEFT)

    assert await balance_of(records) == settled(4 * CENT)


async def test_a_second_hold_after_an_unknown_attempt(books: Books, records: Records) -> None:
    """The unknown attempt is paid in full as presumed; the next one needs money of its own, and may not find it."""
    asker = Asker.of(books, payer(10 * CENT))
    await asker.hold(4 * CENT)
    asker.permit.settle(ended(1, 4 * CENT, Outcome.UNKNOWN, presumed=True))
    await asker.permit.send(sending(2), 4 * CENT)
    assert await balance_of(records) == Balance(
        held=4 * CENT,
        spent=4 * CENT,
        held_by_requests=4 * CENT,
        cost_of_requests=4 * CENT,
        cost_of_attempts=4 * CENT,
        open_requests=1,
    )
    asker.permit.settle(ended(2, 4 * CENT, Outcome.UNKNOWN, presumed=True))
    with pytest.raises(GatewayError) as refused:
        await asker.permit.send(sending(3), 4 * CENT)
    await asker.release()

    assert refused.value.reason is Reason.BUDGET_EXCEEDED
    assert await balance_of(records) == settled(8 * CENT)
    assert await records.read(presumed) == 8 * CENT


async def test_one_hold_serves_every_rejected_attempt(books: Books, records: Records) -> None:
    """What cost nothing leaves the hold as it is for the next target."""
    asker = Asker.of(books, payer(4 * CENT))
    await asker.hold(4 * CENT)
    asker.permit.settle(ended(1, 0, Outcome.REJECTED))
    await asker.permit.send(sending(2))
    asker.permit.settle(ended(2))
    await asker.release()

    assert await balance_of(records) == settled(4 * CENT)


async def test_a_caller_who_leaves_while_money_is_held(books: Books, records: Records) -> None:
    """Two hundred leave before they know whether it is held; afterwards none of it is."""

    async def ask() -> None:
        asker = Asker.of(books, payer(DOLLAR))
        try:
            await asker.hold()
        finally:
            await asker.release(LEFT)

    tasks = [asyncio.create_task(ask()) for _ in range(200)]
    for task in tasks:
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await books.leave()

    assert await balance_of(records) == Balance()


async def test_what_the_books_may_have_is_taken_back(books: Books, records: Records) -> None:
    """A hold whose answer was lost is closed as not sent, whether it is in the books or arrives there afterwards."""
    account, purpose = books.account(payer(DOLLAR)), Purpose(request_id="lost", model="m")
    await records.write(ledger.close_request, account, (), LEFT, 1.0, purpose)
    await records.write(ledger.open_request, account, purpose, 4 * CENT, sending())

    assert await balance_of(records) == Balance()


async def test_work_done_twice_leaves_what_it_leaves_once(books: Books, records: Records) -> None:
    """Every step may be repeated, because the connection broke while its answer was on the way."""
    account, purpose = books.account(payer(DOLLAR)), Purpose(request_id="twice", model="m")
    unknown = ended(1, 4 * CENT, Outcome.UNKNOWN, presumed=True)
    for _ in range(2):
        await records.write(ledger.open_request, account, purpose, 4 * CENT, sending())
    for _ in range(2):
        await records.write(ledger.send_again, account, (unknown,), 4 * CENT, sending(2))
    assert (await balance_of(records)).held == 4 * CENT
    for _ in range(2):
        await records.write(ledger.close_request, account, (ended(2, 1 * CENT),), LEFT, 1.0)

    assert await balance_of(records) == settled(5 * CENT)


async def test_what_the_dead_left_expires(books: Books, records: Records) -> None:
    """What was sent is presumed to have cost the most, what was settled keeps its cost, and nothing stays held."""
    dead = Books(records)
    await dead.lives.beat()
    unsettled, half = Asker.of(dead, payer(DOLLAR)), Asker.of(dead, payer(DOLLAR))
    await unsettled.hold(4 * CENT)
    await half.hold(4 * CENT)
    half.permit.settle(ended(1, 0, Outcome.REJECTED))
    await half.permit.send(sending(2, 3 * CENT))
    await _bury(books, records)

    assert await balance_of(records) == settled(7 * CENT)
    assert await records.read(presumed) == 7 * CENT
    assert await records.read(states) == ["lost", "lost"]


async def test_whoever_comes_back_tells_the_truth(books: Books, records: Records) -> None:
    """A process that was only thought dead settles what it knows in the place of what was presumed, once."""
    frozen = Books(records)
    await frozen.lives.beat()
    asker = Asker.of(frozen, payer(DOLLAR))
    await asker.hold(4 * CENT)
    await _bury(books, records)
    asker.permit.settle(ended(1, 1 * CENT))
    await asyncio.gather(*(asker.release() for _ in range(3)))

    assert await balance_of(records) == settled(1 * CENT)
    assert await records.read(presumed) == 0
    assert await records.read(states) == ["done"]


async def test_whoever_was_given_up_sends_nothing_more(books: Books, records: Records) -> None:
    """Its hold has gone; so a further attempt is refused before it is made."""
    frozen = Books(records)
    await frozen.lives.beat()
    asker = Asker.of(frozen, payer(DOLLAR))
    await asker.hold(4 * CENT)
    await _bury(books, records)
    asker.permit.settle(ended(1, 0, Outcome.REJECTED))
    with pytest.raises(GatewayError) as refused:
        await asker.permit.send(sending(2))
    await asker.release()

    assert refused.value.reason is Reason.UNAVAILABLE
    assert await balance_of(records) == Balance()


async def test_the_living_are_left_alone(books: Books, records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that beats keeps what it holds, however long it takes; one that stands still loses it."""
    monkeypatch.setattr("service.access.lives.LEASE_SECONDS", 0.2)
    other = Books(records)
    await other.lives.beat()
    asker = Asker.of(other, payer(DOLLAR))
    await asker.hold()
    for _ in range(6):
        await asyncio.sleep(0.1)
        await other.lives.beat()
        assert await books.lives.expire() == 0
    assert (await balance_of(records)).held == 4 * CENT
    await asyncio.sleep(0.25)

    assert await books.lives.expire() == 1
    assert await balance_of(records) == settled(4 * CENT)


async def test_the_forgotten_expires_too(books: Books, records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is open in the name of a living process which does not serve it is closed after a lease."""
    monkeypatch.setattr("service.access.lives.LEASE_SECONDS", 0.2)
    served, forgotten = Asker.of(books, payer(DOLLAR)), Asker.of(books, payer(DOLLAR))
    await served.hold()
    await forgotten.hold()
    books.lives.serving.remove(forgotten.permit._account.id)  # pyright: ignore[reportPrivateUsage] - as a bug would
    assert await books.lives.expire() == 0
    await asyncio.sleep(0.25)
    assert await books.lives.expire() == 1
    assert (await balance_of(records)).open_requests == 1
    await served.release()

    assert await balance_of(records) == settled(4 * CENT)


async def test_whoever_has_not_looked_buries_nobody(
    books: Books, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage in which nobody could beat, the first one to look sees old beats and begins to observe anew."""
    monkeypatch.setattr("service.access.lives.LEASE_SECONDS", 0.2)
    monkeypatch.setattr("service.access.lives.BLINK_SECONDS", 0.15)
    other = Books(records)
    await other.lives.beat()
    await Asker.of(other, payer(DOLLAR)).hold()
    await books.lives.expire()
    await asyncio.sleep(0.3)  # the outage
    assert await books.lives.expire() == 0
    assert (await balance_of(records)).open_requests == 1


async def test_nothing_is_opened_without_a_sign_of_life(books: Books, records: Records) -> None:
    """A process that has not beaten yet does so before its first hold: so nobody takes that for an orphan."""
    newcomer = Books(records)
    await asyncio.gather(*(Asker.of(newcomer, payer(DOLLAR)).hold() for _ in range(5)))

    assert await books.lives.expire() == 0
    assert (await balance_of(records)).open_requests == 5


async def test_two_budgets_of_one_window(books: Books, records: Records) -> None:
    """They are one purse, and the smaller limit counts."""
    scope = Scope(ScopeKind.KEY, "k", (Budget(8 * CENT, Period.DAY), Budget(DOLLAR, Period.DAY, "Etc/UTC")))
    held = [await try_to_hold(books, Payer((scope,))) for _ in range(3)]

    assert held == [True, True, False]
    assert (await balance_of(records)).held == 8 * CENT


async def test_windows_follow_the_calendar(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new window is whole, the old one stays as it was, and a clock that goes back finds it so."""
    books, now = Books(records), 1_700_000_000.0
    monkeypatch.setattr(records, "now", lambda: now)
    minute = payer(4 * CENT, Period.MINUTE)
    await pay(books, minute)
    assert not await try_to_hold(books, minute)
    boundary = now // 60 * 60 + 60
    now = boundary - 0.001
    assert not await try_to_hold(books, minute)
    now = boundary
    await pay(books, minute)
    assert not await try_to_hold(books, minute)
    now = boundary - 0.001
    assert not await try_to_hold(books, minute)

    assert await balance_of(records) == settled(8 * CENT)


async def test_a_request_is_paid_in_the_window_of_its_admission(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late it ends: the new window pays nothing for it."""
    books, now = Books(records), 1_700_000_000.0
    monkeypatch.setattr(records, "now", lambda: now)
    asker = Asker.of(books, payer(4 * CENT, Period.MINUTE))
    await asker.hold()
    now += 60
    asker.permit.settle(ended())
    await asker.release()
    await pay(books, payer(4 * CENT, Period.MINUTE))

    assert await records.read(windows) == [4 * CENT, 4 * CENT]


async def test_a_price_is_kept_with_what_it_priced(books: Books, records: Records) -> None:
    """The terms stand in the books once, and every attempt that was priced by them names them."""
    price = Price(per_image={("1024x1024", "low"): 4 * CENT, ("*", "*"): 5 * CENT}, as_of="2026-11-20")
    for _ in range(3):
        permit = KeptPermit(books, payer(DOLLAR))
        await permit.hold(Purpose(request_id="r", model="m"), CENT, replace(sending(), price=price))
        await permit.release(Purpose(request_id="r", model="m"), LEFT)

    name, terms = ledger.terms(price)
    assert await records.read(prices) == [(name, terms)]
    assert await records.read(priced_by) == [name] * 3
    assert TARGET.model == "gpt-image-2"


async def _bury(books: Books, records: Records) -> None:
    """Everybody but `books` is dead, and it notices."""
    await records.write(_silence, "")
    await books.lives.beat()
    await books.lives.expire()


def _silence(_: str) -> Work[None]:
    yield "DELETE FROM processes", ()


def presumed() -> Work[MicroUsd]:
    return int((yield "SELECT coalesce(sum(cost), 0) FROM attempts WHERE presumed = 1", ())[0][0])


def states() -> Work[list[str]]:
    return [row[0] for row in (yield "SELECT state FROM requests ORDER BY id", ())]


def windows() -> Work[list[int]]:
    return [row[0] for row in (yield "SELECT spent FROM purses ORDER BY starts", ())]


def prices() -> Work[list[tuple[str, str]]]:
    return [(row[0], row[1]) for row in (yield "SELECT digest, terms FROM prices", ())]


def priced_by() -> Work[list[str]]:
    return [row[0] for row in (yield "SELECT price FROM attempts", ())]
