"""The error envelope, line by line, as design §4 has it: what holds for every failure, whole or in a stream."""

from __future__ import annotations

import re
from typing import Any, cast

import httpx2
from imagegen import v1
from imagegen.errors import columns

from tests.rest.asking import Json, Told, json_of

REQUEST_TYPES = {
    "image_generation",
    "image_generation_stream",
    "image_edit",
    "image_edit_stream",
    "image_variation",
}


def failure_of(answer: httpx2.Response) -> Json:
    """The envelope of a failed answer, proven to be one."""
    body = json_of(answer)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get_list("x-request-id") == [body["event_id"]]
    assert answer.headers["x-should-retry"] in ("true", "false")
    assert body["status_code"] == answer.status_code
    _proven(body, body["type"])
    return body


def error_event_of(told: Told, answer: httpx2.Response) -> Json:
    """The envelope in an `error` event: its `type` is "error", so the reason stands in extra_fields; its status is
    what it would have been.
    """
    assert told.name == told.data["type"] == "error"
    assert answer.headers["x-request-id"] == told.data["event_id"]
    fields = told.data["extra_fields"]
    assert fields["request_type"] == "image_generation_stream"
    _proven({name: value for name, value in told.data.items() if name != "sequence_number"}, fields["reason"])
    return told.data


def _proven(body: Json, reason: str) -> None:
    assert set(body) == {"event_id", "type", "is_bifrost_error", "status_code", "error", "extra_fields"}
    assert body["error"]["event_id"] == body["event_id"]
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", body["event_id"])
    assert isinstance(body["is_bifrost_error"], bool)
    assert {"type", "code", "message", "event_id"} <= set(body["error"]) <= {*_TEXTS, "event_id"}
    assert all(isinstance(body["error"][name], str) and body["error"][name] for name in body["error"])
    assert body["extra_fields"].get("request_type", "image_generation") in REQUEST_TYPES
    meant = columns(v1.Reason.Value(f"REASON_{reason.upper()}"))
    assert (body["status_code"], body["error"]["type"], body["error"]["code"]) == (meant.http, meant.type, meant.code)
    assert not nulls(body), nulls(body)


_TEXTS = ("type", "code", "message", "param")


def nulls(value: Any, path: str = "$") -> list[str]:
    """Where a null stands: nowhere, in any answer of ours."""
    if value is None:
        return [path]
    if isinstance(value, dict):
        found = cast(Json, value)
        return [each for name, inner in found.items() for each in nulls(inner, f"{path}.{name}")]
    if isinstance(value, list):
        entries = cast(list[Any], value)
        return [each for number, inner in enumerate(entries) for each in nulls(inner, f"{path}[{number}]")]
    return []
