"""The service's report as `extra_fields` and headers."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from imagegen import v1

_ACTIONS = {
    v1.ParameterChange.ACTION_APPLIED: "applied",
    v1.ParameterChange.ACTION_TRANSLATED: "translated",
    v1.ParameterChange.ACTION_DROPPED: "dropped",
    v1.ParameterChange.ACTION_PASSED: "passed",
}
_OUTCOMES = {
    v1.OUTCOME_NOT_SENT: "not_sent",
    v1.OUTCOME_REJECTED: "rejected",
    v1.OUTCOME_UNKNOWN: "unknown",
    v1.OUTCOME_DONE: "done",
}
"""A newer service may say more; what is not known here is left out."""


def fields(of: v1.Report, request_type: str | None, failed: Iterable[v1.FailedImage] = ()) -> dict[str, Any]:
    """The account of a request. What has no value is left out, never null."""
    asked = of.HasField("provider")
    found: dict[str, Any] = {
        "request_type": request_type,
        "provider": of.kind if asked else None,
        "provider_name": of.provider if asked else None,
        "model_requested": of.requested_model or None,
        "model": of.model if asked else None,
        "fallback_index": of.fallback_index if asked else None,
        "latency": round(of.upstream_time.ToTimedelta().total_seconds() * 1000) if asked else None,
        "cost_usd": dollars(of.cost_micro_usd) if asked else None,
        "changes": [_change(each) for each in of.changes] or None,
        "attempts": [_attempt(each) for each in of.attempts] or None,
        "failed_images": [
            {"index": each.index, "reason": each.reason, "message": each.message} for each in failed
        ]
        or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _change(of: v1.ParameterChange) -> dict[str, Any]:
    found = {
        "parameter": of.parameter,
        "action": _ACTIONS.get(of.action),
        "asked": of.asked,
        "sent": of.sent or None,
        "note": of.note or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _attempt(of: v1.Attempt) -> dict[str, Any]:
    found = {
        "number": of.number,
        "provider": of.kind,
        "provider_name": of.provider,
        "model": of.model,
        "outcome": _OUTCOMES.get(of.outcome),
        "reason": of.reason if of.HasField("reason") else None,
        "status": of.status if of.HasField("status") else None,
        "ms": round(of.duration.ToTimedelta().total_seconds() * 1000),
        "cost_usd": dollars(of.cost_micro_usd),
    }
    return {name: value for name, value in found.items() if value is not None}


def headers(of: v1.Report) -> dict[str, str]:
    """The report in short, the same as the trailers over gRPC."""
    changed = [f"{each.parameter}:{_ACTIONS.get(each.action, '')}" for each in of.changes if each.action != APPLIED]
    found = {
        "x-imagegen-provider": of.provider,
        "x-imagegen-model": of.model,
        "x-imagegen-fallback-index": str(of.fallback_index) if of.provider else "",
        "x-imagegen-upstream-ms": (
            str(round(of.upstream_time.ToTimedelta().total_seconds() * 1000)) if of.provider else ""
        ),
        "x-imagegen-cost-usd": dollars(of.cost_micro_usd) if of.provider else "",
        "x-imagegen-changes": ", ".join(changed),
    }
    return {name: plain(value) for name, value in found.items() if value}


def plain(text: str) -> str:
    """Headers are printable ASCII, and not endless."""
    return text[:1000].encode("ascii", "backslashreplace").decode()


def dollars(micro_usd: int) -> str:
    text = f"{Decimal(micro_usd) / 1_000_000:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


APPLIED = v1.ParameterChange.ACTION_APPLIED
