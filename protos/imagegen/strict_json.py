"""JSON objects from strangers, read as one meaning or not at all.

A fast parser reads the text. What it lets pass is found by counting: a text has a colon for each member and two
brackets for each object or list, so that a text with more of them than what was read has lost something, a name given
twice. Only what does not add up is read again, slowly, to say what is wrong with it, and where. Nothing here takes
longer because a text is hostile: large ones are measured before they are parsed.

Both programs read with this, so that no text means one thing over REST and another over gRPC.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from json import JSONDecodeError, JSONDecoder
from typing import Any, NoReturn, cast

DEEPEST = 32
"""Objects and lists within one another, the outermost included."""
MOST_ENTRIES = 1024
"""Members and entries of lists, in all."""
LONGEST_NUMBER = 64
MOST_ESCAPES = 128 * 1024
"""Backslashes: enough for two prompts of the greatest length without a single plain character."""

_LARGE = 64 * 1024
"""Bytes. What is larger is looked at before it is parsed, and its head first."""
_DEAR, _MANY = (b'"', b",", b"\\"), 128 * 1024
"""What a large text has many of only where it is dear to parse."""
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1

_STRUCTURE = b"{}[]:"
_NO_STRUCTURE = bytes(byte for byte in range(256) if byte not in _STRUCTURE)
_LONG = re.compile(rb"[^\s{}\[\]:,]{%d}" % (LONGEST_NUMBER + 1))


class JsonError(Exception):
    """A text is not read, and this is why. `field` is the member at fault, None where the text as a whole is."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def read(text: bytes, parse: Callable[[bytes], Any], what: str = "The body") -> dict[str, Any]:
    """The one object that a text says. `parse` is the fast parser: it may be lax, `what` is what to call the text."""
    if len(text) > _LARGE:
        _look_at_head(text, what)
        if any(text.count(each) > _MANY for each in _DEAR):
            _look_closely(text, what)
    try:
        value = parse(text)
    except Exception:  # whatever a parser says of what it cannot read, it is said better here
        _look_closely(text, what)
        raise JsonError(f"{what} is not valid JSON.") from None
    if type(value) is not dict or not _adds_up(text, cast(dict[str, Any], value)):
        _look_closely(text, what)
    return cast(dict[str, Any], value)


def _outside(text: bytes) -> bytes:
    """What stands outside of strings."""
    if b"\\" in text:
        text = text.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    return b"".join(text.split(b'"')[::2])


def _adds_up(text: bytes, value: dict[str, Any]) -> bool:
    """Whether what was read is all that the text says, and within bounds."""
    if b"\\u0000" in text:
        return False
    measured = _measure(value, 1)
    if measured is None:
        return False
    size, entries, has_fractions = measured
    if entries > MOST_ENTRIES:
        return False
    if not has_fractions and len(text.translate(None, _NO_STRUCTURE)) == size:
        return True
    outside = _outside(text)  # the usual text ends above: it has no colon in a string
    return len(outside.translate(None, _NO_STRUCTURE)) == size and not _LONG.search(outside)


def _measure(value: dict[str, Any] | list[Any], depth: int) -> tuple[int, int, bool] | None:
    """How many colons and brackets it takes to say this, how many entries it has, and whether one is a fraction.

    None where it goes too far.
    """
    if depth > DEEPEST:
        return None
    inside: Iterable[object]
    inside, size = (value.values(), len(value) + 2) if isinstance(value, dict) else (value, 2)
    entries, has_fractions = len(value), False
    for each in inside:
        if isinstance(each, str) or each is None or each is True or each is False:
            continue
        if isinstance(each, int):
            if not _LOWEST <= each <= _HIGHEST:
                return None
        elif isinstance(each, float):
            has_fractions = True
        else:
            inner = _measure(cast("dict[str, Any] | list[Any]", each), depth + 1)
            if inner is None:
                return None
            size += inner[0]
            entries += inner[1]
            has_fractions = has_fractions or inner[2]
    return size, entries, has_fractions


# --- slowly -----------------------------------------------------------------------------------------------------------


def _look_at_head(text: bytes, what: str) -> None:
    """Raises for what is wrong with the beginning of a large text: a flood shows there already, and costs no more."""
    head = text[:_LARGE]
    try:
        _check_encoding(head, what)
        decoded = head.decode()
    except UnicodeDecodeError as error:
        if error.start < _LARGE - _CUT:
            raise _no_utf8(what, error) from None
        decoded = head[: error.start].decode()
    with suppress(_CutError):
        _Reader(decoded, what, is_head=True).read()


def _look_closely(text: bytes, what: str) -> None:
    """Raises for the first thing that is wrong with a text."""
    _check_encoding(text, what)
    if text.count(b"\\") > MOST_ESCAPES:
        raise JsonError(f"{what} has more than {MOST_ESCAPES} backslashes.")
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        raise _no_utf8(what, error) from None
    _Reader(decoded, what).read()


def _check_encoding(text: bytes, what: str) -> None:
    if text.startswith(b"\xef\xbb\xbf"):
        raise JsonError(f"{what} must be UTF-8 without a byte order mark.")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in text[:4]:
        raise JsonError(f"{what} must be UTF-8, not UTF-16 or UTF-32.")


def _no_utf8(what: str, error: UnicodeDecodeError) -> JsonError:
    return JsonError(f"{what} is not valid JSON: its byte {error.start + 1} is not UTF-8.")


class _CutError(Exception):
    """The head ends before it is clear what it says."""


