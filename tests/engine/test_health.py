"""Providers in trouble, in virtual time: they are not asked for more than helps, and asked again once they are well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from service.domain.card import KeyCard
from service.domain.event import AdapterEvent, Outcome
from service.domain.plan import Target
from service.engine.health import FIRST_OUT, LONGEST_OUT, MOST, Health
from service.engine.router import Route
from service.errors import ProviderError, Reason
from service.providers.base import Call
from service.telemetry import counting
from tests.engine.chains import SERVED, End, Gateway, Provider, Told, card
from tests.simulation.loop import simulate

OVERLOADED = End(Outcome.REJECTED, Reason.PROVIDER_OVERLOADED)
BAD_KEY = End(Outcome.REJECTED, Reason.PROVIDER_ACCOUNT)
BROKEN = End(Outcome.REJECTED, Reason.PROVIDER_ERROR)


@dataclass(slots=True)
class Crowd:
    """Callers who come at a steady rate, and what each was told, by when it came."""

    gateway: Gateway
    told: dict[float, Told] = field(default_factory=dict[float, Told])

    async def come(self, each_second: int, seconds: float) -> None:
        with capture_logs():  # a line for each failure: to print them takes longer than all else
            await self._come(each_second, seconds)

    async def _come(self, each_second: int, seconds: float) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(int(each_second * seconds)):
                group.create_task(self._ask(now()))
                await asyncio.sleep(1 / each_second)

    async def _ask(self, at: float) -> None:
        self.told[at] = await self.gateway.ask()

    def served(self, since: float, until: float) -> float:
        """The share of those who came then that got an image."""
        came = [told for at, told in self.told.items() if since <= at < until]
        return sum(told.images for told in came) / len(came)


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_provider_in_trouble_is_not_asked_for_more() -> None:
    """The only one answers 503 for a minute, asked a hundred times a second: at most a fifth more and a hundred reach
    it; in the first five seconds after it is well again, nearly everybody is served.
    """

    async def main() -> None:
        provider = Provider("a", lambda: OVERLOADED if now() < 60 else SERVED, card())
        crowd = Crowd(Gateway([provider]))
        await crowd.come(100, 60)
        asked = provider.calls
        assert 6000 <= asked <= 1.2 * 6000 + 100
        await crowd.come(100, 10)
        assert crowd.served(60, 65) >= 0.95
        assert crowd.served(65, 70) == 1
        assert not await crowd.gateway.settle()

    simulate(main, 1)


@pytest.mark.parametrize("seconds", [0.01, 2], ids=["at once", "late"])
@pytest.mark.parametrize("reason", [Reason.PROVIDER_RATE_LIMITED, Reason.PROVIDER_ACCOUNT, Reason.PROVIDER_OVERLOADED])
def test_a_provider_in_trouble_is_not_asked_for_more_with_each_of_its_keys(reason: Reason, seconds: float) -> None:
    """The same bound where it has ten keys, none of which is served, however late it says so."""

    async def main() -> None:
        keys = tuple(KeyCard(str(number)) for number in range(10))
        provider = Provider("a", [End(Outcome.REJECTED, reason, seconds=seconds)], card(), keys=keys)
        crowd = Crowd(Gateway([provider]))
        await crowd.come(20, 60)
        assert 1200 <= provider.calls <= 1.2 * 1200 + 100
        assert not await crowd.gateway.settle()

    simulate(main, 1)


def test_the_key_that_is_well_is_asked_instead() -> None:
    """One of three keys works: everybody is served by it, and the others are left alone."""

    async def main() -> None:
        keys = (KeyCard("bad"), KeyCard("worse"), KeyCard("good"))
        provider = Picky("a", [BAD_KEY], card(), keys=keys)
        crowd = Crowd(Gateway([provider]))
        await crowd.come(20, 50)
        assert crowd.served(0, 50) == 1
        assert provider.calls <= 1000 + 10
        assert not await crowd.gateway.settle()

    simulate(main, 1)


@dataclass(slots=True)
class Picky(Provider):
    """Serves the key "good" alone."""

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        self.ends = [SERVED] if call.key == "good" else [BAD_KEY]
        async for event in Provider.run(self, call):
            yield event


def test_a_bad_target_of_three_is_left_alone() -> None:
    """A route of three, one of which fails all its calls: at most nine reach it in a minute, and all are served."""

    async def main() -> None:
        providers = [Provider(name, [SERVED] if name != "b" else [BROKEN], card()) for name in "abc"]
        route = Route(tuple((f"{name}/model", 1) for name in "abc"), ("c/model",))
        crowd = Crowd(Gateway(providers, route))
        await crowd.come(50, 60)
        assert providers[1].calls <= 9
        assert crowd.served(0, 60) == 1
        assert not await crowd.gateway.settle()

    simulate(main, 1)


def test_it_is_found_well_again() -> None:
    """The target that failed for a while serves again, at most so long after it is well as it was out last."""

    async def main() -> None:
        first = Provider("a", lambda: BROKEN if now() < 15 else SERVED, card())
        crowd = Crowd(Gateway([first, Provider("b", [SERVED], card())]))
        await crowd.come(20, 15)
        assert first.calls <= 7
        before = first.calls
        await crowd.come(20, 25)
        assert first.calls > before + 100
        assert crowd.served(0, 40) == 1

    simulate(main, 1)


def test_nobody_is_out_where_nobody_is_left() -> None:
    """Where all fail, each request asks all of them still, and hears the first one's error."""

    async def main() -> None:
        providers = [Provider(name, [BROKEN], card()) for name in "abc"]
        gateway = Gateway(providers)
        for _ in range(30):
            told = await gateway.ask()
            assert told.error is not None
            assert "a/model" in told.error.message
        assert [each.calls for each in providers] == [30, 30, 30]

    simulate(main, 1)


