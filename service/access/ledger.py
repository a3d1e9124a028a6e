"""The books: money set aside before it is spent, paid once for each attempt, given back once.

A request opens with what it may cost held in every purse of its payer (a scope's budget in one window of the calendar),
and with its first attempt noted as sent, in one piece: nothing is sent before that survives. An attempt goes from sent
to settled, once. If the process that sent it has gone it is expired: settled at the most it can have cost, *presumed*;
should the process come back after all, the truth takes the presumption's place.

All of this is work for `stores.records`: every function here may be done anew, and done twice leaves what it leaves
once. Whatever changes a request's money locks its row first, and purses are taken in the order of their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import orjson
from msgspec import Struct

from service.access import answers
from service.domain.account import Payer, ScopeKind
from service.domain.answer import Answer, Claim
from service.domain.event import AttemptRecord
from service.domain.price import MicroUsd, Price
from service.domain.record import Ending, Purpose, Sending, State
from service.errors import GatewayError, Reason
from service.stores.records.port import Work

OPEN = """
INSERT INTO requests (id, request_id, owner, key_id, team_id, customer_id, model, operation, stream, n, trace_id,
  started, state, images, held, cost, purses, prompt)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'running', 0, $13, 0, $14, $15)
ON CONFLICT (id) DO NOTHING RETURNING id
"""
RESERVE = """
INSERT INTO purses AS p (scope, period, starts, held, spent)
VALUES ($1, $2, CAST($3 AS BIGINT), CAST($4 AS BIGINT), 0)
ON CONFLICT (scope, period, starts) DO UPDATE SET held = p.held + excluded.held
WHERE p.held + p.spent + excluded.held <= CAST($5 AS BIGINT) RETURNING held
"""
PRICE = "INSERT INTO prices (digest, terms) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING"
SEND = """
INSERT INTO attempts (request, number, provider, kind, model, size, quality, price, at_most, state, outcome,
  milliseconds, images, input_tokens, output_tokens, cost, presumed, before)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'sent', '', 0, 0, 0, 0, 0, 0, 0)
ON CONFLICT (request, number) DO NOTHING RETURNING number
"""
ACCEPT = (
    "UPDATE attempts SET job = $3, job_key = $4 WHERE request = $1 AND number = $2 AND state IN ('sent', 'expired')"
)
LOCK = "SELECT held, state, purses FROM requests WHERE id = $1 FOR UPDATE"
SETTLE = """
UPDATE attempts SET state = 'settled', before = CASE WHEN state = 'expired' THEN cost ELSE 0 END,
  outcome = $3, reason = $4, status = $5, milliseconds = $6, images = $7, tokens = $8, cost = $9, presumed = $10,
  input_tokens = $11, output_tokens = $12
WHERE request = $1 AND number = $2 AND state <> 'settled' RETURNING before
"""
MOVE = """
UPDATE purses SET held = held - CAST($4 AS BIGINT), spent = spent + CAST($5 AS BIGINT)
WHERE scope = $1 AND period = $2 AND starts = $3
"""
PAY = "UPDATE requests SET held = $2, cost = cost + $3 WHERE id = $1"
CLOSE = """
UPDATE requests SET ended = $2, state = $3, reason = $4, images = $5, held = 0, cost = cost + $6, story = $7
WHERE id = $1
"""
UNSETTLED = """
UPDATE attempts SET state = 'expired', outcome = 'unknown', cost = at_most, presumed = 1
WHERE request = $1 AND state = 'sent' RETURNING cost
"""


TOKENS = ("text_in", "image_in", "text_out", "image_out")
_WORDS = {"1m": "minute", "1h": "hour", "1d": "day", "1w": "week", "1M": "month", "1Y": "year"}


@dataclass(frozen=True, slots=True, order=True)
class Purse:
    """A scope's budget in one window: what it may hold and spend together."""

    scope: str
    period: str
    starts: int
    limit: MicroUsd = field(compare=False)
    ends: int | None = field(compare=False, default=None)


class Account(Struct, frozen=True, kw_only=True):
    """One request's place in the books: its unique id, the process that serves it, and the purses that pay."""

    id: str
    purses: tuple[Purse, ...]
    owner: str = ""
    payer: Payer = Payer()
    started: float = 0


