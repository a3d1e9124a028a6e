"""The bridge's way to its service: as many connections as it needs, back soon when the service is, around no proxy."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio
import httpx2
import pytest
from imagegen import Client, connect
from imagegen.channel import options

from rest_bridge import gateway as bridges
from rest_bridge.server import Bridge, Settings
from service.assembly import Gateway
from service.config import parse
from tests.house import open_house, settings, until
from tests.rest.asking import client, order, pictures
from tests.upstreams.openai import OpenAIDouble, held


async def test_more_connections_for_more_calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Calls beyond what one connection carries go over further ones, and the first is used again when it has room."""
    monkeypatch.setattr(bridges, "CALLS_ON_ONE", 2)
    opened: list[grpc.aio.Channel] = []

    def counted(target: str, **how: object) -> grpc.aio.Channel:
        opened.append(connect(target, **how))  # pyright: ignore[reportArgumentType] - handed on as it is
        return opened[-1]

    monkeypatch.setattr(bridges, "connect", counted)
    async with open_house(tmp_path, "apart") as house, client(house) as caller:
        gate = asyncio.Event()
        house.openai.always(held(gate))
        calls = [asyncio.create_task(caller.post("/v1/images/generations", json=order())) for _ in range(5)]
        await until(lambda: house.openai.in_flight == 5)
        at_most = len(opened)
        gate.set()
        answers = await asyncio.gather(*calls)
        after = [await caller.post("/v1/images/generations", json=order()) for _ in range(2)]

    assert at_most == 3
    assert [len(pictures(each)) for each in (*answers, *after)] == [1] * 7
    assert len(opened) == 3


@asynccontextmanager
async def service_at(port: int, directory: Path, openai: OpenAIDouble) -> AsyncGenerator[int]:
    config = parse(settings(openai, directory), "test.toml", {})
    gateway = Gateway(config)
    ports = await gateway.start([f"127.0.0.1:{port}"])
    try:
        yield ports[0]
    finally:
        await gateway.stop(1)


async def test_back_soon_after_a_restart(tmp_path: Path) -> None:
    """Each time the service comes back, the bridge answers again within three seconds."""
    async with OpenAIDouble() as openai:
        async with service_at(0, tmp_path, openai) as port:
            bridge = Bridge(Settings("127.0.0.1", 0, f"127.0.0.1:{port}"))
            await bridge.start()
        waits: list[float] = []
        try:
            async with httpx2.AsyncClient(base_url=bridge.public_url, trust_env=False, timeout=10) as caller:
                for away in (0.2, 0.7, 1.5):
                    assert (await caller.get("/health/ready")).status_code == 503
                    await asyncio.sleep(away)
                    async with service_at(port, tmp_path, openai):
                        began = time.monotonic()
                        while (await caller.get("/health/ready")).status_code != 200:
                            await asyncio.sleep(0.05)
                            assert time.monotonic() - began < 6
                        waits.append(time.monotonic() - began)
                        assert len(pictures(await caller.post("/v1/images/generations", json=order()))) == 1
        finally:
            await bridge.stop(1)

    assert max(waits) <= 3, waits


def test_who_has_vanished_is_noticed() -> None:
    """A silent peer is asked after ten seconds and given five to answer; the server lets callers ask so often."""
    from service.rpc.server import OPTIONS

    ours, theirs = dict(options()), dict(OPTIONS)

    assert (ours["grpc.keepalive_time_ms"], ours["grpc.keepalive_timeout_ms"]) == (10_000, 5_000)
    assert theirs["grpc.http2.min_recv_ping_interval_without_data_ms"] < 10_000


async def test_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An HTTP proxy that the environment names is not asked for the way to a service."""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        for name in ("grpc_proxy", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.getsockname()[1]}")
        async with open_house(tmp_path, "apart") as house, Client(house.grpc) as caller:
            assert (await caller.plan("dusk", model="painter/scene")).steps
        with pytest.raises(BlockingIOError):
            canary.accept()
