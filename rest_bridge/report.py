"""The service's report as `extra_fields` and headers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from imagegen import v1
from imagegen.errors import Metadata
from imagegen.report import action, dollars, in_milliseconds, milliseconds, origin, outcome

from rest_bridge.names import json_name

GENERATION = {False: "image_generation", True: "image_generation_stream"}
"""`request_type`, whole and streamed."""


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
        "latency": milliseconds(of) if asked else None,
        "cost_usd": dollars(of.cost_micro_usd) if asked else None,
        "possible_duplicate_cost_usd": dollars(twice) if (twice := of.possible_duplicate_micro_usd) else None,
        "origin": origin(of) if of.origin > v1.ORIGIN_MADE else None,
        "changes": [_change(each) for each in of.changes] or None,
        "attempts": [_attempt(each) for each in of.attempts] or None,
        "skipped": [_skipped(each) for each in of.skipped] or None,
        "failed_images": [{"index": each.index, "reason": each.reason, "message": each.message} for each in failed]
        or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def plan(of: v1.PlanImagesResponse) -> dict[str, Any]:
    """What would be tried, in order, and what was left out."""
    found = {
        "object": "image_plan",
        "steps": [_step(each) for each in of.steps],
        "skipped": [_skipped(each) for each in of.skipped],
        "max_cost_usd": dollars(of.max_cost_micro_usd) if of.HasField("max_cost_micro_usd") else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _step(of: v1.Step) -> dict[str, Any]:
    found = {
        "provider": of.kind,
        "provider_name": of.provider,
        "model": of.model,
        "changes": [_change(each) for each in of.changes],
        "max_cost_usd": dollars(of.max_cost_micro_usd) if of.HasField("max_cost_micro_usd") else None,
        "price_as_of": of.price_as_of or None,
        "note": of.note or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _skipped(of: v1.SkippedTarget) -> dict[str, Any]:
    return {"target": of.target, "explanation": of.explanation}


def _change(of: v1.ParameterChange) -> dict[str, Any]:
    found = {
        "parameter": json_name(of.parameter),
        "action": action(of),
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
        "outcome": outcome(of),
        "reason": of.reason if of.HasField("reason") else None,
        "status": of.status if of.HasField("status") else None,
        "ms": in_milliseconds(of.duration),
        "cost_usd": dollars(of.cost_micro_usd),
        "images": of.images,
        "presumed": of.presumed,
    }
    return {name: value for name, value in found.items() if value is not None}


def headers(trailers: Metadata) -> dict[str, str]:
    """The report in short: what the service's trailers say, under the same names."""
    return {key: value for key, value in trailers if key.startswith("x-imagegen-") and isinstance(value, str)}
