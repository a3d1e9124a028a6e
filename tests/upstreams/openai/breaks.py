"""Answers that do not arrive: silence, drops, heartbeats without end, closed and reset connections.

All of them are billed: OpenAI took the order and made the picture; only its answer was lost.
"""

from dataclasses import replace

from .acts import Act, Acts, Break, Repeat, Silence
from .behaviours import Behaviour
from .order import Order
from .points import Point, after_headers, before_answer, mid_body
from .rewriting import on_bodies, on_headers


def stall(at: Point = before_answer) -> Behaviour:
    """From this point on nothing comes any more, with the connection open."""
    return _ending("stall", at, Silence())


def cut(at: Point = mid_body) -> Behaviour:
    """The connection is closed at this point, in good manners (FIN)."""
    return _ending("cut", at, Break())


def reset(at: Point = before_answer) -> Behaviour:
    """The connection is reset at this point (RST)."""
    return _ending("reset", at, Break(reset=True))


def trickle(every: float, *, piece: int = 1) -> Behaviour:
    """The body comes in pieces of so many bytes, one every so many seconds."""
    return Behaviour(
        f"trickle({every})",
        lambda _, acts: on_bodies(acts, lambda body: replace(body, piece=piece, every=every)),
    )


def heartbeats(every: float, *, times: int | None = None) -> Behaviour:
    """Comments (blanks, in JSON) after the headers: for ever, or so often and then the answer."""

    def rewrite(order: Order, acts: Acts) -> Acts:
        head, rest = after_headers.divide(acts)
        beat = Repeat(b": ping\n\n" if order.stream else b" ", every, times)
        return *on_headers(head, content_length=None), beat, *rest

    return Behaviour(f"heartbeats({every})", rewrite)


def _ending(name: str, at: Point, act: Act) -> Behaviour:
    def rewrite(_: Order, acts: Acts) -> Acts:
        before, _after = at.divide(acts)
        return *before, act

    return Behaviour(f"{name}({at.name})", rewrite)
