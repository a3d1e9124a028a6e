"""The HTTP server around the application: where it listens, and how it stops without losing anybody."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import grpc.aio
import uvicorn
from imagegen import v1

from rest_bridge.app import App
from rest_bridge.gateway import Gateway, Service
from rest_bridge.guard import LIMITS, Connection, Door, Limits
from rest_bridge.metrics import Metrics
from rest_bridge.reception import Reception
from rest_bridge.tls import Watch, serving

LAST_WORDS = 2
"""Seconds after the grace in which callers are told that it is over."""


@dataclass(frozen=True, slots=True)
class Settings:
    host: str
    port: int
    service: Service
    public_url: str = ""
    shares_port: bool = False
    """Whether other processes of this gateway listen at the same address."""
    certificates: Watch | None = None
    """Those that clients are shown; without them there is no TLS."""
    to_service: Watch | None = None
    """Those of the way to the service."""
    limits: Limits = LIMITS
    hosts: tuple[str, ...] = ()
    """The names that it answers to; to every name where there are none."""
    sites: tuple[str, ...] = ()
    """The origins whose scripts may call."""


class BridgeError(Exception):
    """The bridge cannot start, and this is why."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, door: Door, metrics: Metrics, context: ssl.SSLContext | None) -> None:
        super().__init__(config)
        self._door = door
        self._metrics = metrics
        self._context = context
        self._receptions: list[Reception] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._context is None:
            await super().startup(sockets)
            return
        await super().startup([])
        established = self.server_state.connections
        for each in sockets or []:
            self._receptions.append(Reception(each, self._door, self._context, established, self._connection))
            self._receptions[-1].open()

    def _connection(self) -> Connection:
        state = self.server_state
        return Connection(config=self.config, server_state=state, app_state=self.lifespan.state, door=self._door)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for each in self._receptions:
            each.close()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        self._door.look(self.server_state.connections, asyncio.get_running_loop().time())
        self._metrics.connected(self._door.standing(self.server_state.connections))
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # whoever runs the process listens for its signals


class Bridge:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._gateway = Gateway(settings.service, settings.to_service)
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        return self._socket.getsockname()[1] if self._socket else self._settings.port

    @property
    def metrics(self) -> Metrics:
        """What is counted, once it has started."""
        return self._app.state.metrics

    @property
    def public_url(self) -> str:
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        scheme = "https" if self._settings.certificates else "http"
        return self._settings.public_url or f"{scheme}://{host}:{self.port}"

    async def start(self) -> None:
        """Listens; returns once it does."""
        await self._refuse_open_doors()
        self._socket = _listen(self._settings)
        self._app = App(self._gateway, self.public_url, self._settings.sites)
        door = Door(self._settings.limits, self._settings.hosts, self.metrics.refused)
        self.metrics.limited(door.most)
        self._gateway.watch()
        certificates = self._settings.certificates
        config = uvicorn.Config(
            self._app,
            http=cast(Any, partial(Connection, door=door)),  # uvicorn calls it, and means by a type just that
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
        if certificates is not None:
            self._watching = asyncio.create_task(certificates.run(), name="certificates")
        context = serving(certificates) if certificates is not None else None
        self._server = _Server(config, door, self.metrics, context)
        self._serving = asyncio.create_task(self._server.serve([self._socket]), name="bridge")
        while not self._server.started:
            if self._serving.done():
                self._serving.result()
                raise BridgeError("the HTTP server stopped before it had started")
            await asyncio.sleep(0.005)

    def stop_accepting(self) -> None:
        """Says "not ready", so that balancers look elsewhere; requests still come and go."""
        self._app.state.draining = True

    async def stop(self, grace: float) -> None:
        """Turns new connections away, lets requests finish within `grace`, then ends them."""
        if self._watching is not None:
            self._watching.cancel()
        if self._serving is not None:
            self._server.config.timeout_graceful_shutdown = math.ceil(grace) + LAST_WORDS
            self._server.should_exit = True
            await asyncio.wait({self._serving}, timeout=grace)
            await self._gateway.close()  # what still waits is told so
            await self._serving
        else:
            await self._gateway.close()

    async def _refuse_open_doors(self) -> None:
        if _is_loopback(self._settings.host):
            return
        try:
            with self._gateway.lane() as lane:
                info = await lane.info.GetServerInfo(v1.GetServerInfoRequest(), timeout=10, wait_for_ready=True)
        except grpc.aio.AioRpcError:
            raise BridgeError(
                f"{self._settings.host} can be reached from other machines, and the service at "
                f"{self._settings.service} does not answer to say who may call"
            ) from None
        if info.access_mode == "open":
            raise BridgeError(
                f"{self._settings.host} can be reached from other machines, and access is open to everyone; listen on "
                "127.0.0.1 (access by keys comes with a later version)"
            )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name that may mean anything


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only of a socket that names its protocol asyncio takes the delay of small answers (TCP_NODELAY).
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.shares_port:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise BridgeError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    listening.listen(2048)
    listening.setblocking(False)
    return listening
