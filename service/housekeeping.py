"""What goes on beside the requests: every process gives its sign of life and looks for the dead; one sweeps for all.

Who sweeps holds a lease among the signals. Should two ever sweep at once no harm is done, only work twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from service.access.books import Books
from service.access.lives import BEAT_SECONDS
from service.domain.answer import KEPT_SECONDS
from service.engine.delivery import SWEEP_SECONDS
from service.errors import GatewayError
from service.stores.blobs.port import Blobs, Shelf
from service.stores.signals.port import Signals
from service.telemetry import log

SWEEP_EVERY = 600.0
AFTER_FAILURE = 0.5
CONTENT_SECONDS = 30 * 86400.0
"""How long prompts and pictures are kept where the operator has content recorded."""


class Housekeeping:
    def __init__(self, books: Books, blobs: Blobs, signals: Signals) -> None:
        self._books = books
        self._blobs = blobs
        self._signals = signals

    def tasks(self) -> list[asyncio.Task[None]]:
        chores = (
            (self._books.lives.beat, BEAT_SECONDS),
            (self._books.lives.expire, BEAT_SECONDS),
            (self._for_all(partial(self._sweep, Shelf.RESULTS, SWEEP_SECONDS)), SWEEP_EVERY),
            (self._for_all(partial(self._sweep, Shelf.RECORDED, CONTENT_SECONDS)), SWEEP_EVERY),
            (self._for_all(partial(self._sweep, Shelf.KEPT, KEPT_SECONDS + SWEEP_SECONDS)), SWEEP_EVERY),
            (self._for_all(self._books.forget_answers), SWEEP_EVERY),
            (self._for_all(partial(self._books.forget_prompts, CONTENT_SECONDS)), SWEEP_EVERY),
        )
        return [asyncio.create_task(_again_and_again(chore, every), name="housekeeping") for chore, every in chores]

    def _for_all(self, chore: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
        """The chore, if it is this process's turn."""

        async def on_duty() -> None:
            if await self._signals.take("housekeeping", self._books.lives.process, seconds=3 * BEAT_SECONDS):
                await chore()

        return on_duty

    async def _sweep(self, shelf: Shelf, older_than: float) -> None:
        if swept := await self._blobs.sweep(shelf, older_than):
            log("sweep").info("swept", shelf=shelf, files=swept)


async def _again_and_again(chore: Callable[[], Awaitable[object]], every: float) -> None:
    """Until it is cancelled; a chore that fails is done again, and soon."""
    while True:
        wait = min(every, AFTER_FAILURE)
        try:
            await chore()
            wait = every
        except GatewayError:
            pass  # a store is away, and has said so itself
        except OSError as error:
            log("housekeeping").warning("not done", error=error.strerror)
        except Exception as error:  # a mistake of ours must not end what keeps the books true
            log("housekeeping").exception("not done", exc_info=error)
        await asyncio.sleep(wait)
