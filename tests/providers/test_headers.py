"""When to come back: every way in which providers say it, and what is no sense is not said on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.providers.headers import LONGEST, retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "3600"}, 3600),
        ({"retry-after": "8549"}, LONGEST),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "-0.001"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "7s"}, None),
        ({"retry-after": "1_000"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "99999999"}, LONGEST),
        ({"retry-after-ms": "-1"}, None),
        ({"retry-after-ms": "nan"}, None),
        ({"retry-after-ms": "", "retry-after": "9"}, 9),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}, LONGEST),
        ({"retry-after": "Wed, 21 Oct 2099 07:28:00"}, LONGEST),
        ({"retry-after": "2099-10-21T07:28:00Z"}, None),
        ({"retry-after": "Wed, 99 Oct 2099 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2099 07:28:00 +99999999999999999999"}, None),
    ],
    ids=str,
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds or a date, at most an hour; nothing where there is no sense in it."""
    assert retry_after(headers) == seconds


def test_date_is_counted_from_now() -> None:
    """A date says how long it is until then."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    seconds = retry_after({"retry-after": date})

    assert seconds is not None
    assert 60 < seconds <= 90


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), st.text() | st.floats().map(str)))
def test_anything_is_a_time_or_nothing(headers: dict[str, str]) -> None:
    """Whatever a header says, it is a time within the hour or nothing at all."""
    seconds = retry_after(headers)

    assert seconds is None or 0 <= seconds <= LONGEST
