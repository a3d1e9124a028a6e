"""A small world in virtual time: callers with one purse between them, the whole engine, and providers that misbehave.

Chance decides when callers come and leave, what each provider does and how long it takes, when the records are away and
which of their answers get lost. Some callers share idempotency keys, and ask either of two processes. At the end
everybody has gone, the books must say what the providers billed, no provider billed twice for a key, and all who were
served under one saw the same picture.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from typing import Any

from service.access.books import Books
from service.access.permit import KeptPermit
from service.domain.account import Budget, Payer, Period, Scope, ScopeKind
from service.domain.card import ModelCard, Range
from service.domain.event import AdapterEvent, Completed, ImageReady, Origin, Outcome, PartialImage
from service.domain.image import Image, Picture
from service.domain.price import Price
from service.domain.request import ImageRequest, Parameters
from service.engine.attempt import Attempts
from service.engine.delivery import Delivery
from service.engine.engine import Engine
from service.engine.errand import Circumstances
from service.engine.once import Once
from service.engine.pipeline import Pipeline
from service.engine.router import Route, Router, Upstream
from service.errors import GatewayError, ProviderError, Reason
from service.providers.base import Call
from service.signing import Signer
from service.stores.blobs.port import Blob, Shelf
from service.stores.records.port import Work
from tests.judge import complaints_about
from tests.simulation.records import InlineRecords

PRICE = 40_000
LIMIT = 800_000
CALLERS = 40
KEYS = {"key 0": 1, "key 1": 1, "key 2": 2, "key 3": 3}
"""How many images are asked for under each: a provider makes one in a call."""

PICTURE = Picture(data=b"picture", media_type="image/png")


class Provider:
    """Bills when it accepts. `whims` are what it may do with an order."""

    def __init__(self, name: str, chance: random.Random, *, cancellable: bool) -> None:
        self.name = name
        self.models = {"model": ModelCard(parameters={"n": Range(1, 1)}, streams=True, cancellable=cancellable)}
        self.configured = True
        self.keys = ()
        self.billed = 0
        self.bills = Counter[str]()
        """By the prompt, which tells a caller's key."""
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
                if self._chance.choice((0, 1)):
                    self._bill(call)
                raise ProviderError(Reason.PROVIDER_CONNECTION_LOST, "Gone.", Outcome.UNKNOWN)
            case "break late":
                self._bill(call)
                yield PartialImage(0, 0, PICTURE)
                await self._wait(call)
                raise ProviderError(Reason.PROVIDER_CONNECTION_LOST, "Gone.", Outcome.UNKNOWN)
            case _:
                self._bill(call)
                yield PartialImage(0, 0, PICTURE)
                await self._wait(call)
                yield ImageReady(Image(index=0, picture=self._picture()))

    async def close(self) -> None:
        return

    def _picture(self) -> Picture:
        """Each is another one."""
        return Picture(data=f"{self.name} {self.billed}".encode(), media_type="image/png")

    def _bill(self, call: Call) -> None:
        self.billed += PRICE
        self.bills[call.request.prompt] += 1

    async def _wait(self, call: Call) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._chance.expovariate(0.2)):
                await (call.cancelled.wait() if self.models["model"].cancellable else asyncio.Event().wait())


