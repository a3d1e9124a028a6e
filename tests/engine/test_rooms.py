"""Places at a provider, in virtual time: not more calls at once than it has, and nobody waits in vain."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from prometheus_client import Gauge

from service.engine.backlog import BACKLOG
from service.engine.rooms import FullError, Room
from service.errors import Reason
from service.telemetry import counting
from tests.engine.chains import COST, SERVED, End, Gateway, Provider, Told, card
from tests.engine.test_health import Crowd, now
from tests.simulation.loop import seeds, simulate

SLOW = End(billed=COST, seconds=2)


def waiting() -> Gauge:
    return counting.in_line("test")


def room(places: int, seats: int = 1000) -> Room:
    return Room("a", places, seats, waiting())


def test_no_more_at_once_than_there_are_places() -> None:
    """Thirty callers, three places: all are served, three at a time."""

    async def main() -> None:
        provider = Provider("a", [SLOW], card())
        gateway = Gateway([provider], rooms={"a": room(3)})
        told = await asyncio.gather(*(gateway.ask() for _ in range(30)))
        assert sum(each.images for each in told) == 30
        assert provider.most_at_once == 3
        assert now() == pytest.approx(20, abs=0.1)
        assert not await gateway.settle()

    simulate(main, 1)


def test_whoever_finds_too_many_is_told_at_once() -> None:
    """One place and two seats: the fourth hears at once that there is none, and when to come back; nothing is held."""

    async def main() -> None:
        gateway = Gateway([Provider("a", [SLOW], card())], rooms={"a": room(1, 2)})
        first = [asyncio.create_task(gateway.ask()) for _ in range(3)]
        await asyncio.sleep(0.1)
        told = await gateway.ask()
        assert now() == pytest.approx(0.1, abs=0.01)
        assert told.error is not None
        assert (told.error.reason, told.error.retry_after) == (Reason.OVERLOADED, 1)
        assert "1 calls to a are under way, and 2 wait" in told.error.message
        assert sum(each.images for each in await asyncio.gather(*first)) == 3
        assert not await gateway.settle()

    simulate(main, 1)


def test_nothing_is_begun_that_could_not_end() -> None:
    """One place, two images, and time for one: the second is not ordered in the last moment, and not paid for."""

    async def main() -> None:
        provider = Provider("a", [End(billed=COST, seconds=2.9)], card(most=1))
        gateway = Gateway([provider], rooms={"a": room(1)})
        told = await gateway.ask(n=2, seconds=3)
        assert (provider.calls, told.images, told.cost) == (1, 1, COST)
        assert [each.reason for each in told.completed.failed] == [Reason.DEADLINE_EXCEEDED]
        assert not await gateway.settle()

    simulate(main, 1)


def test_who_waits_weighs() -> None:
    """One place, and long prompts before it: with more bytes than may wait nobody else is let in, however many seats
    are left, until some of them had their turn.
    """

    async def main() -> None:
        gateway = Gateway([Provider("a", [SLOW], card())], rooms={"a": room(1)}, most_waiting=100_000)
        first = [asyncio.create_task(gateway.ask(prompt="x" * 30_000)) for _ in range(5)]
        await asyncio.sleep(0.1)
        refused = await gateway.ask()
        assert refused.error is not None
        assert (refused.error.reason, refused.error.retry_after) == (Reason.OVERLOADED, 1)
        assert "wait" in refused.error.message
        await asyncio.sleep(2)
        assert (await gateway.ask()).images == 1
        assert sum(each.images for each in await asyncio.gather(*first)) == 5
        assert BACKLOG.size == 0
        assert not await gateway.settle()

    simulate(main, 1)


def test_whoever_would_be_too_late_is_told_at_once() -> None:
    """By the time that calls have taken there is no place before the deadline: it is said at once, not then."""

    async def main() -> None:
        gateway = Gateway([Provider("a", [SLOW], card())], rooms={"a": room(1)})
        await gateway.ask()
        others = [asyncio.create_task(gateway.ask()) for _ in range(5)]
        await asyncio.sleep(0.1)
        began = now()
        told = await gateway.ask(seconds=9)
        assert now() - began < 0.01
        assert told.error is not None
        assert told.error.retry_after is not None
        assert 9 < told.error.retry_after < 11
        await asyncio.gather(*others)
        assert not await gateway.settle()

    simulate(main, 1)


def test_where_another_can_be_asked_nobody_waits_long() -> None:
    """After five seconds without a place the next target is asked, and the account says why."""

    async def main() -> None:
        slow = End(billed=COST, seconds=30)
        gateway = Gateway([Provider("a", [slow], card()), Provider("b", [SERVED], card())], rooms={"a": room(1)})
        first = asyncio.create_task(gateway.ask())
        await asyncio.sleep(0.1)
        began = now()
        told = await gateway.ask()
        assert now() - began == pytest.approx(5, abs=0.1)
        report = told.completed.report
        assert [str(each.target) for each in report.attempts] == ["b/model"]
        assert [each.target for each in report.skipped] == ["a/model"]
        assert report.skipped[0].explanation.startswith("1 calls to a are under way")
        await first
        assert not await gateway.settle()

    simulate(main, 1)


def test_five_times_too_many() -> None:
    """Five times as many callers as can be served for a minute: the provider is never idle and never asked for more,
    and whoever is turned away hears it at once.
    """

    async def main() -> None:
        provider = Provider("a", [End(billed=COST, seconds=1)], card())
        crowd = Crowd(Gateway([provider], rooms={"a": room(10, 30)}))
        began: dict[int, float] = {}

        async def ask(number: int) -> Told:
            began[number] = now()
            told = await crowd.gateway.ask(seconds=20)
            began[number] = now() - began[number]
            return told

        tasks: list[asyncio.Task[Told]] = []
        for number in range(3000):
            tasks.append(asyncio.create_task(ask(number)))
            await asyncio.sleep(1 / 50)
        told = await asyncio.gather(*tasks)
        served = [number for number, each in enumerate(told) if each.images]
        assert len(served) >= 0.9 * 10 * 60
        assert provider.most_at_once == 10
        assert max(began[number] for number in served) <= 5
        turned_away = [number for number, each in enumerate(told) if each.error]
        assert max(began[number] for number in turned_away) < 0.05
        assert all(each.error.retry_after for each in told if each.error)
        assert not await crowd.gateway.settle()

    simulate(main, 1)


def test_places_come_and_go() -> None:
    """More places let in who waits, at once and in order; with fewer whoever is inside stays, and nobody follows until
    there are no more of them than places.
    """

    async def main() -> None:
        rooms, inside = room(1), list[int]()

        async def come(number: int) -> None:
            await rooms.enter(now() + 100)
            inside.append(number)

        tasks: list[asyncio.Task[None]] = []
        for number in range(6):
            tasks.append(asyncio.create_task(come(number)))
            await asyncio.sleep(1)
        assert sorted(inside) == [0]
        rooms.change(3, 1000)
        await asyncio.sleep(0.001)
        assert sorted(inside) == [0, 1, 2]
        rooms.change(2, 1000)
        rooms.leave()
        await asyncio.sleep(0.001)
        assert sorted(inside) == [0, 1, 2]
        rooms.leave()
        await asyncio.sleep(0.001)
        assert sorted(inside) == [0, 1, 2, 3]
        rooms.change(2, 0)
        with pytest.raises(FullError):
            await rooms.enter(now() + 100)
        rooms.change(6, 0)
        await rooms.enter(now())
        await asyncio.gather(*tasks)
        assert sorted(inside) == [0, 1, 2, 3, 4, 5]

    simulate(main, 1)


@dataclass(slots=True)
class Hall:
    """A room whose callers come, leave, lose patience and go several at a time, before anybody else has a turn."""

    room: Room
    chance: random.Random
    inside: int = 0
    waiting: dict[asyncio.Task[None], None] = field(default_factory=dict[asyncio.Task[None], None])
    """Who waits for a place, or does not know yet that it has one or need not wait any longer."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    async def call(self, until: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        free = self.inside + len(self.waiting) < self.room.places
        self.waiting[task] = None
        try:
            await self.room.enter(until)
        except FullError:
            assert not free  # nobody is turned away from a place that is free
            return
        finally:
            self.waiting.pop(task, None)
        self.inside += 1
        assert self.inside <= self.room.places

    def turn(self) -> None:
        """What happens in one turn of the loop, in any order."""
        for _ in range(self.chance.randint(1, 4)):
            match self.chance.choice(("come", "come", "leave", "go", "be late")):
                case "come":
                    self.tasks.append(asyncio.create_task(self.call(now() + self.chance.choice((1, 1, 2, 3)))))
                case "leave" if self.inside:
                    self.inside -= 1
                    self.room.leave(1)
                case "go" if self.waiting:
                    self.chance.choice(list(self.waiting)).cancel()
                case "be late":
                    asyncio.get_running_loop().call_at(float(int(now()) + 1), self.turn)
                case _:
                    pass


