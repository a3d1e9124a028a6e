"""What access hands the engine for one request: the right to make it, and the purse for it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from typing import Protocol

from msgspec.structs import replace

from service.access.answers import Found, TakenError
from service.access.books import Books
from service.domain.account import Payer
from service.domain.answer import Answer, Claim, Order
from service.domain.event import AttemptRecord, Outcome
from service.domain.plan import Plan, Skipped
from service.domain.price import MicroUsd
from service.domain.record import Ending, Purpose, Sending
from service.errors import GatewayError, Reason
from service.stores.records.port import RecordsAwayError


class Permit(Protocol):
    """First `narrow`, then `hold`, `send` before each further attempt, and at last `release`, whatever happened."""

    def narrow(self, plan: Plan) -> Plan:
        """The plan without the steps that this caller may not use; raises where none is left."""
        ...

    def go_by(self, key: str, question: bytes) -> Claim:
        """The name that the caller's key for this question has in the books: `hold` will claim it."""
        ...

    async def look(self, claim: Claim) -> Found | None:
        """What there is under a name; None where it is free."""
        ...

    def entry(self, key: str, question: bytes) -> str:
        """The name in the cache of this caller's answer to a question."""
        ...

    async def recall(self, entry: str) -> Answer | None:
        """The answer that the cache has under a name."""
        ...

    async def remember(self, entry: str, answer: Answer, seconds: float) -> None:
        """Puts an answer into the cache."""
        ...

    async def hold(self, purpose: Purpose, amount: MicroUsd | None, first: Sending) -> None:
        """Sets money aside (None: the price is not known) and notes that the first attempt is about to be sent.

        When this returns both survive; when it raises nothing may be sent. TakenError: the name is not free.
        """
        ...

    async def send(self, sending: Sending, amount: MicroUsd = 0) -> None:
        """The same for a further attempt; `amount` is what has to be held beside what is left."""
        ...

    async def accepted(self, number: int, job: str, key: str) -> None:
        """An attempt's order has a name at the provider: enough to fetch its answer, should this process go."""
        ...

    def take_over(self, order: Order) -> None:
        """From here on this permit is that of the request for which another process placed the order."""
        ...

    def settle(self, attempt: AttemptRecord) -> None:
        """Pays for one attempt. It survives with the next `send` or with `release`; until then it counts as sent."""
        ...

    async def release(self, purpose: Purpose, ending: Ending, answer: Answer | None = None) -> None:
        """Gives back what is still held and closes the request, with the answer for whoever asks under its name."""
        ...


class KeptPermit:
    """A permit whose money is kept in the books."""

    def __init__(self, books: Books, payer: Payer) -> None:
        self._books = books
        self._payer = payer
        self._account = books.account(payer)
        self._settled: list[AttemptRecord] = []
        self._claim: Claim | None = None
        self._asked = False
        self._opened = False
        self._taken = False

    def go_by(self, key: str, question: bytes) -> Claim:
        name = sha256(f"{self._owner}\0{key}".encode())
        self._claim = Claim(name.hexdigest(), sha256(name.digest() + question).hexdigest())
        return self._claim

    async def look(self, claim: Claim) -> Found | None:
        return await self._books.look(claim)

    def entry(self, key: str, question: bytes) -> str:
        return "cache " + sha256(f"{self._owner}\0{key}\0".encode() + question).hexdigest()

    async def recall(self, entry: str) -> Answer | None:
        return await self._books.recall(entry)

    async def remember(self, entry: str, answer: Answer, seconds: float) -> None:
        await self._books.remember(self._account, entry, answer, seconds)

    @property
    def _owner(self) -> str:
        return self._payer.scopes[0].name if self._payer.scopes else ""

    def narrow(self, plan: Plan) -> Plan:
        """Where a budget applies, a step without a price cannot be held for."""
        if not self._payer.limited:
            return plan
        priced = tuple(step for step in plan.steps if step.max_cost is not None)
        if not priced:
            raise GatewayError(
                Reason.MODEL_NOT_PRICED,
                f"{plan.steps[0].target} has no price, and this caller has a budget; the operator can set one "
                f'under [prices."{plan.steps[0].target}"].',
                field="model",
            )
        left_out = [step for step in plan.steps if step.max_cost is None]
        skipped = (Skipped(str(step.target), "it has no price, and this caller has a budget") for step in left_out)
        return replace(plan, steps=priced, skipped=(*plan.skipped, *skipped))

    async def hold(self, purpose: Purpose, amount: MicroUsd | None, first: Sending) -> None:
        self._asked, self._taken = True, False  # until the books have answered it may be held, or not
        with self._unsent_if_it_fails(first):
            try:
                await self._books.open(self._account, purpose, amount or 0, first, self._claim)
            except GatewayError as error:
                self._asked = isinstance(error, RecordsAwayError) and not error.untried
                raise
        self._opened = True

    async def send(self, sending: Sending, amount: MicroUsd = 0) -> None:
        settled = tuple(self._settled)
        with self._unsent_if_it_fails(sending):
            await self._books.send(self._account, settled, amount, sending)
        del self._settled[: len(settled)]

    async def accepted(self, number: int, job: str, key: str) -> None:
        await self._books.accepted(self._account, number, job, key)

    def take_over(self, order: Order) -> None:
        self._account = self._books.account_of(order, self._payer)
        self._asked = self._opened = True

    def settle(self, attempt: AttemptRecord) -> None:
        self._settled.append(attempt)

    async def release(self, purpose: Purpose, ending: Ending, answer: Answer | None = None) -> None:
        if self._asked:
            unopened = None if self._opened else purpose
            kept = (self._claim, answer) if self._claim and answer else None
            await self._books.close(self._account, self._settled, ending, unopened, kept)
        elif not self._taken:  # else it is another request's
            self._books.note(self._account, ending, purpose)

    @contextmanager
    def _unsent_if_it_fails(self, sending: Sending) -> Generator[None]:
        """An attempt that the books may have as sent, while its sender does not know, is settled as not sent."""
        try:
            yield
        except TakenError:
            self._taken = True
            raise  # and nothing of it is in the books
        except BaseException:
            self.settle(AttemptRecord(number=sending.number, target=sending.target, outcome=Outcome.NOT_SENT))
            raise
