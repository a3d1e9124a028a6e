"""What waits in this process, in bytes: pictures for readers or a conversion, requests for a place at a provider."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from service.domain.image import Image
from service.engine.rooms import SOONEST
from service.errors import GatewayError, Reason
from service.telemetry import counting

MOST_WAITING = 1024**3
"""How many bytes may wait, unless the operator says otherwise."""


class Backlog:
    def __init__(self) -> None:
        self.size = 0

    def change(self, by: int) -> None:
        self.size += by
        counting.waits(by)

    def let_in(self, most: int) -> None:
        """Refuses whoever comes while more than that waits."""
        if self.size > most:
            message = "Too much waits here, for readers, conversion or places at providers; nothing new is begun now."
            raise GatewayError(Reason.OVERLOADED, message, retry_after=SOONEST)

    @contextmanager
    def holding(self, size: int) -> Generator[None]:
        self.change(size)
        try:
            yield
        finally:
            self.change(-size)


BACKLOG = Backlog()


def weight(images: Iterable[Image]) -> int:
    return sum(len(each.picture.data) for each in images)
