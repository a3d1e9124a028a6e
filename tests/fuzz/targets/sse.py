"""The reader of event streams: nothing but a ProviderError, and the same events however the bytes are cut."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from service.errors import ProviderError
from service.providers.sse import ServerSentEvent, events_of
from tests.fuzz.targets.cutting import cut

PLENTY, LITTLE = 1_000_000, 40


def one(data: bytes) -> None:
    whole, pieces = cut(data)
    read = _read([whole], PLENTY)
    assert read is not None
    assert read == _read(pieces, PLENTY)
    assert all(b"\r" not in event.data for event in read)
    _read(pieces, LITTLE)


def _read(pieces: Sequence[bytes], limit: int) -> list[ServerSentEvent] | None:
    """The events; None where the reader gave up."""

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
    except ProviderError:
        return None
    raise AssertionError("reading waits for something")
