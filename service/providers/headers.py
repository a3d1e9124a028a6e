"""What a header of a provider's answer says of when to come back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 3600.0


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until asking again may help, at most an hour; None where there is no such word, or no sense in it."""
    milliseconds = _sane(_number(headers.get("retry-after-ms", "")), 0.001)
    if milliseconds is not None:
        return milliseconds
    value = headers.get("retry-after")
    if not value:
        return None
    if (number := _number(value)) is not None:
        return _sane(number, 1)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return _sane((date - datetime.now(UTC)).total_seconds(), 1)


def _number(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _sane(value: float | None, unit: float) -> float | None:
    if value is None or not math.isfinite(value) or value < 0:
        return None
    return min(value * unit, LONGEST)
