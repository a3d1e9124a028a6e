"""Clients who leave: how it is noticed, and how the work behind them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from imagegen import ImagegenError, v1
from starlette.requests import Request
from starlette.types import Receive

T = TypeVar("T")


async def gone_from(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """Does the work unless the client leaves first; then the work is cancelled, and nobody reads the error."""
    doing, gone = asyncio.ensure_future(work), asyncio.ensure_future(gone_from(request.receive))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise left()
    finally:
        await cancel(gone)
        await cancel(doing)


def left() -> ImagegenError:
    return ImagegenError(v1.REASON_CANCELLED, "The caller left.")


async def cancel(task: asyncio.Future[T]) -> None:
    """Ends a task and waits until it is over; how it ended no longer matters."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # looked at, so that nobody complains that it was not