def test_a_free_place_is_waited_for_by_nobody() -> None:
    """Whatever comes together in one turn, once it is through: whoever waits does so because all places are taken, and
    as many places are taken as callers are inside.
    """

    async def main(chance: random.Random) -> None:
        hall = Hall(room(chance.randint(1, 3), chance.choice((1, 2, 5))), chance)
        for _ in range(40):
            hall.turn()
            await asyncio.sleep(chance.choice((0, 0.5, 1)))
            await asyncio.sleep(0.01)
            assert not hall.waiting or hall.inside == hall.room.places
        await asyncio.sleep(10)
        while hall.inside:
            hall.inside -= 1
            hall.room.leave(1)
            await asyncio.sleep(0.01)
        await asyncio.gather(*hall.tasks, return_exceptions=True)
        for task in hall.tasks:
            assert task.cancelled() or not task.exception()
        for _ in range(hall.room.places):
            await hall.room.enter(now())
        with pytest.raises(FullError):
            await hall.room.enter(now())

    for seed in seeds(100):
        simulate(lambda seed=seed: main(random.Random(seed)), seed)


def test_who_goes_in_the_turn_in_which_the_time_is_over_gives_nothing_back() -> None:
    """Both timers are due in the same turn: the place that was never given stays with the call that has it."""

    async def main() -> None:
        rooms = room(1)
        await rooms.enter(now() + 99)
        until = now() + 0.05
        waiter = asyncio.create_task(rooms.enter(until))
        await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_at(until + 1e-6, waiter.cancel)
        asyncio.get_running_loop().call_at(until - 0.01, time.sleep, 0.02)
        await asyncio.wait([waiter])
        with pytest.raises(FullError):
            await rooms.enter(now())

    asyncio.run(main())  # a loop that lets nothing run between two timers, as real ones do


