"""Who may come in. In open mode everyone may, whatever key they show; nobody is limited, and everything is counted."""

from __future__ import annotations

from typing import Protocol

from service.access.books import Books
from service.access.permit import KeptPermit, Permit
from service.domain.account import Payer


class Doorman(Protocol):
    async def admit(self, authorization: str | None) -> Permit:
        """The permit for a caller; raises INVALID_KEY for one that is not known."""
        ...


class OpenDoorman:
    def __init__(self, books: Books) -> None:
        self._books = books

    async def admit(self, authorization: str | None) -> Permit:
        return KeptPermit(self._books, Payer())
