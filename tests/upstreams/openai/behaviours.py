"""What the double does with an accepted order: one Behaviour, or several joined with `|`.

A Behaviour rewrites the acts of the faithful answer, from left to right: `crlf() | reset(after_partials(1))` first
changes the line ends of the stream, then breaks it off.
"""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .acts import Act, Acts, Gate, Wait
from .order import Order
from .points import Point, before_answer
from .rewriting import FINISHED, on_json, on_pictures


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A named rewriting of the answer's acts, and whether OpenAI charges for what comes of it."""

    name: str
    rewrite: Callable[[Order, Acts], Acts]
    billed: bool = True

    def __or__(self, then: "Behaviour") -> "Behaviour":
        def both(order: Order, acts: Acts) -> Acts:
            return then.rewrite(order, self.rewrite(order, acts))

        return Behaviour(f"{self.name} | {then.name}", both, self.billed and then.billed)


def faithful() -> Behaviour:
    """The answer that was asked for."""
    return Behaviour("faithful", lambda _, acts: acts)


def late(seconds: float, *, at: Point = before_answer) -> Behaviour:
    """Take so long, before the answer or at a later point of it."""
    return _inserting(f"late({seconds}, {at.name})", Wait(seconds), at)


def held(gate: asyncio.Event, *, at: Point = before_answer) -> Behaviour:
    """Wait for the test to set `gate`, before the answer or at a later point of it."""
    return _inserting(f"held({at.name})", Gate(gate), at)


def showing(picture: bytes) -> Behaviour:
    """Every finished image is `picture`, whatever was asked."""
    text = base64.b64encode(picture).decode()
    return Behaviour("showing", lambda _, acts: on_pictures(acts, text, FINISHED))


def output_details() -> Behaviour:
    """Streamed usage carries output_tokens_details as well, which the real thing leaves out."""

    def add(fields: dict[str, Any]) -> dict[str, Any]:
        details = {"image_tokens": fields["usage"]["output_tokens"], "text_tokens": 0}
        return fields | {"usage": fields["usage"] | {"output_tokens_details": details}}

    return Behaviour("output_details", lambda _, acts: on_json(acts, add, FINISHED))


def auto_in_events() -> Behaviour:
    """Events repeat 'auto' where 'auto' was asked or nothing was, as the SDK's types allow."""

    def rewrite(order: Order, acts: Acts) -> Acts:
        said = {name: order.asked.get(name) or "auto" for name in ("size", "quality", "background")}
        return on_json(acts, lambda fields: fields | said, ("partial", "completed"))

    return Behaviour("auto_in_events", rewrite)


def _inserting(name: str, act: Act, at: Point) -> Behaviour:
    def rewrite(_: Order, acts: Acts) -> Acts:
        before, after = at.divide(acts)
        return *before, act, *after

    return Behaviour(name, rewrite)