@pytest.mark.parametrize("changing", [False, True], ids=["as many places all the time", "now more, now fewer"])
def test_places_are_given_back_whatever_happens(changing: bool) -> None:
    """Callers who wait, leave, come too late or leave in the moment in which they are given a place: in every order no
    place is lost, and none is given twice.
    """

    async def main(chance: random.Random) -> None:
        rooms, inside, most = room(3, 10), 0, 0

        async def come() -> None:
            nonlocal inside, most
            await asyncio.sleep(chance.uniform(0, 10))
            await rooms.enter(now() + chance.uniform(0, 3))
            inside += 1
            most = max(most, inside)
            try:
                await asyncio.sleep(chance.uniform(0, 2))
            finally:
                inside -= 1
                rooms.leave(1)

        async def change() -> None:
            for _ in range(10 if changing else 0):
                await asyncio.sleep(1)
                rooms.change(chance.randint(1, 3), 10)

        async def call() -> None:
            with suppress(FullError, TimeoutError):
                async with asyncio.timeout(chance.uniform(0, 12)):
                    await come()

        await asyncio.gather(change(), *(call() for _ in range(60)))
        assert most <= 3 if changing else most == 3
        rooms.change(3, 10)
        for _ in range(3):
            await rooms.enter(now())
        with pytest.raises(FullError):
            await rooms.enter(now())

    for seed in seeds(50):
        simulate(lambda seed=seed: main(random.Random(seed)), seed)
    assert waiting()._value.get() == 0  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType] - it has no other way to say
