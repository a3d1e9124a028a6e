"""What an error answer means: read from whichever envelope it comes in, judged by its code, its words, its status.

{"error": {"message", "type", "param", "code", "inner_error"}}      OpenAI, Azure, Together, vLLM
{"error": "…"}   {"message": "…", "statusCode": 401}                proxies in front of them
{"detail": "…"}   {"detail": {"error": "…"}}                        SGLang, vLLM-Omni, Nebius; DeepInfra
{"detail": [{"loc": ["body", "size"], "msg": "…"}]}                 every FastAPI server
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from msgspec import Struct

from service.domain.event import Outcome
from service.errors import ProviderError, Reason
from service.providers.headers import retry_after
from service.providers.http import Answer
from service.providers.openai_compatible.answers import table
from service.providers.openai_compatible.wire import Wire

LONGEST_MESSAGE = 1000
MOST_PROBLEMS = 3

_REFUSALS = frozenset(
    {
        "moderation_blocked",
        "content_policy_violation",
        "contentFilter",
        "content_filter",
        "ResponsibleAIPolicyViolation",
    }
)
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
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ACCOUNT_MESSAGE = "The provider does not serve this gateway's key, account or model; the operator has to look into it."


class Told(Struct, frozen=True):
    """What an error answer says."""

    message: str
    codes: tuple[str, ...] = ()
    field: str | None = None


def failure(answer: Answer, wire: Wire) -> ProviderError:
    """The error behind an answer with an error status."""
    body = table(answer.document.value if answer.document else None)
    return error(_opened(body), answer.status, wire, answer.headers)


def within(body: Mapping[str, Any], status: int, wire: Wire, headers: Mapping[str, str] | None = None) -> ProviderError:
    """The error that an answer with a good status holds."""
    return error(_opened(body), status, wire, headers)


def withheld(categories: Iterable[str], status: int) -> ProviderError:
    """A picture that was made, and not handed out. Azure bills it like any other, and who does not is not known."""
    message = f"The provider withheld the image (filtered: {', '.join(categories)})."
    return ProviderError(Reason.CONTENT_REFUSED, message, Outcome.UNKNOWN, status=status)


def filtered(holder: Mapping[str, Any]) -> list[str]:
    """The categories for which content was filtered, as Azure tells them beside an image or in an error."""
    found: list[str] = []
    for name in ("content_filter_results", "content_filter_result", "prompt_filter_results"):
        found += [
            category for category, result in table(holder.get(name)).items() if table(result).get("filtered") is True
        ]
    return sorted({category for category in found if _PARAMETER.fullmatch(category)})


def error(told: Told, status: int, wire: Wire, headers: Mapping[str, str] | None = None) -> ProviderError:
    """What it means: by its code and words where they are telling, else by its status."""
    message = (told.message or f"The provider answered with status {status}.")[:LONGEST_MESSAGE]
    after = retry_after(headers or {})
    signs = wire.errors

    def failed(reason: Reason, ours: str, outcome: Outcome = Outcome.REJECTED) -> ProviderError:
        made = ProviderError(reason, ours, outcome, status=status, retry_after=after)
        made.for_operator = message if ours != message else None
        made.code = next((code for code in told.codes if _CODE.fullmatch(code)), None)
        return made

    if signs.outage.hold(told.codes, message, status):
        return failed(Reason.PROVIDER_ERROR, "The provider does not serve this gateway for the time being.")
    if not _REFUSALS.isdisjoint(told.codes) or signs.refused.hold(told.codes, message, status):
        return failed(Reason.CONTENT_REFUSED, message)
    if (
        not _ACCOUNT.isdisjoint(told.codes)
        or signs.account.hold(told.codes, message, status)
        or status in (401, 402, 403, 404)
    ):
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
        field = wire.ours(told.field) if told.field and _PARAMETER.fullmatch(told.field) else None
        return ProviderError(Reason.PROVIDER_REJECTED, message, Outcome.REJECTED, status=status, field=field)
    return failed(Reason.PROVIDER_ERROR, "The provider failed with an error of its own.")


def _opened(body: Mapping[str, Any]) -> Told:
    """What an error answer says, out of its envelope."""
    for name in ("error", "detail"):
        inner = body.get(name)
        if isinstance(inner, dict):
            return _object(table(inner))
        if isinstance(inner, str) and inner:
            return Told(inner, _codes(body))
        if isinstance(inner, list):
            return _listed(cast(list[Any], inner))
    return _object(body)


def _object(told: Mapping[str, Any]) -> Told:
    inner = table(told.get("inner_error") or told.get("innererror"))
    message = str(told.get("message") or told.get("error") or "")
    if categories := filtered(inner) or filtered(told):
        message = f"{message} (filtered: {', '.join(categories)})".lstrip()
    field = told.get("param")
    return Told(message, _codes(told) + _codes(inner), field if isinstance(field, str) else None)


def _codes(told: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(told[name]) for name in ("code", "type") if told.get(name))


def _listed(problems: list[Any]) -> Told:
    """FastAPI's list: what is wrong, each with the place where it stands."""
    said: list[str] = []
    fields: list[str] = []
    for problem in map(table, problems[:MOST_PROBLEMS]):
        place = cast(list[Any], problem.get("loc")) if isinstance(problem.get("loc"), list) else []
        where = ".".join(str(each) for each in place if each != "body")
        fields.append(where)
        said.append(f"{where}: {problem.get('msg')}" if where else str(problem.get("msg") or ""))
    return Told("; ".join(filter(None, said)), (), next(filter(None, fields), None))
