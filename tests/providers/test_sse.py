"""Server-sent events mean the same however their bytes are cut, and whatever ends their lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import ProviderError, Reason
from service.providers.sse import ServerSentEvent
from tests.fuzz.targets.sse import read


def one(data: bytes, name: str = "message") -> list[ServerSentEvent]:
    return [ServerSentEvent(name, data)]


@pytest.mark.parametrize(
    ("wire", "events"),
    [
        (b"data: x\n\n", one(b"x")),
        (b"data:x\n\n", one(b"x")),
        (b"data:  x \n\n", one(b" x ")),
        (b"event: done\ndata: x\n\n", one(b"x", "done")),
        (b"data: x\nevent: done\n\n", one(b"x", "done")),
        (b"event: a\nevent: b\ndata: x\n\n", one(b"x", "b")),
        (b"data: x\r\n\r\n", one(b"x")),
        (b"data: x\r\r", one(b"x")),
        (b"data: x\r\n\n", one(b"x")),
        (b"data: x\r\rdata: y\n\n", [*one(b"x"), *one(b"y")]),
        (b"data: x\n\n\n\n\r\n\rdata: y\n\n", [*one(b"x"), *one(b"y")]),
        (b"\xef\xbb\xbfdata: x\n\n", one(b"x")),
        (b"data: x\n\n\xef\xbb\xbfdata: y\n\n", one(b"x")),
        (b": hello\ndata: x\n: between\n\n: after\n\n", one(b"x")),
        (b":\n\n:\n\n", []),
        (b"data: x\ndata: y\n\n", one(b"x\ny")),
        (b"data: {\r\ndata:\r\ndata: }\r\n\r\n", one(b"{\n\n}")),
        (b"data\n\n", one(b"")),
        (b"data:\n\n", one(b"")),
        (b"event: alone\n\ndata: x\n\n", one(b"x")),
        (b"id: 7\nretry: 10\nmood: calm\ndata: x\n\n", one(b"x")),
        (b"data: a: b: c\n\n", one(b"a: b: c")),
        ("data: 灯台\n\n".encode(), one("灯台".encode())),
        ("data: a\u2028b\x0bc\x85\n\n".encode(), one("a\u2028b\x0bc\x85".encode())),
        (b"event: \xff\ndata: \xff\n\n", one(b"\xff", "\ufffd")),
        (b"data: x\n", []),
        (b"data: x", []),
        (b"", []),
    ],
    ids=[
        "plain",
        "no space",
        "one space is no data",
        "named",
        "named afterwards",
        "the last name counts",
        "CRLF",
        "CR",
        "CRLF and LF",
        "CR, then another",
        "many blank lines",
        "a byte order mark",
        "a byte order mark in the middle is no field",
        "comments",
        "comments alone",
        "two lines of data",
        "three lines, one empty",
        "data without a colon",
        "empty data",
        "a name without data is forgotten",
        "other fields",
        "colons in data",
        "other scripts",
        "line ends of other worlds",
        "no UTF-8",
        "not ended by a blank line",
        "cut in a line",
        "nothing",
    ],
)
def test_streams_mean_what_the_standard_says(wire: bytes, events: list[ServerSentEvent]) -> None:
    """Each stream has the events that the standard gives it; whole, and byte by byte."""
    assert read([wire]) == events
    assert read([bytes([each]) for each in wire]) == events
    assert read([each for byte in wire for each in (b"", bytes([byte]), b"")]) == events


LINES = st.sampled_from(
    [b"data: x", b"data:", b"data", b"event: e", b": comment", b"", b"data: {\xe7\x81\xaf}", b"id: 1", b" data: x"]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
STREAMS = st.lists(st.tuples(LINES, ENDS), max_size=20).map(lambda lines: b"".join(a + b for a, b in lines))


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream, and the same in pieces, of which some may be empty."""
    wire = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + draw(STREAMS)
    cuts = sorted(draw(st.lists(st.integers(0, len(wire)), max_size=12)))
    return wire, [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(cut_streams())
def test_any_cutting_gives_the_same_events(cut: tuple[bytes, list[bytes]]) -> None:
    """However the network cuts a stream, its events are those of the whole."""
    wire, pieces = cut

    assert read(pieces) == read([wire])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(LINES, max_size=12), ENDS)
def test_any_line_end_gives_the_same_events(lines: list[bytes], end: bytes) -> None:
    """LF, CRLF and CR mean the same."""
    assert read([b"".join(line + end for line in lines)]) == read([b"".join(line + b"\n" for line in lines)])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_failure(wire: bytes) -> None:
    """Whatever comes, it has events or it has none; it breaks nothing."""
    assert read([wire]) == read([bytes([each]) for each in wire])


def test_line_without_end_is_given_up() -> None:
    """A line that never ends is not collected for ever."""
    with pytest.raises(ProviderError) as given_up:
        read([b"data: " + b"x" * 100] * 20, limit=1000)

    assert given_up.value.reason is Reason.PROVIDER_INVALID_ANSWER


def test_event_without_end_is_given_up() -> None:
    """Data that never ends is not collected for ever either, in however short lines it comes."""
    with pytest.raises(ProviderError) as given_up:
        read([b"data: " + b"x" * 90 + b"\n"] * 20, limit=1000)

    assert given_up.value.reason is Reason.PROVIDER_INVALID_ANSWER


def test_long_stream_of_short_events_is_no_matter() -> None:
    """What has been read does not count against what comes."""
    assert len(read([b"data: " + b"x" * 90 + b"\n\n"] * 50, limit=1000)) == 50
