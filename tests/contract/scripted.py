"""A real server whose engine is a script."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc.aio
from imagegen import connect

from service.access.books import Books
from service.access.doorman import OpenDoorman
from service.access.permit import Permit
from service.domain import event as events
from service.domain.answer import Order
from service.domain.card import Choice, KeyCard, ModelCard, Range, Sizes, Text
from service.domain.plan import Plan
from service.domain.request import ImageRequest
from service.engine.attempt import Attempts
from service.engine.delivery import Delivery, Signer
from service.engine.engine import Engine
from service.engine.errand import Circumstances
from service.engine.health import Health
from service.engine.once import Once
from service.engine.pipeline import Pipeline
from service.engine.router import Route, Router, Upstream
from service.errors import GatewayError, ProviderError, Reason
from service.rpc.files import ImageFiles
from service.rpc.images import ImageGeneration
from service.rpc.info import ServerInfo
from service.rpc.models import Models
from service.rpc.server import Server
from service.rpc.usage import Usage
from service.stores.blobs.files import FileBlobs
from tests.contract import specimens as some
from tests.simulation.records import InlineRecords

SIZES = Sizes(
    names=("auto", "640x480"),
    understood={"320x240": "640x480"},
    any_size=True,
    multiple_of=16,
    min_side=32,
    max_side=4096,
    max_ratio=3,
    min_pixels=1024,
    max_pixels=8_000_000,
)
CARD = ModelCard(
    parameters={
        "size": SIZES,
        "n": Range(1, 10),
        "guidance": Range(0.5, 9.5),
        "seed": Range(-(2**63), 2**63 - 1),
        "quality": Choice(("low", "high"), {"hd": "high"}),
        "negative_prompt": Text(),
    },
    extras=True,
    streams=True,
    max_prompt=1234,
)

SCRIPT: tuple[events.Event, ...] = (
    events.Planned(some.PLAN),
    events.Recalled(some.REPORT),
    events.AttemptStarted(4, 1, some.OTHER),
    events.Progress(2, 62.5, "painting"),
    some.PARTIAL,
    events.ImageReady(some.IMAGE, some.FILE),
    events.ImageReady(some.IMAGE),
    events.AttemptEnded(some.ATTEMPTS[1]),
    some.FAILED,
    some.COMPLETED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted(Pipeline):
    """An engine that says what it is told to."""

    script: list[events.Event | GatewayError] = field(default_factory=lambda: [*SCRIPT])
    around: list[Circumstances] = field(default_factory=list[Circumstances])

    def plan(self, request: ImageRequest, permit: Permit) -> Plan:
        return some.PLAN

    async def run(
        self, request: ImageRequest, permit: Permit, around: Circumstances, order: Order | None = None
    ) -> AsyncGenerator[events.Event, None]:
        self.around.append(around)
        for each in self.script:
            if isinstance(each, GatewayError):
                raise each
            yield each


@dataclass(slots=True)
class Spoken:
    """A server whose engine is a script, and a way to speak to it."""

    engine: Scripted
    blobs: FileBlobs
    signer: Signer
    records: InlineRecords
    channel: grpc.aio.Channel


@asynccontextmanager
async def spoken_to(directory: Path) -> AsyncGenerator[Spoken]:
    blobs, signer = FileBlobs(directory / "blobs"), Signer([b"a signing key for tests"])
    cards, keys = {"gpt-image-2": CARD}, (KeyCard("main", 3),)
    upstream = Upstream(name="north", kind="openai", configured=True, cards=cards, prices={}, keys=keys)
    health = Health()
    health.end(some.TARGET, "main", ProviderError(Reason.PROVIDER_ACCOUNT, "No.", events.Outcome.REJECTED))
    router = Router({"north": upstream}, {"pictures": Route((("north/gpt-image-2", 1),))}, frozenset())
    delivery = Delivery(blobs, signer)
    script = Scripted(router=router, adapters={}, attempts=Attempts(), delivery=delivery, health=health)
    engine = Engine(script)
    records = InlineRecords()
    doorman = OpenDoorman(Books(records))
    server = Server(
        ImageGeneration(engine, Once(engine), doorman),
        Models(engine, doorman),
        ImageFiles(blobs, signer),
        Usage(records, doorman, signer),
        ServerInfo("open"),
    )
    await server.start([f"unix:{directory}/s"])
    channel = connect(f"unix:{directory}/s")
    try:
        yield Spoken(script, blobs, signer, records, channel)
    finally:
        await channel.close()
        await server.stop(0)
