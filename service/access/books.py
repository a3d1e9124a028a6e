"""The books of one process: its requests in the ledger, opened, sent on and closed, whatever becomes of the records."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from itertools import chain, repeat
from typing import Any

from service.access import answers, ledger
from service.access.answers import Found, TakenError
from service.access.ledger import Account
from service.access.lives import Lives
from service.domain.account import Payer
from service.domain.answer import Answer, Claim, Order
from service.domain.event import AttemptRecord
from service.domain.price import MicroUsd, Price
from service.domain.record import Ending, Purpose, Sending
from service.names import new_name
from service.stores.records.port import Records, RecordsAwayError, Work
from service.telemetry import counting, log

PATIENCE = (0.2, 0.5, 1.0, 2.0)
"""How long to wait before trying anew to close a request while the records are away; then the last, for ever."""
MISTAKES = 10
"""How often a request's closing may fail for another reason, before it is left to expire."""
FAREWELL = 3.0
"""Seconds that a stopping process waits for records that are away."""
MOST_NOTES = 1000
"""Refused requests that wait to be entered; more are not."""

FORGET = """
UPDATE requests SET prompt = NULL
WHERE id IN (SELECT id FROM requests WHERE prompt IS NOT NULL AND id < $1 LIMIT 500) RETURNING id
"""


class Books:
    def __init__(self, records: Records) -> None:
        self.lives = Lives(records)
        self._records = records
        self._kept: set[str] = set()
        self._late: set[asyncio.Task[None]] = set()

    @property
    def late(self) -> int:
        """How many requests are over and still wait for the records to come back."""
        return len(self._late)

    def account(self, payer: Payer) -> Account:
        now = self._records.now()
        return Account(
            id=f"{ledger.id_at(int(now * 1000))}{new_name(20)}",
            owner=self.lives.process,
            payer=payer,
            started=now,
            purses=ledger.purses_of(payer, now),
        )

    async def open(
        self, account: Account, purpose: Purpose, amount: MicroUsd, first: Sending, claim: Claim | None = None
    ) -> None:
        await self.lives.be_alive()
        await self._keep(first.price)
        self.lives.serving.add(account.id)
        try:
            await self._records.write(ledger.open_request, account, purpose, amount, first, claim, self._records.now())
        except TakenError:
            self.lives.serving.discard(account.id)
            raise

    async def look(self, claim: Claim) -> Found | None:
        """What there is under a name; None where it is free."""
        return await self._records.read(answers.look, claim, self._records.now())

    async def recall(self, entry: str) -> Answer | None:
        return await self._records.read(answers.recall, entry, self._records.now())

    async def remember(self, account: Account, entry: str, answer: Answer, seconds: float) -> None:
        await self._records.write(answers.remember, entry, account.id, answer, self._records.now() + seconds)

    async def forget_answers(self) -> None:
        """Removes the answers that have been kept long enough."""
        while await self._records.write(answers.sweep, self._records.now()):
            continue

    async def send(
        self, account: Account, settled: Sequence[AttemptRecord], amount: MicroUsd, sending: Sending
    ) -> None:
        await self._keep(sending.price)
        await self._records.write(ledger.send_again, account, settled, amount, sending)

    async def accepted(self, account: Account, number: int, job: str, key: str) -> None:
        """Without it an order is lost if this process goes; that is no reason to lose it now."""
        try:
            await self._records.write(ledger.accept, account, number, job, key)
        except RecordsAwayError as error:
            log("books").warning("order not entered", id=account.id, number=number, error=str(error))
        except Exception as error:  # a mistake of ours must not cost a picture
            log("books").exception("order not entered", id=account.id, number=number, exc_info=error)

    def account_of(self, order: Order, payer: Payer) -> Account:
        """The account of a request that another process has left."""
        purses = ledger.purses_read(order.purses)
        return Account(id=order.request, owner=self.lives.process, payer=payer, purses=purses)

    async def close(
        self,
        account: Account,
        settled: Sequence[AttemptRecord],
        ending: Ending,
        unopened: Purpose | None,
        kept: tuple[Claim, Answer] | None = None,
    ) -> None:
        """Returns when the request is closed, or when the records are away: then it is closed once they are back."""
        now = self._records.now()

        async def close() -> None:
            await self._records.note(ledger.close_request, account, settled, ending, now, unopened, kept)
            self.lives.serving.discard(account.id)

        try:
            await close()
        except BaseException as error:
            self._supervise(self._until_closed(account, close))
            if not isinstance(error, Exception):  # the caller has gone, and nobody else would know if this failed
                raise
            if not isinstance(error, RecordsAwayError):  # a mistake of ours: the caller has its answer
                log("books").exception("request not closed", id=account.id, exc_info=error)

    def note(self, account: Account, ending: Ending, purpose: Purpose) -> None:
        """Enters a request that was refused before anything was held: soon, and if the records can be reached."""

        async def note() -> None:
            try:
                await self._records.note(ledger.close_request, account, (), ending, account.started, purpose)
            except RecordsAwayError:
                return
            except Exception as error:
                log("books").exception("refusal not entered", id=account.id, exc_info=error)

        self.lives.serving.discard(account.id)
        if len(self._late) < MOST_NOTES:
            self._supervise(note())

    async def forget_prompts(self, older_than: float) -> None:
        """Removes the prompts of requests that began more than so many seconds ago, a few hundred at a time."""
        before = ledger.id_at(int((self._records.now() - older_than) * 1000))
        while await self._records.write(_forget_prompts, before):
            continue

    async def leave(self) -> None:
        """Waits a little for what is late, and takes this process out of the books."""
        if self._late:
            _, pending = await asyncio.wait(self._late, timeout=FAREWELL)
            for task in pending:
                task.cancel()
            if pending:
                log("books").error("requests left open; they will expire", requests=len(pending))
                await asyncio.wait(pending)
        await self.lives.leave()

    async def _until_closed(self, account: Account, close: Callable[[], Awaitable[None]]) -> None:
        """Tries until it succeeds. What fails because of a mistake will hardly ever, and is left to expire."""
        waits, mistakes = chain(PATIENCE, repeat(PATIENCE[-1])), 0
        while mistakes < MISTAKES:
            await asyncio.sleep(next(waits))
            try:
                await close()
            except RecordsAwayError:
                continue
            except Exception:
                mistakes += 1
            else:
                return
        log("books").error("request left to expire", id=account.id)
        self.lives.serving.discard(account.id)

    async def _keep(self, price: Price | None) -> None:
        if price is not None and (name := ledger.terms(price)[0]) not in self._kept:
            await self._records.write(ledger.keep_price, price)
            self._kept.add(name)

    def _supervise(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="late entry")
        self._late.add(task)
        counting.late(1)
        task.add_done_callback(self._is_made)

    def _is_made(self, task: asyncio.Task[None]) -> None:
        self._late.discard(task)
        counting.late(-1)


def _forget_prompts(before: str) -> Work[bool]:
    return bool((yield FORGET, (before,)))