def id_at(milliseconds: int) -> str:
    """How the ids of requests of that moment begin: they are in the order of time."""
    return f"{milliseconds:012x}"


def purses_of(payer: Payer, now: float) -> tuple[Purse, ...]:
    """The purses that a request of this moment is paid from, however long it takes: one for each budget."""
    found: dict[tuple[str, str, int], Purse] = {}
    for scope in payer.scopes:
        for budget in scope.budgets:
            window = budget.window(now)
            key = (scope.name, budget.period.value, window.starts)
            purse = Purse(*key, budget.limit, window.ends)
            if key not in found or purse.limit < found[key].limit:  # two budgets of one window: the smaller one counts
                found[key] = purse
    return tuple(sorted(found.values()))


def open_request(
    account: Account,
    purpose: Purpose,
    amount: MicroUsd,
    first: Sending,
    wanted: Claim | None = None,
    now: float = 0,
) -> Work[None]:
    """Holds the amount in every purse and notes the first attempt as sent; BUDGET_EXCEEDED where one has too little.

    With a name to be claimed, the request is opened if that is free now; else TakenError.
    """
    if (yield from _open(account, purpose, amount)):
        if wanted is not None:
            yield from answers.claim(wanted, account.id, now)
        yield from _reserve(account, amount)
        yield from _send(account, first)


def send_again(account: Account, settled: Sequence[AttemptRecord], amount: MicroUsd, sending: Sending) -> Work[None]:
    """Settles what has ended, holds `amount` more (0: what is held will do), and notes the next attempt as sent."""
    held, state = yield from _lock(account)
    if state != State.RUNNING:
        raise GatewayError(Reason.UNAVAILABLE, "The gateway's records have given this request up.", retry_after=1)
    if not (yield from _send(account, sending)):
        return  # this work was done before
    cost = yield from _settle(account, settled)
    spent = min(held, cost)
    yield PAY, (account.id, held - spent + amount, cost)
    yield from _move(account, spent, cost)
    if amount:
        yield from _reserve(account, amount)


def accept(account: Account, number: int, job: str, key: str) -> Work[None]:
    """Notes what the provider calls the order of an attempt."""
    yield ACCEPT, (account.id, number, job, key)


def close_request(
    account: Account,
    settled: Sequence[AttemptRecord],
    ending: Ending,
    now: float,
    unopened: Purpose | None = None,
    kept: tuple[Claim, Answer] | None = None,
) -> Work[None]:
    """Settles what has ended, gives back what is still held, and tells the story. What was lost is found again.

    `unopened` is the purpose of a request that may not be in the books. It is entered as ended, so that it cannot be
    opened any more by work that is still on its way. `kept` is the answer under the name that it has claimed.
    """
    if unopened is not None:
        yield from _open(account, unopened, 0)
    held, state = yield from _lock(account)
    if state not in (State.RUNNING, State.LOST):
        return
    cost = yield from _settle(account, settled)
    story = msgspec.json.encode(ending).decode()
    yield CLOSE, (account.id, int(now * 1000), ending.state, ending.reason, ending.images, cost, story)
    if kept is not None:
        yield from answers.keep(*kept, account.id)
    yield from _move(account, held, cost)


def expire(request: str, now: float) -> Work[MicroUsd]:
    """Closes a request whose process has gone; what was sent is presumed to have cost the most. Says how much."""
    rows = yield LOCK, (request,)
    held, state, purses = rows[0]
    if state != State.RUNNING:
        return 0
    account = Account(id=request, purses=purses_read(purses))
    cost = sum(row[0] for row in (yield UNSETTLED, (request,)))
    yield CLOSE, (request, int(now * 1000), State.LOST, None, 0, cost, None)
    yield from _move(account, held, cost)
    return cost


def purses_read(text: str) -> tuple[Purse, ...]:
    """The purses of a request, as its row names them."""
    return tuple(Purse(*each, limit=0) for each in orjson.loads(text))


def keep_price(price: Price) -> Work[None]:
    """Keeps the terms of a price for ever, for the rows that name it."""
    yield PRICE, terms(price)


