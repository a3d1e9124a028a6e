"""Complete error answers, as behaviours: OpenAI's own, a proxy's page, and one that gives a secret away.

None of them is billed unless `billed=True` says that the image had been made all the same.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import MappingProxyType
from typing import Final

from . import refusals
from .acts import Acts
from .answers import document, refused
from .behaviours import Behaviour
from .order import Order
from .refusals import Refusal


def refusing(refusal: Refusal, *, billed: bool = False) -> Behaviour:
    """Any error answer in OpenAI's envelope."""
    return Behaviour(f"refusing({refusal.status})", lambda order, _: refused(refusal, order.request_id), billed=billed)


_TYPICAL: Final[Mapping[int, Refusal]] = {
    403: Refusal(
        403,
        "Your organization must be verified to use this model. Please go to: "
        "https://platform.openai.com/settings/organization/general and click on Verify Organization. "
        "If you just verified, it can take up to 15 minutes for access to propagate.",
    ),
    408: Refusal(408, "Request timed out.", type="server_error"),
    409: Refusal(409, "The request conflicts with another one.", type="invalid_request_error"),
    429: Refusal(
        429,
        "Rate limit reached for images in organization org-double on images per min: Limit 5, Used 5, Requested 1. "
        "Please try again in 12s. Visit https://platform.openai.com/account/rate-limits to learn more.",
        "rate_limit_exceeded",
        type="requests",
    ),
    500: Refusal(
        500,
        "The server had an error while processing your request. Sorry about that! You can retry your request, or "
        "contact us through our help center at help.openai.com if the error persists.",
        type="server_error",
    ),
    503: Refusal(503, "The engine is currently overloaded, please try again later", type="server_error"),
    504: Refusal(504, "The server took too long to answer.", type="server_error"),
    529: Refusal(529, "Our servers are overloaded, please try again later", type="server_error"),
}


def status(
    code: int,
    *,
    retry_after: str | None = None,
    retry_after_ms: str | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
    billed: bool = False,
) -> Behaviour:
    """OpenAI's usual answer with this status. 401 and 404 name the key and the model that were sent."""
    hints = {"retry-after": retry_after, "retry-after-ms": retry_after_ms}
    all_headers = {**{name: value for name, value in hints.items() if value is not None}, **headers}

    def rewrite(order: Order, _: Acts) -> Acts:
        match code:
            case 401:
                refusal = refusals.invalid_key(order.key)
            case 404:
                refusal = refusals.unknown_model(order.model)
            case _:
                refusal = _TYPICAL.get(code) or Refusal(code, f"Status {code}.")
        return refused(replace(refusal, headers=all_headers), order.request_id)

    return Behaviour(f"status({code})", rewrite, billed=billed)


def rate_limited_until(seconds: float) -> Behaviour:
    """429 whose Retry-After is an HTTP date, so many seconds from now."""
    when = datetime.now(UTC) + timedelta(seconds=seconds)
    return status(429, retry_after=format_datetime(when, usegmt=True))


def quota_exhausted() -> Behaviour:
    """429 that no waiting mends."""
    more = "For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
    message = f"You exceeded your current quota, please check your plan and billing details. {more}"
    return refusing(Refusal(429, message, "insufficient_quota", type="insufficient_quota"))


def billing_limit_reached() -> Behaviour:
    message = "Billing hard limit has been reached."
    return refusing(Refusal(400, message, "billing_hard_limit_reached", type="billing_limit_user_error"))


def moderation_blocked(*violations: str) -> Behaviour:
    """The safety system blocks the prompt or what came of it."""

    def rewrite(order: Order, _: Acts) -> Acts:
        return refused(refusals.moderation_blocked(order.request_id, *(violations or ("sexual",))), order.request_id)

    return Behaviour("moderation_blocked", rewrite, billed=False)


def html_error(code: int = 502, *, billed: bool = False) -> Behaviour:
    """A proxy's own page in place of OpenAI's answer."""
    page = (
        f"<html>\r\n<head><title>{code}</title></head>\r\n<body><center><h1>{code}</h1></center></body>\r\n</html>\r\n"
    )
    acts = document(code, page.encode(), content_type="text/html; charset=UTF-8")
    return Behaviour(f"html_error({code})", lambda _, __: acts, billed=billed)


def empty_error(code: int = 500, *, billed: bool = False) -> Behaviour:
    """A status and no body at all."""
    return Behaviour(f"empty_error({code})", lambda _, __: document(code, b""), billed=billed)


def echoed_secret(code: int = 500) -> Behaviour:
    """An error message that carries the API key and the prompt in full: nothing of it may reach a caller or a log."""

    def rewrite(order: Order, _: Acts) -> Acts:
        message = f"Upstream call with 'Authorization: Bearer {order.key}' failed for prompt: {order.prompt}"
        return refused(Refusal(code, message, type="server_error"), order.request_id)

    return Behaviour(f"echoed_secret({code})", rewrite, billed=False)