class Pictures:
    """A place for pictures that in some worlds now and then does not take one."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.trusty = chance.random() < 0.7
        self._kept: dict[str, bytes] = {}

    async def put(self, shelf: Shelf, name: str, data: bytes) -> None:
        await asyncio.sleep(self._chance.choice((0.0, 0.1, 2.0)))
        if not self.trusty and self._chance.random() < 0.1:
            raise GatewayError(Reason.UNAVAILABLE, "There is no room.")
        self._kept[name] = data

    async def open(self, shelf: Shelf, name: str, piece: int) -> Blob | None:
        data = self._kept.get(name)

        async def pieces() -> AsyncGenerator[bytes, None]:
            yield data or b""

        return None if data is None else Blob(len(data), pieces())

    async def sweep(self, shelf: Shelf, older_than: float) -> int:
        return 0

    async def close(self) -> None:
        return


class World:
    def __init__(self, chance: random.Random, *, storms: bool = True) -> None:
        self.records = InlineRecords(lambda: time.time())
        if storms:
            self.records.slowness = lambda: chance.choice((0.0, 0.0, 0.001, 0.5, 2.0))
        self.books = Books(self.records)
        self.lost_to_their_owners: list[str] = []
        """The keys under which somebody was served, and somebody else later told that nobody knows."""
        self.shown_twice: list[str] = []
        """Images of which a caller was given a second picture."""
        self._seen: dict[tuple[str, int], set[bytes]] = {}
        """Which pictures were seen under each key, and which of its images they are."""
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
        self._blobs = Pictures(chance)
        delivery = Delivery(self._blobs, Signer([b"a key that signs nothing"]))
        engine = Engine(
            Pipeline(
                router=Router(upstreams, {"route": route}, frozenset()),
                adapters=self.providers,
                attempts=self.attempts,
                delivery=delivery,
            )
        )
        self.processes = [Once(engine) for _ in range(2)]
        """They know of each other's requests by the books alone."""

    async def live(self, callers: int = CALLERS) -> None:
        """From the first caller's coming to the last one's going; raises AssertionError for whatever does not fit."""
        storm = asyncio.create_task(self._storm(), name="storm")
        await asyncio.gather(*(self._caller(i) for i in range(callers)))
        storm.cancel()
        self.records.away, self.records.lose_answers = False, 0
        for each in self.processes:
            await each.drain(1000)
        await self.attempts.drain(1000)
        while self.books.late:  # noqa: ASYNC110 - what is late has no event to wait for
            await asyncio.sleep(1)
        await asyncio.sleep(5)  # what somebody asked of the records who was cancelled then ends alone
        found = self.records.at_once(complaints_about, sum(each.billed for each in self.providers.values()))
        spent = self.records.at_once(_spent)
        if spent > LIMIT:
            found.append(f"{spent} was spent, and there was only {LIMIT}")
        for provider in self.providers.values():
            twice = [key for key, n in KEYS.items() if provider.bills[key] > n]
            found += [f"{provider.name} billed more than once for {key}" for key in twice]
        found += [f"several pictures were seen for {key}" for (key, _), seen in self._seen.items() if len(seen) > 1]
        found += self.shown_twice
        found += [f"the answer to {key} was lost" for key in self.lost_to_their_owners if self._blobs.trusty]
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
        key = self._chance.choice((*KEYS, *len(KEYS) * ("",)))
        wanted = Parameters(n=KEYS[key] if key else self._chance.choice((1, 1, 2, 3)))
        request = ImageRequest(
            model="route", prompt=key or "a fox", stream=True, idempotency_key=key, parameters=wanted
        )
        deadline = asyncio.get_running_loop().time() + self._chance.choice((5, 60, 60))
        around = Circumstances(request_id=f"request-{number}", deadline=deadline)
        permit = KeptPermit(self.books, self.payer)
        come = set[int]()
        try:
            async with self._chance.choice(self.processes).run(request, permit, around) as events:
                async for event in events:
                    if isinstance(event, ImageReady):
                        if event.image.index in come:
                            self.shown_twice.append(f"image {event.image.index} of caller {number} came twice")
                        come.add(event.image.index)
                        if key:
                            self._seen.setdefault((key, event.image.index), set()).add(event.image.picture.data)
                    if isinstance(event, Completed) and event.report.origin is Origin.MADE:
                        self.promised += event.report.cost
        except GatewayError as error:
            if error.reason is Reason.INTERNAL:
                raise
            if error.reason is Reason.OUTCOME_UNKNOWN and any(seen == key for seen, _ in self._seen):
                self.lost_to_their_owners.append(key)

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
