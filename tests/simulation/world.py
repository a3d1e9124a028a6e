"""A small world in virtual time: callers with one purse between them, the whole engine, and providers that misbehave.

Chance decides when callers come and leave, what each provider does and how long it takes, when the records are away and
which of their answers get lost. At the end everybody has gone, and the books must say what the providers billed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

from service.access.books import Books
from service.access.permit import KeptPermit
from service.domain.account import Budget, Payer, Period, Scope, ScopeKind
from service.domain.card import ModelCard
from service.domain.event import AdapterEvent, Completed, ImageReady, Outcome, PartialImage
from service.domain.image import Image, Picture
from service.domain.price import Price
from service.domain.request import ImageRequest
from service.engine.attempt import Attempts
from service.engine.delivery import Delivery
from service.engine.pipeline import Circumstances, Pipeline
from service.engine.router import Route, Router, Upstream
from service.errors import GatewayError, ProviderError, Reason
from service.providers.base import Call
from service.signing import Signer
from service.stores.blobs.files import FileBlobs
from service.stores.records.port import Work
from tests.judge import complaints_about
from tests.simulation.records import InlineRecords

PRICE = 40_000
LIMIT = 600_000
CALLERS = 60

PICTURE = Picture(data=b"picture", media_type="image/png")


class Provider:
    """Bills when it accepts. `whims` are what it may do with an order."""

    def __init__(self, name: str, chance: random.Random, *, cancellable: bool) -> None:
        self.name = name
        self.models = {"model": ModelCard(parameters={}, streams=True, cancellable=cancellable)}
        self.configured = True
        self.keys = ()
        self.billed = 0
        self._chance = chance

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        await self._wait(call)
        if call.cancelled.is_set() and self.models["model"].cancellable:
            raise ProviderError(Reason.CANCELLED, "It was told to stop.", Outcome.REJECTED)
        match self._chance.choice(
            ("serve", "serve", "serve", "refuse", "overload", "unreachable", "break", "break late")
        ):
            case "refuse":
                raise ProviderError(Reason.CONTENT_REFUSED, "No.", Outcome.REJECTED)
            case "overload":
                raise ProviderError(Reason.PROVIDER_OVERLOADED, "Later.", Outcome.REJECTED)
            case "unreachable":
                raise ProviderError(Reason.PROVIDER_UNREACHABLE, "Nobody there.", Outcome.NOT_SENT)
            case "break":
                self.billed += PRICE * self._chance.choice((0, 1))
                raise ProviderError(Reason.PROVIDER_CONNECTION_LOST, "Gone.", Outcome.UNKNOWN)
            case "break late":
                self.billed += PRICE
                yield PartialImage(0, 0, PICTURE)
                await self._wait(call)
                raise ProviderError(Reason.PROVIDER_CONNECTION_LOST, "Gone.", Outcome.UNKNOWN)
            case _:
                self.billed += PRICE
                yield PartialImage(0, 0, PICTURE)
                await self._wait(call)
                yield ImageReady(Image(index=0, picture=PICTURE))

    async def close(self) -> None:
        return

    async def _wait(self, call: Call) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._chance.expovariate(0.2)):
                await (call.cancelled.wait() if self.models["model"].cancellable else asyncio.Event().wait())


class World:
    def __init__(self, chance: random.Random, *, storms: bool = True) -> None:
        self.records = InlineRecords(lambda: time.time())
        if storms:
            self.records.slowness = lambda: chance.choice((0.0, 0.0, 0.001, 0.5, 2.0))
        self.books = Books(self.records)
        self.attempts = Attempts()
        self.payer = Payer((Scope(ScopeKind.KEY, "k", (Budget(LIMIT, Period.EVER),)),))
        self.providers = {
            "first": Provider("first", chance, cancellable=False),
            "second": Provider("second", chance, cancellable=True),
        }
        self.promised = 0
        """What callers were told that their requests cost, where they stayed to hear it."""
        self._chance = chance
        self._storms = storms
        prices = {"model": Price(per_image={("*", "*"): PRICE})}
        upstreams = {
            name: Upstream(name=name, kind=name, configured=True, cards=each.models, prices=prices)
            for name, each in self.providers.items()
        }
        route = Route((("first/model", 1),), ("second/model",))
        self.pipeline = Pipeline(
            router=Router(upstreams, {"route": route}, frozenset()),
            adapters=self.providers,
            attempts=self.attempts,
            delivery=Delivery(FileBlobs(Path("nowhere")), Signer([b"a key that signs nothing"])),
        )

    async def live(self, callers: int = CALLERS) -> None:
        """From the first caller's coming to the last one's going; raises AssertionError for whatever does not fit."""
        storm = asyncio.create_task(self._storm(), name="storm")
        await asyncio.gather(*(self._caller(i) for i in range(callers)))
        storm.cancel()
        self.records.away, self.records.lose_answers = False, 0
        await self.attempts.drain(1000)
        while self.books.late:  # noqa: ASYNC110 - what is late has no event to wait for
            await asyncio.sleep(1)
        found = self.records.at_once(complaints_about, sum(each.billed for each in self.providers.values()))
        spent = self.records.at_once(_spent)
        if spent > LIMIT:
            found.append(f"{spent} was spent, and there was only {LIMIT}")
        if self.attempts.running:
            found.append(f"{self.attempts.running} attempts are still running")
        assert not found, "; ".join(found)

    async def _caller(self, number: int) -> None:
        await asyncio.sleep(self._chance.choice((0, 1, 2, 5, 20)))
        patience = self._chance.choice((2.0, 8.0, 1000.0, 1000.0))
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._ask(number)

    async def _ask(self, number: int) -> None:
        request = ImageRequest(model="route", prompt="a fox", stream=True)
        around = Circumstances(request_id=f"request-{number}", deadline=asyncio.get_running_loop().time() + 60)
        permit = KeptPermit(self.books, self.payer)
        try:
            async with aclosing(self.pipeline.run(request, permit, around)) as events:
                async for event in events:
                    if isinstance(event, Completed):
                        self.promised += event.report.cost
        except GatewayError as error:
            if error.reason is Reason.INTERNAL:
                raise

    async def _storm(self) -> None:
        """Now and then the records are away for a while, or do what they are asked and cannot say so."""
        while self._storms:
            await asyncio.sleep(self._chance.uniform(1, 10))
            if self._chance.random() < 0.5:
                self.records.lose_answers = self._chance.randint(1, 3)
            else:
                self.records.away = True
                await asyncio.sleep(self._chance.uniform(0.1, 5))
                self.records.away = False


def _spent() -> Work[int]:
    return int((yield "SELECT coalesce(sum(spent + held), 0) FROM purses", ())[0][0])


def world(seed: int, spoil: Callable[[World], None] | None = None) -> Callable[[], Coroutine[Any, Any, None]]:
    """The life of one world, for `simulate`."""

    async def live() -> None:
        made = World(random.Random(seed))
        if spoil:
            spoil(made)
        await made.live()

    return live
