"""What access hands the engine for one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from service.domain.event import AttemptRecord
from service.domain.plan import Plan
from service.domain.price import MicroUsd


class Permit(Protocol):
    """The right to make one request, and the purse for it."""

    def narrow(self, plan: Plan) -> Plan:
        """The plan without the steps that this caller may not use; raises where none is left."""
        ...

    async def hold(self, amount: MicroUsd | None) -> None:
        """Sets money aside before anything is spent; None is an unknown price. Raises where there is not enough."""
        ...

    async def settle(self, attempt: AttemptRecord) -> None:
        """Pays for one attempt, once: the second call for the same number changes nothing."""
        ...

    async def release(self) -> None:
        """Gives back what is still held, once, when the request is over."""
        ...


@dataclass(frozen=True, slots=True)
class OpenPermit:
    """Everything is allowed, and nobody counts: open mode, on loopback."""

    def narrow(self, plan: Plan) -> Plan:
        return plan

    async def hold(self, amount: MicroUsd | None) -> None:
        return

    async def settle(self, attempt: AttemptRecord) -> None:
        return

    async def release(self) -> None:
        return
