"""Requests of the books, without an engine: a permit that holds, sends, settles, releases; and what the books say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from service.access.books import Books
from service.access.permit import KeptPermit
from service.domain.account import Budget, Payer, Period, Scope, ScopeKind
from service.domain.event import AttemptRecord, Outcome
from service.domain.plan import Target
from service.domain.price import MicroUsd
from service.domain.record import Ending, Purpose, Sending, State
from service.errors import GatewayError, Reason
from service.stores.records.port import Records, RecordsAwayError, Row, Work

TARGET = Target("openai", "openai", "gpt-image-2")
DONE = Ending(state=State.DONE, images=1)
CENT = 10_000
DOLLAR = 1_000_000
TRIES = 20
"""Of one who is turned away by busy records, half a second apart."""

_names = count()


def payer(limit: MicroUsd, period: Period = Period.EVER, key: str = "k") -> Payer:
    """A key with one budget."""
    return Payer((Scope(ScopeKind.KEY, key, (Budget(limit, period),)),))


def chain(key: MicroUsd | None, team: MicroUsd | None, customer: MicroUsd | None) -> Payer:
    """A key, its team and its customer, each with a budget, or without one where it is None."""
    limits = zip((ScopeKind.KEY, ScopeKind.TEAM, ScopeKind.CUSTOMER), (key, team, customer), strict=True)
    budgets = ((kind, () if limit is None else (Budget(limit, Period.MONTH),)) for kind, limit in limits)
    return Payer(tuple(Scope(kind, f"{kind}1", each) for kind, each in budgets))


def sending(number: int = 1, at_most: MicroUsd = 4 * CENT) -> Sending:
    return Sending(number=number, target=TARGET, at_most=at_most)


def ended(
    number: int = 1, cost: MicroUsd = 4 * CENT, outcome: Outcome = Outcome.DONE, *, presumed: bool = False
) -> AttemptRecord:
    return AttemptRecord(number=number, target=TARGET, outcome=outcome, cost=cost, images=1, presumed=presumed)


@dataclass(slots=True)
class Asker:
    """One request of a payer, told step by step."""

    permit: KeptPermit
    purpose: Purpose

    @classmethod
    def of(cls, books: Books, payer: Payer) -> Asker:
        return cls(KeptPermit(books, payer), Purpose(request_id=f"request-{next(_names)}", model="gpt-image-2"))

    async def hold(self, amount: MicroUsd = 4 * CENT) -> None:
        await self.permit.hold(self.purpose, amount, sending(at_most=amount))

    async def release(self, ending: Ending = DONE) -> None:
        await self.permit.release(self.purpose, ending)


async def try_to_hold(books: Books, payer: Payer, amount: MicroUsd = 4 * CENT) -> bool:
    """Whether there was enough; what is held stays held. Who was turned away by busy records comes back, as told to."""
    for _ in range(TRIES):
        try:
            await Asker.of(books, payer).hold(amount)
        except RecordsAwayError as error:
            if not error.untried:
                raise
            await asyncio.sleep(0.5)
        except GatewayError as error:
            if error.reason is not Reason.BUDGET_EXCEEDED:
                raise
            return False
        else:
            return True
    raise AssertionError("the records never had time")


async def pay(books: Books, payer: Payer, cost: MicroUsd = 4 * CENT) -> None:
    """One request from beginning to end."""
    asker = Asker.of(books, payer)
    await asker.hold(cost)
    asker.permit.settle(ended(cost=cost))
    await asker.release()


@dataclass(frozen=True, slots=True)
class Balance:
    """All purses together, and what the requests and attempts say of the same money."""

    held: MicroUsd = 0
    spent: MicroUsd = 0
    held_by_requests: MicroUsd = 0
    cost_of_requests: MicroUsd = 0
    cost_of_attempts: MicroUsd = 0
    open_requests: int = 0


def balance() -> Work[Balance]:
    def number(rows: Sequence[Row]) -> int:
        return int(rows[0][0])

    return Balance(
        held=number((yield "SELECT coalesce(sum(held), 0) FROM purses", ())),
        spent=number((yield "SELECT coalesce(sum(spent), 0) FROM purses", ())),
        held_by_requests=number((yield "SELECT coalesce(sum(held), 0) FROM requests", ())),
        cost_of_requests=number((yield "SELECT coalesce(sum(cost), 0) FROM requests", ())),
        cost_of_attempts=number((yield "SELECT coalesce(sum(cost), 0) FROM attempts", ())),
        open_requests=number((yield "SELECT count(*) FROM requests WHERE ended IS NULL", ())),
    )


async def balance_of(records: Records) -> Balance:
    return await records.read(balance)


def settled(cost: MicroUsd, purses: int = 1) -> Balance:
    """The balance when everything is over and has cost so much, with so many purses paying each request."""
    return Balance(spent=cost * purses, cost_of_requests=cost, cost_of_attempts=cost)
