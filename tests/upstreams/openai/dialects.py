"""Ways to write the same event stream that a parser must not stumble over. For streams, extra_keys for JSON too."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from .acts import Acts, Body
from .answers import event
from .behaviours import Behaviour
from .order import Order
from .rewriting import EVENTS, on_bodies, on_json

STRANGE: Final = "Grüße ☃ 𝄞"  # two, three and four bytes of UTF-8


def crlf() -> Behaviour:
    """Lines end with CR LF."""
    return _rewriting("crlf", lambda data: data.replace(b"\n", b"\r\n"))


def cr() -> Behaviour:
    """Lines end with CR alone."""
    return _rewriting("cr", lambda data: data.replace(b"\n", b"\r"))


def no_space() -> Behaviour:
    """No blank after the colons of the fields."""
    return _rewriting("no_space", lambda data: data.replace(b"event: ", b"event:").replace(b"\ndata: ", b"\ndata:"))


def no_event_lines() -> Behaviour:
    """Only data lines; the type is in the JSON."""
    return _rewriting("no_event_lines", lambda data: data.partition(b"\n")[2])


def comments() -> Behaviour:
    """A comment before each event, one between its lines, and one after it."""
    return _rewriting(
        "comments", lambda data: b": keep-alive\n\n" + data.replace(b"\ndata:", b"\n:\ndata:") + b": bye\n\n"
    )


def multiline_data() -> Behaviour:
    """The JSON of each event over three data lines."""

    def break_lines(data: bytes) -> bytes:
        brace = data.index(b"{") + 1
        comma = data.index(b",", brace) + 1
        return b"\ndata: ".join((data[:brace], data[brace:comma], data[comma:]))

    return _rewriting("multiline_data", break_lines)


def unknown_events() -> Behaviour:
    """Events and fields that nobody has heard of, between those that matter."""
    strange = b"id: 7\nretry: 10\nshape: round\n" + event("image_generation.thinking", {"note": STRANGE}).data
    return _rewriting("unknown_events", lambda data: strange + data)


def extra_keys() -> Behaviour:
    """Keys of the future in every JSON, with letters that take several bytes."""
    future: dict[str, Any] = {"from_the_future": {"note": STRANGE, "list": [1, None, {}]}}
    return Behaviour("extra_keys", lambda _, acts: on_json(acts, lambda fields: future | fields))


def done_marker() -> Behaviour:
    """`data: [DONE]` at the end, as other streams of OpenAI have it."""
    return Behaviour("done_marker", lambda _, acts: (*acts, Body(b"data: [DONE]\n\n", "other")))


def bom() -> Behaviour:
    """A byte order mark first."""

    def rewrite(_: Order, acts: Acts) -> Acts:
        first = next(index for index, act in enumerate(acts) if isinstance(act, Body))
        return *acts[:first], Body(b"\xef\xbb\xbf", "other"), *acts[first:]

    return Behaviour("bom", rewrite)


def split(piece: int = 1) -> Behaviour:
    """Every byte, or every few bytes, in a write of its own: events and characters are torn at every place."""
    return Behaviour(f"split({piece})", lambda _, acts: on_bodies(acts, lambda body: replace(body, piece=piece)))


def _rewriting(name: str, change: Callable[[bytes], bytes]) -> Behaviour:
    return Behaviour(name, lambda _, acts: on_bodies(acts, lambda body: replace(body, data=change(body.data)), EVENTS))
