"""Providers that end every call as they are told, the whole engine in front of them, and books with no disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from service.access.books import Books
from service.access.permit import KeptPermit
from service.domain.account import Payer
from service.domain.card import KeyCard, ModelCard, Range
from service.domain.event import Accepted, AdapterEvent, Completed, Event, ImageReady, Outcome, PartialImage, Progress
from service.domain.image import Image, Picture
from service.domain.price import MicroUsd, Price
from service.domain.request import ImageRequest, Parameters
from service.engine.attempt import Attempts
from service.engine.backlog import MOST_WAITING
from service.engine.delivery import Delivery
from service.engine.errand import Circumstances
from service.engine.pipeline import Pipeline
from service.engine.rooms import Room
from service.engine.router import Route, Router, Upstream
from service.errors import GatewayError, ProviderError, Reason
from service.providers.base import Call
from service.signing import Signer
from service.stores.blobs.files import FileBlobs
from tests.judge import complaints_about
from tests.simulation.records import InlineRecords

COST = 40_000
NOBODY = Payer()
PICTURE = Picture(data=b"picture", media_type="image/png")


@dataclass(frozen=True, slots=True)
class End:
    """How a call ends: with an image, or with an error. `billed` is what the provider takes for it."""

    outcome: Outcome = Outcome.DONE
    reason: Reason | None = None
    retry_after: float | None = None
    billed: MicroUsd = 0
    partial: bool = False
    seconds: float = 0.01
    endless: bool = False
    """Whether it goes on saying that it is at work."""
    job: str = ""
    """What the provider calls the order, once it has accepted it."""

    def error(self) -> Exception | None:
        if self.reason is None:
            return None
        if self.reason is Reason.INTERNAL:  # as an adapter's own mistake is
            return RuntimeError("sk-secret")
        return ProviderError(self.reason, f"It ended as {self.reason}.", self.outcome, retry_after=self.retry_after)


SERVED = End(billed=COST)


@dataclass(slots=True)
class Provider:
    """Ends its calls one after another as `ends` says, the last of them for good; or whatever it says just then."""

    name: str
    ends: Sequence[End] | Callable[[], End]
    card: ModelCard
    asked: list[str] = field(default_factory=list[str])
    """Each call of all who share it: this provider's name and the key."""
    keys: tuple[KeyCard, ...] = ()
    configured: bool = True
    calls: int = 0
    at_once: int = 0
    most_at_once: int = 0
    billed: MicroUsd = 0

    @property
    def models(self) -> Mapping[str, ModelCard]:
        return {"model": self.card, "other": self.card}

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        end = self.ends() if callable(self.ends) else self.ends[min(self.calls, len(self.ends) - 1)]
        self.calls += 1
        self.asked.append(f"{self.name}{call.key}")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(end.seconds)
        finally:
            self.at_once -= 1
        if end.job:
            yield Accepted(end.job)
        while end.endless:
            yield Progress(0, 50)
            await asyncio.sleep(1)
        n = call.request.parameters.n or 1
        self.billed += end.billed * n
        if end.partial:
            yield PartialImage(0, 0, PICTURE)
        if error := end.error():
            raise error
        for index in range(n):
            yield ImageReady(Image(index=index, picture=PICTURE))

    async def close(self) -> None:
        return


@dataclass(slots=True)
class Told:
    """What a caller was told."""

    events: list[Event] = field(default_factory=list[Event])
    error: GatewayError | None = None

    @property
    def images(self) -> int:
        return sum(isinstance(each, ImageReady) for each in self.events)

    @property
    def cost(self) -> MicroUsd:
        report = self.error.report if self.error else self.completed.report
        assert report is not None
        return report.cost

    @property
    def completed(self) -> Completed:
        return next(each for each in self.events if isinstance(each, Completed))


class Gateway:
    """The engine in front of the providers. Each is a target: `first/model`, then the others as its fallbacks."""

    def __init__(
        self,
        providers: Iterable[Provider],
        route: Route | None = None,
        after_unknown: str = "fallback",
        rooms: Mapping[str, Room] | None = None,
        most_waiting: int = MOST_WAITING,
    ):
        self.providers = {each.name: each for each in providers}
        self.records = InlineRecords()
        self.books = Books(self.records)
        self.attempts = Attempts()
        names = [f"{name}/model" for name in self.providers]
        price = Price(per_image={("*", "*"): COST})
        upstreams = {
            name: Upstream(
                name=name,
                kind=name,
                configured=True,
                cards=each.models,
                prices={"model": price, "other": price},
                keys=each.keys,
            )
            for name, each in self.providers.items()
        }
        self.pipeline = Pipeline(
            router=Router(
                upstreams, {"route": route or Route(((names[0], 1),), tuple(names[1:]))}, frozenset(), after_unknown
            ),
            adapters=self.providers,
            attempts=self.attempts,
            delivery=Delivery(FileBlobs(Path("nowhere")), Signer([b"a key that signs nothing"])),
            rooms=rooms or {},
            most_waiting=most_waiting,
        )

    async def ask(
        self, *, prompt: str = "a fox", stream: bool = False, n: int = 1, seconds: float = 300, payer: Payer = NOBODY
    ) -> Told:
        request = ImageRequest(model="route", prompt=prompt, stream=stream, parameters=Parameters(n=n))
        told = Told()
        around = Circumstances(request_id="r", deadline=asyncio.get_running_loop().time() + seconds)
        try:
            async with aclosing(self.pipeline.run(request, KeptPermit(self.books, payer), around)) as events:
                async for event in events:
                    told.events.append(event)
        except GatewayError as error:
            told.error = error
        return told

    async def settle(self) -> list[str]:
        """What does not fit between the books and what the providers billed, once all is over."""
        await self.attempts.drain(1000)
        while self.books.late:  # noqa: ASYNC110 - what is late has no event to wait for
            await asyncio.sleep(1)
        return self.records.at_once(complaints_about, sum(each.billed for each in self.providers.values()))


def card(*, most: int = 10, streams: bool = True) -> ModelCard:
    return ModelCard(parameters={"n": Range(1, most)}, streams=streams)