_terms: dict[int, tuple[Price, tuple[str, str]]] = {}


def terms(price: Price) -> tuple[str, str]:
    """A short name for a price's terms, the same for the same terms, and the terms as text."""
    known = _terms.get(id(price))
    if known is None:
        if len(_terms) > 10_000:
            _terms.clear()
        known = _terms[id(price)] = (price, _written(price))  # holds the price, so that its id stays its own
    return known[1]


def _written(price: Price) -> tuple[str, str]:
    tokens = price.per_million
    text = orjson.dumps(
        {
            "per_image": sorted([*row, cost] for row, cost in price.per_image.items()),
            "per_million": tokens and {name: str(getattr(tokens, name)) for name in TOKENS},
            "as_of": price.as_of,
        }
    )
    return hashlib.sha256(text).hexdigest()[:16], text.decode()


def _open(account: Account, purpose: Purpose, amount: MicroUsd) -> Work[bool]:
    payer = account.payer
    opened = yield (
        OPEN,
        (
            account.id,
            purpose.request_id,
            account.owner,
            payer.id(ScopeKind.KEY),
            payer.id(ScopeKind.TEAM),
            payer.id(ScopeKind.CUSTOMER),
            purpose.model,
            purpose.operation,
            int(purpose.stream),
            purpose.n,
            purpose.trace_id,
            int(account.started * 1000),
            amount,
            orjson.dumps([(each.scope, each.period, each.starts) for each in account.purses]).decode(),
            purpose.prompt,
        ),
    )
    return bool(opened)


def _reserve(account: Account, amount: MicroUsd) -> Work[None]:
    for purse in account.purses:
        key = (purse.scope, purse.period, purse.starts)
        if amount > purse.limit or not (yield RESERVE, (*key, amount, purse.limit)):
            raise _exceeded(purse, amount, account.started)


def _send(account: Account, sending: Sending) -> Work[bool]:
    sent = yield (
        SEND,
        (
            account.id,
            sending.number,
            sending.target.provider,
            sending.target.kind,
            sending.target.model,
            sending.size,
            sending.quality,
            terms(sending.price)[0] if sending.price else None,
            sending.at_most,
        ),
    )
    return bool(sent)


def _lock(account: Account) -> Work[tuple[MicroUsd, str]]:
    rows = yield LOCK, (account.id,)
    return (rows[0][0], rows[0][1]) if rows else (0, "")


def _settle(account: Account, settled: Sequence[AttemptRecord]) -> Work[MicroUsd]:
    """Settles each attempt that is not settled yet; says what that adds to the request's cost."""
    added = 0
    for attempt in settled:
        values = (
            account.id,
            attempt.number,
            attempt.outcome,
            attempt.reason,
            attempt.status,
            round(attempt.seconds * 1000),
            attempt.images,
            msgspec.json.encode(attempt.usage).decode() if attempt.usage else None,
            attempt.cost,
            int(attempt.presumed),
            attempt.usage.input_tokens if attempt.usage else 0,
            attempt.usage.output_tokens if attempt.usage else 0,
        )
        for row in (yield SETTLE, values):
            added += attempt.cost - row[0]
    return added


def _move(account: Account, held: MicroUsd, spent: MicroUsd) -> Work[None]:
    """Takes from what is held in every purse, and adds to what is spent."""
    if held or spent:
        for purse in account.purses:
            yield MOVE, (purse.scope, purse.period, purse.starts, held, spent)


def _exceeded(purse: Purse, amount: MicroUsd, now: float) -> GatewayError:
    kind, _, name = purse.scope.partition(":")
    lasts = "" if purse.ends is None else f" for each {_WORDS[purse.period]}"
    return GatewayError(
        Reason.BUDGET_EXCEEDED,
        f'The budget of {kind} "{name}", {_dollars(purse.limit)}{lasts}, has less than {_dollars(amount)} left, '
        "which this request can cost.",
        retry_after=None if purse.ends is None else max(1.0, purse.ends / 1000 - now),
    )


def _dollars(amount: MicroUsd) -> str:
    return f"${amount / 1_000_000:,.6f}".rstrip("0").rstrip(".")
