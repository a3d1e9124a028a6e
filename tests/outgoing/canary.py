"""What no request may ever reach, and hosts that answer; all of them on this machine's own addresses."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

LISTED = "127.0.0.2"
"""Stands for a good host's address: loopback too, but the tests' gateways list it."""

UNUSABLE = (errno.EACCES, errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EPERM)


class Canary:
    """Listens on loopback, IPv4 and IPv6, on a port of its own and on 443 and 80 where it may; records every caller."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.port = 0
        self._servers: list[asyncio.Server] = []

    async def __aenter__(self) -> Self:
        await self._listen("127.0.0.1", 0)
        self.port = self._servers[0].sockets[0].getsockname()[1]
        await self._listen("::1", self.port)
        for usual in (443, 80):  # where a literal address without a port leads; not everybody may listen there
            for host in ("127.0.0.1", "::1"):
                try:
                    await self._listen(host, usual)
                except OSError as error:
                    if error.errno not in UNUSABLE:
                        raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
            await server.wait_closed()

    async def _listen(self, host: str, port: int) -> None:
        self._servers.append(await asyncio.start_server(self._hear, host, port))

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(f"a connection to {writer.get_extra_info('sockname')}")
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(0.2):
                self.heard.append(repr(await reader.read(65536)))
        writer.close()


class Names(AbstractResolver):
    """A DNS of the test's own: each name has answers, one lookup each, of which the last one stays."""

    def __init__(self, **answers: Sequence[Sequence[tuple[str, int]]]) -> None:
        self.asked: list[str] = []
        self._answers = dict(answers)

    def answer(self, name: str, *lookups: Sequence[tuple[str, int]]) -> None:
        """What the coming lookups of a name say: addresses, with the port that leads to the test's own listener."""
        self._answers[name] = list(lookups)

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        self.asked.append(host)
        lookups = self._answers.get(host) or self._answers.get("*")
        if not lookups:
            raise OSError(None, "no such name")
        this, *rest = lookups
        if rest:
            self._answers[host] = rest
        return [
            ResolveResult(hostname=host, host=address, port=to, family=family, proto=0, flags=0) for address, to in this
        ]

    async def close(self) -> None:
        pass


Page = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Host:
    """A host with pages, over HTTP or HTTPS; it keeps what it was asked."""

    pages: dict[str, Page] = field(default_factory=dict[str, Page])
    address: str = LISTED
    tls: ssl.SSLContext | None = None
    port: int = 0
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list[tuple[str, Mapping[str, str]]])
    _runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.address, 0, ssl_context=self.tls).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.address}:{self.port}"

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append((request.raw_path, dict(request.headers)))
        page = self.pages.get(request.path)
        return await page(request) if page else web.Response(status=404)


def showing(body: bytes, status: int = 200, headers: Mapping[str, str] = MappingProxyType({}), then: str = "") -> Page:
    """A page that says this."""

    async def page(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={**headers, **({"location": then} if then else {})})

    return page
