"""Signals within one process. What has expired takes no room."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar

UNREAD = 256
"""Messages that wait for one reader; beyond that the oldest are lost."""


@dataclass(slots=True)
class _Counter:
    until: float
    total: int = 0


@dataclass(slots=True)
class _Lease:
    until: float
    owner: str
    token: int


T = TypeVar("T", _Counter, _Lease)


class MemorySignals:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counters = _Fading[_Counter](clock)
        self._leases = _Fading[_Lease](clock)
        self._mailboxes: dict[str, list[_Mailbox]] = {}
        self.last_token = 0
        """The greatest token that is known here."""

    @property
    def topics(self) -> Iterable[str]:
        """What is listened to."""
        return self._mailboxes.keys()

    async def count(self, key: str, by: int = 1, *, expires: float) -> int:
        counter = self._counters.get(key) or self._counters.put(key, _Counter(self._clock() + expires))
        counter.total += by
        return counter.total

    async def publish(self, topic: str, message: bytes) -> None:
        self.deliver(topic, message)

    def deliver(self, topic: str, message: bytes) -> None:
        for mailbox in self._mailboxes.get(topic, ()):
            mailbox.put(message)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncGenerator[AsyncGenerator[bytes, None], None]:
        mailbox = _Mailbox()
        listening = self._mailboxes.setdefault(topic, [])
        listening.append(mailbox)
        try:
            yield mailbox
        finally:
            listening.remove(mailbox)
            if not listening:
                del self._mailboxes[topic]
            await mailbox.aclose()

    async def take(self, lease: str, owner: str, *, seconds: float) -> int | None:
        held = self._leases.get(lease)
        if held and held.owner != owner:
            return None
        # Microseconds since 1970, so that a token is also greater than those before a restart.
        token = held.token if held else max(self.last_token + 1, time.time_ns() // 1000)
        self.hold(lease, owner, token, seconds)
        return token

    def hold(self, lease: str, owner: str, token: int, seconds: float) -> None:
        """Notes who has a lease."""
        self.last_token = max(self.last_token, token)
        self._leases.put(lease, _Lease(self._clock() + seconds, owner, token))

    async def give_back(self, lease: str, owner: str) -> None:
        held = self._leases.get(lease)
        if held and held.owner == owner:
            held.until = self._clock()

    async def close(self) -> None:
        for listening in self._mailboxes.values():
            for mailbox in listening:
                mailbox.close()


class _Fading(Generic[T]):
    """Things by name, each until its time is over."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._things: dict[str, T] = {}
        self._ends: list[tuple[float, str]] = []
        """When to look whether a thing has ended: once for each thing, a heap."""

    def get(self, name: str) -> T | None:
        now = self._clock()
        self._drop_what_ended(now)
        thing = self._things.get(name)
        return thing if thing and thing.until > now else None

    def put(self, name: str, thing: T) -> T:
        if name not in self._things:
            heappush(self._ends, (thing.until, name))
        self._things[name] = thing
        return thing

    def _drop_what_ended(self, now: float) -> None:
        while self._ends and self._ends[0][0] <= now:
            _, name = heappop(self._ends)
            until = self._things[name].until
            if until > now:  # it was prolonged
                heappush(self._ends, (until, name))
            else:
                del self._things[name]


class _Mailbox(AsyncGenerator[bytes, None]):
    """Messages on their way to a reader, who may be cancelled while he waits, and come again.

    That would be the end of a generator that is written as a function.
    """

    def __init__(self) -> None:
        self._unread: deque[bytes] = deque(maxlen=UNREAD)
        self._closed = False
        self._changed = asyncio.Event()

    def put(self, message: bytes) -> None:
        self._unread.append(message)
        self._changed.set()

    def close(self) -> None:
        """What is unread can still be read."""
        self._closed = True
        self._changed.set()

    async def asend(self, value: None) -> bytes:
        while not self._unread:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._unread.popleft()

    async def athrow(self, typ: Any, val: Any = None, tb: Any = None) -> bytes:
        await self.aclose()
        raise typ

    async def aclose(self) -> None:
        self._unread.clear()
        self.close()
