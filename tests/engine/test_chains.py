"""What follows from each way in which a call can end, in chains of one to three targets: all of it, in virtual time.

Each provider has two keys, so that what is asked reads as a line: `a1 a2 b1` is the first provider with one key, with
the other, and then the second provider.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from service.domain.card import KeyCard
from service.domain.event import ImageReady, Outcome, possible_duplicate
from service.engine.router import Route
from service.errors import Reason
from tests.engine.chains import COST, SERVED, End, Gateway, Provider, Told, card
from tests.simulation.loop import simulate

NAMES = "abc"
KEYS = (KeyCard("1", weight=1_000_000), KeyCard("2"))
"""The first is drawn first, all but always."""

ENDS = {
    "nobody there": End(Outcome.NOT_SENT, Reason.PROVIDER_UNREACHABLE),
    "no way in": End(Outcome.NOT_SENT, Reason.PROVIDER_ACCOUNT),
    "nothing to send": End(Outcome.NOT_SENT, Reason.PROVIDER_REJECTED),
    "overloaded": End(Outcome.REJECTED, Reason.PROVIDER_OVERLOADED),
    "overloaded, come back": End(Outcome.REJECTED, Reason.PROVIDER_OVERLOADED, retry_after=3),
    "overloaded, come back late": End(Outcome.REJECTED, Reason.PROVIDER_OVERLOADED, retry_after=100),
    "an error": End(Outcome.REJECTED, Reason.PROVIDER_ERROR),
    "too late": End(Outcome.REJECTED, Reason.PROVIDER_TIMEOUT),
    "too many calls": End(Outcome.REJECTED, Reason.PROVIDER_RATE_LIMITED),
    "a bad key": End(Outcome.REJECTED, Reason.PROVIDER_ACCOUNT),
    "refused": End(Outcome.REJECTED, Reason.CONTENT_REFUSED),
    "a bad request": End(Outcome.REJECTED, Reason.PROVIDER_REJECTED),
    "lost": End(Outcome.UNKNOWN, Reason.PROVIDER_CONNECTION_LOST, billed=COST),
    "lost, not billed": End(Outcome.UNKNOWN, Reason.PROVIDER_CONNECTION_LOST),
    "silent": End(Outcome.UNKNOWN, Reason.PROVIDER_TIMEOUT, billed=COST),
    "no image": End(Outcome.UNKNOWN, Reason.PROVIDER_NO_IMAGE, billed=COST),
    "nonsense": End(Outcome.UNKNOWN, Reason.PROVIDER_INVALID_ANSWER, billed=COST),
    "withheld": End(Outcome.UNKNOWN, Reason.CONTENT_REFUSED, billed=COST),
    "our mistake": End(Outcome.UNKNOWN, Reason.INTERNAL),
}

AGAIN, KEY_TO_KEY, ONCE = "a1 a1 b1 b1 c1 c1", "a1 a2 b1 b2 c1 c2", "a1 b1 c1"
POSSIBLY_BILLED, STOP = "a1 b1", "a1"
ASKED = {
    "nobody there": AGAIN,
    "no way in": KEY_TO_KEY,
    "nothing to send": STOP,
    "overloaded": AGAIN,
    "overloaded, come back": AGAIN,
    "overloaded, come back late": ONCE,
    "an error": ONCE,
    "too late": ONCE,
    "too many calls": KEY_TO_KEY,
    "a bad key": KEY_TO_KEY,
    "refused": STOP,
    "a bad request": STOP,
    "lost": POSSIBLY_BILLED,
    "lost, not billed": POSSIBLY_BILLED,
    "silent": POSSIBLY_BILLED,
    "no image": POSSIBLY_BILLED,
    "nonsense": POSSIBLY_BILLED,
    "withheld": STOP,
    "our mistake": POSSIBLY_BILLED,
}
"""Who is asked where all three end like that, and nothing has been shown."""

SILENT, BUSY = End(seconds=3000, billed=COST), End(billed=COST, endless=True)

SHAPES = ("whole", "streamed", "streamed, a preview out", "fanned out")


def play(
    ends: list[list[End]], shape: str, route: Route | None = None, after_unknown: str = "fallback"
) -> tuple[Told, list[str]]:
    """What a caller is told where each provider ends its calls like that, and what was asked, in order."""
    asked: list[str] = []
    partial = "preview" in shape

    async def main() -> Told:
        of = card(most=1 if shape == "fanned out" else 10)
        providers = [
            Provider(name, [replace(end, partial=partial) for end in each], of, asked, KEYS)
            for name, each in zip(NAMES, ends, strict=False)
        ]
        gateway = Gateway(providers, route, after_unknown)
        told = await gateway.ask(stream="streamed" in shape, n=2 if shape == "fanned out" else 1)
        assert not await gateway.settle()
        return told

    return simulate(main, 1), asked


def expected(line: str, chain: int) -> list[str]:
    return [each for each in line.split() if each[0] in NAMES[:chain]]


@pytest.mark.parametrize("chain", [1, 2, 3])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("end", ENDS)
def test_who_is_asked_where_all_end_alike(end: str, shape: str, chain: int) -> None:
    """As the table says; the answer is the first one's error, or that of whoever ended the chain."""
    told, asked = play([[ENDS[end]]] * chain, shape)

    should = ["a1"] if "preview" in shape else expected(ASKED[end], chain)
    if shape == "fanned out":
        assert sorted(asked) == sorted(should * 2)
    else:
        assert asked == should
    assert told.error is not None
    assert told.error.reason is ENDS[end].reason
    assert told.images == 0
    report = told.error.report
    assert report is not None
    assert len(report.attempts) == len(asked)
    assert report.cost == sum(COST for each in report.attempts if each.outcome is Outcome.UNKNOWN)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("end", ENDS)