TARGET = Target("a", "a", "model")


def watched(ends: Sequence[Reason | None], then: Callable[[Health], None]) -> None:
    """What is known of a target after its calls have ended so."""

    async def main() -> None:
        health = Health()
        for reason in ends:
            health.begin(TARGET, "key")
            error = None if reason is None else ProviderError(reason, "It failed.", Outcome.REJECTED, retry_after=7)
            health.end(TARGET, "key", error)
        then(health)

    simulate(main, 1)


def is_out(health: Health) -> bool:
    return health.out(TARGET, "key") is not None


def test_faults_of_callers_and_refusals_count_for_nothing() -> None:
    """They are answers of a provider that is well: they end a row of failures like any success."""
    failed, fault, refused = Reason.PROVIDER_ERROR, Reason.PROVIDER_REJECTED, Reason.CONTENT_REFUSED
    watched([failed] * 4, lambda health: _assert(not is_out(health)))
    watched([failed] * 5, lambda health: _assert(is_out(health)))
    watched([failed] * 4 + [fault] + [failed] * 4, lambda health: _assert(not is_out(health)))
    watched([refused] * 100 + [fault] * 100, lambda health: _assert(not is_out(health)))


def test_more_often_than_not_is_too_often() -> None:
    """Half of twenty calls in half a minute are too many, also where no five fail in a row."""
    watched([None, Reason.PROVIDER_ERROR] * 9, lambda health: _assert(not is_out(health)))
    watched([None, Reason.PROVIDER_ERROR] * 11, lambda health: _assert(is_out(health)))


def test_a_key_rests_as_long_as_its_provider_says() -> None:
    """One 429 is enough; it is no failure of the target."""

    async def main() -> None:
        health = Health()
        health.end(TARGET, "key", ProviderError(Reason.PROVIDER_RATE_LIMITED, "Slow.", Outcome.REJECTED, retry_after=7))
        assert is_out(health)
        assert health.key(TARGET, ["key", "other"]) == "other"
        assert health.key(TARGET, ["key"]) == "key"
        await asyncio.sleep(7)
        assert not is_out(health)

    simulate(main, 1)


