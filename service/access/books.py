"""The books of one process: its accounts in the ledger, the sign of life they stand under, and what others left behind.

Every process beats: a number in its row grows. Whoever sees a row stand still for as long as `LEASE` by its own clock
takes the process for dead and closes what it left open. No clock is compared with another one.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from itertools import chain, repeat
from typing import Any

from service.access import ledger
from service.access.ledger import Account
from service.domain.account import Payer
from service.domain.event import AttemptRecord
from service.domain.price import MicroUsd, Price
from service.domain.record import Ending, Purpose, Sending
from service.stores.records.port import Records, RecordsAwayError, Row, Work
from service.telemetry import log

BEAT_SECONDS = 4.0
LEASE_SECONDS = 14.0
"""Of standing still, before a process is taken for dead: held money is free again in half a minute."""
PATIENCE = (0.2, 0.5, 1.0, 2.0)
"""How long to wait before trying anew to close a request while the records are away; then the last, for ever."""
FAREWELL = 3.0
"""Seconds that a stopping process waits for records that are away."""

BEAT = "INSERT INTO processes AS p (id, beat) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET beat = p.beat + 1"
PROCESSES = "SELECT id, beat FROM processes"
DEAD = "DELETE FROM processes WHERE id = $1 AND beat = $2"
FORGET = """
UPDATE requests SET prompt = NULL
WHERE id IN (SELECT id FROM requests WHERE prompt IS NOT NULL AND id < $1 LIMIT 500) RETURNING id
"""
LEAVE = "DELETE FROM processes WHERE id = $1"
ORPHANS = "SELECT id FROM requests WHERE ended IS NULL AND owner NOT IN (SELECT id FROM processes) LIMIT 200"


class Books:
    def __init__(self, records: Records) -> None:
        self._records = records
        self._id = secrets.token_hex(8)
        self._kept: set[str] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._seen: dict[str, tuple[int, float]] = {}

    @property
    def process(self) -> str:
        """The name under which this process is in the books."""
        return self._id

    @property
    def late(self) -> int:
        """How many requests are over and still wait for the records to come back."""
        return len(self._late)

    def account(self, payer: Payer) -> Account:
        now = self._records.now()
        return Account(
            id=f"{_id_of(now)}{secrets.token_hex(10)}",
            owner=self._id,
            payer=payer,
            started=now,
            purses=ledger.purses_of(payer, now),
        )

    async def open(self, account: Account, purpose: Purpose, amount: MicroUsd, first: Sending) -> None:
        await self._keep(first.price)
        await self._records.write(ledger.open_request, account, purpose, amount, first)

    async def send(
        self, account: Account, settled: Sequence[AttemptRecord], amount: MicroUsd, sending: Sending
    ) -> None:
        await self._keep(sending.price)
        await self._records.write(ledger.send_again, account, settled, amount, sending)

    async def close(
        self, account: Account, settled: Sequence[AttemptRecord], ending: Ending, unopened: Purpose | None
    ) -> None:
        """Returns when the request is closed, or when the records are away: then it is closed once they are back."""

        async def close() -> None:
            await self._records.write(ledger.close_request, account, settled, ending, self._records.now(), unopened)

        try:
            await close()
        except RecordsAwayError:
            self._supervise(_until_done(close))

    def note(self, account: Account, ending: Ending, purpose: Purpose) -> None:
        """Enters a request that was refused before anything was held: soon, and if the records can be reached."""

        async def note() -> None:
            try:
                await self._records.write(ledger.close_request, account, (), ending, account.started, purpose)
            except RecordsAwayError:
                return

        self._supervise(note())

    async def beat(self) -> None:
        """Gives the sign of life."""
        await self._records.write(_beat, self._id)

    async def expire(self) -> int:
        """Closes what the dead have left open; says how many requests that were."""
        now = time.monotonic()
        rows = await self._records.read(_rows, PROCESSES)
        before, self._seen = self._seen, {}
        for process, beat in rows:
            known = before.get(process)
            self._seen[process] = known if known and known[0] == beat else (beat, now)
            if process != self._id and now - self._seen[process][1] >= LEASE_SECONDS:
                await self._records.write(_forget, process, beat)
        expired = 0
        while orphans := await self._records.read(_rows, ORPHANS):
            for (request,) in orphans:
                presumed = await self._records.write(ledger.expire, request, self._records.now())
                log("books").warning("request expired", id=request, presumed_micro_usd=presumed)
            expired += len(orphans)
        return expired

    async def forget_prompts(self, older_than: float) -> None:
        """Removes the prompts of requests that began more than so many seconds ago, a few hundred at a time."""
        before = _id_of(self._records.now() - older_than)
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
        try:
            await self._records.write(_leave, self._id)
        except RecordsAwayError:
            return  # it will be taken for dead

    async def _keep(self, price: Price | None) -> None:
        if price is not None and (name := ledger.terms(price)[0]) not in self._kept:
            await self._records.write(ledger.keep_price, price)
            self._kept.add(name)

    def _supervise(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="late entry")
        self._late.add(task)
        task.add_done_callback(self._late.discard)


async def _until_done(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    waits = chain(PATIENCE, repeat(PATIENCE[-1]))
    while True:
        await asyncio.sleep(next(waits))
        try:
            return await work()
        except RecordsAwayError:
            continue


def _id_of(moment: float) -> str:
    """How the ids of requests of this moment begin: they are in the order of time."""
    return f"{int(moment * 1000):012x}"


def _forget_prompts(before: str) -> Work[bool]:
    return bool((yield FORGET, (before,)))


def _beat(process: str) -> Work[None]:
    yield BEAT, (process,)


def _forget(process: str, beat: int) -> Work[None]:
    yield DEAD, (process, beat)


def _leave(process: str) -> Work[None]:
    yield LEAVE, (process,)


def _rows(statement: str) -> Work[Sequence[Row]]:
    return (yield statement, ())
