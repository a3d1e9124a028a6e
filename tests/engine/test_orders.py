"""A provider that gives its orders names: what is said of a question about an order is not said of the order."""

from __future__ import annotations

import pytest

from service.domain.event import Outcome
from service.errors import Reason
from tests.engine.chains import COST, SERVED, End, Gateway, Provider, card
from tests.simulation.loop import simulate

TROUBLE = (
    (Outcome.REJECTED, Reason.PROVIDER_RATE_LIMITED),
    (Outcome.REJECTED, Reason.PROVIDER_OVERLOADED),
    (Outcome.REJECTED, Reason.PROVIDER_ACCOUNT),
    (Outcome.REJECTED, Reason.PROVIDER_ERROR),
    (Outcome.NOT_SENT, Reason.PROVIDER_UNREACHABLE),
)


@pytest.mark.parametrize(("outcome", "reason"), TROUBLE)
def test_trouble_after_an_order_was_accepted_is_unknown(outcome: Outcome, reason: Reason) -> None:
    """It may have been made and billed: the provider is not asked again, and another one is, once."""

    async def main() -> None:
        ordering = Provider("a", [End(outcome=outcome, reason=reason, billed=COST, job="o1")], card())
        other = Provider("b", [SERVED], card())
        gateway = Gateway([ordering, other])
        told = await gateway.ask()
        assert (ordering.calls, other.calls, told.images) == (1, 1, 1)
        assert [each.outcome for each in told.completed.report.attempts] == [Outcome.UNKNOWN, Outcome.DONE]
        assert told.cost == 2 * COST
        assert not await gateway.settle()

    simulate(main, 1)


@pytest.mark.parametrize("reason", [Reason.PROVIDER_REJECTED, Reason.CONTENT_REFUSED])
def test_an_order_that_came_to_nothing_cost_nothing(reason: Reason) -> None:
    """What the provider says of the order itself is its end."""

    async def main() -> None:
        gateway = Gateway([Provider("a", [End(outcome=Outcome.REJECTED, reason=reason, job="o1")], card())])
        told = await gateway.ask()
        assert told.error is not None
        assert (told.error.reason, told.cost) == (reason, 0)
        assert not await gateway.settle()

    simulate(main, 1)
