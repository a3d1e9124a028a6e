"""What the head of a request may look like. uvicorn's parser takes more than this, and proxies disagree about the rest.

A good head costs two regular expressions that run in C; why a bad one is bad is found out afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv6Address

KIB = 1024
LONGEST_LINE = 8 * KIB
"""Of the request line."""
LONGEST_FIELD = 16 * KIB
LONGEST_HEAD = 32 * KIB
MOST_FIELDS = 100

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")

CHUNKED = -1
"""The length of a body that tells it piece by piece."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_PATH = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\[\]{}|^`]++|%[0-9A-Fa-f]{2})"
_FIELD = _TOKEN + rb"++:[\t -~\x80-\xff]*+"

_HEAD = re.compile(
    rb"(?:%b) /%b*+ HTTP/1\.([01])\r\n(?:%b\r\n){0,%d}+\r\n" % ("|".join(METHODS).encode(), _PATH, _FIELD, MOST_FIELDS)
)
_TELLING = re.compile(rb"\r\n(host|content-length|transfer-encoding|expect|upgrade):([^\r]*+)", re.IGNORECASE)
"""What decides for whom a request is and where it ends."""

_ABSOLUTE = re.compile(rb"([A-Z]+ )(https?)://([^/?# ]*)([^ ]*)(?= HTTP/)", re.IGNORECASE)
_UPGRADE = re.compile(rb"\r\nupgrade:[^\r]*+", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?=[^\n])")
_HOST = re.compile(
    rb"(?:([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?)\.?|\[([0-9A-Fa-f:.]{2,45})\])(?::([0-9]{1,5}))?"
)


