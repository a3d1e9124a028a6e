"""Clients who leave: the server notices, and what was begun for them ends."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from imagegen import ImagegenError, v1
from starlette.types import Scope

_LEFT, _LEAVE = "imagegen.left", "imagegen.leave"
"""In the scope of a request: whether its client has left, and what is done then."""


def leave(scope: Scope) -> None:
    """The client of this request has left."""
    scope[_LEFT] = True
    if _LEAVE in scope:
        scope[_LEAVE]()


def has_left(scope: Scope) -> bool:
    return _LEFT in scope


@contextmanager
def ends(scope: Scope, work: Callable[[], object]) -> Generator[None]:
    """While this block lasts, the client's leaving calls `work`."""
    scope[_LEAVE] = work
    try:
        if has_left(scope):
            work()
        yield
    finally:
        del scope[_LEAVE]


def left() -> ImagegenError:
    return ImagegenError(v1.REASON_CANCELLED, "The caller left.")