def test_who_serves_where_the_first_does_not(end: str, shape: str) -> None:
    """The second does, where the table lets it; what may have been billed besides is in the cost, and named."""
    told, asked = play([[ENDS[end]], [SERVED]], shape)

    n = 2 if shape == "fanned out" else 1
    goes_on = "preview" not in shape and "b1" in ASKED[end]
    assert told.images == (n if goes_on else 0)
    if not goes_on:
        assert told.error is not None
        assert told.error.reason is ENDS[end].reason
        return
    assert [each for each in asked if each[0] == "b"] == ["b1"] * n
    report = told.completed.report
    assert (str(report.target), report.fallback_index) == ("b/model", 1)
    unknown = ENDS[end].outcome is Outcome.UNKNOWN
    duplicate = possible_duplicate(report.attempts)
    assert duplicate == (n * COST if unknown else 0)
    assert report.cost == n * COST + duplicate


@pytest.mark.parametrize("end", [end for end, line in ASKED.items() if line == AGAIN])
def test_what_is_not_sent_or_rejected_is_tried_anew(end: str) -> None:
    """The same target serves the second time, and nobody else is asked."""
    told, asked = play([[ENDS[end], SERVED], [SERVED]], "whole")

    assert asked == ["a1", "a1"]
    assert (told.images, told.cost) == (1, COST)


@pytest.mark.parametrize("end", [end for end, line in ASKED.items() if line == KEY_TO_KEY])
def test_another_key_may_serve(end: str) -> None:
    """The other key of the same provider does, before any other provider is asked."""
    told, asked = play([[ENDS[end], SERVED], [SERVED]], "whole")

    assert asked == ["a1", "a2"]
    assert (told.images, told.cost) == (1, COST)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("end", [end for end, line in ASKED.items() if line == POSSIBLY_BILLED])
def test_after_unknown_nobody_is_asked_where_that_is_wanted(end: str, shape: str) -> None:
    """With after_unknown = "fail" the first that may have been billed is the last that is asked."""
    told, asked = play([[ENDS[end]], [SERVED]], shape, after_unknown="fail")

    assert set(asked) == {"a1"}
    assert told.error is not None
    assert told.error.retry_after is None


def test_after_unknown_no_other_model_of_the_same_provider_is_asked() -> None:
    """Not even as a fallback of its own: it is the provider that may have been billed."""
    route = Route((("a/model", 1),), ("a/other", "b/model"))
    told, asked = play([[ENDS["lost"]], [SERVED]], "whole", route)

    assert asked == ["a1", "b1"]
    assert told.images == 1


@pytest.mark.parametrize(("end", "line"), [("refused", "a1 b1"), ("withheld", "a1 b1"), ("a bad request", "a1")])
def test_a_refusal_is_taken_elsewhere_where_the_route_says_so(end: str, line: str) -> None:
    """With fallback_on_refusal the next provider is asked; a request at fault is at fault everywhere."""
    route = Route((("a/model", 1),), ("b/model",), fallback_on_refusal=True)
    told, asked = play([[ENDS[end]], [SERVED]], "whole", route)

    assert asked == line.split()
    assert told.images == (1 if "b1" in asked else 0)


