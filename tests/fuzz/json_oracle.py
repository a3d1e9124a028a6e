"""What a strict reader must say to a text, found the slow and plain way with the standard library."""

from __future__ import annotations

import json
import math
from typing import Any, cast


class RefusedError(Exception):
    """A strict reader refuses this text."""


def oracle(text: bytes) -> dict[str, Any]:
    """The object that a text says. Raises RefusedError for every other text."""
    try:
        if text.startswith(b"\xef\xbb\xbf"):
            raise RefusedError
        if text.count(b"\\") > 131_072:
            raise RefusedError
        value = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_whole,
            parse_float=_fraction,
        )
    except (ValueError, RecursionError):
        raise RefusedError from None
    if not isinstance(value, dict) or _size(value, 1) > 1024:
        raise RefusedError
    return cast(dict[str, Any], value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise RefusedError
    return dict(pairs)


def _constant(text: str) -> float:
    raise RefusedError


def _whole(text: str) -> int:
    if len(text) > 64 or not -(2**63) <= int(text) < 2**64:
        raise RefusedError
    return int(text)


def _fraction(text: str) -> float:
    if len(text) > 64 or math.isinf(float(text)):
        raise RefusedError
    return float(text)


def _size(value: Any, depth: int) -> int:
    """How many entries there are within. Raises for what is too deep, and for text that cannot go on."""
    match value:
        case str():
            if "\0" in value or any("\ud800" <= each <= "\udfff" for each in value):
                raise RefusedError
            return 0
        case dict() | list():
            if depth > 32:
                raise RefusedError
            inside = cast("list[Any]", [*value, *value.values()] if isinstance(value, dict) else value)
            return len(value) + sum(_size(each, depth + 1) for each in inside)  # pyright: ignore[reportUnknownArgumentType] - any JSON
        case _:
            return 0