class RefusedError(Exception):
    """What a client sent, or did not send, is not served. `reason` is its name in the metrics."""

    def __init__(self, reason: str, status: int, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.message = message
        self.field = field
        self.head = b""
        """Of the request, where there is a whole one."""


@lru_cache(1024)
def host(value: bytes) -> tuple[str, str] | None:
    """Name and port of a good Host, else nothing. IPv6 addresses keep their brackets."""
    match = _HOST.fullmatch(value)
    if match is None or (match[3] and int(match[3]) > 65535):
        return None
    port = match[3].decode() if match[3] else ""
    if match[2] is None:
        return (match[1].decode().lower(), port) if b".." not in match[1] else None
    try:
        return f"[{IPv6Address(match[2].decode())}]", port
    except ValueError:
        return None


class Heads:
    """Reads heads for a server that answers to `hosts` (to every name where there are none)."""

    def __init__(self, largest_body: int, hosts: Collection[str] = ()) -> None:
        self._largest_body = largest_body
        self._hosts = frozenset(each.lower() for each in hosts)

    def read(self, head: bytes) -> tuple[bytes, int]:
        """The head as the parser is to see it, and how long the body after it is."""
        if len(head) > LONGEST_LINE:
            _measure(head)
        authority: tuple[str, str] | None = None
        match = _HEAD.fullmatch(head)
        if match is None:
            head, authority = _in_origin_form(head)
            match = _HEAD.fullmatch(head)
            if match is None:
                raise _wrong_with(head)
        newest = match[1] == b"1"
        named: tuple[str, str] | None = None
        length: int | None = None
        upgrades = False
        for name, value in _TELLING.findall(head):
            name, value = name.lower(), value.strip(b" \t")
            if name == b"host":
                if named is not None:
                    raise RefusedError("host", 400, "There is more than one Host header.", "Host")
                named = host(value)
                if named is None:
                    raise RefusedError(
                        "host", 400, "Host must be a name or an address, with a port or without.", "Host"
                    )
            elif name == b"content-length":
                length = self._length(value, length)
            elif name == b"transfer-encoding":
                length = _chunked(value, length, newest)
            elif name == b"expect":
                if newest and value.lower() != b"100-continue":
                    raise RefusedError("expectation", 417, "Expect may say 100-continue and nothing else.", "Expect")
            else:
                upgrades = True
        self._check(named, authority, newest)
        if upgrades:  # nobody here speaks anything else, and the parser would wait for who does
            head = _UPGRADE.sub(b"", head)
        return head, length or 0

    def _length(self, value: bytes, before: int | None) -> int:
        if before is not None:
            raise _two_lengths(before == CHUNKED)
        if not value.isdigit():
            raise RefusedError("length", 400, "Content-Length must be one number, in digits.", "Content-Length")
        if len(value) > 15 or int(value) > self._largest_body:
            raise too_large(self._largest_body)
        return int(value)

    def _check(self, named: tuple[str, str] | None, authority: tuple[str, str] | None, newest: bool) -> None:
        """Is the request meant for this server?"""
        if named is None:
            if newest or self._hosts:
                raise RefusedError("host", 400, "There is no Host header.", "Host")
        elif authority is not None and authority != named:
            raise RefusedError("host", 400, "The address in the request line is another one than in Host.", "Host")
        elif self._hosts and self._hosts.isdisjoint((named[0], ":".join(named))):
            raise RefusedError("unknown_host", 421, "This server does not answer to the name in Host.", "Host")


def hopeless(data: bytes, seen: int) -> RefusedError | None:
    """What is wrong already with the beginning of a head. `seen` bytes of it have been looked at before."""
    if _CONTROL.search(data, max(0, seen - 1)):
        return _control()
    if len(data) > LONGEST_LINE and data.find(b"\r\n", 0, LONGEST_LINE + 2) < 0:
        return _long_line()
    return _large_head() if len(data) > LONGEST_HEAD else None


def too_large(largest: int) -> RefusedError:
    return RefusedError("body_too_large", 413, f"The body is larger than {largest / KIB / KIB:g} MiB.", "body")


def _two_lengths(chunked: bool) -> RefusedError:
    if chunked:
        return RefusedError(
            "two_lengths", 400, "Content-Length and Transfer-Encoding exclude each other.", "Content-Length"
        )
    return RefusedError("two_lengths", 400, "There is more than one Content-Length header.", "Content-Length")


def _chunked(value: bytes, before: int | None, newest: bool) -> int:
    if before is not None:
        if before == CHUNKED:
            raise RefusedError(
                "transfer_encoding", 400, "There is more than one Transfer-Encoding header.", "Transfer-Encoding"
            )
        raise _two_lengths(chunked=True)
    if not newest:
        raise RefusedError("transfer_encoding", 400, "HTTP/1.0 has no Transfer-Encoding.", "Transfer-Encoding")
    if value.lower() != b"chunked":
        raise RefusedError("transfer_encoding", 501, "Transfer-Encoding must be chunked.", "Transfer-Encoding")
    return CHUNKED


def _in_origin_form(head: bytes) -> tuple[bytes, tuple[str, str] | None]:
    """`GET http://host/path` as `GET /path`, and the host that it names; anything else as it is."""
    match = _ABSOLUTE.match(head)
    if match is None:
        return head, None
    authority = host(match[3])
    if authority is None:
        raise RefusedError("target", 400, "The address in the request line must be a name or an address, and a port.")
    slash = b"" if match[4].startswith(b"/") else b"/"
    return match[1] + slash + match[4] + head[match.end() :], authority


def _measure(head: bytes) -> None:
    if head.find(b"\r\n", 0, LONGEST_LINE + 2) < 0:
        raise _long_line()
    if len(head) > LONGEST_HEAD:
        raise _large_head()
    if max(map(len, head.split(b"\r\n"))) > LONGEST_FIELD:
        raise RefusedError("head_too_large", 431, f"A header is longer than {LONGEST_FIELD // KIB} KiB.")


def _long_line() -> RefusedError:
    return RefusedError("target_too_long", 414, f"The request line is longer than {LONGEST_LINE // KIB} KiB.")


def _large_head() -> RefusedError:
    return RefusedError("head_too_large", 431, f"The headers are longer than {LONGEST_HEAD // KIB} KiB in all.")


def _control() -> RefusedError:
    return RefusedError("control", 400, "Control characters have no place in a request; a line ends with CR and LF.")


def _wrong_with(head: bytes) -> RefusedError:
    """Why a head that is not good is not."""
    if _CONTROL.search(head):
        return _control()
    line, *fields = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    return _wrong_with_line(line) or _wrong_with_fields(fields)


def _wrong_with_line(line: bytes) -> RefusedError | None:
    words = line.split(b" ")
    if len(words) != 3 or not re.fullmatch(_TOKEN + rb"+", words[0]):
        return RefusedError(
            "request_line", 400, "A request begins with a method, a target and a version, one space apart."
        )
    method, target, version = words
    if version not in (b"HTTP/1.0", b"HTTP/1.1"):
        if re.fullmatch(rb"HTTP/[0-9](\.[0-9])?", version):
            return RefusedError("version", 505, "HTTP/1.1 and HTTP/1.0 are spoken here.")
        return RefusedError("version", 400, "A request line ends with HTTP/1.1.")
    if method.decode() not in METHODS:
        return RefusedError("method", 501, f"The methods known here are {', '.join(METHODS)}.")
    if not re.fullmatch(rb"/%b*" % _PATH, target):
        return RefusedError(
            "target", 400, "The target must be a path that begins with /, in ASCII, odd characters as %XX."
        )
    return None


def _wrong_with_fields(fields: list[bytes]) -> RefusedError:
    if len(fields) > MOST_FIELDS:
        return RefusedError("too_many_headers", 431, f"There are more than {MOST_FIELDS} headers.")
    wrong = next((each for each in fields if not re.fullmatch(_FIELD, each)), b"")
    if wrong.startswith((b" ", b"\t")):
        return RefusedError("header", 400, "A header stands on one line: continued lines are no longer HTTP.")
    if re.match(_TOKEN + rb"+[ \t]+:", wrong):
        return RefusedError("header", 400, "There is no space between a header's name and its colon.")
    return RefusedError("header", 400, "A header is a name of letters, digits and hyphens, a colon, and its value.")
