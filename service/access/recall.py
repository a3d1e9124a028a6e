"""Rows into nouns: what the ledger has written, as it was meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson

from service.domain.event import AttemptRecord, Outcome
from service.domain.image import TokenDetails, Usage
from service.domain.plan import Action, Change, Skipped, Target
from service.domain.price import Price, TokenPrice
from service.domain.record import Ending, Grouping, PricedAttempt, Recorded, State, UsageRow
from service.stores.records.port import Row

COLUMNS = (
    *("id", "request_id", "key_id", "team_id", "customer_id", "model", "operation", "stream", "n", "trace_id"),
    *("started", "ended", "state", "reason", "images", "cost", "held"),
)
"""Of a request, those that are told wherever it is named."""


def recorded(row: Row) -> Recorded:
    named = dict(zip(COLUMNS, row, strict=False))
    attempts, presumed, *target = row[len(named) :]
    named |= {"stream": bool(named["stream"]), "state": State(named["state"])}
    return Recorded(**named, attempts=attempts, presumed=presumed, target=Target(*target) if attempts else None)


def attempt(row: Row) -> PricedAttempt:
    number, provider, kind, model, size, quality, name, at_most = row[:8]
    outcome, reason, status, milliseconds, images, tokens, cost, presumed, terms = row[8:]
    record = AttemptRecord(
        number=number,
        target=Target(provider, kind, model),
        outcome=Outcome(outcome) if outcome else Outcome.UNKNOWN,  # it is under way
        reason=reason,
        status=status,
        seconds=milliseconds / 1000,
        images=images,
        usage=_usage(orjson.loads(tokens)) if tokens else None,
        cost=cost,
        presumed=bool(presumed),
    )
    price = _price(orjson.loads(terms)) if terms else None
    return PricedAttempt(record=record, size=size, quality=quality, at_most=at_most, price_name=name, price=price)


def _usage(written: Mapping[str, Any]) -> Usage:
    details = {name: _details(written[name]) for name in ("input_details", "output_details")}
    return Usage(written["input_tokens"], written["output_tokens"], written["total_tokens"], **details)


def _details(written: Mapping[str, int] | None) -> TokenDetails | None:
    return None if written is None else TokenDetails(**written)


def _price(written: Mapping[str, Any]) -> Price:
    tokens = written["per_million"]
    return Price(
        per_image={(size, quality): cost for size, quality, cost in written["per_image"]},
        per_million=TokenPrice(**{name: Decimal(value) for name, value in tokens.items()}) if tokens else None,
        as_of=written["as_of"],
    )


def ending(recorded: Recorded, text: str) -> Ending:
    written = orjson.loads(text)
    return Ending(
        state=recorded.state,
        reason=recorded.reason,
        images=recorded.images,
        fallback_index=written["fallback_index"],
        told=written.get("told"),  # what was written before there were retries has none
        changes=tuple(Change(**{**each, "action": Action(each["action"])}) for each in written["changes"]),
        skipped=tuple(Skipped(**each) for each in written["skipped"]),
        recorded=tuple(written["recorded"]),
    )


def sums(row: Row, by: Sequence[Grouping]) -> UsageRow:
    values = dict(zip(by, row, strict=False))
    if Grouping.DAY in values:
        values[Grouping.DAY] = (date(1970, 1, 1) + timedelta(days=values[Grouping.DAY])).isoformat()
    requests, attempts, images, cost, presumed, input_tokens, output_tokens = row[len(by) :]
    return UsageRow(
        group=tuple(values[each] for each in by),
        requests=requests,
        attempts=attempts,
        images=images,
        cost=cost,
        presumed=presumed,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )
