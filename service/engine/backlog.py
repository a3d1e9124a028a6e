"""What waits in this process, in bytes: pictures for readers or a conversion, requests for a place at a provider."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from service.domain.image import Image
from service.telemetry import counting

MOST_WAITING = 1024**3
"""How many bytes may wait, unless the operator says otherwise."""


class Backlog:
    def __init__(self) -> None:
        self.size = 0

    def change(self, by: int) -> None:
        self.size += by
        counting.waits(by)

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
