"""How a report reads: its words and its money, alike in headers, JSON and the terminal."""

from __future__ import annotations

from decimal import Decimal

from imagegen import v1


def action(of: v1.ParameterChange) -> str:
    """ "applied", "translated", "dropped", "passed"."""
    return v1.ParameterChange.Action.Name(of.action).removeprefix("ACTION_").lower()


def outcome(of: v1.Attempt) -> str:
    """ "not_sent", "rejected", "unknown", "done"."""
    return v1.Outcome.Name(of.outcome).removeprefix("OUTCOME_").lower()


def state(of: v1.RecordedRequest | v1.UsageRow) -> str:
    """ "running", "done", "partial", "failed", "left", "lost"."""
    return v1.RequestState.Name(of.state).removeprefix("REQUEST_STATE_").lower()


def dollars(micro_usd: int) -> str:
    """Millionths into dollars as text, exact and without trailing zeros."""
    text = f"{Decimal(micro_usd) / 1_000_000:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


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
    }
    return {name: plain(value) for name, value in found.items() if value}


def plain(text: str) -> str:
    """A text as headers and metadata take it: printable ASCII, and not endless. Anything else would never arrive."""
    escaped = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text[:1000])
    return escaped.encode("ascii", "backslashreplace").decode()[:1000]


def milliseconds(of: v1.Report) -> int:
    """The time spent waiting for providers."""
    return round(of.upstream_time.ToTimedelta().total_seconds() * 1000)
