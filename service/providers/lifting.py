"""JSON with pictures in it, read without carrying them through the parser.

Almost all of such a text is base64. It is found by its name, decoded where it stands, and only what is left is parsed.
Where something looks different from what it should, the whole text is parsed as any other.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pybase64

from service import offload

NAME = "b64_json"
SMALL = 32 * 1024
"""A text up to here is parsed as a whole: that takes no time."""

_BEGIN = re.compile(rb'"%b"\s*:\s*"' % NAME.encode())
_WORD = f"lifted-{secrets.token_hex(8)}-"
"""What stands in the place of a picture; nobody outside can know it."""


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON text. `picture` gives the pictures that its objects name."""

    value: Any
    lifted: Mapping[str, bytes] = field(default_factory=dict[str, bytes])

    def picture(self, item: Mapping[str, Any]) -> bytes | None:
        """The bytes of an object's picture, None where it has none. Raises ValueError where they are not base64."""
        text = item.get(NAME)
        if not isinstance(text, str) or not text:
            return None
        if text in self.lifted:
            return self.lifted[text] or None
        return pybase64.b64decode(text, validate=True)


async def document(text: bytes, start: int = 0) -> Document:
    """The document that `text` is from `start` on. Raises ValueError where it is not JSON."""
    return await offload.over(text, lambda each: _document(each, start))


def _document(text: bytes, start: int) -> Document:
    view = memoryview(text)[start:]
    if len(view) <= SMALL:
        return Document(orjson.loads(view))
    try:
        rest, pictures = _lift(text, start)
    except ValueError:
        return Document(orjson.loads(view))
    return Document(orjson.loads(rest), pictures)


def _lift(text: bytes, start: int) -> tuple[bytes, dict[str, bytes]]:
    """The text with a word in the place of each picture, and the pictures by those words."""
    view = memoryview(text)
    pictures: dict[str, bytes] = {}
    pieces: list[bytes | memoryview] = []
    while begin := _BEGIN.search(text, start):
        end = text.index(b'"', begin.end())
        word = f"{_WORD}{len(pictures)}"
        pictures[word] = pybase64.b64decode(view[begin.end() : end], validate=True)
        pieces += [view[start : begin.end()], word.encode()]
        start = end
    return b"".join((*pieces, view[start:])), pictures
