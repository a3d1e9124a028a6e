"""Where a chain ends whatever the outcome, and what is settled: with adapters that say what they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from service.domain.card import ModelCard
from service.domain.event import AdapterEvent, AttemptRecord, Event, ImageReady, Outcome, PartialImage
from service.domain.image import Image, Picture
from service.domain.plan import Plan, Step, Target
from service.domain.price import MicroUsd
from service.domain.record import Ending, Purpose, Sending
from service.domain.request import ImageRequest
from service.engine.account import Account
from service.engine.attempt import Attempt, Attempts
from service.engine.fallback import walk
from service.errors import GatewayError, ProviderError, Reason
from service.providers.base import Call

PICTURE = Picture(data=b"picture", media_type="image/png")
PARTIAL = PartialImage(0, 0, PICTURE)
READY = ImageReady(Image(index=0, picture=PICTURE))
REJECTED = ProviderError(Reason.PROVIDER_OVERLOADED, "The provider is overloaded.", Outcome.REJECTED)


@dataclass(frozen=True)
class Script:
    """An adapter that says its lines."""

    lines: tuple[AdapterEvent | Exception, ...]
    configured: bool = True
    models: Mapping[str, ModelCard] = field(default_factory=dict[str, ModelCard])

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        for line in self.lines:
            if isinstance(line, Exception):
                raise line
            yield line

    async def close(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class Purse:
    """A permit that allows everything and remembers what was settled."""

    settled: list[AttemptRecord] = field(default_factory=list[AttemptRecord])

    def narrow(self, plan: Plan) -> Plan:
        return plan

    async def hold(self, purpose: Purpose, amount: MicroUsd | None, first: Sending) -> None:
        return

    async def send(self, sending: Sending, amount: MicroUsd = 0) -> None:
        return

    def settle(self, attempt: AttemptRecord) -> None:
        self.settled.append(attempt)

    async def release(self, purpose: Purpose, ending: Ending) -> None:
        return


async def _walked(*scripts: Script, deadline: float = 5) -> tuple[list[Event], Account, Purse]:
    """Walks a plan with one step for each script."""
    request = ImageRequest(model="a", prompt="a fox", stream=True)
    targets = [Target(f"provider{i}", "scripted", "model") for i in range(len(scripts))]
    card = ModelCard(parameters={}, streams=True)
    plan = Plan(tuple(Step(target=target, request=request, card=card) for target in targets))
    account, attempts, purse = Account(request, "id"), Attempts(), Purse()

    async def begin(index: int, step: Step) -> Attempt:
        attempt = Attempt(index + 1, step, Call(model="model", request=request, request_id="id"))
        attempts.start(attempt, scripts[index], purse)
        return attempt

    events: list[Event] = []
    ends = asyncio.get_running_loop().time() + deadline
    try:
        async with aclosing(walk(plan, begin, account, ends, cancel_when_left=True)) as walked:
            async for event in walked:
                events.append(event)
    except GatewayError as error:
        account.give_up(error)
        raise
    finally:
        await attempts.drain(1)
    return events, account, purse


async def test_a_rejection_after_a_preview_is_final() -> None:
    """Even what would be tried elsewhere is not, once image bytes are on their way to the caller."""
    second = Script((READY,))
    with pytest.raises(ProviderError) as failed:
        await _walked(Script((PARTIAL, REJECTED)), second)

    assert failed.value.reason is Reason.PROVIDER_OVERLOADED


async def test_a_rejection_before_any_preview_goes_on() -> None:
    """The same rejection without the preview goes to the next step, and both attempts are settled, once each."""
    events, account, purse = await _walked(Script((REJECTED,)), Script((PARTIAL, READY)))

    assert READY in events
    assert [each.outcome for each in account.report().attempts] == [Outcome.REJECTED, Outcome.DONE]
    assert [(each.number, each.outcome) for each in purse.settled] == [(1, Outcome.REJECTED), (2, Outcome.DONE)]


async def test_nothing_is_begun_when_the_time_is_over() -> None:
    """A request whose deadline has passed asks nobody."""
    purse = Purse()
    with pytest.raises(GatewayError) as failed:
        _, _, purse = await _walked(Script((READY,)), deadline=-1)

    assert failed.value.reason is Reason.DEADLINE_EXCEEDED
    assert not purse.settled


async def test_an_adapters_own_mistake_is_told_and_settled() -> None:
    """An exception that is none of ours ends the attempt as unknown, without its text."""
    with pytest.raises(ProviderError) as failed:
        await _walked(Script((RuntimeError("sk-secret"),)), Script((READY,)))

    assert failed.value.reason is Reason.INTERNAL
    assert "secret" not in failed.value.message
