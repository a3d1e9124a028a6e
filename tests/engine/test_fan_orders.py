"""Requests for several images at providers that end their calls in every way, in many orders: what holds in all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace

from structlog.testing import capture_logs

from service.domain.event import AdapterEvent, Outcome
from service.errors import ProviderError, Reason
from service.providers.base import Call
from tests.engine.chains import SERVED, End, Gateway, Provider, Told, card
from tests.engine.test_chains import ENDS, KEYS
from tests.engine.test_health import now
from tests.engine.test_rooms import room
from tests.simulation.loop import seeds, simulate

LAST = (Reason.CONTENT_REFUSED, Reason.PROVIDER_REJECTED)


@dataclass(slots=True)
class Watched(Provider):
    """Notes when its calls began, and when one first ended after which it should not be asked any more."""

    began: list[float] = field(default_factory=list[float])
    closed: float = float("inf")

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        self.began.append(now())
        try:
            async with aclosing(Provider.run(self, call)) as events:
                async for event in events:
                    yield event
        except ProviderError as error:
            if error.outcome is Outcome.UNKNOWN or error.reason in LAST:
                self.closed = min(self.closed, now())
            raise


def one_of(chance: random.Random) -> End:
    end = chance.choice((SERVED, SERVED, SERVED, *ENDS.values()))
    return replace(end, seconds=chance.choice((0.01, 0.5, 1, 5, 30)), partial=chance.random() < 0.2)


async def play(chance: random.Random) -> None:
    """One request, which is left, times out, fails or is served, whole or in part."""
    of = card(most=chance.choice((1, 1, 2)))
    providers = [Watched(name, lambda: one_of(chance), of, keys=KEYS) for name in "abc"[: chance.randint(1, 3)]]
    rooms = {"a": room(chance.randint(1, 4), chance.choice((0, 1, 100)))} if chance.random() < 0.5 else {}
    gateway = Gateway(providers, after_unknown=chance.choice(("fail", "fallback")), rooms=rooms)
    gateway.records.slowness = lambda: chance.choice((0, 0.01))
    n, seconds = chance.randint(1, 8), chance.choice((5, 60))
    asking = asyncio.create_task(gateway.ask(n=n, seconds=seconds, stream=chance.random() < 0.5))
    if chance.random() < 0.3:
        await asyncio.sleep(chance.choice((0.005, 0.02, 0.5, 1, 5)))
        asking.cancel()
    with suppress(asyncio.CancelledError):
        judge(await asyncio.wait_for(asyncio.shield(asking), seconds + 1), n)
    assert asking.done()
    await asyncio.sleep(1)  # for what the books still write of one who has left
    assert not await gateway.settle()
    assert not gateway.books.lives.serving
    for each in providers:
        assert max(each.began, default=0) <= each.closed
        assert each.most_at_once <= 4 * len(providers)
    for each in rooms.values():
        assert all(each.take() for _ in range(each.places))


def judge(told: Told, n: int) -> None:
    """Each image has come or has a reason, and no target stands twice among those that were left out."""
    assert bool(told.error) != bool(told.images)
    report = told.error.report if told.error else told.completed.report
    assert report is not None
    assert len({each.target for each in report.skipped}) == len(report.skipped)
    if not told.error:
        failed = [each.index for each in told.completed.failed]
        assert told.images + len(failed) == n
        assert len(set(failed)) == len(failed)
        assert not [each for each in told.completed.failed if "ended without a reason" in each.message]


def test_whatever_happens_in_whatever_order() -> None:
    """Every request ends in its time and is closed, the books agree with the bill, places are free again, and nobody is
    asked after a call of theirs that may have been billed or was refused.
    """
    with capture_logs():
        for seed in seeds(150):
            simulate(lambda seed=seed: play(random.Random(seed)), seed)
