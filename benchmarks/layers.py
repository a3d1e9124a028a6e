"""What each layer costs: the same request, asked one floor higher each time, all in one process.

    python -m benchmarks.layers

The provider is the native mock on another core. Each floor has those below it in it, so what it costs itself is the
difference. What is above the bridge, the HTTP server and the sockets to callers, shows in `make bench`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, cast

import msgspec
import uvloop
from imagegen import v1
from imagegen.inprocess import taken
from starlette.types import Message, Scope

from benchmarks import machine, mock
from benchmarks.contestants import CONFIGURATION, KEY, MODEL
from benchmarks.mock import PATH
from benchmarks.places import RESULTS, RUN, fresh
from benchmarks.program import Program
from benchmarks.work import WORKS, Work, asked, grpc_message
from rest_bridge.app import App
from rest_bridge.gateway import Gateway as Way
from service.access.doorman import OpenDoorman
from service.assembly import Gateway
from service.config import load
from service.engine.errand import Circumstances
from service.providers.base import Call
from service.providers.openai_compatible.adapter import Compatible
from service.rpc import codec
from service.telemetry import set_up_logs
from terminal.running import prepare

FLOORS = ("HTTP client", "adapter", "engine and books", "service", "bridge")
ROUNDS = 7
AT_ONCE = 8
REQUESTS = {"small": 400, "large": 80, "sse": 80}
INLINE = 64 * 1024 * 1024
PAGE = RESULTS / "layers.md"

Ask = Callable[[], Awaitable[None]]


def floors(gateway: Gateway, work: Work) -> dict[str, Ask]:
    """How to ask at each floor."""
    model, stream = f"{work.body}/{MODEL}", work.body == "sse"
    generation = grpc_message(work, model).generation
    doorman = OpenDoorman(gateway.books)
    adapter = gateway.pipeline.adapters[work.body]
    assert isinstance(adapter, Compatible)
    images = v1.ImageGenerationStub(cast(Any, gateway.server.channel()))
    app = App(Way(gateway.server.channel()), "http://127.0.0.1")
    body, least = asked(work, model), work.least

    async def http() -> None:
        headers = {"authorization": f"Bearer {KEY}"}
        async with adapter.http.post("images/generations", {"model": MODEL}, headers, None) as answer:
            await answer.whole()

    async def alone() -> None:
        permit = await doorman.admit(None)
        step = gateway.pipeline.plan(codec.request(generation, stream=stream), permit).steps[0]
        call = Call(model=step.target.model, request=step.request, request_id="request")
        async with aclosing(adapter.run(call)) as events:
            _ = [each async for each in events]

    async def engine() -> None:
        permit = await doorman.admit(None)
        deadline = asyncio.get_running_loop().time() + 60
        around = Circumstances(request_id="request", deadline=deadline, inline_limit=None if stream else INLINE)
        async with aclosing(gateway.pipeline.run(codec.request(generation, stream=stream), permit, around)) as events:
            _ = [each async for each in events]

    async def service() -> None:
        if stream:
            asking = v1.StreamGenerateImagesRequest(generation=generation, omit_sha256=True, max_chunk_bytes=INLINE)
            call: Any = images.StreamGenerateImages(asking, timeout=60)
            async for message in call:
                if message.HasField("image_chunk"):
                    taken(call, message.image_chunk.data)
        else:
            asking = v1.GenerateImagesRequest(generation=generation, omit_sha256=True, max_inline_bytes=INLINE)
            await cast(Any, images).GenerateImages(asking, timeout=60)

    async def bridge() -> None:
        parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[int] = []

        async def receive() -> Message:
            if not parts:
                await asyncio.Event().wait()
            return parts.pop()

        async def send(message: Message) -> None:
            sent.append(len(message.get("body", b"")))

        scope: Scope = {"type": "http", "method": "POST", "path": PATH, "scheme": "http", "query_string": b""}
        await app({**scope, "headers": [(b"content-type", b"application/json")], "root_path": ""}, receive, send)
        assert sum(sent) >= least

    return dict(zip(FLOORS, (http, alone, engine, service, bridge), strict=True))


async def cost(ask: Ask, requests: int) -> float:
    """Milliseconds of CPU that a request takes, every thread of the process counted."""

    async def one_after_another() -> None:
        for _ in range(requests // AT_ONCE):
            await ask()

    begun = time.process_time()
    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return (time.process_time() - begun) / requests * 1000


async def measured(gateway: Gateway, work: Work) -> dict[str, float]:
    """Medians over rounds in which every floor takes its turn."""
    asks = floors(gateway, work)
    found: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(ROUNDS):
        for name, ask in asks.items():
            await cost(ask, AT_ONCE)
            gc.collect()
            found[name].append(await cost(ask, REQUESTS[work.name]))
    return {name: median(values) for name, values in found.items()}


async def run(ports: mock.Ports, folder: Path) -> list[str]:
    path = folder / "imagegen.toml"
    path.write_text("".join(CONFIGURATION.format(name=name, port=port, key=KEY) for name, port in ports.items()))
    config = load(path)
    stores = msgspec.structs.replace(config.stores, records=f"sqlite:{folder}/records.db", blobs=f"file:{folder}/blobs")
    gateway = Gateway(msgspec.structs.replace(config, data_dir=folder, stores=stores))
    await gateway.start(["127.0.0.1:0"])
    lines: list[str] = []
    try:
        for name in REQUESTS:
            costs = await measured(gateway, WORKS[name])
            below = 0.0
            for floor, total in costs.items():
                lines.append(f"| {WORKS[name].title} | {floor} | {total - below:.2f} | {total:.2f} |")
                print(lines[-1], flush=True)
                below = total
    finally:
        await gateway.stop(5)
    return lines


def start() -> tuple[Program, mock.Ports, Path]:
    """The mock on its core, this process on the other."""
    cores = machine.cores()
    machine.prepare(cores)
    provider, ports = mock.start(cores.mock)
    os.sched_setaffinity(0, {cores.gateway})
    return provider, ports, fresh(RUN / "layers")


def main() -> None:
    set_up_logs("error")
    prepare()
    provider, ports, folder = start()
    try:
        lines = uvloop.run(run(ports, folder))
    finally:
        provider.stop()
        shutil.rmtree(folder)
    PAGE.write_text(
        "\n".join(
            [
                "# What each layer costs",
                "",
                f"`python -m benchmarks.layers` at {machine.commit()}, {datetime.now(UTC):%Y-%m-%d}: Python "
                f"{platform.python_version()}, {AT_ONCE} at once, medians of {ROUNDS} rounds, milliseconds of CPU for "
                "a request.",
                "",
                "| work | layer | itself | with those below |",
                "| ---- | ----- | -----: | ---------------: |",
                *lines,
            ]
        )
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
