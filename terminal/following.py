"""Requests as they come into the books: the newest, and then each as it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import Client, v1

PAGE = 1000
POLL_SECONDS = 1.0
LATE_SECONDS = 60
"""After its beginning, in which a request that was refused, and so never under way, comes into the books."""
LONGEST = timedelta(days=1)
"""Nothing is under way for longer."""


async def newest(client: Client, wanted: v1.RequestFilter, n: int | None) -> list[v1.RecordedRequest]:
    """So many of the newest, or all; the newest first."""
    found: list[v1.RecordedRequest] = []
    token = ""
    while n is None or len(found) < n:
        size = PAGE if n is None else min(PAGE, n - len(found))
        page = await client.requests(wanted, page_size=size, page_token=token)
        found += page.requests
        token = page.next_page_token
        if not token:
            break
    return found


async def follow(client: Client, wanted: v1.RequestFilter, n: int) -> AsyncGenerator[v1.RecordedRequest, None]:
    """So many of the newest that are over, the oldest first; then each other one when it ends, without an end."""
    recent = v1.RequestFilter()
    recent.CopyFrom(wanted)
    await _move_on(client, recent, await newest(client, wanted, 1))
    told = {each.id for each in _over(await newest(client, recent, None))}
    found = await newest(client, wanted, n)
    for each in _over(found):
        yield each
    told |= {each.id for each in _over(found)}
    while True:
        await asyncio.sleep(POLL_SECONDS)
        await _move_on(client, recent, found)
        found = await newest(client, recent, None)
        for each in _over(found):
            if each.id not in told:
                yield each
        told = {each.id for each in _over(found)}


def _over(found: Iterable[v1.RecordedRequest]) -> list[v1.RecordedRequest]:
    """Those that are over, the oldest first."""
    return [each for each in found if each.HasField("end_time")][::-1]


async def _move_on(client: Client, recent: v1.RequestFilter, found: Sequence[v1.RecordedRequest]) -> None:
    """Leaves behind what cannot change any more: older than all that is under way, and than what comes in late."""
    since = Timestamp()
    since.FromDatetime(datetime.now(UTC) - LONGEST)
    under_way = await newest(client, v1.RequestFilter(state=v1.REQUEST_STATE_RUNNING, since=since), None)
    places = [each.create_time.ToNanoseconds() for each in under_way]
    if found:
        places.append(found[0].create_time.ToNanoseconds() - LATE_SECONDS * 10**9)
    before = recent.since.ToNanoseconds() if recent.HasField("since") else 0
    recent.since.FromNanoseconds(max(before, min(places, default=since.ToNanoseconds())))
