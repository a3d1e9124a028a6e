"""Random sequences of what can happen to money, beside a model of it in plain Python: the two always agree."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from service.access import ledger
from service.access.ledger import Account
from service.domain.account import Budget, Payer, Period, Scope, ScopeKind
from service.domain.event import AttemptRecord, Outcome
from service.domain.price import MicroUsd
from service.domain.record import Ending, Purpose, State
from service.errors import GatewayError, Reason
from service.stores.records.port import Work
from tests.access.asking import DOLLAR, TARGET, sending
from tests.judge import complaints_about
from tests.simulation.records import InlineRecords

SEQUENCES = int(os.environ.get("IMAGEGEN_SEQUENCES", "1000"))

TEAM = Scope(ScopeKind.TEAM, "t", (Budget(DOLLAR, Period.HOUR),))
PAYERS = (
    Payer(),
    Payer((Scope(ScopeKind.KEY, "a", (Budget(DOLLAR // 2, Period.MINUTE),)), TEAM)),
    Payer((Scope(ScopeKind.KEY, "b"), TEAM, Scope(ScopeKind.CUSTOMER, "c", (Budget(2 * DOLLAR, Period.EVER),)))),
)
AMOUNTS = st.sampled_from((0, 1, 40_000, 250_000, 499_999, DOLLAR))
NOON = 1_700_000_000.0


@dataclass(slots=True)
class Request:
    """What the model knows of one request."""

    account: Account
    purpose: Purpose
    held: MicroUsd = 0
    sent: dict[int, MicroUsd] = field(default_factory=dict[int, MicroUsd])
    """Attempts that are under way, with the most they can cost."""
    expired: dict[int, MicroUsd] = field(default_factory=dict[int, MicroUsd])
    """Attempts that were presumed while their process was away."""
    records: list[AttemptRecord] = field(default_factory=list[AttemptRecord])
    """What ended and is not in the books yet."""
    settled: set[int] = field(default_factory=set[int])
    state: State = State.RUNNING
    last: Callable[[], Work[Any]] | None = None


@dataclass(slots=True)
class Purse:
    held: MicroUsd = 0
    spent: MicroUsd = 0


class Money(RuleBasedStateMachine):
    requests = Bundle[Request]("requests")

    def __init__(self) -> None:
        super().__init__()
        self.records = InlineRecords()
        self.purses: defaultdict[tuple[str, str, int], Purse] = defaultdict(Purse)
        self.now = NOON
        self.made: list[Request] = []
        self.billed = 0

    @rule(target=requests, payer=st.sampled_from(PAYERS), amount=AMOUNTS)
    def hold(self, payer: Payer, amount: MicroUsd) -> Request:
        account = Account(
            id=f"{len(self.made):06}",
            owner="p",
            payer=payer,
            started=self.now,
            purses=ledger.purses_of(payer, self.now),
        )
        request = Request(account, Purpose(request_id="r", model="m"))
        self.made.append(request)
        first = sending(1, amount)
        request.last = lambda: ledger.open_request(account, request.purpose, amount, first)
        if self._enough(account, amount):
            self.records.at_once(request.last)
            self._reserve(request, amount)
            request.sent[1] = amount
        else:
            assert self._refused(request.last)
            request.last = None
            request.state = State.FAILED
        return request

    @rule(request=requests, part=st.sampled_from((0.0, 0.5, 1.0, 1.5)), known=st.booleans())
    def end(self, request: Request, part: float, known: bool) -> None:
        """An attempt ends: it cost nothing, less than the most, the most, or more."""
        for number, most in [*request.sent.items(), *request.expired.items()][:1]:
            if any(each.number == number for each in request.records):
                continue
            cost = int(most * part) if known else most
            outcome = (Outcome.DONE if cost else Outcome.REJECTED) if known else Outcome.UNKNOWN
            request.records.append(
                AttemptRecord(number=number, target=TARGET, outcome=outcome, cost=cost, presumed=not known)
            )

    @precondition(lambda self: self.made)
    @rule(request=requests, amount=AMOUNTS, lost=st.booleans())
    def send_again(self, request: Request, amount: MicroUsd, lost: bool) -> None:
        """One more attempt. Where the answer is lost, what ended is told to the books once more later."""
        number = 1 + max([*request.sent, *request.expired, *(each.number for each in request.records), 1])
        settled, next_one = tuple(request.records), sending(number, amount)
        work = lambda: ledger.send_again(request.account, settled, amount, next_one)  # noqa: E731 - kept for `repeat`
        if request.state is not State.RUNNING:
            assert self._refused(work, Reason.UNAVAILABLE)
            return
        spent = sum(each.cost for each in settled if each.number not in request.settled)
        freed = min(request.held, spent)
        if amount and not self._enough(request.account, amount, freed=freed, spent=spent):
            assert self._refused(work)
            return
        self.records.at_once(work)
        self._settle(request)
        self._reserve(request, amount)
        request.sent[number] = amount
        request.records = list(settled) if lost else []
        request.last = work

    @rule(request=requests)
    def close(self, request: Request) -> None:
        """The request ends, or ends again; a refused one is entered."""
        settled, state = tuple(request.records), request.state
        unopened = request.purpose if state is State.FAILED else None
        for number in request.sent.keys() - {each.number for each in settled}:
            settled += (AttemptRecord(number=number, target=TARGET, outcome=Outcome.NOT_SENT),)
        request.last = lambda: ledger.close_request(
            request.account, settled, Ending(state=State.DONE), self.now, unopened
        )
        self.records.at_once(request.last)
        if state in (State.RUNNING, State.LOST):
            request.records = list(settled)
            self._settle(request)
            self._give_back(request)
            request.records = []
        request.state = State.DONE if state in (State.RUNNING, State.LOST) else state

    @rule(request=requests)
    def repeat(self, request: Request) -> None:
        """The last thing that was done is done once more: its answer was lost."""
        if request.last is not None and request.state is not State.LOST:
            self.records.at_once(request.last)

    @rule()
    def crash(self) -> None:
        """The process has gone, and what it left is found."""
        for request in self.made:
            if request.state is State.RUNNING:
                presumed = sum(request.sent.values())
                assert self.records.at_once(ledger.expire, request.account.id, self.now) == presumed
                self._spend(request, presumed)
                self._give_back(request)
                request.expired, request.sent = request.sent, {}
                request.state = State.LOST

    @rule(request=requests)
    def expire(self, request: Request) -> None:
        """Expiring what is over changes nothing; two find the same orphan."""
        if request.state not in (State.RUNNING, State.FAILED):
            assert self.records.at_once(ledger.expire, request.account.id, self.now) == 0

    @rule(seconds=st.sampled_from((0.001, 59.0, 60.0, 3600.0, -61.0)))
    def time_passes(self, seconds: float) -> None:
        """Or a clock is put back."""
        self.now += seconds

    @invariant()
    def the_books_agree_with_the_model(self) -> None:
        found = {(row[0], row[1], row[2]): (row[3], row[4]) for row in self.records.at_once(_purses)}
        known = {key: (purse.held, purse.spent) for key, purse in self.purses.items()}
        assert {key: each for key, each in found.items() if any(each)} == {
            key: each for key, each in known.items() if any(each)
        }

    def teardown(self) -> None:
        """When everybody has gone nothing is held, and every row is paid for."""
        self.crash()
        bill = sum(row[0] for row in self.records.at_once(_costs))
        assert self.records.at_once(complaints_about, bill) == []

    def _enough(self, account: Account, amount: MicroUsd, *, freed: MicroUsd = 0, spent: MicroUsd = 0) -> bool:
        purses = ((self.purses[each.scope, each.period, each.starts], each.limit) for each in account.purses)
        return all(purse.held - freed + purse.spent + spent + amount <= limit for purse, limit in purses)

    def _reserve(self, request: Request, amount: MicroUsd) -> None:
        request.held += amount
        for each in request.account.purses:
            self.purses[each.scope, each.period, each.starts].held += amount

    def _settle(self, request: Request) -> None:
        for each in request.records:
            if each.number in request.settled:
                continue
            request.settled.add(each.number)
            before = request.expired.pop(each.number, 0)
            request.sent.pop(each.number, None)
            self._spend(request, each.cost - before)

    def _spend(self, request: Request, cost: MicroUsd) -> None:
        freed = max(0, min(request.held, cost))
        request.held -= freed
        for each in request.account.purses:
            purse = self.purses[each.scope, each.period, each.starts]
            purse.held -= freed
            purse.spent += cost

    def _give_back(self, request: Request) -> None:
        for each in request.account.purses:
            self.purses[each.scope, each.period, each.starts].held -= request.held
        request.held = 0

    def _refused(self, work: Callable[[], Work[Any]], reason: Reason = Reason.BUDGET_EXCEEDED) -> bool:
        try:
            self.records.at_once(work)
        except GatewayError as error:
            return error.reason is reason
        return False


def _purses() -> Work[list[tuple[str, str, int, int, int]]]:
    rows = yield "SELECT scope, period, starts, held, spent FROM purses", ()
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def _costs() -> Work[list[tuple[int]]]:
    return [(row[0],) for row in (yield "SELECT cost FROM attempts", ())]


def test_sequences() -> None:
    """A thousand of them (IMAGEGEN_SEQUENCES says how many)."""
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=25,
            deadline=None,
            database=None,
        ),
    )
