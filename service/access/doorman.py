"""Who may come in. In open mode everyone may, whatever key they show."""

from __future__ import annotations

from typing import Protocol

from service.access.permit import OpenPermit, Permit


class Doorman(Protocol):
    async def admit(self, authorization: str | None) -> Permit:
        """The permit for a caller; raises INVALID_KEY for one that is not known."""
        ...


class OpenDoorman:
    async def admit(self, authorization: str | None) -> Permit:
        return OpenPermit()
