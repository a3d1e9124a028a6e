"""How long a call is waited for, and what is told of one that nobody waits for any more. In virtual time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import pytest

from service.domain.event import AdapterEvent, ImageReady, Outcome, PartialImage, Report, possible_duplicate
from service.domain.image import Image
from service.domain.plan import Target
from service.engine.health import Health
from service.engine.queue import Queue
from service.engine.router import Route
from service.errors import Reason
from service.providers.base import Call
from service.telemetry import counting
from tests.engine.chains import COST, PICTURE, SERVED, End, Gateway, Provider, Told, card
from tests.engine.test_rooms import room
from tests.simulation.loop import seeds, simulate

PREVIEW = PartialImage(0, 0, PICTURE)
OVERLOADED = End(Outcome.REJECTED, Reason.PROVIDER_OVERLOADED, seconds=1)


def image(index: int) -> ImageReady:
    return ImageReady(Image(index=index, picture=PICTURE))


@dataclass(slots=True)
class Painter(Provider):
    """A provider that says each thing after so many seconds, in each of its calls."""

    says: Sequence[tuple[float, AdapterEvent]] = ()

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        self.calls += 1
        for seconds, event in self.says:
            await asyncio.sleep(seconds)
            yield event
        self.billed += COST * (call.request.parameters.n or 1)


def painter(*says: tuple[float, AdapterEvent], most: int = 10) -> Painter:
    return Painter("a", (), card(most=most), says=says)


def served() -> Provider:
    return Provider("b", [SERVED], card())


def report(told: Told) -> Report:
    """Of a request that was served or failed."""
    found = told.error.report if told.error else told.completed.report
    assert found is not None
    return found


WITHOUT_ANOTHER = {
    "nobody is asked after unknown": (painter((70, image(0))), "fail", None, 1),
    "the picture is announced": (painter((20, PREVIEW), (50, image(0))), "fallback", None, 1),
    "the first of two is out": (painter((20, image(0)), (50, image(1))), "fallback", None, 2),
    "the others are of the same provider": (
        painter((70, image(0))),
        "fallback",
        Route((("a/model", 1),), ("a/other",)),
        1,
    ),
}


@pytest.mark.parametrize("why", WITHOUT_ANOTHER)
def test_where_nobody_could_follow_a_call_has_all_the_time(why: str) -> None:
    """A picture that takes seventy of ninety seconds comes, where nobody would be asked after giving up on it."""
    slow, after_unknown, route, n = WITHOUT_ANOTHER[why]

    async def main() -> None:
        gateway = Gateway([slow, served()], route, after_unknown)
        told = await gateway.ask(n=n, stream=True, seconds=90)
        assert told.images == n
        assert asyncio.get_running_loop().time() == pytest.approx(70, abs=0.1)
        assert (gateway.providers["a"].calls, gateway.providers["b"].calls) == (1, 0)
        assert not await gateway.settle()

    simulate(main, 1)


def test_after_one_that_may_have_billed_the_next_has_all_the_time() -> None:
    """A third provider is not asked after a second unknown end, so nothing is kept for it."""

    async def main() -> None:
        lost = Provider("c", [End(Outcome.UNKNOWN, Reason.PROVIDER_CONNECTION_LOST, billed=COST)], card())
        gateway = Gateway([lost, painter((70, image(0))), served()])
        told = await gateway.ask(seconds=90)
        assert told.images == 1
        assert [each.target.provider for each in report(told).attempts] == ["c", "a"]
        assert not await gateway.settle()

    simulate(main, 1)


def test_once_the_image_of_another_call_is_out_all_have_all_the_time() -> None:
    """Two calls of a step: one serves, so that nobody is asked after the other, which takes longer than its share."""

    async def main() -> None:
        ends = [End(billed=COST, seconds=20), End(billed=COST, seconds=70)]
        gateway = Gateway([Provider("a", ends, card(most=1)), served()])
        told = await gateway.ask(n=2, seconds=90)
        assert told.images == 2
        assert gateway.providers["b"].calls == 0
        assert not await gateway.settle()

    for seed in seeds(5):
        simulate(main, seed)


def test_where_another_follows_a_call_keeps_to_its_share() -> None:
    """Two calls of a step say nothing: after two thirds of the time both images are made by the next."""

    async def main() -> None:
        gateway = Gateway([painter((70, image(0)), most=1), Provider("b", [SERVED], card(most=1))])
        told = await gateway.ask(n=2, seconds=90)
        assert told.images == 2
        assert asyncio.get_running_loop().time() == pytest.approx(60, abs=0.1)
        assert possible_duplicate(report(told).attempts) == 2 * COST
        assert not await gateway.settle()

    simulate(main, 1)


@pytest.mark.parametrize("n", [2, 3])
def test_a_call_that_made_an_image_is_done(n: int) -> None:
    """The deadline passes after the first of its images: that call is done, at what it may cost, and no duplicate."""

    async def main() -> None:
        gateway = Gateway([painter((1, image(0)), (500, image(1)), (0, image(2)))])
        told = await gateway.ask(n=n, seconds=90)
        assert told.images == 1
        (only,) = told.completed.report.attempts
        assert (only.outcome, only.presumed, only.images, only.cost) == (Outcome.DONE, True, 1, n * COST)
        assert possible_duplicate(told.completed.report.attempts) == 0
        assert {each.reason for each in told.completed.failed} == {"deadline_exceeded"}
        await gateway.settle()

    simulate(main, 1)


def test_an_image_that_comes_in_the_last_moment_is_taken() -> None:
    """It comes in the very turn in which the time of its watcher is over."""

    async def main() -> None:
        queue, loop = Queue[ImageReady](), asyncio.get_running_loop()
        until = loop.time() + 0.05
        loop.call_at(until + 1e-6, queue.put, image(0))
        loop.call_at(until - 0.01, time.sleep, 0.02)
        assert await queue.get(until) == image(0)

    asyncio.run(main())  # a loop that lets nothing run between two timers, as real ones do


def test_a_target_that_takes_too_long_is_known_to_at_once() -> None:
    """Five requests give up on it, and it is out, though none of its calls has ended; nor is it told of twice."""

    async def main() -> None:
        gateway = Gateway([Provider("a", [End(seconds=500, billed=COST)], card()), served()])
        health, target = gateway.pipeline.health, Target("a", "a", "model")
        for _ in range(5):
            assert health.out(target, "") is None
            assert (await gateway.ask(seconds=9)).images == 1
        assert health.out(target, "") is not None
        await asyncio.sleep(10)
        assert health.out(target, "") is None
        assert not await gateway.settle()
        assert health.out(target, "") is None

    simulate(main, 1)


@pytest.mark.parametrize("broken", ["health", "metrics", "sums"])
def test_a_call_is_paid_for_whatever_else_fails(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts calls or requests raises: the caller has the image, the books the cost, and nothing is held."""

    def fail(*_: object) -> None:
        raise OverflowError

    if broken == "health":
        monkeypatch.setattr(Health, "end", fail)
    else:
        monkeypatch.setattr(counting, "attempt_ended" if broken == "metrics" else "request_ended", fail)

    async def main() -> None:
        gateway = Gateway([Provider("a", [SERVED], card())], rooms={"a": room(1, 0)})
        for _ in range(2):
            assert (await gateway.ask()).images == 1
        assert not await gateway.settle()
        assert not gateway.books.lives.serving

    simulate(main, 1)


