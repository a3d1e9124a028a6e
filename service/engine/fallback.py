"""Who is asked next, and when the chain ends. What may follow a call is `verdict`'s to say; `calls` does the first of
it that is possible, and this goes on from there.

    chain    the steps of the plan, one after another
     step    its `calls`: one, or several at once where the provider makes fewer images at a time than were asked for
      call   for some of the images: tried again with the same key or another, alone
       attempt

A chain that is used up fails with its first step's error: that is the model the caller asked for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from service.domain.event import Event
from service.domain.plan import Step
from service.engine.calls import Calls, Terms
from service.engine.verdict import Then
from service.errors import GatewayError, Reason
from service.telemetry import counting

OUT = "target_out"
"""Why the metrics say that a request began at another target than the first."""


@dataclass(slots=True, kw_only=True)
class Chain:
    """The steps of one request."""

    steps: Sequence[Step]
    terms: Terms
    _barred: str = ""
    """The provider that may have accepted, and billed, what it is not asked again."""

    async def events(self) -> AsyncGenerator[Event, None]:
        """What the attempts say. Raises the error that ended the chain."""
        failed: list[tuple[Step, GatewayError]] = []
        left: list[Step] = list(self.steps)
        asked = min(left, key=lambda step: step.index)
        while left:
            step = self.terms.health.first(left)
            left.remove(step)
            if step is not asked:
                why = failed[-1][1].reason if failed else OUT
                counting.fell_back(asked.target.provider, step.target.provider, why)
            asked = step
            provider = step.target.provider
            calls = Calls(step, self.terms, others=bool(left), elsewhere=self._may_go_elsewhere(provider, left))
            async with aclosing(calls.events()) as events:
                async for event in events:
                    yield event
            if calls.served:
                return
            then, error = calls.end()
            if then is Then.STOP:
                raise error
            if not calls.asked:
                self.terms.account.leave_out(step.target, error.message)
            if calls.asked or error.reason is not Reason.BUDGET_EXCEEDED:
                failed.append((step, error))  # where all money is spent, what it was spent on is the answer
            if then is Then.NEXT_PROVIDER:
                if self._barred:
                    break  # once is enough: each of them may have been billed
                self._barred = provider
                left = [each for each in left if each.target.provider != provider]
        first, error = min(failed, key=lambda each: each[0].index)
        self.terms.account.speak_of(first)
        raise error

    def _may_go_elsewhere(self, provider: str, left: Sequence[Step]) -> bool:
        """Whether anybody may be asked after a call of this provider that may have been billed."""
        if self._barred or self.terms.policy.fails_after_unknown:
            return False
        return any(each.target.provider != provider for each in left)
