"""Every way in which OpenAI can fail before anything was said, as a table: what it does, what the caller is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.upstreams.openai import (
    Behaviour,
    Refusal,
    after_headers,
    billing_limit_reached,
    cut,
    echoed_secret,
    empty_data,
    empty_error,
    error_event,
    error_in_200,
    heartbeats,
    html_error,
    html_in_200,
    invalid_base64,
    invalid_json,
    mid_body,
    moderation_blocked,
    not_an_image,
    quota_exhausted,
    rate_limited_until,
    refusing,
    reset,
    stall,
    status,
    trickle,
    url_instead,
    wrong_content_type,
    wrong_length,
)

PRESUMED = "0.00605"
"""What 1024x1024 at low quality costs at most, with ten bytes of prompt: held for what may have been made."""

OWED = "0.005895"
"""What the double charges for it, by tokens."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What the double does, and what the caller is told. `upstream` is the status that OpenAI itself answered."""

    does: Behaviour
    status: int
    code: str
    upstream: int | None
    outcome: str = "rejected"
    again: Sequence[int] = ()
    """The Retry-After that may be told; with none, the answer is "do not"."""
    param: str | None = None
    says: str = ""
    streams: bool | None = None
    """Whether it happens in JSON answers only (False), in streams only (True), or in both."""
    cost: str | None = None

    counted: bool = False
    """Whether a whole answer says its tokens all the same."""

    def owed(self, *, whole: bool) -> str:
        if self.counted and whole:
            return OWED
        return self.cost or ("0" if self.outcome == "rejected" else PRESUMED)


def account(does: Behaviour, upstream: int) -> Fault:
    """A matter between us and OpenAI: the caller hears that the operator has to look into it, and no word more."""
    return Fault(does, 502, "provider_account", upstream, says="the operator has to look into it")


def limited(does: Behaviour, *again: int) -> Fault:
    return Fault(does, 429, "rate_limit_exceeded", 429, again=again)


def overloaded(does: Behaviour, upstream: int = 503, *again: int) -> Fault:
    return Fault(does, 503, "provider_overloaded", upstream, again=again)


def lost(does: Behaviour, upstream: int | None = None, streams: bool | None = None) -> Fault:
    return Fault(does, 502, "provider_connection_lost", upstream, "unknown", streams=streams)


def timed_out(does: Behaviour, upstream: int | None = None) -> Fault:
    return Fault(does, 504, "provider_timeout", upstream, "unknown")


def senseless(does: Behaviour, streams: bool | None = None, *, counted: bool = False) -> Fault:
    return Fault(does, 502, "provider_invalid_answer", None, "unknown", streams=streams, counted=counted)


INVALID_SIZE = Refusal(400, "Invalid size '1024x1024'. Width must be odd.", "invalid_value", "size")

DENIALS = {
    "401": account(status(401), 401),
    "402": account(refusing(Refusal(402, "Pay first, sk-double.")), 402),
    "403": account(status(403), 403),
    "404": account(status(404), 404),
    "404 without a body": account(empty_error(404), 404),
    "quota exhausted": account(quota_exhausted(), 429),
    "billing limit": account(billing_limit_reached(), 400),
    "429": limited(status(429)),
    "429 for 7 s": limited(status(429, retry_after="7"), 7),
    "429 for 1500 ms": limited(status(429, retry_after_ms="1500"), 2),
    "429 until a date": limited(rate_limited_until(3000), *range(1800, 3001)),
    "429 for nonsense": limited(status(429, retry_after="soon")),
    "503": overloaded(status(503)),
    "503 for 3 s": overloaded(status(503, retry_after="3"), 503, 3),
    "503 of a proxy": overloaded(html_error(503)),
    "529": overloaded(status(529), 529),
    "moderation": Fault(
        moderation_blocked("violence"), 400, "moderation_blocked", 400, says="safety_violations=[violence]"
    ),
    "invalid size": Fault(
        refusing(INVALID_SIZE), 400, "provider_rejected", 400, param="size", says=INVALID_SIZE.message
    ),
    "409": Fault(status(409), 400, "provider_rejected", 409, says="conflicts"),
    "500": Fault(status(500), 502, "provider_error", 500),
    "500 for 5 s": Fault(status(500, retry_after="5"), 502, "provider_error", 500),
    "500 of a proxy": Fault(html_error(500), 502, "provider_error", 500),
    "500 without a body": Fault(empty_error(500), 502, "provider_error", 500),
    "500 with our key in it": Fault(echoed_secret(500), 502, "provider_error", 500),
    "400 with our key in it": Fault(echoed_secret(400), 400, "provider_rejected", 400),
}

BREAKS = {
    "502": lost(status(502), 502),
    "502 of a proxy, billed": lost(html_error(502, billed=True), 502),
    "504": timed_out(status(504), 504),
    "504 for 5 s, billed": timed_out(status(504, retry_after="5", billed=True), 504),
    "stalled": timed_out(stall()),
    "stalled after the headers": timed_out(stall(after_headers)),
    "stalled half way": timed_out(stall(mid_body)),
    "trickling": timed_out(trickle(0.1)),
    "nothing but heartbeats": timed_out(heartbeats(0.05)),
    "closed": lost(cut(after_headers)),
    "closed half way": lost(cut(mid_body)),
    "reset": lost(reset()),
    "reset after the headers": lost(reset(after_headers)),
    "reset half way": lost(reset(mid_body)),
    "shorter than announced": lost(wrong_length(10), streams=False),
}

LIES = {
    "no image": Fault(empty_data(), 502, "provider_no_image", None, "unknown", streams=False, cost=OWED),
    "a stream without images": Fault(
        empty_data(), 502, "provider_no_image", None, "unknown", streams=True, cost=PRESUMED
    ),
    "an error in 200": Fault(error_in_200(), 502, "provider_error", 200, "rejected", streams=False),
    "an error event": Fault(error_event(), 502, "provider_error", 200, "unknown", streams=True),
    "a web page": senseless(html_in_200()),
    "half a JSON": senseless(invalid_json()),
    "longer than announced": senseless(wrong_length(-10), streams=False),
    "no base64": senseless(invalid_base64(), counted=True),
    "no image format": senseless(not_an_image(), counted=True),
    "a link to nowhere": senseless(url_instead("https://images.invalid/1.png"), streams=False, counted=True),
    "a stream called text": senseless(wrong_content_type(), streams=True),
}

FAULTS = DENIALS | BREAKS | LIES
