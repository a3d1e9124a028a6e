"""What was answered to those who may ask again, under the name that they will ask for.

A name is claimed in the transaction that holds the request's money, so that of all who claim it one goes on. A request
that has ended and cannot have cost anything sets its name free. One that ended without an answer, because its process
has gone or its answer could not be kept, may have cost something: nobody will ever know more.

The cache's answers lie here, too. Their names say the whole question; nobody claims them.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from service.domain.answer import KEPT_SECONDS, Answer, Claim, Order
from service.errors import GatewayError, Reason
from service.stores.records.port import Work

_BILLED = """
EXISTS (SELECT 1 FROM attempts AS t WHERE t.request = r.id AND (t.outcome IN ('done', 'unknown') OR t.cost > 0))
"""
_CLAIM = """
INSERT INTO answers AS a (id, body, request, ends) VALUES ($1, $2, $3, CAST($4 AS BIGINT))
ON CONFLICT (id) DO UPDATE SET body = excluded.body, request = excluded.request, ends = excluded.ends, answer = NULL
WHERE a.ends <= CAST($5 AS BIGINT) OR (a.answer IS NULL AND EXISTS (
  SELECT 1 FROM requests AS r WHERE r.id = a.request AND r.ended IS NOT NULL AND NOT {billed}))
RETURNING request
"""
"""A request that this statement does not see yet is not over."""
_LOOK = """
SELECT r.id, a.body, a.answer, CASE WHEN r.ended IS NULL THEN 1 ELSE 0 END, CASE WHEN {billed} THEN 1 ELSE 0 END
FROM answers AS a JOIN requests AS r ON r.id = a.request WHERE a.id = $1 AND a.ends > $2
"""
CLAIM, LOOK = (each.format(billed=_BILLED) for each in (_CLAIM, _LOOK))
ORDERS = """
SELECT r.purses, a.number, a.provider, a.model, a.job_key, a.job
FROM attempts AS a JOIN requests AS r ON r.id = a.request WHERE r.id = $1
  AND a.state = 'expired' AND a.job IS NOT NULL ORDER BY a.number DESC LIMIT 1
"""
KEEP = "UPDATE answers SET answer = $3 WHERE id = $1 AND request = $2 AND answer IS NULL"
RECALL = "SELECT answer FROM answers WHERE id = $1 AND ends > $2"
REMEMBER = """
INSERT INTO answers (id, body, request, ends, answer) VALUES ($1, '', $2, CAST($3 AS BIGINT), $4)
ON CONFLICT (id) DO UPDATE SET request = excluded.request, ends = excluded.ends, answer = excluded.answer
"""
SWEEP = (
    "DELETE FROM answers WHERE id IN (SELECT id FROM answers WHERE ends <= $1 LIMIT 500) AND ends <= $1 RETURNING id"
)

_ANSWER = msgspec.json.Decoder(Answer)
"""Made while one thread imports this: types that several threads teach to msgspec at once end the process."""


class TakenError(GatewayError):
    """Another request claimed the name first."""

    def __init__(self) -> None:
        super().__init__(Reason.UNAVAILABLE, "Another request with this idempotency key came first.", retry_after=1)


class Found(Struct, frozen=True):
    """What there is under a name: the answer, or a request that is under way, or one whose end nobody knows.

    Of the latter perhaps an order by whose name the provider can be asked.
    """

    body: str
    answer: Answer | None = None
    running: bool = False
    order: Order | None = None


def look(claim: Claim, now: float) -> Work[Found | None]:
    """None where the name is free."""
    for request, body, answer, running, billed in (yield LOOK, (claim.id, int(now * 1000))):
        if answer is not None:
            return Found(body, _read(answer))
        if running or billed:
            return Found(body, running=bool(running), order=None if running else (yield from _order(request)))
    return None


def _order(request: str) -> Work[Order | None]:
    for purses, number, provider, model, key, job in (yield ORDERS, (request,)):
        return Order(request=request, purses=purses, number=number, provider=provider, model=model, key=key, job=job)
    return None


def claim(wanted: Claim, request: str, now: float) -> Work[None]:
    """Takes the name for a request; TakenError where it is not free."""
    if not (yield CLAIM, (wanted.id, wanted.body, request, int((now + KEPT_SECONDS) * 1000), int(now * 1000))):
        raise TakenError


def keep(claim: Claim, answer: Answer, request: str) -> Work[None]:
    yield KEEP, (claim.id, request, msgspec.json.encode(answer).decode())


def recall(entry: str, now: float) -> Work[Answer | None]:
    """The answer that the cache has under a name."""
    for (answer,) in (yield RECALL, (entry, int(now * 1000))):
        return _read(answer)
    return None


def remember(entry: str, request: str, answer: Answer, ends: float) -> Work[None]:
    """Puts an answer into the cache, in the place of an older one."""
    yield REMEMBER, (entry, request, int(ends * 1000), msgspec.json.encode(answer).decode())


def sweep(now: float) -> Work[bool]:
    """Removes some of what is over; says whether there was any."""
    return bool((yield SWEEP, (int(now * 1000),)))


def _read(answer: str) -> Answer | None:
    """None for what another version has written and this one does not understand."""
    try:
        return _ANSWER.decode(answer)
    except msgspec.ValidationError:
        return None
