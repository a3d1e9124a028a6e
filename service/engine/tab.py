"""The money of one request: the dearest step is held for, and more only where what is left of that will not do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.access.permit import Permit
from service.domain.price import MicroUsd
from service.domain.record import Purpose, Sending
from service.engine.attempt import Attempt
from service.errors import GatewayError


@dataclass(slots=True)
class Tab:
    """`begun` are the request's attempts, as they are."""

    permit: Permit
    purpose: Purpose
    dearest: MicroUsd | None
    begun: Sequence[Attempt]
    _held: MicroUsd | None = None
    _refused: GatewayError | None = None
    """Why nothing is held: what could not be opened once is not opened again."""
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, sending: Sending) -> None:
        """Sets aside what an attempt may cost. When this returns it may be sent."""
        async with self._one_at_a_time:
            if self._refused is not None:
                raise self._refused
            if self._held is None:
                await self._open(sending)
                return
            needed = sum(_due(each) for each in self.begun) + sending.at_most
            more = max(0, needed - self._held)
            await self.permit.send(sending, more)
            self._held += more

    async def _open(self, sending: Sending) -> None:
        try:
            await self.permit.hold(self.purpose, self.dearest, sending)
        except GatewayError as error:
            self._refused = error
            raise
        self._held = self.dearest or 0


def _due(attempt: Attempt) -> MicroUsd:
    """What an attempt has cost, or may yet."""
    return attempt.record.cost if attempt.ended.done() else attempt.at_most