def test_of_keys_that_are_all_out_the_next_to_be_back_is_asked() -> None:
    """A key that does not work is out for a minute, one that used up its rate for seven seconds: that one is asked."""

    async def main() -> None:
        health = Health()
        health.end(TARGET, "bad", ProviderError(Reason.PROVIDER_ACCOUNT, "No.", Outcome.REJECTED))
        health.end(
            TARGET, "used", ProviderError(Reason.PROVIDER_RATE_LIMITED, "Slow.", Outcome.REJECTED, retry_after=7)
        )
        assert health.key(TARGET, ["bad", "used"]) == "used"
        assert health.key(TARGET, ["bad"]) == "bad"

    simulate(main, 1)


def test_one_call_finds_out_whether_it_is_well() -> None:
    """While it is under way the target counts as out; if it fails, for twice as long; if it serves, no more."""

    async def main() -> None:
        health = Health()
        failure = ProviderError(Reason.PROVIDER_ERROR, "It failed.", Outcome.REJECTED)
        for _ in range(5):
            health.end(TARGET, "key", failure)
        await asyncio.sleep(FIRST_OUT)
        assert not is_out(health)
        health.begin(TARGET, "key")
        assert is_out(health)
        health.end(TARGET, "key", failure)
        await asyncio.sleep(FIRST_OUT * 2 - 1)
        assert is_out(health)
        await asyncio.sleep(1)
        health.begin(TARGET, "key")
        health.end(TARGET, "key", None)
        assert not is_out(health)

    simulate(main, 1)


def test_the_next_configuration() -> None:
    """It shares what is known of a provider that it keeps, also what calls of before still find out; of one that
    changed it knows nothing, and the metrics count none of its targets as out.
    """

    async def main() -> None:
        failure = ProviderError(Reason.PROVIDER_ERROR, "It failed.", Outcome.REJECTED)
        refused = ProviderError(Reason.PROVIDER_ACCOUNT, "No.", Outcome.REJECTED)
        kept, lost, unheard = (Target(name, name, "model") for name in ("kept", "lost", "unheard"))
        before = Health()
        for _ in range(5):
            before.end(kept, "key", failure)
            before.end(lost, "key", failure)
        assert counted_out("lost") == 1
        after = before.followed(["kept"], ["lost", "unheard"])
        assert [after.out(each, "key") is None for each in (kept, lost)] == [False, True]
        for late in (lost, unheard):
            before.end(late, "key", refused)
            assert after.out(late, "key") is None
            assert before.out(late, "key") is None
            assert counted_out(late.provider) == 0
        before.end(kept, "other", refused)
        assert {key for _, key, _ in after.outs("kept")} == {"key", "other"}
        after.end(kept, "key", None)
        assert before.out(kept, "key") is None
        after.forget()

    simulate(main, 1)


def test_who_is_not_well_for_a_week_is_still_tried_now_and_then() -> None:
    """A call a minute, all of which fail: it is out for five minutes at a time, for ever."""

    async def main() -> None:
        health = Health()
        failure = ProviderError(Reason.PROVIDER_ERROR, "It failed.", Outcome.REJECTED)
        for _ in range(7 * 24 * 60):
            health.begin(TARGET, "key")
            health.end(TARGET, "key", failure)
            await asyncio.sleep(60)
        assert is_out(health)
        await asyncio.sleep(LONGEST_OUT)
        assert not is_out(health)

    simulate(main, 1, limit=8 * 24 * 3600)


def test_only_so_many_targets_are_remembered() -> None:
    """Callers may invent names without end, all of which are out: the one not heard of for longest is forgotten."""

    async def main() -> None:
        health, before = Health(), counted_out()
        failure = ProviderError(Reason.PROVIDER_ACCOUNT, "There is no such model.", Outcome.REJECTED)
        for number in range(MOST + 100):
            health.end(Target("a", "a", f"invented-{number}"), "", failure)
            health.end(TARGET, "", failure)  # the one that is asked all the time
        known = [model for model, _, _ in health.outs("a")]
        assert len(known) == MOST
        assert "invented-0" not in known
        assert TARGET.model in known
        assert counted_out() == before + MOST
        health.forget()
        assert counted_out() == before

    simulate(main, 1)


def counted_out(provider: str = "a") -> float:
    """What the metrics say."""
    return counting.METER.own.get_sample_value("imagegen_targets_out", {"provider": provider}) or 0


def _assert(holds: bool) -> None:
    assert holds
