"""What a good answer says: its pictures' places, its usage, its traits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from service.domain.image import TokenDetails, Traits, Usage

MOST = 2**53
"""Counts from here on are no counts: no book has room for what they would cost."""


def table(value: Any) -> Mapping[str, Any]:
    """A JSON object, or an empty one where something else stands."""
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def entries(body: Mapping[str, Any], name: str) -> list[Any]:
    """A list of an answer, or an empty one where something else stands."""
    found = body.get(name)
    return cast(list[Any], found) if isinstance(found, list) else []


def traits(body: Mapping[str, Any]) -> Traits:
    return Traits(*(str(body.get(name) or "") for name in ("background", "output_format", "quality", "size")))


def usage(body: Mapping[str, Any]) -> Usage | None:
    """The tokens of an image model. What servers for language count (prompt and completion) is none of it."""
    counted = table(body.get("usage"))
    if "output_tokens" not in counted and "input_tokens" not in counted:
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
