"""A budget's windows follow the calendar: exact to the millisecond, without a gap, through every change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.account import Budget, Period, Window

PERIODS = [each for each in Period if each is not Period.EVER]
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")


def window(period: Period, moment: datetime, zone: str = "UTC") -> tuple[str, str]:
    """The window around a moment, as its zone's clocks say it."""
    found = Budget(1, period, zone).window(moment.timestamp())
    assert found.ends is not None
    starts, ends = (datetime.fromtimestamp(each / 1000, ZoneInfo(zone)) for each in (found.starts, found.ends))
    return starts.isoformat(), ends.isoformat()


@pytest.mark.parametrize(
    ("period", "starts", "ends"),
    [
        (Period.MINUTE, "2026-11-20T17:28:00+00:00", "2026-11-20T17:29:00+00:00"),
        (Period.HOUR, "2026-11-20T17:00:00+00:00", "2026-11-20T18:00:00+00:00"),
        (Period.DAY, "2026-11-20T00:00:00+00:00", "2026-11-21T00:00:00+00:00"),
        (Period.WEEK, "2026-11-16T00:00:00+00:00", "2026-11-23T00:00:00+00:00"),
        (Period.MONTH, "2026-11-01T00:00:00+00:00", "2026-12-01T00:00:00+00:00"),
        (Period.YEAR, "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
    ],
)
def test_each_period_begins_where_the_calendar_says(period: Period, starts: str, ends: str) -> None:
    """A Friday afternoon lies in its minute, hour, day, week from Monday, month and year."""
    assert window(period, datetime(2026, 11, 20, 17, 28, 54, tzinfo=UTC)) == (starts, ends)


def test_for_ever_has_no_end() -> None:
    """One window holds every moment."""
    assert Budget(1).window(0) == Budget(1).window(4e9) == Window(0, None)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)], ids=["spring", "autumn", "summer"]
)
def test_a_day_is_as_long_as_its_clocks_make_it(day: str, hours: int) -> None:
    """Where the clocks change, the budget of that day lasts an hour less, or an hour more."""
    noon = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    starts, ends = window(Period.DAY, noon, "Europe/Berlin")

    assert starts.startswith(f"{day}T00:00:00")
    assert datetime.fromisoformat(ends) - datetime.fromisoformat(starts) == timedelta(hours=hours)


def test_an_hour_that_comes_twice_is_two_windows() -> None:
    """In the night when clocks go back each of the two hours has a budget of its own."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    twice = [window(Period.HOUR, each, "Europe/Berlin") for each in (first, first.replace(fold=1))]

    assert twice == [
        ("2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"),
        ("2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"),
    ]


@given(
    st.sampled_from(PERIODS),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds have none
)
def test_windows_lie_side_by_side(period: Period, zone: str, moment: datetime) -> None:
    """Every moment lies in one window; it lasts to a millisecond before its end, where the next one begins."""
    budget = Budget(1, period, zone)
    found = budget.window(moment.timestamp())
    assert found.ends is not None
    assert found.starts <= int(moment.timestamp() * 1000) < found.ends
    assert budget.window(found.starts / 1000) == found
    assert budget.window((found.ends - 1) / 1000) == found
    assert budget.window(found.ends / 1000).starts == found.ends
