"""How many calls a provider is asked at once, and who waits for a place.

Places are given in the order of coming. Nobody waits who could not be served in time: whoever would come too late, by
the time that calls have taken, and whoever finds too many before them, is told at once when to come back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from prometheus_client import Gauge

from service.errors import GatewayError, Reason

WEIGHT = 0.1
"""Of the last call in the average of how long calls take."""
SOONEST = 1.0
"""Seconds after which to come back, at least."""


class FullError(GatewayError):
    """There is no place, and none will be free in time."""


@dataclass(slots=True)
class Room:
    """One provider's places."""

    provider: str
    places: int
    seats: int
    """How many may wait."""
    waiting: Gauge
    _inside: int = 0
    _queue: dict[asyncio.Future[None], None] = field(default_factory=dict[asyncio.Future[None], None])
    """Who waits, in the order of coming."""
    _seconds: float = 0.0
    """How long calls take."""

    def take(self) -> bool:
        """A place, if one is free: then nobody waits who could still be given it."""
        free = self._inside < self.places
        self._inside += free
        return free

    async def enter(self, until: float) -> None:
        """Returns with a place, which is given back by `leave`. Raises FullError where there is none before `until`."""
        if self.take():
            return
        loop = asyncio.get_running_loop()
        if self._seated() >= self.seats or loop.time() + self._wait() > until:
            raise self._full()
        place: asyncio.Future[None] = loop.create_future()
        self._queue[place] = None
        timer = loop.call_at(until, _give_up, place)
        self.waiting.inc()
        try:
            await place
        except TimeoutError:
            raise self._full() from None
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and not place.exception():
                self._pass_on()  # it was given, and is not taken any more
            raise
        finally:
            self._queue.pop(place, None)
            self.waiting.dec()
            timer.cancel()

    def leave(self, seconds: float | None = None) -> None:
        """Gives a place back: after a call that took so long, or without one."""
        if seconds is not None:
            self._seconds += (seconds - self._seconds) * (WEIGHT if self._seconds else 1)
        self._pass_on()

    def change(self, places: int, seats: int) -> None:
        """From now on there are so many: whoever is inside stays, and more may come in, or none for a while."""
        self.places, self.seats = places, seats
        while self._inside < self.places and (place := self._next()):
            self._inside += 1
            place.set_result(None)

    def _pass_on(self) -> None:
        place = self._next() if self._inside <= self.places else None
        if place is not None:
            place.set_result(None)
        else:
            self._inside -= 1

    def _next(self) -> asyncio.Future[None] | None:
        """The first of those who wait; who has gone, or is out of time in this turn of the loop, leaves the queue."""
        while self._queue:
            place = next(iter(self._queue))
            del self._queue[place]
            if not place.done():
                return place
        return None

    def _seated(self) -> int:
        """How many wait; those who have gone or are out of time are in the queue until it is their turn to run."""
        if len(self._queue) < self.seats:
            return len(self._queue)
        return sum(not place.done() for place in self._queue)

    def _wait(self) -> float:
        """How long somebody who comes now will wait, by all that is known."""
        return self._seconds * (len(self._queue) + 1) / self.places

    def _full(self) -> FullError:
        message = f"{self._inside} calls to {self.provider} are under way, and {len(self._queue)} wait for a place."
        return FullError(Reason.OVERLOADED, message, retry_after=max(SOONEST, self._wait()))


def _give_up(place: asyncio.Future[None]) -> None:
    if not place.done():
        place.set_exception(TimeoutError())
