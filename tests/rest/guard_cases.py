"""What a client may write on a socket, byte for byte, and what must come back.

A good case ends with `connection: close`, so that every case is read to the end of its connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CLOSE = b"Connection: close"
JSON = b"Content-Type: application/json"
POST = b"POST /v1/images/generations HTTP/1.1"
PAINT = b'{"model":"painter/scene","prompt":"a red boat","size":"64x64"}'
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Case:
    sent: bytes
    statuses: Sequence[int]
    """Of the answers, in order."""
    reason: str | None = None
    """Under which it is counted that the last one was refused."""
    reached: int = 0
    """How many requests the application saw."""
    says: str = ""
    """Words of the last answer."""
    bodiless: bool = False


def head(first: bytes = b"GET /health HTTP/1.1", *fields: bytes, host: bytes | None = b"Host: bridge") -> bytes:
    lines = [first, *([host] if host is not None else []), *fields, b"", b""]
    return b"\r\n".join(lines)


def post(body: bytes, *fields: bytes, framing: bytes | None = None) -> bytes:
    framing = framing if framing is not None else b"Content-Length: %d" % len(body)
    return head(POST, JSON, framing, *fields) + body


def chunked(raw: bytes, *fields: bytes) -> bytes:
    return head(POST, JSON, b"Transfer-Encoding: chunked", *fields) + raw


def chunks(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"


def refused(reason: str, status: int, sent: bytes, says: str = "", reached: int = 0) -> Case:
    return Case(sent, (status,), reason, reached, says)


def good(sent: bytes, *statuses: int, reached: int | None = None) -> Case:
    statuses = statuses or (200,)
    finals = [each for each in statuses if each >= 200]
    return Case(sent, statuses, reached=len(finals) if reached is None else reached)


def target(text: bytes) -> bytes:
    return head(b"GET %b HTTP/1.1" % text)


REQUEST_LINES = {
    "not HTTP": refused("control", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "HTTP/2": refused("version", 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1"),
    "HTTP/0.9": refused("request_line", 400, b"GET /\r\n\r\n"),
    "version 1.2": refused("version", 505, head(b"GET /health HTTP/1.2")),
    "version 11": refused("version", 400, head(b"GET /health HTTP/11.1")),
    "version in lower case": refused("version", 400, head(b"GET /health http/1.1")),
    "version with a space after": refused("request_line", 400, head(b"GET /health HTTP/1.1 ")),
    "lower-case method": refused("method", 501, head(b"get /health HTTP/1.1"), "GET"),
    "unknown method": refused("method", 501, head(b"BREW /health HTTP/1.1")),
    "CONNECT": refused("method", 501, head(b"CONNECT bridge:80 HTTP/1.1")),
    "no method": refused("request_line", 400, head(b" /health HTTP/1.1")),
    "method with a colon": refused("request_line", 400, head(b"G:T /health HTTP/1.1")),
    "two spaces": refused("request_line", 400, head(b"GET  /health HTTP/1.1")),
    "tab in the line": refused("request_line", 400, head(b"GET\t/health HTTP/1.1")),
    "asterisk": refused("target", 400, head(b"OPTIONS * HTTP/1.1"), "begins with /"),
    "authority form": refused("target", 400, target(b"bridge:80")),
    "fragment": refused("target", 400, target(b"/health#x")),
    "space in the target": refused("request_line", 400, target(b"/hea lth")),
    "letter beyond ASCII": refused("target", 400, target("/héalth".encode())),
    "NUL in the target": refused("control", 400, target(b"/hea\x00lth")),
    "half an escape": refused("target", 400, target(b"/health?x=%2")),
    "backslash": refused("target", 400, target(b"/health\\..")),
    "line too long": refused("target_too_long", 414, target(b"/" + b"x" * 9000), "8 KiB"),
    "line too long, without end": refused("target_too_long", 414, b"GET /" + b"x" * 9000),
    "empty lines before": refused("request_line", 400, b"\r\n" * 3 + b"\r\n" + b"x\r\n\r\n"),
}

HOSTS = {
    "no Host": refused("host", 400, head(host=None), "Host"),
    "two Hosts": refused("host", 400, head(b"GET /health HTTP/1.1", b"Host: bridge"), "more than one"),
    "empty Host": refused("host", 400, head(host=b"Host: ")),
    "Host with a path": refused("host", 400, head(host=b"Host: x/v1/models?")),
    "Host with a user": refused("host", 400, head(host=b"Host: a@b")),
    "Host with a space": refused("host", 400, head(host=b"Host: a b")),
    "Host with a comma": refused("host", 400, head(host=b"Host: a, b")),
    "Host with a word for a port": refused("host", 400, head(host=b"Host: a:http")),
    "Host with too high a port": refused("host", 400, head(host=b"Host: a:65536")),
    "Host of no IPv6": refused("host", 400, head(host=b"Host: [::g]")),
    "Host of bare IPv6": refused("host", 400, head(host=b"Host: ::1")),
    "Host of dots": refused("host", 400, head(host=b"Host: a..b")),
    "absolute form of another host": refused("host", 400, target(b"http://elsewhere/health"), "another"),
    "absolute form with a user": refused("target", 400, target(b"http://a@bridge/health")),
    "absolute form without a host": refused("target", 400, target(b"http:///health")),
    "absolute form of another scheme": refused("target", 400, target(b"ftp://bridge/health")),
}

FIELDS = {
    "bare LF": refused("control", 400, b"GET /health HTTP/1.1\nHost: bridge\n\n"),
    "bare LF in one line": refused("control", 400, head(b"GET /health HTTP/1.1", b"X: a\nY: b")),
    "bare CR": refused("control", 400, head(b"GET /health HTTP/1.1", b"X: a\rY: b")),
    "NUL in a value": refused("control", 400, head(b"GET /health HTTP/1.1", b"X: a\x00b")),
    "escape in a value": refused("control", 400, head(b"GET /health HTTP/1.1", b"X: \x1b[31m")),
    "DEL in a value": refused("control", 400, head(b"GET /health HTTP/1.1", b"X: \x7f")),
    "continued line": refused("header", 400, head(b"GET /health HTTP/1.1", b"X: a", b" b"), "one line"),
    "space before the colon": refused("header", 400, head(b"GET /health HTTP/1.1", b"X : a"), "space"),
    "no colon": refused("header", 400, head(b"GET /health HTTP/1.1", b"X")),
    "no name": refused("header", 400, head(b"GET /health HTTP/1.1", b": a")),
    "odd name": refused("header", 400, head(b"GET /health HTTP/1.1", b"X(Y): a")),
    "name beyond ASCII": refused("header", 400, head(b"GET /health HTTP/1.1", "X-é: a".encode())),
    "101 headers": refused("too_many_headers", 431, head(b"GET /health HTTP/1.1", *[b"X: a"] * 100), "100"),
    "2,000 headers": refused("too_many_headers", 431, head(b"GET /health HTTP/1.1", *[b"X: a"] * 2000)),
    "one of 17 KiB": refused("head_too_large", 431, head(b"GET /health HTTP/1.1", b"X: " + b"a" * 17 * 1024), "16"),
    "64 KiB in all": refused("head_too_large", 431, head(b"GET /health HTTP/1.1", *[b"X: " + b"a" * 8000] * 8), "32"),
    "unending": refused("head_too_large", 431, b"GET /health HTTP/1.1\r\n" + b"X: aaaa\r\n" * 5000),
    "other expectations": refused("expectation", 417, post(PAINT, b"Expect: a picture")),
}

LENGTHS = {
    "both lengths": refused("two_lengths", 400, post(PAINT, b"Transfer-Encoding: chunked"), "exclude"),
    "both, the other way": refused("two_lengths", 400, chunked(b"0\r\n\r\n", b"Content-Length: 5")),
    "two lengths": refused("two_lengths", 400, post(PAINT, b"Content-Length: 5")),
    "twice the same": refused("two_lengths", 400, post(PAINT, b"content-length: %d" % len(PAINT))),
    "a list of lengths": refused("length", 400, post(PAINT, framing=b"Content-Length: 5, 5")),
    "negative length": refused("length", 400, post(PAINT, framing=b"Content-Length: -1")),
    "length with a plus": refused("length", 400, post(PAINT, framing=b"Content-Length: +5")),
    "length in hexadecimal": refused("length", 400, post(PAINT, framing=b"Content-Length: 0x5")),
    "length of letters": refused("length", 400, post(PAINT, framing=b"Content-Length: five")),
    "length in other digits": refused("length", 400, post(PAINT, framing="Content-Length: ٥".encode())),
    "empty length": refused("length", 400, post(PAINT, framing=b"Content-Length:")),
    "length above the limit": refused(
        "body_too_large", 413, post(b"", framing=b"Content-Length: %d" % (4 * MIB + 1)), "4 MiB"
    ),
    "length beyond numbers": refused("body_too_large", 413, post(b"", framing=b"Content-Length: " + b"9" * 40)),
    "too large and expecting": refused(
        "body_too_large", 413, post(b"", b"Expect: 100-continue", framing=b"Content-Length: 9999999")
    ),
    "coded otherwise": refused("transfer_encoding", 501, post(PAINT, framing=b"Transfer-Encoding: gzip, chunked")),
    "chunked twice": refused("transfer_encoding", 501, post(PAINT, framing=b"Transfer-Encoding: chunked, chunked")),
    "chunked in two headers": refused("transfer_encoding", 400, chunked(b"0\r\n\r\n", b"Transfer-Encoding: chunked")),
    "identity": refused("transfer_encoding", 501, post(PAINT, framing=b"Transfer-Encoding: identity")),
    "not quite chunked": refused("transfer_encoding", 501, post(PAINT, framing=b"Transfer-Encoding: xchunked")),
    "chunked with a tab of another kind": refused(
        "control", 400, post(PAINT, framing=b"Transfer-Encoding: \x0bchunked")
    ),
    "chunked in HTTP/1.0": refused(
        "transfer_encoding", 400, head(POST.replace(b"1.1", b"1.0"), b"Transfer-Encoding: chunked") + b"0\r\n\r\n"
    ),
}

CHUNKS = {
    "bare LF after a size": refused("chunk", 400, chunked(b"5\nhello\r\n0\r\n\r\n"), reached=1),
    "bare LF after a chunk": refused("chunk", 400, chunked(b"5\r\nhello\n0\r\n\r\n"), reached=1),
    "bare CR after a size": refused("chunk", 400, chunked(b"5\rhello\r\n0\r\n\r\n"), reached=1),
    "size of no digits": refused("chunk", 400, chunked(b"\r\nhello\r\n0\r\n\r\n"), reached=1),
    "size of letters": refused("chunk", 400, chunked(b"xyz\r\nhello\r\n0\r\n\r\n"), reached=1),
    "size with 0x": refused("chunk", 400, chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), reached=1),
    "negative size": refused("chunk", 400, chunked(b"-5\r\nhello\r\n0\r\n\r\n"), reached=1),
    "size with a space": refused("chunk", 400, chunked(b"5 \r\nhello\r\n0\r\n\r\n"), reached=1),
    "size beyond numbers": refused("chunk", 400, chunked(b"F" * 17 + b"\r\nhello"), reached=1),
    "size above the limit": refused("body_too_large", 413, chunked(b"FFFFFFFF\r\nhello"), "4 MiB", reached=1),
    "more than its size": refused("chunk", 400, chunked(b"3\r\nhello\r\n0\r\n\r\n"), reached=1),
    "less than its size": refused("chunk", 400, chunked(b"7\r\nhello\r\n0\r\n\r\n"), reached=1),
    "long extension": refused("chunk", 400, chunked(b"5;" + b"x" * 300 + b"\r\nhello\r\n0\r\n\r\n"), reached=1),
    "unending extension": refused("chunk", 400, chunked(b"5;" + b"x" * 3000), "256", reached=1),
    "many extensions": refused("chunk", 400, chunked((b"1;" + b"x" * 200 + b"\r\na\r\n") * 30), reached=1),
    "control character in an extension": refused("chunk", 400, chunked(b"5;\x00\r\nhello\r\n0\r\n\r\n"), reached=1),
    "many chunks": refused("chunk", 400, chunked(b"1\r\n \r\n" * 20_000), "too many", reached=1),
    "trailer": refused("trailer", 400, chunked(chunks(PAINT, 20)[:-2] + b"X: a\r\n\r\n"), reached=1),
    "chunks above the limit": refused(
        "body_too_large", 413, chunked(chunks(b" " * (4 * MIB + 1), 65536)), "4 MiB", reached=1
    ),
}

AFTER_A_GOOD_ONE = {
    "garbage behind": Case(head() + b"\x00\x01\x02", (200, 400), "control", 1),
    "half a request of another kind behind": Case(head() + b"GET / HTTP/3.0\r\n\r\n", (200, 505), "version", 1),
    "more than the length": Case(post(PAINT) + b"HELLO\r\n\r\n", (200, 400), "request_line", 1),
    "two lengths behind": Case(head() + post(b"", b"Content-Length: 1"), (200, 400), "two_lengths", 1),
    "behind a failure": Case(head(b"GET /nowhere HTTP/1.1") + head(host=None), (404, 400), "host", 1),
    "behind an unread body": Case(
        head(b"POST /nowhere HTTP/1.1", b"Content-Length: 5") + b"helloGET\r\n\r\n", (404, 400), "request_line", 1
    ),
}

GOOD = {
    "plain": good(head(b"GET /health HTTP/1.1", CLOSE)),
    "HEAD": Case(head(b"HEAD /health HTTP/1.1", CLOSE), (200,), reached=1, bodiless=True),
    "OPTIONS": good(head(b"OPTIONS /health HTTP/1.1", CLOSE), 405),
    "PUT": good(head(b"PUT /health HTTP/1.1", CLOSE), 405),
    "HTTP/1.0": good(head(b"GET /health HTTP/1.0")),
    "HTTP/1.0 without Host": good(head(b"GET /health HTTP/1.0", host=None)),
    "absolute form": good(head(b"GET http://bridge/health HTTP/1.1", CLOSE)),
    "absolute form in capitals": good(head(b"GET HTTP://BRIDGE:80/health HTTP/1.1", CLOSE, host=b"Host: bridge:80")),
    "absolute form without a path": good(head(b"GET http://bridge HTTP/1.1", CLOSE), 404),
    "absolute form with a query alone": good(head(b"GET http://bridge?x HTTP/1.1", CLOSE), 404),
    "escapes": good(head(b"GET /%68ealth?%20=%C3%A9 HTTP/1.1", CLOSE)),
    "all kinds of letters": good(head(b"GET /health?a[]={|}^`&'(x)*+,;=:@!$~ HTTP/1.1", CLOSE)),
    "Host with a port": good(head(b"GET /health HTTP/1.1", CLOSE, host=b"Host: img.example.:8080")),
    "Host of IPv6": good(head(b"GET /health HTTP/1.1", CLOSE, host=b"Host: [::1]:8080")),
    "Host with an underscore": good(head(b"GET /health HTTP/1.1", CLOSE, host=b"hOsT:\tmy_service \t")),
    "one hundred headers": good(head(b"GET /health HTTP/1.1", CLOSE, *[b"X: a"] * 98)),
    "a header of 15 KiB": good(head(b"GET /health HTTP/1.1", CLOSE, b"X: " + b"a" * 15 * 1024)),
    "a value beyond ASCII": good(head(b"GET /health HTTP/1.1", CLOSE, "X: é\t☃".encode())),
    "an empty value": good(head(b"GET /health HTTP/1.1", CLOSE, b"X:")),
    "a line before": good(b"\r\n" + head(b"GET /health HTTP/1.1", CLOSE)),
    "a line between": good(post(PAINT) + b"\r\n" + head(b"GET /health HTTP/1.1", CLOSE), 200, 200),
    "three at once": good(head() * 2 + head(b"GET /nowhere HTTP/1.1", CLOSE), 200, 200, 404),
    "a body for GET": good(
        head(b"GET /health HTTP/1.1", b"Content-Length: 5") + b"hello" + head(b"GET / HTTP/1.1", CLOSE), 200, 404
    ),
    "no body": good(head(POST, JSON, b"Content-Length: 0", CLOSE), 400),
    "a picture": good(post(PAINT, CLOSE)),
    "a length with zeros": good(post(PAINT, CLOSE, framing=b"Content-Length: 000%d" % len(PAINT))),
    "chunks of one byte": good(chunked(chunks(PAINT, 1), CLOSE)),
    "one chunk": good(chunked(chunks(PAINT, 4096), CLOSE)),
    "chunks with extensions": good(chunked(b'%04X;a="b c";d\r\n%b\r\n000;e\r\n\r\n' % (len(PAINT), PAINT), CLOSE)),
    "Chunked in capitals": good(post(chunks(PAINT, 9), CLOSE, framing=b"Transfer-Encoding: CHUNKED")),
    "chunks and another": good(chunked(chunks(PAINT, 7)) + head(b"GET /health HTTP/1.1", CLOSE), 200, 200),
    "expecting to go on": good(post(PAINT, CLOSE, b"Expect: 100-Continue"), 100, 200),
    "expecting, of another type": good(
        head(POST, b"Content-Type: text/plain", b"Content-Length: 1", b"Expect: 100-continue", CLOSE), 415
    ),
    "an upgrade to h2c": good(
        head(b"GET /health HTTP/1.1", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AA")
        + head(b"GET /health HTTP/1.1", CLOSE),
        200,
        200,
    ),
    "an upgrade with a body": good(
        post(PAINT, b"Upgrade: h2c", b"Connection: upgrade") + head(b"GET /health HTTP/1.1", CLOSE), 200, 200
    ),
    "a WebSocket": good(head(b"GET /health HTTP/1.1", b"Upgrade: websocket", b"Connection: close, Upgrade")),
}

CASES = {**REQUEST_LINES, **HOSTS, **FIELDS, **LENGTHS, **CHUNKS, **AFTER_A_GOOD_ONE, **GOOD}
