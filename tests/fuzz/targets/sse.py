"""The reader of event streams: nothing but a ProviderError, and the same events however the bytes are cut."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

from service.errors import ProviderError
from service.providers.sse import ServerSentEvent, events_of
from tests.fuzz.targets.cutting import cut

PLENTY, LITTLE = 1_000_000, 40


def one(data: bytes) -> None:
    whole, pieces = cut(data)
    events = read([whole])
    assert events == read(pieces)
    assert all(b"\r" not in event.data for event in events)
    with suppress(ProviderError):
        read(pieces, LITTLE)


def read(pieces: Sequence[bytes], limit: int = PLENTY) -> list[ServerSentEvent]:
    """The events of a stream that comes in these pieces."""

    async def coming() -> AsyncGenerator[bytes, None]:
        for piece in pieces:
            yield piece

    async def collect() -> list[ServerSentEvent]:
        return [event async for event in events_of(coming(), limit)]

    reading = collect()  # nothing in it waits for anything, so that it needs no loop
    try:
        reading.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("reading waits for something")
