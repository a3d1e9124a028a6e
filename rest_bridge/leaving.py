"""Clients who leave: how it is noticed, and how the work behind them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from imagegen import ImagegenError, v1
from starlette.types import Receive

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Call(Awaitable[T_co], Protocol[T_co]):
    """A call to the service that is under way."""

    def cancel(self) -> bool: ...


async def gone_from(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_connected(receive: Receive, call: Call[T]) -> T:
    """The answer to a call, unless the client leaves first; then the call is cancelled, and nobody reads the error."""
    gone = asyncio.ensure_future(gone_from(receive))
    gone.add_done_callback(lambda _: call.cancel())
    try:
        return await call
    except asyncio.CancelledError:
        if gone.done() and not _is_cancelled():
            raise left() from None
        raise
    finally:
        gone.cancel()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def left() -> ImagegenError:
    return ImagegenError(v1.REASON_CANCELLED, "The caller left.")