def test_an_image_that_fails_is_tried_alone() -> None:
    """Of three calls at once one is rejected: it alone is made anew, and all three images come, each once."""
    overloaded = ENDS["overloaded"]
    told, asked = play([[SERVED, overloaded, SERVED, SERVED], [SERVED]], "fanned out")

    assert asked == ["a1", "a1", "a1"]
    assert sorted(each.image.index for each in told.events if isinstance(each, ImageReady)) == [0, 1]
    assert told.cost == 2 * COST


def test_an_image_that_is_lost_is_told_and_the_other_is_kept() -> None:
    """No fallback for the rest once one has come: the caller has it, and hears why the other is missing."""
    told, asked = play([[SERVED, ENDS["lost"]], [SERVED]], "fanned out")

    assert asked == ["a1", "a1"]
    assert told.images == 1
    (missing,) = told.completed.failed
    assert missing.reason is Reason.PROVIDER_CONNECTION_LOST
    assert told.cost == 2 * COST


def test_an_adapters_own_mistake_is_told_without_its_text() -> None:
    """An exception that is none of ours ends the attempt as unknown."""
    told, _ = play([[ENDS["our mistake"]]], "whole")

    assert told.error is not None
    assert told.error.reason is Reason.INTERNAL
    assert "secret" not in told.error.message


def test_nothing_is_begun_when_the_time_is_over() -> None:
    """A request whose deadline has passed asks nobody."""
    asked: list[str] = []

    async def main() -> Told:
        return await Gateway([Provider("a", [SERVED], card(), asked)]).ask(seconds=-1)

    told = simulate(main, 1)
    assert told.error is not None
    assert told.error.reason is Reason.DEADLINE_EXCEEDED
    assert not asked


def test_nobody_is_asked_in_the_last_moment() -> None:
    """The first fails when no second is left: the next could only be paid for nothing, and is not asked."""

    async def main() -> None:
        late = End(Outcome.REJECTED, Reason.PROVIDER_ERROR, seconds=2)
        gateway = Gateway([Provider("a", [late], card()), Provider("b", [SERVED], card())])
        told = await gateway.ask(seconds=2.5)
        assert told.error is not None
        assert (told.error.reason, gateway.providers["b"].calls) == (Reason.DEADLINE_EXCEEDED, 0)
        assert (await gateway.ask(seconds=3.5)).images == 1
        assert not await gateway.settle()
        slow = End(seconds=2, billed=COST)
        gateway = Gateway([Provider("a", [slow], card()), Provider("b", [SERVED], card())])
        assert (await gateway.ask(seconds=2.5)).images == 1  # who could follow has no time: this one has it all
        assert gateway.providers["b"].calls == 0
        assert not await gateway.settle()

    simulate(main, 1)


@pytest.mark.parametrize("shape", ["whole", "streamed"])
@pytest.mark.parametrize(
    "ends", [End(seconds=3000, billed=COST), End(billed=COST, endless=True)], ids=["silent", "busy"]
)
def test_who_takes_too_long_leaves_time_for_the_next(ends: End, shape: str) -> None:
    """A provider that says nothing, or says for ever that it is at work, is given two thirds of the time."""

    async def main() -> None:
        asked: list[str] = []
        gateway = Gateway([Provider("a", [ends], card(), asked), Provider("b", [SERVED], card(), asked)])
        told = await gateway.ask(stream=shape == "streamed", seconds=90)
        assert asked == ["a", "b"]
        assert told.images == 1
        assert asyncio.get_running_loop().time() == pytest.approx(60, abs=0.1)
        slow, done = told.completed.report.attempts
        assert (slow.reason, slow.outcome, done.outcome) == ("provider_timeout", Outcome.UNKNOWN, Outcome.DONE)
        assert possible_duplicate((slow, done)) == COST

    simulate(main, 1, allow_leftover=True)


@pytest.mark.parametrize(
    "ends", [End(seconds=3000, billed=COST), End(billed=COST, endless=True)], ids=["silent", "busy"]
)
def test_the_last_one_has_all_the_time(ends: End) -> None:
    """Nobody is left to ask: the deadline ends it, and says so."""

    async def main() -> None:
        told = await Gateway([Provider("a", [ends], card())]).ask(seconds=90)
        assert told.error is not None
        assert told.error.reason is Reason.DEADLINE_EXCEEDED
        assert asyncio.get_running_loop().time() == pytest.approx(90, abs=0.1)

    simulate(main, 1, allow_leftover=True)
