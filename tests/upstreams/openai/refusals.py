"""How OpenAI says no: every refusal with its status, type, code, param and wording.

Observed wordings: the key, response_format, invalid values and types, the safety system, sizes that 16 does not divide,
quota and rate limits. The rest follows their pattern; match on status and code, as OpenAI itself advises.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Final


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - a provider's answer, not an error of ours
    """A complete error answer in OpenAI's envelope."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    type: str = "invalid_request_error"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def body(self) -> dict[str, object]:
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}

    def encoded(self) -> bytes:
        return json.dumps(self.body, indent=2, ensure_ascii=False).encode()


def invalid_key(key: str | None) -> Refusal:
    if key is None:
        return Refusal(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're "
            "accessing the API from your browser and are prompted for a username and password. You can obtain an API "
            "key from https://platform.openai.com/account/api-keys.",
        )
    return Refusal(
        401,
        f"Incorrect API key provided: {masked(key)}. "
        "You can find your API key at https://platform.openai.com/account/api-keys.",
        "invalid_api_key",
    )


def masked(key: str) -> str:
    """As OpenAI shows a key: its first eight and last four characters."""
    return key if len(key) <= 12 else f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}"


def unknown_url(method: str, path: str) -> Refusal:
    return Refusal(404, f"Invalid URL ({method} {path})")


def wrong_method(method: str, path: str) -> Refusal:
    hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
    return Refusal(405, f"Not allowed to {method} on {path}. {hint}", "method_not_supported")


def content_type(given: str) -> Refusal:
    return Refusal(
        400,
        f"Unsupported content type: '{given}'. This API method only accepts 'application/json' requests, but you "
        f"specified the header 'Content-Type: {given}'. Please try again with a supported content type.",
        "unsupported_content_type",
    )


def not_json() -> Refusal:
    return Refusal(
        400,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble "
        "figuring out how to fix this, please contact us through our help center at help.openai.com.)",
    )


def unknown_model(model: str) -> Refusal:
    return Refusal(
        404, f"The model '{model}' does not exist or you do not have access to it.", "model_not_found", "model"
    )


def retired_model(model: str) -> Refusal:
    learn = "learn more here: https://platform.openai.com/docs/deprecations"
    return Refusal(404, f"The model '{model}' has been deprecated, {learn}", "model_not_found", "model")


def missing(name: str) -> Refusal:
    return Refusal(400, f"Missing required parameter: '{name}'.", "missing_required_parameter", name)


def unknown_parameter(name: str) -> Refusal:
    return Refusal(400, f"Unknown parameter: '{name}'.", "unknown_parameter", name)


def invalid_type(name: str, expected: str, given: object) -> Refusal:
    return Refusal(
        400,
        f"Invalid type for '{name}': expected {expected}, but got {_KINDS[type(given)]} instead.",
        "invalid_type",
        name,
    )


def invalid_choice(name: str, given: object, choices: Sequence[str]) -> Refusal:
    quoted = [f"'{choice}'" for choice in choices]
    listed = f"{', '.join(quoted[:-1])}, and {quoted[-1]}" if len(quoted) > 2 else " and ".join(quoted)
    return Refusal(400, f"Invalid value: '{given}'. Supported values are: {listed}.", "invalid_value", name)


def out_of_range(name: str, given: int, low: int, high: int) -> Refusal:
    if given < low:
        bound, expected, code = "below minimum value", f">= {low}", "integer_below_min_value"
    else:
        bound, expected, code = "above maximum value", f"<= {high}", "integer_above_max_value"
    return Refusal(
        400, f"Invalid '{name}': integer {bound}. Expected a value {expected}, but got {given} instead.", code, name
    )


def empty_text(name: str) -> Refusal:
    expected = "Expected a string with minimum length 1, but got an empty string instead."
    return Refusal(400, f"Invalid '{name}': empty string. {expected}", "empty_string", name)


def long_text(name: str, limit: int, length: int) -> Refusal:
    expected = f"Expected a string with maximum length {limit}, but got a string with length {length} instead."
    return Refusal(400, f"Invalid '{name}': string too long. {expected}", "string_above_max_length", name)


def invalid_size(size: str, why: str) -> Refusal:
    return Refusal(400, f"Invalid size '{size}'. {why}", "invalid_value", "size")


def conflict(name: str, message: str) -> Refusal:
    """Two parameters that do not go together."""
    return Refusal(400, message, "invalid_value", name, "image_generation_user_error")


def moderation_blocked(request_id: str, *violations: str) -> Refusal:
    return Refusal(
        400,
        "Your request was rejected by the safety system. If you believe this is an error, contact us at "
        f"help.openai.com and include the request ID {request_id}. safety_violations=[{', '.join(violations)}].",
        "moderation_blocked",
        type="image_generation_user_error",
    )


_KINDS: Final[Mapping[type, str]] = {
    NoneType: "null",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal number",
    str: "a string",
    list: "an array",
    dict: "an object",
}
