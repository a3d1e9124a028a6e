"""Where TLS is spoken: who connects is counted by the door at once, and has the time for a head to shake hands."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sized
from socket import socket

from rest_bridge.guard import AT_ONCE, Connection, Door

UNTIL_THERE_IS_ROOM = 1.0
"""Seconds until the next try where the system lets nobody in: there are no files left."""


class Reception:
    """Accepts by itself: a server of the loop's tells nobody of connections before their handshake is done."""

    def __init__(
        self,
        listening: socket,
        door: Door,
        context: ssl.SSLContext,
        established: Sized,
        connection: Callable[[], Connection],
    ) -> None:
        self._listening = listening
        self._door = door
        self._context = context
        self._established = established
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._greetings: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None

    def open(self) -> None:
        self._loop.add_reader(self._listening, self._accept)

    def close(self) -> None:
        """Lets nobody in any more, those who do not speak yet included."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()
        for each in self._greetings:
            each.cancel()

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                client, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                self._loop.remove_reader(self._listening)
                self._pause = self._loop.call_later(UNTIL_THERE_IS_ROOM, self.open)
                return
            # Before the handshake nobody can be told why: beyond those who will hear it then there is no room.
            if self._door.standing(self._established) >= self._door.most + self._door.most_leaving:
                self._door.count("connections")
                client.close()
                continue
            client.setblocking(False)
            connection = self._connection()
            self._door.greeting.add(connection)
            greeting = self._loop.create_task(self._greet(client, connection), name="TLS handshake")
            self._greetings.add(greeting)
            greeting.add_done_callback(self._greetings.discard)

    async def _greet(self, client: socket, connection: Connection) -> None:
        limits, began = self._door.limits, self._loop.time()
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                client,
                ssl=self._context,
                ssl_handshake_timeout=limits.head,
                ssl_shutdown_timeout=limits.farewell,
            )
        except OSError:  # those of TLS are among them
            if self._loop.time() - began >= limits.head:
                self._door.count("slow_handshake")
        finally:
            self._door.greeting.discard(connection)
