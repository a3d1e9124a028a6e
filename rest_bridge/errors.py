"""Failures as callers of OpenAI's API know them, in the envelope that the seed's clients read.

`type` at the top is our reason, `error.type` and `error.code` are its columns for OpenAI's SDKs, and `x-should-retry`
tells those SDKs the truth: again only where it cannot be billed twice.
"""

from __future__ import annotations

import math
from typing import Any

from imagegen import v1
from imagegen.errors import ImagegenError
from starlette.responses import Response

from rest_bridge import report
from rest_bridge.json import dumps
from rest_bridge.names import OTHERWISE, json_name


def status_of(error: ImagegenError) -> int:
    return error.columns.http


def envelope(error: ImagegenError, request_id: str, request_type: str | None, model: str | None) -> dict[str, Any]:
    fields = report.fields(error.report, request_type)
    if model and "model_requested" not in fields:
        fields["model_requested"] = model
    details = {
        "type": error.columns.type,
        "code": error.columns.code,
        "message": _in_json_names(error),
        "param": json_name(error.field) if error.field else None,
        "event_id": request_id,
    }
    return {
        "event_id": request_id,
        "type": error.name,
        "is_bifrost_error": not error.from_provider,
        "status_code": status_of(error),
        "error": {name: value for name, value in details.items() if value is not None},
        "extra_fields": fields,
    }


def _in_json_names(error: ImagegenError) -> str:
    """The message, naming the parameter as REST callers write it."""
    if error.field in OTHERWISE:
        return error.message.replace(error.field, OTHERWISE[error.field], 1)
    return error.message


def headers_of(error: ImagegenError) -> dict[str, str]:
    headers = {**report.headers(error.trailers), "x-should-retry": "true" if error.should_retry else "false"}
    if error.retry_after is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after))
    return headers


def response(
    error: ImagegenError, request_id: str, request_type: str | None = None, model: str | None = None
) -> Response:
    body = dumps(envelope(error, request_id, request_type, model))
    return Response(body, status_of(error), headers_of(error), "application/json")


def not_in_this_version(what: str, field: str | None = None) -> ImagegenError:
    return ImagegenError(v1.REASON_NOT_SUPPORTED, f"{what} is not in this version of imagegen.", field=field)
