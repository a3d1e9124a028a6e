"""What the calls of a step wait for besides answers: pauses before they are tried anew, and places. All of it ends at
once when their provider is asked nothing more.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from service.engine.account import Account
from service.errors import GatewayError, Reason

PAUSE = 0.5
"""Seconds before a call is tried anew; each further time they double."""
PATIENCE = 5.0
"""The longest pause, and wait for a place, where another target can be asked instead."""
LONGEST_PAUSE = 60.0
"""The longest pause of all, whatever a provider asks for."""
MOMENT = 0.005
"""Seconds by which a timer may be early."""
LAST_CHANCE = 1.0
"""Seconds that must be left for a further call, and after a pause for it to be worth waiting."""


class Waits:
    def __init__(self, limit: Callable[[], float], account: Account) -> None:
        """`limit` says until when there is time."""
        self._limit = limit
        self._account = account
        self._under_way: list[asyncio.Timeout] = []

    async def through(self, what: Awaitable[object]) -> bool:
        """Waits for it. False where `end` was sooner."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(None) as wait:
                self._under_way.append(wait)
                try:
                    await what
                finally:
                    self._under_way.remove(wait)
        except TimeoutError:
            return False
        finally:
            self._account.waited(began)
        return True

    def end(self) -> None:
        """Nobody waits any longer; to be called once."""
        for wait in self._under_way:
            wait.reschedule(now())

    def _last(self) -> float:
        return self._limit() - LAST_CHANCE

    def latest(self, *, others: bool) -> float:
        """Until when a place is waited for: not so long that nobody, the call itself or another, has time any more."""
        return min(self._last(), now() + PATIENCE) if others else self._last()

    def is_worth(self, pause: float, *, others: bool) -> bool:
        """Whether a call may be tried anew after a pause, rather than go on or fail at once."""
        return pause <= (PATIENCE if others else LONGEST_PAUSE) and now() + pause <= self._last()


def pause_after(error: GatewayError | None, tries: int) -> float:
    """As long as the provider asks for, else twice as long as before, give or take a fifth."""
    if error is not None and error.retry_after is not None:
        return error.retry_after
    return PAUSE * 2 ** (tries - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def now() -> float:
    """By the loop's clock, as deadlines are."""
    return asyncio.get_running_loop().time()


def why_left(deadline: float) -> Reason:
    """Why nobody listens any more: gRPC ends a call whose deadline has passed as it ends one that was given up."""
    return Reason.DEADLINE_EXCEEDED if now() + MOMENT >= deadline else Reason.CANCELLED