@pytest.fixture
def overheads(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each request that was not spent waiting for others, as the metrics are told."""
    told: list[float] = []
    monkeypatch.setattr(counting, "request_ended", lambda *arguments: told.append(arguments[-1]))  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType, reportUnknownMemberType] - all of its arguments
    return told


def test_side_by_side_calls_take_their_time_once(overheads: list[float]) -> None:
    """Ten calls of five seconds, four at a time: fifteen seconds go by, and none of them is the gateway's own."""

    async def main() -> None:
        gateway = Gateway([Provider("a", [End(billed=COST, seconds=5)], card(most=1))])
        told = await gateway.ask(n=10)
        assert asyncio.get_running_loop().time() == pytest.approx(15, abs=0.01)
        assert report(told).upstream_seconds == pytest.approx(50, abs=0.01)
        assert overheads == [pytest.approx(0, abs=0.01)]

    simulate(main, 1)


def test_pauses_and_waits_for_a_place_are_not_the_gateways_own_time(overheads: list[float]) -> None:
    """One waits for a place, another is rejected, pauses and tries anew: neither took any time here."""

    async def main() -> None:
        ends = [End(billed=COST, seconds=3), OVERLOADED, End(billed=COST, seconds=3)]
        gateway = Gateway([Provider("a", ends, card())], rooms={"a": room(1)})
        await asyncio.gather(*(gateway.ask() for _ in range(2)))
        assert overheads == [pytest.approx(0, abs=0.01)] * 2
        assert asyncio.get_running_loop().time() > 7

    simulate(main, 1)


def test_what_the_gateway_does_before_and_after_is_its_own_time(overheads: list[float]) -> None:
    """A database that takes a second to write down what is held: no provider is at work meanwhile."""

    async def main() -> None:
        gateway = Gateway([Provider("a", [End(billed=COST, seconds=5)], card())])
        gateway.records.slowness = lambda: 0.5
        await gateway.ask()
        assert 1 <= overheads[0] <= asyncio.get_running_loop().time() - 5

    simulate(main, 1)
