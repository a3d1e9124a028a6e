"""Where in an answer something happens: before it, after its headers, in the middle, after so many images."""

from collections.abc import Callable
from dataclasses import replace

from .acts import Act, Acts, Body, Head, Kind

Point = Callable[[Acts], tuple[Acts, Acts]]
"""Divides the acts of an answer into those before the point and those after it."""


def before_answer(acts: Acts) -> tuple[Acts, Acts]:
    """Nothing was sent yet."""
    return (), acts


def after_headers(acts: Acts) -> tuple[Acts, Acts]:
    """Status and headers were sent, nothing of the body."""
    return _after(acts, lambda act: isinstance(act, Head), 1)


def mid_body(acts: Acts) -> tuple[Acts, Acts]:
    """Half of the JSON, or half of the stream's last event."""
    last = max(index for index, act in enumerate(acts) if isinstance(act, Body))
    body = acts[last]
    assert isinstance(body, Body)
    half = len(body.data) // 2
    first, second = replace(body, data=body.data[:half]), replace(body, data=body.data[half:])
    return (*acts[:last], first), (second, *acts[last + 1 :])


def after_partials(count: int) -> Point:
    """So many partial images were sent, over all images; after_partials(0) is after_headers."""
    return _after_bodies("partial", count)


def after_images(count: int) -> Point:
    """So many finished images were sent; in a JSON answer there is no such point."""
    return _after_bodies("completed", count)


def end_of_body(acts: Acts) -> tuple[Acts, Acts]:
    """Everything was sent but the end of the stream itself."""
    return acts, ()


def _after_bodies(kind: Kind, count: int) -> Point:
    if count == 0:
        return after_headers
    return lambda acts: _after(acts, lambda act: isinstance(act, Body) and act.kind == kind, count)


def _after(acts: Acts, wanted: Callable[[Act], bool], count: int) -> tuple[Acts, Acts]:
    places = [index for index, act in enumerate(acts) if wanted(act)]
    if len(places) < count:
        raise ValueError(f"the script waits for number {count} of something that this answer has {len(places)} of")
    cut = places[count - 1] + 1
    return acts[:cut], acts[cut:]
