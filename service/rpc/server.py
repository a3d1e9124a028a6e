"""The gRPC server: its limits, its services, its health; and how it stops without losing anybody."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Sequence
from typing import Any, cast

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from imagegen import v1
from imagegen.inprocess import LocalChannel, LocalServer

from service.rpc.files import ImageFiles
from service.rpc.images import ImageGeneration
from service.rpc.info import MAX_REQUEST, ServerInfo
from service.rpc.interceptors import Edge
from service.rpc.models import Models
from service.rpc.tls import Watch, credentials
from service.rpc.usage import Usage

SERVING = health_pb2.HealthCheckResponse.SERVING

MAX_METADATA = 16 * 1024
MAX_STREAMS = 1_000
"""Calls at once on one connection; what comes beyond is refused by a reset of its stream, and costs no handler."""
OPTIONS = [
    ("grpc.max_receive_message_length", MAX_REQUEST),
    ("grpc.max_send_message_length", -1),  # what goes out is bounded by max_inline_bytes and by chunks
    ("grpc.max_metadata_size", MAX_METADATA),
    ("grpc.absolute_max_metadata_size", MAX_METADATA),  # else what is above the first is refused by lot
    ("grpc.max_concurrent_streams", MAX_STREAMS),
    ("grpc.server_handshake_timeout_ms", 10_000),  # until TLS and HTTP/2 are spoken
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),  # callers may ping through a silent picture
    ("grpc.http2.max_ping_strikes", 3),  # who pings more often is sent away
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_connection_idle_ms", 2 * 60_000),  # a bridge without a call for so long connects anew for the next
    ("grpc.max_connection_age_ms", 5 * 60_000),  # so that balancers see new replicas; gRPC spreads it by a tenth
    ("grpc.max_connection_age_grace_ms", 61 * 60_000),  # longer than the longest call
]
MAX_CALLS = 10_000
"""Calls at once; more are turned away at the door."""


MAX_CONNECTIONS = 16_384
"""Connections at once, where there are files enough for them; more are closed as soon as they come."""


class Server:
    def __init__(
        self,
        images: ImageGeneration,
        models: Models,
        files: ImageFiles,
        usage: Usage,
        info: ServerInfo,
        *,
        shares_ports: bool = False,
        certificates: Watch | None = None,
    ) -> None:
        # Unless ports are shared on purpose, a second server on the same one is a mistake that should be seen.
        options = [
            *OPTIONS,
            ("grpc.so_reuseport", int(shares_ports)),
            ("grpc.max_allowed_incoming_connections", min(MAX_CONNECTIONS, most_by_files())),
        ]
        self._server = grpc.aio.server(interceptors=[Edge()], options=options, maximum_concurrent_rpcs=MAX_CALLS)
        self._certificates = certificates
        self._watching: asyncio.Task[None] | None = None
        self._inside = LocalServer(
            [Edge()], largest_request=MAX_REQUEST, largest_metadata=MAX_METADATA, most_calls=MAX_CALLS
        )
        self._health = cast(Any, health).aio.HealthServicer()  # the package's types know no aio
        for server in (self._server, cast(Any, self._inside)):
            v1.add_ImageGenerationServicer_to_server(images, server)
            v1.add_ModelsServicer_to_server(models, server)
            v1.add_ImageFilesServicer_to_server(files, server)
            v1.add_UsageServicer_to_server(usage, server)
            v1.add_ServerInfoServicer_to_server(info, server)
            cast(Any, health_pb2_grpc).add_HealthServicer_to_server(self._health, server)
        names = ("ImageGeneration", "Models", "ImageFiles", "Usage", "ServerInfo")
        self._names = [f"imagegen.v1.{name}" for name in names]
        reflection.enable_server_reflection([*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server)

    def channel(self) -> LocalChannel:
        """To the same services, for callers in this process who know how pictures are lent."""
        return self._inside.channel(lends=True)

    async def start(self, addresses: Sequence[str]) -> list[int]:
        """Listens on each address; returns the ports. Raises OSError naming the address that is taken."""
        ports: list[int] = []
        for address in addresses:
            try:
                ports.append(self._listen(address))
            except RuntimeError:
                raise OSError(f"cannot listen on {address}: it is taken, or not an address of this machine") from None
        await self._server.start()
        if self._certificates is not None:
            self._watching = asyncio.create_task(self._certificates.run(), name="certificates")
        for name in ("", *self._names):
            await self._health.set(name, SERVING)
        return ports

    async def stop_accepting(self) -> None:
        """Says NOT_SERVING to whoever asks, so that balancers look elsewhere; calls still come and go."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace: float) -> None:
        """Turns new calls away, lets the others finish within `grace`, then ends them."""
        await asyncio.gather(self._server.stop(grace), self._inside.stop(grace))
        if self._watching is not None:
            self._watching.cancel()

    def _listen(self, address: str) -> int:
        if self._certificates is None:
            return self._server.add_insecure_port(address)
        return self._server.add_secure_port(address, credentials(self._certificates))


def most_by_files() -> int:
    """An eighth of the files that this process may open: a bridge in it takes six, and what is under way the last."""
    return max(8, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 8)
