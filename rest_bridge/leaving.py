"""Clients who leave: the server notices, and what was begun for them ends."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, cast

from imagegen import ImagegenError, v1
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_LEFT, _LEAVE = "imagegen.left", "imagegen.leave"
"""In the scope of a request: whether its client has left, and what is done then."""


class Protocol(HttpToolsProtocol):
    """A connection whose requests learn that it is lost when it is lost, without waiting for it."""

    __slots__ = ("_under_way",)  # one more name in uvicorn's own dictionary would cost a kilobyte for each connection

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._under_way: RequestResponseCycle | None = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.flow.resume_reading()  # a large body has paused it, and who does not read does not see the end

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._under_way is not None and not self._under_way.response_complete:
            _leave(cast(Scope, self._under_way.scope))


def _leave(scope: Scope) -> None:
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