_CUT = 12
"""So near the end of a head everything may be cut: no escape is longer."""

_BLANKS = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_WORD = re.compile(r"[^\s{}\[\]:,\"]*")
_HALF = re.compile("[\ud800-\udfff]")
_SCALARS = JSONDecoder()


class _Reader:
    """Goes through a text once, and stops at what must not be there."""

    def __init__(self, text: str, what: str, *, is_head: bool = False) -> None:
        self._text = text
        self._is_head = is_head
        self._what = what
        self._at = 0
        self._entries = 0

    def read(self) -> None:
        begin = self._peek()
        if not begin and not self._is_head and self._at == len(self._text):
            raise JsonError(f"{self._what} is empty; it must be valid JSON.")
        if begin != "{":
            if begin and begin in '[-0123456789"tfn':
                raise JsonError(f"{self._what} must be a JSON object.")
            self._broken()
        self._object("", 1)
        self._peek()
        if self._at < len(self._text):
            self._broken()

    def _peek(self) -> str:
        """The next character that is no blank; "" at the end."""
        found = self._text[self._at : self._at + 1]
        if found and found in " \t\r\n":
            # More blanks than this are nobody's indentation; what stands there is then taken for broken.
            blanks = _BLANKS.match(self._text, self._at, self._at + _LARGE // 2)
            self._at = blanks.end() if blanks else self._at
            found = self._text[self._at : self._at + 1]
        return found

    def _taken(self, *expected: str) -> str:
        found = self._peek()
        if found not in expected:
            self._broken()
        self._at += 1
        return found

    def _broken(self, at: int | None = None) -> NoReturn:
        where = self._at if at is None else at
        if self._is_head and where >= len(self._text) - _CUT:
            raise _CutError
        raise JsonError(f"{self._what} is not valid JSON: see its character {where + 1}.")

    def _object(self, path: str, depth: int) -> None:
        self._enter(path, depth)
        names: set[str] = set()
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            if self._peek() != '"':
                self._broken()
            name = self._string(path, is_name=True)
            field = f"{path}.{_shown(name)}" if path else _shown(name)
            if name in names:
                raise JsonError(f"{field} is given twice.", field)
            names.add(name)
            self._taken(":")
            self._value(field, depth)
            if self._taken(",", "}") == "}":
                return

    def _list(self, path: str, depth: int) -> None:
        self._enter(path, depth)
        if self._peek() == "]":
            self._at += 1
            return
        index = 0
        while True:
            self._value(f"{path}[{index}]", depth)
            index += 1
            if self._taken(",", "]") == "]":
                return

    def _enter(self, path: str, depth: int) -> None:
        if depth > DEEPEST:
            field = re.split(r"[.\[]", path, maxsplit=1)[0]
            raise JsonError(f"{field} nests deeper than {DEEPEST} levels.", field)
        self._at += 1

    def _value(self, path: str, depth: int) -> None:
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            raise JsonError(f"{self._what} has more than {MOST_ENTRIES} members and entries of lists.")
        match self._peek():
            case "{":
                self._object(path, depth + 1)
            case "[":
                self._list(path, depth + 1)
            case '"':
                self._string(path)
            case _:
                self._word(path)

    def _word(self, path: str) -> None:
        """A number, true, false or null."""
        found = _WORD.match(self._text, self._at, self._at + LONGEST_NUMBER + 1)
        word = found[0] if found else ""
        if self._is_head and self._at + len(word) == len(self._text):
            raise _CutError
        if word in ("true", "false", "null"):
            self._at += len(word)
            return
        if word in ("NaN", "Infinity", "-Infinity"):
            raise JsonError(f"{path} must be a number, and {word} is none in JSON.", path)
        if len(word) > LONGEST_NUMBER and word[0] in "-0123456789":
            raise JsonError(f"{path} is a number of more than {LONGEST_NUMBER} characters.", path)
        number = _NUMBER.fullmatch(word)
        if number is None:
            self._broken()
        if math.isinf(float(word)) or not (number[2] or _LOWEST <= int(word) <= _HIGHEST):
            raise JsonError(f"{path} must be a number that 64 bits can hold.", path)
        self._at += len(word)

    def _string(self, path: str, *, is_name: bool = False) -> str:
        try:
            value, end = cast("tuple[str, int]", _SCALARS.raw_decode(self._text, self._at))
        except JSONDecodeError as error:
            # An unended string is said to be wrong at its beginning, and is so only where nothing is cut.
            self._broken(len(self._text) if self._is_head and error.msg.startswith("Unterminated") else error.pos)
        self._at = end
        # Neither can go on: protobuf has no half characters, and PostgreSQL no U+0000.
        for what, at in (("half of a character", _half(value)), ("the character U+0000", value.find("\0"))):
            if at >= 0:
                subject = f"A name in {path}" if is_name and path else "A name" if is_name else path
                code = f" (\\u{ord(value[at]):04x})" if value[at] != "\0" else ""
                raise JsonError(f"{subject} must not hold {what}{code}.", path or _shown(value))
        return value


def _half(text: str) -> int:
    """Where a text has a surrogate without its other half; -1 where it has none."""
    found = None if text.isascii() else _HALF.search(text)
    return found.start() if found else -1


def _shown(name: str) -> str:
    """A name in a path: short, and of what can be printed."""
    cut = name if len(name) <= LONGEST_NUMBER else f"{name[: LONGEST_NUMBER - 3]}..."
    return cut if cut.isprintable() else cut.encode("unicode_escape").decode()
