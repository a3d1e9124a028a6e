"""Who pays, and within what bounds: scopes, their budgets, and the calendar that a budget follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from service.domain.price import MicroUsd


class Period(StrEnum):
    """How long a budget lasts before it is whole again. All but the last follow the calendar."""

    MINUTE = "1m"
    HOUR = "1h"
    DAY = "1d"
    WEEK = "1w"
    MONTH = "1M"
    YEAR = "1Y"
    EVER = "ever"


class Budget(Struct, frozen=True):
    """At most `limit` in each period; days begin at midnight in `zone`, weeks on Monday."""

    limit: MicroUsd
    period: Period = Period.EVER
    zone: str = "UTC"

    def window(self, now: float) -> Window:
        """The period that `now` (seconds since 1970) lies in."""
        return _window(self.period, self.zone, int(now * 1000))


class Window(Struct, frozen=True):
    """From `starts` (included) until `ends` (excluded, None for ever), in milliseconds since 1970."""

    starts: int
    ends: int | None


class ScopeKind(StrEnum):
    KEY = "key"
    TEAM = "team"
    CUSTOMER = "customer"


class Scope(Struct, frozen=True):
    """One link of the chain that pays for a request: a key, its team, its customer."""

    kind: ScopeKind
    id: str
    budgets: tuple[Budget, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.id}"


class Payer(Struct, frozen=True):
    """The chain, the nearest first; any link may be absent. Nobody at all is open mode: unlimited, and counted."""

    scopes: tuple[Scope, ...] = ()

    def id(self, kind: ScopeKind) -> str | None:
        return next((scope.id for scope in self.scopes if scope.kind is kind), None)

    @property
    def limited(self) -> bool:
        return any(scope.budgets for scope in self.scopes)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | timezone:
    return UTC if name == "UTC" else ZoneInfo(name)


def _window(period: Period, zone: str, now: int) -> Window:
    if period is Period.EVER:
        return Window(0, None)
    local = datetime.fromtimestamp(now / 1000, _zone(zone))
    first = _first(period, local)
    return Window(_milliseconds(first), _milliseconds(_next(period, first)))


def _first(period: Period, local: datetime) -> datetime:
    minute = local.replace(second=0, microsecond=0)  # keeps `fold`: an hour that comes twice is two hours
    if period is Period.MINUTE:
        return minute
    if period is Period.HOUR:
        return minute.replace(minute=0)
    day = minute.replace(hour=0, minute=0, fold=0)
    match period:
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.YEAR:
            return day.replace(month=1, day=1)
        case _:
            return day


def _next(period: Period, first: datetime) -> datetime:
    match period:
        case Period.MINUTE:
            return _later(first, 60)
        case Period.HOUR:
            return _later(first, 3600)
        case Period.DAY:
            return first + timedelta(days=1)
        case Period.WEEK:
            return first + timedelta(days=7)
        case Period.MONTH:
            return (first + timedelta(days=32)).replace(day=1)
        case _:
            return first.replace(year=first.year + 1)


def _later(first: datetime, seconds: int) -> datetime:
    """So much time later, whatever the clocks on the walls do meanwhile."""
    return datetime.fromtimestamp(first.timestamp() + seconds, first.tzinfo)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
