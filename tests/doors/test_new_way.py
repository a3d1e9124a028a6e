"""A bridge whose way to the service is made anew: what was under way on the old one is answered there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import grpc.aio
import httpx2
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from imagegen import v1
from imagegen.tls import Files, Watch, read

from rest_bridge.server import Bridge, Settings
from tests.doors.papers import Authority
from tests.house import until


class Thoughtful(v1.ModelsServicer, health_pb2_grpc.HealthServicer):
    """A service that answers when it may."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.waiting = 0

    async def _wait(self) -> None:
        self.waiting += 1
        await self.gate.wait()

    async def ListModels(self, request: v1.ListModelsRequest, context: object) -> v1.ListModelsResponse:  # noqa: N802 - the contract's name
        await self._wait()
        return v1.ListModelsResponse()

    async def GetModel(self, request: v1.GetModelRequest, context: object) -> v1.GetModelResponse:  # noqa: N802 - the contract's name
        await self._wait()
        return v1.GetModelResponse(model=v1.Model(name=request.name))

    async def ListProviders(  # noqa: N802 - the contract's name
        self, request: v1.ListProvidersRequest, context: object
    ) -> v1.ListProvidersResponse:
        await self._wait()
        return v1.ListProvidersResponse()

    async def Check(self, request: object, context: object) -> Any:  # noqa: N802 - the contract's name
        await self._wait()
        return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)


@asynccontextmanager
async def behind_a_bridge(folder: Path) -> AsyncGenerator[tuple[Thoughtful, Bridge, Watch, Path]]:
    """The service, its bridge over TLS, what watches the bridge's certificates, and whom it trusts."""
    authority = Authority(folder)
    paper = authority.sign()
    server = grpc.aio.server()
    service = Thoughtful()
    v1.add_ModelsServicer_to_server(service, server)
    cast(Any, health_pb2_grpc).add_HealthServicer_to_server(service, server)
    pem = read(Files(paper.certificate, paper.key)).pem
    credentials = grpc.ssl_server_credentials([(pem.key, pem.certificate)])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    watch = Watch(Files(authorities=authority.path), lambda _: None)
    bridge = Bridge(Settings("127.0.0.1", 0, f"127.0.0.1:{port}", to_service=watch))
    await bridge.start()
    try:
        yield service, bridge, watch, Path(authority.path)
    finally:
        service.gate.set()
        await bridge.stop(1)
        await server.stop(0)


def change(trusted: Path) -> None:
    trusted.write_bytes(trusted.read_bytes() + b"\n")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/one", "/health/ready"])
async def test_calls_end_where_they_began(tmp_path: Path, path: str) -> None:
    """With new certificates the next calls go another way; this one is answered."""
    async with (
        behind_a_bridge(tmp_path) as (service, bridge, watch, trusted),
        httpx2.AsyncClient(base_url=bridge.public_url, trust_env=False, timeout=10) as client,
    ):
        asking = asyncio.create_task(client.get(path))
        await until(lambda: service.waiting == 1)
        change(trusted)
        watch.look()
        await asyncio.sleep(0.3)
        service.gate.set()
        answer = await asking
        again = await client.get(path)

    assert (answer.status_code, again.status_code) == (200, 200)


async def test_not_ready_while_it_stops(tmp_path: Path) -> None:
    """Asked for its readiness when its own connections close, or have, a bridge answers that it is not ready."""
    async with behind_a_bridge(tmp_path) as (service, bridge, _, _):
        gateway = bridge._gateway  # pyright: ignore[reportPrivateUsage] - what is asked here is asked while it stops
        asking = asyncio.create_task(gateway.is_serving())
        await until(lambda: service.waiting == 1)
        await gateway.close()
        during = await asking
        after = await gateway.is_serving()

    assert (during, after) == (False, False)
