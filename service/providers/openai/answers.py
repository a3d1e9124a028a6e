"""What OpenAI answers: usage and traits of a good answer, the reason behind a bad one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from service.domain.event import Outcome
from service.domain.image import TokenDetails, Traits, Usage
from service.errors import ProviderError, Reason
from service.providers.headers import retry_after
from service.providers.http import Answer

MOST = 2**53
"""Counts from here on are no counts: no book has room for what they would cost."""

LONGEST_MESSAGE = 1000

_REFUSALS = frozenset({"moderation_blocked", "content_policy_violation", "contentFilter", "content_filter"})
_ACCOUNT = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "project_spend_limit_exceeded",
        "invalid_api_key",
        "model_not_found",
    }
)
_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]]{0,63}")
_ACCOUNT_MESSAGE = "The provider does not serve this gateway's key, account or model; the operator has to look into it."


def table(value: Any) -> Mapping[str, Any]:
    """A JSON object, or an empty one where something else stands."""
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def entries(body: Mapping[str, Any]) -> list[Any]:
    """The list of images, or an empty one where something else stands."""
    data = body.get("data")
    return cast(list[Any], data) if isinstance(data, list) else []


def traits(body: Mapping[str, Any]) -> Traits:
    return Traits(*(str(body.get(name) or "") for name in ("background", "output_format", "quality", "size")))


def usage(body: Mapping[str, Any]) -> Usage | None:
    counted = table(body.get("usage"))
    if not counted:
        return None
    return Usage(
        count(counted, "input_tokens"),
        count(counted, "output_tokens"),
        count(counted, "total_tokens"),
        _details(counted.get("input_tokens_details")),
        _details(counted.get("output_tokens_details")),
    )


def _details(value: Any) -> TokenDetails | None:
    counted = table(value)
    return TokenDetails(count(counted, "text_tokens"), count(counted, "image_tokens")) if counted else None


def count(counted: Mapping[str, Any], name: str) -> int:
    value = counted.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST:
        return value
    return 0


def failure(answer: Answer) -> ProviderError:
    """The error behind an answer with an error status."""
    body = table(answer.document.value if answer.document else None)
    return error(table(body.get("error")), answer.status, answer.headers)


def error(told: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> ProviderError:
    """What an error object means, by its code where it has a telling one, else by its status."""
    code = str(told.get("code") or told.get("type") or "")
    message = str(told.get("message") or f"The provider answered with status {status}.")[:LONGEST_MESSAGE]
    after = retry_after(headers or {})
    field = told.get("param")

    def failed(reason: Reason, ours: str, outcome: Outcome = Outcome.REJECTED) -> ProviderError:
        made = ProviderError(reason, ours, outcome, status=status, retry_after=after)
        made.for_operator = message if ours != message else None
        return made

    if code in _REFUSALS:
        return failed(Reason.CONTENT_REFUSED, message)
    if code in _ACCOUNT or status in (401, 402, 403, 404):
        return failed(Reason.PROVIDER_ACCOUNT, _ACCOUNT_MESSAGE)
    if status == 429:
        return failed(Reason.PROVIDER_RATE_LIMITED, "The provider limits this gateway's rate.")
    if status in (503, 529):
        return failed(Reason.PROVIDER_OVERLOADED, "The provider is overloaded.")
    if status in (408, 504):
        outcome = Outcome.UNKNOWN if status == 504 else Outcome.REJECTED
        return failed(Reason.PROVIDER_TIMEOUT, "The provider did not answer in time.", outcome)
    if status == 502:
        lost = "A gateway in front of the provider lost the connection."
        return failed(Reason.PROVIDER_CONNECTION_LOST, lost, Outcome.UNKNOWN)
    if 400 <= status < 500:
        return ProviderError(
            Reason.PROVIDER_REJECTED,
            message,
            Outcome.REJECTED,
            status=status,
            field=field if isinstance(field, str) and _PARAMETER.fullmatch(field) else None,
        )
    return failed(Reason.PROVIDER_ERROR, "The provider failed with an error of its own.")
