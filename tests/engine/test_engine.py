"""The pipeline in force and those before it, in virtual time: each request keeps its own, and a provider is closed when
nobody can ask it any more, once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from service.access.permit import KeptPermit
from service.domain.event import AdapterEvent, AttemptStarted, ImageReady, Outcome
from service.domain.request import ImageRequest
from service.engine.engine import Engine
from service.engine.errand import Circumstances
from service.engine.pipeline import Pipeline
from service.errors import GatewayError, Reason
from service.providers.base import Call
from tests.engine.chains import COST, NOBODY, End, Gateway, Provider, card
from tests.simulation.loop import seeds, simulate

REQUEST = ImageRequest(model="route", prompt="a fox")
SLOW = End(billed=COST, seconds=5)
REFUSES = End(Outcome.REJECTED, Reason.PROVIDER_ERROR, seconds=0.5)


@dataclass(slots=True)
class Closing(Provider):
    """One that is closed once, and after its last call."""

    closed: bool = False
    asked_late: bool = False

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        self.asked_late = self.asked_late or self.closed
        async for event in Provider.run(self, call):
            yield event

    async def close(self) -> None:
        assert not self.closed
        assert not self.at_once
        self.closed = True


def provider(name: str, end: End = SLOW) -> Closing:
    return Closing(name, [end], card())


class Life:
    """An engine, and the books that its requests are entered in."""

    def __init__(self, *providers: Closing) -> None:
        self.first = Gateway(providers)
        self.engine = Engine(self.first.pipeline)

    def change(self, *providers: Closing) -> None:
        self.engine.change(self.pipeline(*providers))

    def pipeline(self, *providers: Closing) -> Pipeline:
        return replace(Gateway(providers).pipeline, attempts=self.first.attempts)

    async def ask(self, leaves: float = 300) -> list[str]:
        """Who made the images of a request whose caller stays for so long."""
        around = Circumstances(request_id="r", deadline=asyncio.get_running_loop().time() + 300)
        permit, asked, made = KeptPermit(self.first.books, NOBODY), "", list[str]()
        try:
            async with asyncio.timeout(leaves), self.engine.run(REQUEST, permit, around) as events:
                async for event in events:
                    if isinstance(event, AttemptStarted):
                        asked = event.target.provider
                    elif isinstance(event, ImageReady):
                        made.append(asked)
        except (TimeoutError, GatewayError):
            pass
        return made


def test_a_provider_is_closed_after_its_last_call() -> None:
    """What is under way when it is taken out ends as it began; then it is closed, and nobody else is."""

    async def main() -> None:
        old, kept, new = provider("a"), provider("b"), provider("c")
        life = Life(old, kept)
        asking = asyncio.create_task(life.ask())
        await asyncio.sleep(1)
        life.change(new, kept)
        await asyncio.sleep(1)
        assert not old.closed
        assert await life.ask() == ["c"]
        assert await asking == ["a"]
        await asyncio.sleep(0)
        assert [each.closed for each in (old, kept, new)] == [True, False, False]
        await life.engine.close()
        assert [each.closed for each in (old, kept, new)] == [True, True, True]

    simulate(main, 1)


def test_a_provider_that_was_not_used_is_closed_at_once() -> None:
    """Nobody has to ask first."""

    async def main() -> None:
        old = provider("a")
        life = Life(old)
        life.change(provider("b"))
        await asyncio.sleep(0.001)
        assert old.closed
        await life.engine.close()

    simulate(main, 1)


def test_a_call_may_outlive_its_request() -> None:
    """The caller leaves, the configuration changes, and the call goes on to its end before its provider is closed."""

    async def main() -> None:
        old = provider("a")
        life = Life(old)
        assert await life.ask(leaves=1) == []
        life.change(provider("b"))
        await asyncio.sleep(3)
        assert (old.closed, old.at_once) == (False, 1)
        await asyncio.sleep(2)
        assert old.closed
        await life.engine.close()

    simulate(main, 1)


def test_requests_and_changes_in_every_order() -> None:
    """Callers come, fall back and leave while the configuration changes twenty times: nobody asks a provider that was
    closed, and in the end each was closed once.
    """

    async def main(chance: random.Random) -> None:
        ends = [End(billed=COST, seconds=2), End(billed=COST), REFUSES]

        def made(name: str) -> Closing:
            return Closing(name, lambda: chance.choice(ends), card())

        now = [made("first")]
        ever, life = [*now], Life(*now)

        async def come() -> None:
            await asyncio.sleep(chance.uniform(0, 20))
            await life.ask(chance.choice((300, chance.uniform(0, 4))))

        async def change() -> None:
            for number in range(20):
                await asyncio.sleep(1)
                kept = chance.sample(now, k=chance.randint(0, min(3, len(now))))
                now[:] = [made(f"new {number}"), *kept]
                ever.append(now[0])
                chance.shuffle(now)
                life.change(*now)

        await asyncio.gather(change(), *(come() for _ in range(30)))
        await life.first.attempts.drain(1000)
        await asyncio.sleep(0.1)
        assert [each.closed for each in ever] == [each not in now for each in ever]
        assert not any(each.asked_late for each in ever)
        await life.engine.close()
        assert all(each.closed for each in ever)

    for seed in seeds(20):
        simulate(lambda seed=seed: main(random.Random(seed)), seed)
