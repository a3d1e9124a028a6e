"""One connection to the server that hears what others publish, from its opening until it is closed or breaks."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Set
from typing import Any, cast

from redis.asyncio.connection import AbstractConnection


class Ear:
    def __init__(
        self,
        connection: AbstractConnection,
        heard: Callable[[bytes, bytes], None],
        broke: Callable[[Ear, Exception], None],
    ) -> None:
        self.channels: Set[bytes] = frozenset()
        """What the server has confirmed that it sends."""
        self._connection = connection
        self._heard = heard
        self._broke = broke
        self._answered = asyncio.Event()
        self._error: Exception | None = None
        self._reading: asyncio.Task[None] | None = None

    async def follow(self, wanted: Set[bytes]) -> None:
        """Returns when the server sends these channels, at least one, and no others. One call at a time."""
        self._answered.clear()
        if self._reading is None:
            await self._connection.connect()
            self._reading = asyncio.create_task(self._read(), name="signals: listening")
        if more := wanted - self.channels:
            await self._connection.send_command("SUBSCRIBE", *more)
        if fewer := self.channels - wanted:
            await self._connection.send_command("UNSUBSCRIBE", *fewer)
        await self._connection.send_command("PING")  # answered after all that was sent before
        await self._answered.wait()
        if self._error:
            raise self._error
        self.channels = wanted

    async def close(self) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.wait({self._reading})
        await self._connection.disconnect(nowait=True)

    async def _read(self) -> None:
        try:
            while True:
                said = cast("list[Any]", await self._connection.read_response(timeout=math.inf))
                if said[0] == b"message":
                    self._heard(said[1], said[2])
                elif said[0] == b"pong":
                    self._answered.set()
        except Exception as error:
            self._error = error
            self._answered.set()
            self._broke(self, error)
            await self._connection.disconnect(nowait=True)
