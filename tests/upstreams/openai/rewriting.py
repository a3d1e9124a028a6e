"""The ways in which behaviours change an answer: its bodies, their JSON, their pictures, its headers.

Each returns new acts. A stated Content-Length follows the body, unless the head itself is what changes.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, Final

from .acts import Acts, Body, Head, Kind
from .answers import encoded

ANSWERS: Final[tuple[Kind, ...]] = ("document", "partial", "completed")
EVENTS: Final[tuple[Kind, ...]] = ("partial", "completed", "error", "other")
FINISHED: Final[tuple[Kind, ...]] = ("document", "completed")

_DECODER: Final = json.JSONDecoder()


def on_bodies(acts: Acts, change: Callable[[Body], Body], kinds: Collection[Kind] | None = None) -> Acts:
    """Every piece of the body, or those of some kinds."""
    return fitted(
        tuple(change(act) if isinstance(act, Body) and (kinds is None or act.kind in kinds) else act for act in acts)
    )


def on_json(acts: Acts, change: Callable[[dict[str, Any]], dict[str, Any]], kinds: Collection[Kind] = ANSWERS) -> Acts:
    """The JSON of every document or event of these kinds; what stands around it stays."""

    def one(body: Body) -> Body:
        before, brace, rest = body.data.decode().partition("{")
        fields, end = _DECODER.raw_decode(brace + rest)
        return replace(body, data=before.encode() + encoded(change(fields)) + (brace + rest)[end:].encode())

    return on_bodies(acts, one, kinds)


def on_pictures(acts: Acts, text: str, kinds: Collection[Kind] = ANSWERS) -> Acts:
    """`text` in place of every picture's base64."""

    def change(fields: dict[str, Any]) -> dict[str, Any]:
        if "data" in fields:
            return fields | {"data": [{"b64_json": text} for _ in fields["data"]]}
        return fields | {"b64_json": text}

    return on_json(acts, change, kinds)


def on_headers(acts: Acts, **headers: str | None) -> Acts:
    """Headers set, or taken away with None; `content_type` is Content-Type."""
    given = {name.replace("_", "-").title(): value for name, value in headers.items()}

    def change(head: Head) -> Head:
        merged = {**head.headers, **given}
        return replace(head, headers={name: value for name, value in merged.items() if value is not None})

    return tuple(change(act) if isinstance(act, Head) else act for act in acts)


def fitted(acts: Acts) -> Acts:
    """The Content-Length, where one is stated, as the bodies are now."""
    if not any(isinstance(act, Head) and "Content-Length" in act.headers for act in acts):
        return acts
    return on_headers(acts, content_length=str(length_of(acts)))


def length_of(acts: Acts) -> int:
    return sum(len(act.data) for act in acts if isinstance(act, Body))
