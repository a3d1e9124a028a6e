"""The way to the server: open, or broken and being mended.

Whoever asks never waits for a server that is away. Finding out costs a tenth of a second; from then on a task looks
after the server once a second, and until it is back every question goes unanswered at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Set
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from service.stores.signals.ear import Ear
from service.stores.signals.patience import patience
from service.telemetry import log

T = TypeVar("T")
Word = str | bytes | int

CONNECTIONS = 16
PAUSE = 1.0
"""Seconds between two looks at a server that is away."""

_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}

_OURS: dict[str, Any] = {
    "protocol": 2,  # needs no greeting
    "driver_info": None,  # nor an introduction: connecting is one step
    "retry": Retry(NoBackoff(), 0),
    "socket_timeout": None,  # `patience` decides
    "socket_connect_timeout": 1,  # is for closing as well
    "socket_keepalive": True,
    "health_check_interval": 0,
    "decode_responses": False,
    "encoding_errors": "surrogatepass",  # a name may be whatever a string may be
    "max_connections": CONNECTIONS + 1,  # one is for looking after the server
}
"""Options of connections, whatever the URL says."""


class Link:
    """`look` is a command that works when all is well; `wanted` are the channels that `heard` shall hear."""

    def __init__(
        self,
        url: str,
        look: tuple[Word, ...],
        wanted: Callable[[], Set[bytes]],
        heard: Callable[[bytes, bytes], None],
    ) -> None:
        self._pool, self._server = _pool(url)
        self._redis: Any = Redis(connection_pool=self._pool)  # its types are half known
        self._look = look
        self._wanted = wanted
        self._heard = heard
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._ear: Ear | None = None
        self._tuning = asyncio.Lock()
        self._open = True
        self._mending: asyncio.Task[None] | None = None
        self._refused: set[tuple[Word, str]] = set()
        self._closed = False

    async def ask(self, *command: Word) -> int | None:
        """The server's answer; None when there is none. A caller who leaves does not cut it short."""
        if not self._open:
            return None
        await self._places.acquire()
        if not self._open:  # any more, while this waited for its place
            self._places.release()
            return None
        asking = self._begin(self._exchange(command))
        asking.add_done_callback(lambda _: self._places.release())
        return await asyncio.shield(asking)

    async def tune(self) -> None:
        """Returns when the server sends what is wanted and nothing else, or is away."""
        if self._open:
            await asyncio.shield(self._begin(self._tune()))

    async def close(self) -> None:
        self._closed, self._open = True, False
        if self._mending:
            self._mending.cancel()
            await asyncio.wait({self._mending})
        if self._under_way:
            await asyncio.wait(self._under_way)
        with suppress(Exception):  # it is over either way
            await self._hang_up()

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Done to its end, whoever leaves: a connection that is left in mid-sentence is lost."""
        task = asyncio.create_task(work, name="signals: under way")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _exchange(self, command: tuple[Word, ...]) -> int | None:
        try:
            async with patience():
                return await self._redis.execute_command(*command)
        except ResponseError as error:
            # It answers, but not this: either the server is of no use now, or the command is not.
            self._mend(0, (command[0], type(error).__name__))
        except Exception as error:  # whatever it is: signals never fail a request
            self._break(error)
        return None

    async def _tune(self) -> None:
        try:
            async with self._tuning:
                if self._open:
                    await self._tune_ear()
        except Exception as error:  # as above
            self._break(error)

    async def _tune_ear(self) -> None:
        while (wanted := self._wanted()) != (self._ear.channels if self._ear else frozenset()):
            if not wanted:
                await self._close_ear()
                continue
            ear = self._ear = self._ear or Ear(self._pool.make_connection(), self._heard, self._broke)
            try:
                async with patience():
                    await ear.follow(wanted)
            except BaseException:
                await ear.close()
                raise

    async def _close_ear(self) -> None:
        ear, self._ear = self._ear, None
        if ear:
            await ear.close()

    def _broke(self, ear: Ear, error: Exception) -> None:
        if ear is self._ear:
            self._ear = None
        self._break(error)

    def _break(self, error: Exception) -> None:
        self._lose(error)
        self._mend(PAUSE)

    def _lose(self, error: Exception) -> None:
        if self._open:
            self._open = False
            kind = type(error).__name__  # what it says may quote what was sent, also a password
            log("signals").warning("signals unreachable, each process goes on alone", server=self._server, error=kind)

    def _mend(self, pause: float, refused: tuple[Word, str] | None = None) -> None:
        if not self._mending and not self._closed:
            self._mending = asyncio.create_task(self._look_after(pause, refused), name="signals: mending")

    async def _look_after(self, pause: float, refused: tuple[Word, str] | None) -> None:
        try:
            await asyncio.sleep(pause)
            while error := await self._trouble():
                self._lose(error)
                await asyncio.sleep(PAUSE)
            if not self._open:
                self._open = True
                log("signals").info("signals are back", server=self._server)
            elif refused and refused not in self._refused:
                self._refused.add(refused)
                command, kind = refused
                log("signals").warning("signals refuse a command", server=self._server, command=command, error=kind)
        finally:
            self._mending = None

    async def _trouble(self) -> Exception | None:
        """What keeps the server from being used."""
        try:
            async with self._tuning:
                if not self._open:
                    await self._hang_up()
                async with patience():
                    await self._redis.execute_command(*self._look)
                await self._tune_ear()
        except Exception as error:  # as above
            return error
        return None

    async def _hang_up(self) -> None:
        """Nothing that led to a server which went away is used again."""
        await self._close_ear()
        await self._pool.disconnect(inuse_connections=False)


def _pool(url: str) -> tuple[ConnectionPool, str]:
    """Connections, none of them open yet; and the server's name, without what is secret."""
    try:
        parts = urlsplit(url)
        if "@" in f"{parts.path}{parts.query}{parts.fragment}":
            raise ValueError("a password that is not escaped ends early, and its rest is taken for an address")
        options: dict[str, Any] = {**parse_url(parts._replace(scheme=_SCHEMES[parts.scheme]).geturl()), **_OURS}
        pool = ConnectionPool(**options)
        pool.make_connection()
    except (LookupError, ValueError, TypeError, RedisError):  # none of which is to be shown
        raise ValueError("not a URL of a Valkey or Redis server: [redis|rediss|valkey|valkeys]://host:port") from None
    return pool, f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
