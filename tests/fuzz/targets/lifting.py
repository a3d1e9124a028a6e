"""Pictures lifted out of JSON: the same as a parser and the standard library's base64 find, however it is cut."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, cast

import orjson

from service.providers.lifting import NAME, Lifter
from tests.fuzz.targets.cutting import cut

Pictures = list[bytes | str | None]
NO_BASE64 = "no base64"

_STRICT = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def one(data: bytes) -> None:
    whole, pieces = cut(data)
    expected = _parsed(whole)
    assert _lifted([whole]) == expected
    assert _lifted(pieces) == expected


def _parsed(text: bytes) -> Pictures | None:
    """What each object of the text names, depth first; None where the text is not JSON."""
    try:
        value = orjson.loads(text)
    except ValueError:
        return None
    return [_decoded(item.get(NAME)) for item in _objects(value)]


def _decoded(text: Any) -> bytes | str | None:
    if not isinstance(text, str) or not text:
        return None
    if not _STRICT.fullmatch(text):  # the standard library also takes padding behind what is already complete
        return NO_BASE64
    return base64.b64decode(text, validate=True) or None


def _lifted(pieces: Sequence[bytes]) -> Pictures | None:
    async def lift() -> Pictures | None:
        lifter = Lifter(10_000_000)
        left = b"".join([await lifter.feed(piece) for piece in pieces]) + lifter.rest()
        try:
            document = await lifter.document(left)
        except ValueError:
            return None
        found: Pictures = []
        for item in _objects(document.value):
            try:
                found.append(document.picture(item))
            except ValueError:
                found.append(NO_BASE64)
        return found

    lifting = lift()  # small texts are decoded on the spot, so that it needs no loop
    try:
        lifting.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("lifting waits for something")


def _objects(value: Any) -> list[dict[str, Any]]:
    match value:
        case dict():
            table = cast("dict[str, Any]", value)
            return [table, *(each for inner in table.values() for each in _objects(inner))]
        case list():
            return [each for inner in cast("list[Any]", value) for each in _objects(inner)]
        case _:
            return []
