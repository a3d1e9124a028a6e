"""How a report reads: its words and its money, alike in headers, JSON and the terminal."""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf.duration_pb2 import Duration

from imagegen import v1

LONGEST = 1000
"""Characters in a header."""


def action(of: v1.ParameterChange) -> str:
    """ "applied", "translated", "dropped", "passed"."""
    return _name(v1.ParameterChange.Action, of.action, "ACTION_")


def outcome(of: v1.Attempt) -> str:
    """ "not_sent", "rejected", "unknown", "done"."""
    return _name(v1.Outcome, of.outcome, "OUTCOME_")


def origin(of: v1.Report) -> str:
    """ "made", "repeated"."""
    return _name(v1.Origin, of.origin, "ORIGIN_")


def state(of: v1.RecordedRequest | v1.UsageRow) -> str:
    """ "running", "done", "partial", "failed", "left", "lost"."""
    return _name(v1.RequestState, of.state, "REQUEST_STATE_")


@cache
def _name(enum: Any, number: int, prefix: str) -> str:
    return enum.Name(number).removeprefix(prefix).lower()


def dollars(micro_usd: int) -> str:
    """Millionths into dollars as text, exact and without trailing zeros."""
    whole, rest = divmod(abs(micro_usd), 1_000_000)
    sign = "-" if micro_usd < 0 else ""
    return f"{sign}{whole}.{rest:06d}".rstrip("0") if rest else f"{sign}{whole}"


def summary(of: v1.Report) -> dict[str, str]:
    """The report in short, under the names that trailers and headers have alike; without what is not known yet."""
    changed = [f"{each.parameter}:{action(each)}" for each in of.changes if action(each) != "applied"]
    found = {
        "x-imagegen-provider": of.provider,
        "x-imagegen-model": of.model,
        "x-imagegen-fallback-index": str(of.fallback_index) if of.provider else "",
        "x-imagegen-upstream-ms": str(milliseconds(of)) if of.attempts else "",
        "x-imagegen-cost-usd": dollars(of.cost_micro_usd) if of.attempts else "",
        "x-imagegen-changes": ", ".join(changed),
        "x-imagegen-origin": origin(of) if of.origin > v1.ORIGIN_MADE else "",
    }
    return {name: plain(value) for name, value in found.items() if value}


def plain(text: str) -> str:
    """A text as headers and metadata take it: printable ASCII, and not endless. Anything else would never arrive."""
    if len(text) <= LONGEST and text.isascii() and text.isprintable():
        return text
    escaped = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text[:LONGEST])
    return escaped.encode("ascii", "backslashreplace").decode()[:LONGEST]


def milliseconds(of: v1.Report) -> int:
    """The time spent waiting for providers."""
    return in_milliseconds(of.upstream_time)


def in_milliseconds(time: Duration) -> int:
    return time.seconds * 1000 + round(time.nanos / 1_000_000)
