"""Where in an answer something happens: before it, after its headers, in the middle, after so many images."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from .acts import Act, Acts, Body, Head, Kind


@dataclass(frozen=True, slots=True)
class Point:
    """Divides the acts of an answer into those before the point and those after it."""

    name: str
    divide: Callable[[Acts], tuple[Acts, Acts]]


def after_partials(count: int) -> Point:
    """So many partial images were sent, over all images; after_partials(0) is after_headers."""
    return _after_bodies(f"after_partials({count})", "partial", count)


def after_images(count: int) -> Point:
    """So many finished images were sent; in a JSON answer there is no such point."""
    return _after_bodies(f"after_images({count})", "completed", count)


def _after_bodies(name: str, kind: Kind, count: int) -> Point:
    if count == 0:
        return after_headers
    return Point(name, lambda acts: _after(acts, lambda act: isinstance(act, Body) and act.kind == kind, count))


def _after(acts: Acts, wanted: Callable[[Act], bool], count: int) -> tuple[Acts, Acts]:
    places = [index for index, act in enumerate(acts) if wanted(act)]
    if len(places) < count:
        raise ValueError(f"the script waits for number {count} of something that this answer has {len(places)} of")
    end = places[count - 1] + 1
    return acts[:end], acts[end:]


def _in_the_last_body(acts: Acts) -> tuple[Acts, Acts]:
    last = max(index for index, act in enumerate(acts) if isinstance(act, Body))
    body = acts[last]
    assert isinstance(body, Body)
    half = len(body.data) // 2
    first, second = replace(body, data=body.data[:half]), replace(body, data=body.data[half:])
    return (*acts[:last], first), (second, *acts[last + 1 :])


before_answer: Final = Point("before_answer", lambda acts: ((), acts))
after_headers: Final = Point("after_headers", lambda acts: _after(acts, lambda act: isinstance(act, Head), 1))
mid_body: Final = Point("mid_body", _in_the_last_body)  # half of the JSON, or half of the stream's last event
end_of_body: Final = Point("end_of_body", lambda acts: (acts, ()))  # all of it but the end of the message itself
