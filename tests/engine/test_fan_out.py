"""The calls of one step, where a provider makes one image at a time: what one of them finds out holds for all, none
takes another along, and a caller who leaves is let go. In virtual time, in orders that seeds decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from service.access import usage
from service.domain.account import Budget, Payer, Scope, ScopeKind
from service.domain.event import ImageReady, Outcome, PartialImage, Progress, possible_duplicate
from service.domain.plan import Target
from service.domain.record import State
from service.engine.calls import WAITING
from service.engine.router import Route
from service.errors import ProviderError, Reason
from tests.engine.chains import COST, SERVED, End, Gateway, Provider, Told, card
from tests.engine.test_chains import KEYS
from tests.engine.test_rooms import room
from tests.simulation.loop import seeds, simulate

LOST = End(Outcome.UNKNOWN, Reason.PROVIDER_CONNECTION_LOST, billed=COST)
REFUSED = End(Outcome.REJECTED, Reason.CONTENT_REFUSED)
OVERLOADED = End(Outcome.REJECTED, Reason.PROVIDER_OVERLOADED)
BROKEN = End(Outcome.REJECTED, Reason.PROVIDER_ERROR)
LATE = replace(SERVED, seconds=5)


def single(name: str, ends: Sequence[End], asked: list[str] | None = None) -> Provider:
    """A provider that makes one image a call."""
    return Provider(name, ends, card(most=1), [] if asked is None else asked)


def in_turn(ends: Sequence[End]) -> Provider:
    """The same; each call has the end that is next when it begins, whichever call it is."""
    left: Iterator[End] = iter(ends)
    return Provider("a", lambda: next(left), card(most=1))


def missing(told: Told) -> dict[int, str]:
    return {each.index: each.reason for each in told.completed.failed}


async def over(gateway: Gateway) -> None:
    """Everything has ended, the request is closed, and the books say what was billed."""
    assert not await gateway.settle()
    assert not gateway.attempts.running
    assert not gateway.books.lives.serving


@pytest.mark.parametrize("n", [2, 3, 4, 6, 10])
def test_who_leaves_is_let_go(n: int) -> None:
    """A caller who goes while several calls are under way is not kept, and the request is closed once they end."""

    async def main() -> None:
        gateway = Gateway([single("a", [LATE])])
        asking = asyncio.create_task(gateway.ask(n=n))
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.wait([asking], timeout=0.1)
        assert asking.done()
        await over(gateway)
        assert gateway.providers["a"].calls == min(n, 4)

    for seed in seeds(5):
        simulate(main, seed)


@pytest.mark.parametrize(("after", "reason"), [(3, Reason.CANCELLED), (10, Reason.DEADLINE_EXCEEDED)])
def test_a_deadline_that_the_transport_sees_first_is_told_as_one(after: float, reason: Reason) -> None:
    """Whoever cannot wait any longer has not given up: the books, and all that counts, know the two apart."""

    async def main() -> None:
        gateway = Gateway([single("a", [replace(SERVED, seconds=30)])])
        asking = asyncio.create_task(gateway.ask(seconds=10))
        await asyncio.sleep(after - 0.001)
        asking.cancel()
        await over(gateway)
        story = gateway.records.at_once(usage.story, "r")
        assert story is not None
        assert story.ending is not None
        assert (story.ending.state, story.ending.reason) == (State.LEFT, reason)

    simulate(main, 1)


def test_who_leaves_in_any_moment_is_let_go() -> None:
    """Also while images come, calls wait for their turn, or are tried anew."""

    async def main(after: float) -> None:
        gateway = Gateway([in_turn([replace(SERVED, seconds=0.1), OVERLOADED] * 10)], rooms={"a": room(3)})
        asking = asyncio.create_task(gateway.ask(n=6))
        await asyncio.sleep(after)
        asking.cancel()
        await asyncio.wait([asking], timeout=0.1)
        assert asking.done()
        await over(gateway)

    for seed in seeds(60):
        simulate(lambda seed=seed: main(0.03 * seed), seed)


@pytest.mark.parametrize("n", [2, 4, 6, 10])
def test_the_deadline_ends_all_of_them(n: int) -> None:
    """However many are under way or wait, the caller hears of it then."""

    async def main() -> None:
        gateway = Gateway([single("a", [replace(SERVED, seconds=3000)])])
        told = await asyncio.wait_for(gateway.ask(n=n, seconds=10), 10.1)
        assert told.error is not None
        assert told.error.reason is Reason.DEADLINE_EXCEEDED
        await gateway.attempts.drain(10)  # they say nothing for an hour, and are ended

    for seed in seeds(5):
        simulate(main, seed)


def eight(ends: Sequence[End], after_unknown: str = "fail", route: Route | None = None) -> tuple[Told, list[str]]:
    """What eight images bring where the calls of the first provider end so, and the second serves."""
    asked: list[str] = []

    async def main() -> Told:
        gateway = Gateway([single("a", ends, asked), single("b", [SERVED], asked)], route, after_unknown)
        told = await gateway.ask(n=8)
        assert not await gateway.settle()
        return told

    return simulate(main, 1), asked


@pytest.mark.parametrize("after_unknown", ["fail", "fallback"])
def test_after_unknown_a_provider_is_begun_nothing_more_at(after_unknown: str) -> None:
    """Of eight calls four are under way when the first may have been billed: the other four are never made there."""
    told, asked = eight([LOST], after_unknown)

    if after_unknown == "fail":
        assert asked == ["a"] * 4
        assert told.error is not None
        assert told.error.reason is Reason.PROVIDER_CONNECTION_LOST
        assert told.cost == 4 * COST
    else:
        assert asked == ["a"] * 4 + ["b"] * 8
        assert told.images == 8
        assert possible_duplicate(told.completed.report.attempts) == 4 * COST


@pytest.mark.parametrize("end", [REFUSED, End(Outcome.REJECTED, Reason.PROVIDER_REJECTED)])
def test_what_is_refused_once_is_not_asked_for_again(end: End) -> None:
    """Of eight calls four are under way when the first is refused: the other four are not made."""
    told, asked = eight([end])

    assert asked == ["a"] * 4
    assert told.error is not None
    assert told.error.reason is end.reason


def test_a_refusal_that_is_taken_elsewhere_is_not_tried_eight_times_before() -> None:
    """With fallback_on_refusal too the provider that refused is begun nothing more at."""
    route = Route((("a/model", 1),), ("b/model",), fallback_on_refusal=True)
    told, asked = eight([REFUSED], route=route)

    assert asked == ["a"] * 4 + ["b"] * 8
    assert told.images == 8


def test_an_image_that_was_not_asked_for_is_told_with_what_kept_it() -> None:
    """Three come, the fourth may have been billed: the rest are not asked for, and told with that reason."""
    told, asked = eight([SERVED, SERVED, SERVED, replace(LOST, seconds=0.005)], "fallback")

    assert asked == ["a"] * 4
    assert told.images == 3
    assert set(missing(told).values()) == {"provider_connection_lost"}
    assert len(missing(told)) == 5


@pytest.mark.parametrize("end", [LOST, REFUSED])
def test_a_call_is_not_tried_anew_once_another_was_the_last(end: End) -> None:
    """Neither while it pauses, and nobody waits until the pause is over; nor when it fails afterwards."""

    async def main(other: End) -> None:
        provider = in_turn([replace(end, seconds=0.2), other])
        gateway = Gateway([provider], after_unknown="fail")
        told = await gateway.ask(n=2)
        assert provider.calls == 2
        assert asyncio.get_running_loop().time() < 0.5
        assert told.error is not None
        assert told.error.reason is end.reason
        assert not await gateway.settle()

    for other in (replace(OVERLOADED, retry_after=30), replace(OVERLOADED, seconds=0.4)):
        simulate(lambda other=other: main(other), 1)


def test_a_call_whose_money_is_just_being_set_aside_is_not_made() -> None:
    """The books are slow: when the first call is lost, those that wait for them are not sent after all."""

    async def main() -> None:
        gateway = Gateway([single("a", [LOST])])
        gateway.records.slowness = lambda: 0.1
        told = await gateway.ask(n=4)
        assert told.error is not None
        assert told.error.reason is Reason.PROVIDER_CONNECTION_LOST
        assert gateway.providers["a"].calls == 1
        assert told.cost == COST
        await over(gateway)

    for seed in seeds(5):
        simulate(main, seed)


def test_an_image_that_was_rejected_is_made_anew_where_others_come() -> None:
    """Of eight three are rejected at first: all eight come."""
    told, asked = eight([SERVED, OVERLOADED, SERVED, OVERLOADED, SERVED, OVERLOADED, SERVED])

    assert asked == ["a"] * 11
    assert sorted(each.image.index for each in told.events if isinstance(each, ImageReady)) == list(range(8))


def test_who_waits_for_a_place_is_let_go_once_another_was_the_last() -> None:
    """A call that waits behind the calls of others gives up its turn when its sibling is refused."""

    async def main() -> None:
        provider = in_turn([LATE, LATE, replace(REFUSED, seconds=1)])
        gateway = Gateway([provider], rooms={"a": room(3)})
        others = [asyncio.create_task(gateway.ask()) for _ in range(2)]
        await asyncio.sleep(0.01)
        told = await gateway.ask(n=2)
        assert told.error is not None
        assert told.error.reason is Reason.CONTENT_REFUSED
        assert asyncio.get_running_loop().time() == pytest.approx(1.01, abs=0.01)
        assert provider.calls == 3
        await asyncio.gather(*others)
        await over(gateway)

    for seed in seeds(20):
        simulate(main, seed)


@pytest.mark.parametrize(("places", "seats"), [(1, 0), (1, 100), (2, 0), (3, 1)])
@pytest.mark.parametrize("fallback", [False, True])
def test_calls_of_one_request_wait_for_each_other(places: int, seats: int, fallback: bool) -> None:
    """However few places there are, a request alone has all its images, though its calls take long."""

    async def main() -> None:
        first = single("a", [replace(SERVED, seconds=10)])
        gateway = Gateway([first, *([single("b", [SERVED])] if fallback else [])], rooms={"a": room(places, seats)})
        told = await gateway.ask(n=6)
        assert told.images == 6
        assert not told.completed.report.skipped
        assert (first.calls, first.most_at_once) == (6, places)
        await over(gateway)

    for seed in seeds(5):
        simulate(main, seed)


def test_calls_of_one_request_wait_for_each_other_among_others() -> None:
    """Somebody else has one of two places for long, and nobody may wait: the images come one after another."""

    async def main() -> None:
        provider = in_turn([replace(SERVED, seconds=100), *[LATE] * 4])
        gateway = Gateway([provider], rooms={"a": room(2, 0)})
        other = asyncio.create_task(gateway.ask())
        await asyncio.sleep(0.1)
        told = await gateway.ask(n=4)
        assert told.images == 4
        assert provider.most_at_once == 2
        await other
        await over(gateway)

    for seed in seeds(20):
        simulate(main, seed)


def test_a_target_without_a_place_is_left_out_once() -> None:
    """Others have all places: each of the images is made elsewhere, and the account has one line for it."""

    async def main() -> None:
        gateway = Gateway([single("a", [LATE]), single("b", [SERVED])], rooms={"a": room(1, 0)})
        other = asyncio.create_task(gateway.ask())
        await asyncio.sleep(0.1)
        told = await gateway.ask(n=4)
        assert told.images == 4
        (skipped,) = told.completed.report.skipped
        assert skipped.target == "a/model"
        assert "1 calls to a are under way" in skipped.explanation
        await other
        await over(gateway)

    simulate(main, 1)


def test_another_key_has_the_place_of_the_first() -> None:
    """One place, and nobody may wait: the call that is tried anew at once finds its own place free again."""

    async def main() -> None:
        ends = [End(Outcome.REJECTED, Reason.PROVIDER_ACCOUNT), SERVED]
        gateway = Gateway([Provider("a", ends, card(), keys=KEYS)], rooms={"a": room(1, 0)})
        assert (await gateway.ask()).images == 1

    for seed in seeds(20):
        simulate(main, seed)


def test_a_call_that_cannot_be_written_down_fails_alone() -> None:
    """The records are away for a second: two of six calls cannot be made and are told so; four images are kept."""

    async def main() -> None:
        provider = in_turn([replace(SERVED, seconds=1), *[replace(SERVED, seconds=4)] * 3])
        gateway = Gateway([provider])
        asking = asyncio.create_task(gateway.ask(n=6))
        await asyncio.sleep(0.5)
        gateway.records.away = True
        await asyncio.sleep(1)
        gateway.records.away = False
        told = await asyncio.wait_for(asking, 10)
        assert told.images == provider.calls == 4
        assert list(missing(told).values()) == ["unavailable"] * 2
        assert told.cost == 4 * COST
        await over(gateway)

    for seed in seeds(5):
        simulate(main, seed)


def test_a_hold_that_is_refused_is_not_asked_for_again() -> None:
    """A budget without room for eight images is asked once; nobody is asked, and the caller hears of the budget."""

    async def main() -> None:
        provider = single("a", [SERVED])
        gateway = Gateway([provider])
        told = await gateway.ask(n=8, payer=payer(7 * COST))
        assert told.error is not None
        assert told.error.reason is Reason.BUDGET_EXCEEDED
        assert not provider.calls
        await over(gateway)

    simulate(main, 1)


@pytest.mark.parametrize("n", [1, 2])
def test_where_the_money_is_spent_the_answer_is_what_it_was_spent_on(n: int) -> None:
    """The first target is out; the second may have billed all that the budget has: its error is told, and of the first
    that there was no money left.
    """

    async def main() -> None:
        gateway = Gateway([single("a", [SERVED]), single("b", [LOST])])
        for _ in range(5):
            failure = ProviderError(Reason.PROVIDER_ERROR, "It failed.", Outcome.REJECTED)
            gateway.pipeline.health.end(Target("a", "a", "model"), "", failure)
        told = await gateway.ask(n=n, payer=payer(n * COST))
        assert told.error is not None
        assert told.error.reason is Reason.PROVIDER_CONNECTION_LOST
        assert "b/model" in told.error.message
        assert told.error.report is not None
        (skipped,) = told.error.report.skipped
        assert skipped.target == "a/model"
        assert "budget" in skipped.explanation
        assert not await gateway.settle()

    simulate(main, 1)


def payer(limit: int) -> Payer:
    return Payer((Scope(ScopeKind.KEY, "k", (Budget(limit),)),))


@pytest.mark.parametrize(("stream", "streams"), [(True, False), (True, True), (False, False)])
def test_a_stream_of_a_provider_that_has_none_says_that_it_waits(stream: bool, streams: bool) -> None:
    """Progress of each image as its call begins, then the images: no partial one is made up."""

    async def main() -> None:
        gateway = Gateway([Provider("a", [SERVED], card(most=1, streams=streams))])
        told = await gateway.ask(n=2, stream=stream)

        waiting = [each for each in told.events if isinstance(each, Progress)]
        assert sorted(waiting, key=lambda each: each.index) == (
            [Progress(0, 0, WAITING), Progress(1, 0, WAITING)] if stream and not streams else []
        )
        assert not any(isinstance(each, PartialImage) for each in told.events)
        assert told.images == 2
        await over(gateway)

    simulate(main, 1)
