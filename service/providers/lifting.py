"""JSON with pictures in it, read without carrying them through a parser.

Almost all of such a text is base64. It is found by its name while the text comes in and set aside, and a word stands in
its place in the text that is left, which is small. Where something looks different from what it should, the text stays
as it came, and is parsed as any other.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, MutableMapping
from functools import reduce
from typing import Any

import orjson
import pybase64
from msgspec import Struct

from service import offload
from service.domain.event import Outcome
from service.errors import ProviderError, Reason

NAME = "b64_json"

_BEGIN = re.compile(rb'(?<!\\)"%b"\s*:\s*"' % NAME.encode())
_HALF = reduce(lambda rest, byte: b"%c(?:%b)?" % (byte, rest), reversed(f'"{NAME}"'.encode()), rb"\s*:?\s*")
_BEGUN = re.compile(rb"(?:\\|(?<!\\)%b)\Z" % _HALF)
"""What may be the first half of it, at the end of a piece."""
_LONGEST = 64
"""A beginning that takes more room, being mostly blanks, is not looked for."""

_WORD = f"lifted-{secrets.token_hex(8)}-"
"""What stands in the place of a picture; nobody outside can know it."""


class Lifter:
    """Takes the pictures out of one text."""

    def __init__(self, most: int) -> None:
        """`most`: how many bytes may be set aside here before they are taken."""
        self.lifted: dict[str, bytes] = {}
        self._most = most
        self._words = 0
        self._begun = b""
        self._aside: list[memoryview] | None = None
        self._size = 0

    async def feed(self, piece: bytes) -> bytes:
        """What is left of a piece of the text. Its end may come with the next, if a picture may begin there."""
        if self._begun:
            piece, self._begun = self._begun + piece, b""
        text: list[bytes | memoryview] = []
        at = 0
        while at < len(piece):
            if self._aside is None:
                at = self._pass_by(piece, at, text)
            else:
                at = await self._set_aside(self._aside, piece, at, text)
        return b"".join(text)

    def rest(self) -> bytes:
        """What is left at the end of the text."""
        rest = self._begun + b"".join(self._aside or ())
        self._begun, self._aside = b"", None
        return rest

    async def document(self, text: bytes) -> Document:
        """The document that is left of a text. Raises ValueError where it is not JSON."""
        return Document(await offload.over(text, orjson.loads), self.lifted)

    def _pass_by(self, piece: bytes, at: int, text: list[bytes | memoryview]) -> int:
        """Hands on what stands before the next picture; says where that begins."""
        begin = _BEGIN.search(piece, at)
        if begin is not None:
            self._aside = []
            text.append(piece[at : begin.end()])
            return begin.end()
        begun = _BEGUN.search(piece, max(at, len(piece) - _LONGEST))
        end = begun.start() if begun else len(piece)
        self._begun = piece[end:]
        text.append(piece[at:end])
        return len(piece)

    async def _set_aside(self, aside: list[memoryview], piece: bytes, at: int, text: list[bytes | memoryview]) -> int:
        """Keeps what is here of a picture; says where that ends."""
        quote = piece.find(b'"', at)
        end = quote if quote >= 0 else len(piece)
        if quote < 0 and piece.endswith(b"\n"):  # no string of JSON goes over a line's end: it is none
            text.extend(aside)
            self._aside, self._size = None, 0
            return at
        aside.append(memoryview(piece)[at:end])
        self._size += end - at
        if self._size + sum(map(len, self.lifted.values())) > self._most:
            raise too_large()
        if quote >= 0:
            self._aside, self._size = None, 0
            text.append(await self._lift(b"".join(aside)))
        return end

    async def _lift(self, encoded: bytes) -> bytes:
        """What is left in the place of a picture: the word for it; or all of it, where it is not plain base64."""
        try:
            picture = await offload.over(encoded, _decoded)
        except ValueError:
            return encoded
        word = f"{_WORD}{self._words}"
        self._words += 1
        self.lifted[word] = picture
        return word.encode()


class Document(Struct, frozen=True):
    """A JSON text, and the pictures that were lifted out of it. `picture` gives those that its objects name, once."""

    value: Any
    lifted: MutableMapping[str, bytes]

    def picture(self, item: Mapping[str, Any]) -> bytes | None:
        """The bytes of an object's picture, None where it has none. Raises ValueError where they are not base64."""
        text = item.get(NAME)
        if not isinstance(text, str) or not text:
            return None
        if text in self.lifted:
            return self.lifted.pop(text) or None
        return _decoded(text)


def _decoded(text: bytes | str) -> bytes:
    return pybase64.b64decode(text, validate=True)


def too_large() -> ProviderError:
    return ProviderError(Reason.PROVIDER_INVALID_ANSWER, "The provider's answer is too large to read.", Outcome.UNKNOWN)
