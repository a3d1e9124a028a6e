"""Bugs that gateways really had, planted: a few small worlds are enough to see each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest

from service.access import answers, ledger
from service.access.answers import Found
from service.access.ledger import Account, Purse
from service.access.permit import KeptPermit, Permit
from service.domain.answer import Answer, Claim
from service.domain.event import AttemptRecord
from service.domain.price import MicroUsd
from service.domain.record import Ending, Purpose, Sending
from service.engine import account as engine
from service.engine import calls
from service.engine.attempt import Attempt
from service.engine.calls import Calls
from service.engine.verdict import Then
from service.errors import GatewayError, Reason
from service.stores.records.port import Work
from tests.simulation.loop import simulate
from tests.simulation.world import LIMIT, PRICE, World, world

WORLDS = 300
"""In how many each bug has to show at least once."""

Plant = Callable[[pytest.MonkeyPatch, World], None]


def check_then_act(patch: pytest.MonkeyPatch, made: World) -> None:
    """The purse is looked at, and then taken from."""

    async def careless(
        account: Account, purpose: Purpose, amount: MicroUsd, first: Sending, wanted: Claim | None
    ) -> None:
        if await made.records.read(_taken) + amount > LIMIT:
            raise GatewayError(Reason.BUDGET_EXCEEDED, "There is too little left.")
        bottomless = tuple(Purse(each.scope, each.period, each.starts, 10**12) for each in account.purses)
        trusting = Account(
            id=account.id, owner=account.owner, payer=account.payer, started=account.started, purses=bottomless
        )
        await made.records.write(ledger.open_request, trusting, purpose, amount, first, wanted, made.records.now())

    patch.setattr(made.books, "open", careless)


def double_settle(patch: pytest.MonkeyPatch, _: World) -> None:
    """Whoever closes anew, because the answer was lost, pays anew."""

    def careless(
        account: Account,
        settled: Sequence[AttemptRecord],
        ending: Ending,
        now: float,
        unopened: Purpose | None,
        *unused: Any,
    ) -> Work[None]:
        if unopened is not None:
            yield from ledger._open(account, unopened, 0)  # pyright: ignore[reportPrivateUsage] - what follows is planted
        held, _ = yield from ledger._lock(account)  # pyright: ignore[reportPrivateUsage]
        cost = yield from ledger._settle(account, settled)  # pyright: ignore[reportPrivateUsage]
        cost = cost or sum(attempt.cost for attempt in settled)
        yield ledger.CLOSE, (account.id, int(now * 1000), ending.state, None, 0, cost, None)
        yield from ledger._move(account, held, cost)  # pyright: ignore[reportPrivateUsage]

    patch.setattr(ledger, "close_request", careless)


def lost_slot(patch: pytest.MonkeyPatch, made: World) -> None:
    """What a caller leaves running is never given back."""
    release = made.attempts.release

    async def careless(permit: Permit, begun: Sequence[Attempt], *closing: Any) -> None:
        if all(attempt.ended.done() for attempt in begun):
            await release(permit, begun, *closing)

    patch.setattr(made.attempts, "release", careless)


def forgotten_hold(patch: pytest.MonkeyPatch, made: World) -> None:
    """A hold whose answer was lost is taken for one that was refused."""
    close = made.books.close

    async def careless(
        account: Account,
        settled: Sequence[AttemptRecord],
        ending: Ending,
        unopened: Purpose | None,
        kept: tuple[Claim, Answer] | None,
    ) -> None:
        if unopened is None:
            await close(account, settled, ending, None, kept)

    patch.setattr(made.books, "close", careless)


def closing_lost_with_its_caller(patch: pytest.MonkeyPatch, made: World) -> None:
    """A caller who is cancelled while its request is closed takes the closing along, if that fails."""

    async def careless(account: Account, settled: Sequence[AttemptRecord], ending: Ending, *rest: Any) -> None:
        async def close() -> None:
            await made.records.write(ledger.close_request, account, settled, ending, made.records.now(), *rest)

        try:
            await close()
        except GatewayError:
            made.books._supervise(made.books._until_closed(account, close))  # pyright: ignore[reportPrivateUsage]

    patch.setattr(made.books, "close", careless)


def free_unknown(patch: pytest.MonkeyPatch, _: World) -> None:
    """A call whose end nobody knows costs nothing."""

    def careless(attempt: Attempt, *, presumed: bool) -> MicroUsd:
        return 0 if presumed else PRICE

    patch.setattr(Attempt, "_cost", careless)


def name_for_everybody(patch: pytest.MonkeyPatch, _: World) -> None:
    """Whoever looks and finds nothing goes on, whoever else has looked meanwhile."""

    def careless(wanted: Claim, request: str, now: float) -> Work[None]:
        yield "DELETE FROM answers WHERE id = $1", (wanted.id,)
        yield from claim(wanted, request, now)

    claim = answers.claim
    patch.setattr(answers, "claim", careless)


def name_that_is_free_too_soon(patch: pytest.MonkeyPatch, _: World) -> None:
    """A request that has failed has cost nothing, some think."""
    look, answer = answers.look, engine.Account.answer
    patch.setattr(engine.Account, "answer", lambda account: answer(account) if account.images else None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType, reportUnknownArgumentType] - a bug needs no types

    def careless(wanted: Claim, now: float) -> Work[Found | None]:
        found = yield from look(wanted, now)
        return None if found is None or (found.answer is None and not found.running) else found

    patch.setattr(answers, "look", careless)
    patch.setattr(
        answers,
        "CLAIM",
        "INSERT INTO answers AS a (id, body, request, ends) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE "
        "SET request = excluded.request, answer = NULL WHERE a.answer IS NULL AND $5 > 0 AND NOT EXISTS "
        "(SELECT 1 FROM requests AS r WHERE r.id = a.request AND r.ended IS NULL) RETURNING request",
    )


def answer_kept_too_late(patch: pytest.MonkeyPatch, _: World) -> None:
    """A request is over, and its answer would be entered by and by."""

    def careless(claim: Claim, answer: Answer, request: str) -> Work[None]:
        yield from ()

    patch.setattr(answers, "keep", careless)


def private_answers(patch: pytest.MonkeyPatch, _: World) -> None:
    """Everybody asks under a name of their own."""
    name = KeptPermit.go_by
    number = count()
    patch.setattr(KeptPermit, "go_by", lambda permit, key, question: name(permit, f"{key} {next(number)}", question))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - a bug needs no types


def fallback_for_the_rest(patch: pytest.MonkeyPatch, _: World) -> None:
    """Some images have come, others have not: another provider is asked for all of them."""
    patch.setattr(Calls, "served", property(lambda step: all(each.then is Then.SERVED for each in step.calls)))  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType] - a bug needs no types
    patch.setattr(calls, "_gravity", lambda call: call.then is Then.SERVED)  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType, reportUnknownArgumentType] - nor here


@pytest.mark.parametrize(
    ("plant", "verdict"),
    [
        pytest.param(fallback_for_the_rest, "came twice", id="fallback for the rest"),
        pytest.param(check_then_act, "was spent, and there was only", id="check then act"),
        pytest.param(double_settle, "do not cost what their attempts cost", id="double settle"),
        pytest.param(lost_slot, "hold money that no open request holds", id="lost slot"),
        pytest.param(forgotten_hold, "requests are open", id="forgotten hold"),
        pytest.param(closing_lost_with_its_caller, "requests are open", id="closing lost with its caller"),
        pytest.param(free_unknown, "the provider billed", id="free unknown"),
        pytest.param(name_for_everybody, "billed more than once", id="name for everybody"),
        pytest.param(answer_kept_too_late, "was lost", id="answer kept too late"),
        pytest.param(private_answers, "billed more than once", id="private answers"),
        pytest.param(name_that_is_free_too_soon, "billed more than once", id="name that is free too soon"),
    ],
)
def test_a_planted_bug_is_found(plant: Plant, verdict: str) -> None:
    """The end of some world is red, and says what is wrong."""
    assert any(verdict in complaint for complaint in _complaints_about(plant))


def _complaints_about(plant: Plant) -> Iterator[str]:
    for seed in range(WORLDS):
        with pytest.MonkeyPatch.context() as patch:
            try:
                simulate(world(seed, lambda made: plant(patch, made)), seed, allow_leftover=True)
            except AssertionError as error:
                yield str(error)


def _taken() -> Work[int]:
    return int((yield "SELECT coalesce(sum(held + spent), 0) FROM purses", ())[0][0])
