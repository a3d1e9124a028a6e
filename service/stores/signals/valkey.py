"""Signals between all processes, on Valkey or Redis; while the server cannot be reached, each goes on alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Set
from contextlib import asynccontextmanager

from service.stores.signals.link import Link
from service.stores.signals.memory import MemorySignals

_LONGEST = 10 * 365 * 86400.0
"""Seconds that the server is asked to keep anything."""

_COUNT = """
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2], 'NX')
return total
"""
# A token is the time in microseconds, or one more than the last: greater than all before, also after a restart.
_TAKE = """
local held = redis.call('HMGET', KEYS[1], 'owner', 'token')
if held[1] and held[1] ~= ARGV[1] then return 0 end
local token = held[2]
if not token then
  local now = redis.call('TIME')
  local last = math.max(tonumber(redis.call('GET', KEYS[2]) or 0), tonumber(ARGV[3]))
  token = string.format('%.0f', math.max(last + 1, now[1] * 1000000 + now[2]))
  redis.call('SET', KEYS[2], token)
  redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', token)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return tonumber(token)
"""
_GIVE_BACK = """
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class ValkeySignals:
    """Connects when it is first needed. What this process does alone is kept in memory."""

    def __init__(self, url: str, *, prefix: str = "imagegen:") -> None:
        self._prefix = prefix
        self._alone = MemorySignals()
        look = ("EVAL", _COUNT, 1, f"{prefix}look", 1, 1000)  # it writes: a server that only reads is of no use
        self._link = Link(url, look, self._channels, self._heard)

    async def count(self, key: str, by: int = 1, *, expires: float) -> int:
        total = await self._link.ask("EVAL", _COUNT, 1, f"{self._prefix}count:{key}", by, _milliseconds(expires))
        return await self._alone.count(key, by, expires=expires) if total is None else total

    async def publish(self, topic: str, message: bytes) -> None:
        if await self._link.ask("PUBLISH", self._channel(topic), message) is None:
            self._alone.deliver(topic, message)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncGenerator[AsyncGenerator[bytes, None], None]:
        try:
            async with self._alone.subscribe(topic) as messages:
                await self._link.tune()
                yield messages
        finally:
            await self._link.tune()

    async def take(self, lease: str, owner: str, *, seconds: float) -> int | None:
        keys = f"{self._prefix}lease:{lease}", f"{self._prefix}token"
        token = await self._link.ask("EVAL", _TAKE, 2, *keys, owner, _milliseconds(seconds), self._alone.last_token)
        if token is None:
            return await self._alone.take(lease, owner, seconds=seconds)
        if not token:
            await self._alone.give_back(lease, owner)
            return None
        self._alone.hold(lease, owner, token, seconds)  # it keeps its token when the server goes away
        return token

    async def give_back(self, lease: str, owner: str) -> None:
        await self._alone.give_back(lease, owner)
        await self._link.ask("EVAL", _GIVE_BACK, 1, f"{self._prefix}lease:{lease}", owner)

    async def close(self) -> None:
        await self._link.close()
        await self._alone.close()

    def _channels(self) -> Set[bytes]:
        return frozenset(self._channel(topic) for topic in self._alone.topics)

    def _channel(self, topic: str) -> bytes:
        return f"{self._prefix}{topic}".encode(errors="surrogatepass")

    def _heard(self, channel: bytes, message: bytes) -> None:
        self._alone.deliver(channel.decode(errors="surrogatepass").removeprefix(self._prefix), message)


def _milliseconds(seconds: float) -> int:
    return int(min(seconds, _LONGEST) * 1000)
