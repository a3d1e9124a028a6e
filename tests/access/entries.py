"""Requests entered into the books by the ledger itself, and what the books should say of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from service.access import ledger
from service.access.ledger import Account
from service.domain.account import Payer, Scope, ScopeKind
from service.domain.event import AttemptRecord, Outcome
from service.domain.image import TokenDetails, Usage
from service.domain.plan import Target
from service.domain.price import Price
from service.domain.record import (
    Ending,
    Purpose,
    Recorded,
    Sending,
    State,
)
from service.stores.records.port import Work

NORTH, SOUTH, EAST = (Target(name, "openai", f"{name}-model") for name in ("north", "south", "east"))
BEGAN = 1_790_000_000_000
"""Milliseconds; the first request of every test."""

TOKENS = Usage(11, 12, 23, TokenDetails(10, 1), None)


@dataclass(slots=True)
class Entry:
    """A request as it was entered."""

    account: Account
    purpose: Purpose
    attempts: Sequence[AttemptRecord] = ()
    ending: Ending | None = None
    ended: int | None = None
    held: int = 0

    @property
    def recorded(self) -> Recorded:
        """What the books should say of it."""
        payer, purpose, ending = self.account.payer, self.purpose, self.ending
        return Recorded(
            id=self.account.id,
            request_id=purpose.request_id,
            key_id=payer.id(ScopeKind.KEY),
            team_id=payer.id(ScopeKind.TEAM),
            customer_id=payer.id(ScopeKind.CUSTOMER),
            model=purpose.model,
            operation="generate",
            stream=purpose.stream,
            n=purpose.n,
            trace_id=purpose.trace_id,
            started=int(self.account.id[:12], 16),
            ended=self.ended,
            state=ending.state if ending else State.RUNNING,
            reason=ending.reason if ending else None,
            images=ending.images if ending else 0,
            cost=sum(each.cost for each in self.attempts),
            held=self.held,
            attempts=len(self.attempts),
            presumed=sum(each.cost for each in self.attempts if each.presumed),
            target=self.attempts[-1].target if self.attempts else None,
        )


def account(moment: int, number: int = 0, payer: Payer | None = None) -> Account:
    """`moment` in milliseconds; whole seconds, so that nothing is rounded."""
    return Account(id=f"{moment:012x}{number:020x}", purses=(), payer=payer or Payer(), started=moment / 1000)


def attempt(number: int, target: Target, outcome: Outcome = Outcome.DONE, **more: Any) -> AttemptRecord:
    return AttemptRecord(number=number, target=target, outcome=outcome, **more)


def sending(of: AttemptRecord, price: Price | None = None) -> Sending:
    return Sending(number=of.number, target=of.target, at_most=90, price=price, size="1024x1024", quality="high")


def enter(entry: Entry, price: Price | None = None) -> Work[None]:
    """From beginning to end; without an ending the last attempt stays under way."""
    if price:
        yield from ledger.keep_price(price)
    if not entry.attempts:
        assert entry.ending
        yield from ledger.close_request(
            entry.account, (), entry.ending, (entry.ended or 0) / 1000, unopened=entry.purpose
        )
        return
    first, *others = entry.attempts
    yield from ledger.open_request(entry.account, entry.purpose, entry.held, sending(first, price))
    for before, each in zip(entry.attempts, others, strict=False):
        yield from ledger.send_again(entry.account, (before,), 0, sending(each, price))
    if entry.ending:
        yield from ledger.close_request(entry.account, entry.attempts[-1:], entry.ending, (entry.ended or 0) / 1000)


def entered(entries: Sequence[Entry]) -> Work[None]:
    for entry in entries:
        yield from enter(entry)


def everybody() -> list[Entry]:
    """A request of every kind."""
    payer = Payer((Scope(ScopeKind.KEY, "k"), Scope(ScopeKind.TEAM, "t"), Scope(ScopeKind.CUSTOMER, "c")))
    rejected = attempt(1, NORTH, Outcome.REJECTED, reason="provider_error", status=500, seconds=0.25)
    done = attempt(2, SOUTH, images=2, cost=7, usage=TOKENS, seconds=1.5)
    unknown = attempt(1, EAST, Outcome.UNKNOWN, reason="provider_timeout", cost=90, presumed=True)
    under_way = attempt(1, NORTH, Outcome.UNKNOWN)

    def at(second: int, payer: Payer | None = None) -> Account:
        return account(BEGAN + second * 1000, second, payer)

    def named(name: str, **more: Any) -> Purpose:
        return Purpose(request_id=name, model=f"model {name}", **more)

    end = BEGAN + 60_000
    return [
        Entry(at(0), named("running"), (under_way,), held=90),
        Entry(at(1, payer), named("done", n=2, trace_id="a" * 32), (rejected, done), Ending(state=State.DONE), end),
        Entry(at(2), named("refused"), (), Ending(state=State.FAILED, reason="model_not_found"), end),
        Entry(at(3), named("left", stream=True), (unknown,), Ending(state=State.LEFT, reason="cancelled"), end),
        Entry(at(4), named("done"), (replace(done, number=1),), Ending(state=State.PARTIAL, images=1), end),
    ]


def many(count: int) -> Iterator[Entry]:
    """Requests over a week, drawn once and for all: with keys and without, with attempts and without."""
    chance = random.Random(20)
    kinds = {kind: [None, f"{kind}1", f"{kind}2"] for kind in ScopeKind}
    for i in range(count):
        chosen = {kind: chance.choice(ids) for kind, ids in kinds.items()}
        payer = Payer(tuple(Scope(kind, name) for kind, name in chosen.items() if name))
        attempts = [
            attempt(
                number,
                chance.choice((NORTH, SOUTH, EAST)),
                chance.choice(list(Outcome)),
                images=chance.randrange(4),
                cost=chance.randrange(2**40),
                presumed=chance.random() < 0.3,
                usage=chance.choice((None, Usage(chance.randrange(10**6), chance.randrange(10**6)))),
            )
            for number in range(1, chance.randrange(4) + 1)
        ]
        ending = Ending(state=chance.choice((State.DONE, State.PARTIAL, State.FAILED, State.LEFT)))
        moment = BEGAN + chance.randrange(7 * 86_400) * 1000
        purpose = Purpose(request_id=f"r{i}", model=chance.choice(("one", "other")))
        yield Entry(account(moment, i, payer), purpose, attempts, ending, moment)
