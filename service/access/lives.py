"""Who is alive, and what the dead have left open.

Every process beats: a number in its row grows. Whoever keeps looking, and sees a row stand still for `LEASE_SECONDS` by
its own clock, takes the process for dead and closes what it left. No two clocks are compared.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress

from service.access import ledger
from service.stores.records.port import Records, RecordsAwayError, Row, Value, Work
from service.telemetry import log

BEAT_SECONDS = 4.0
LEASE_SECONDS = 14.0
"""Of standing still, before a process is taken for dead: held money is free again in half a minute."""
BLINK_SECONDS = 3 * BEAT_SECONDS
"""Who has not looked for so long begins to observe anew: an outage that stopped everybody's beat buries nobody."""

BEAT = "INSERT INTO processes AS p (id, beat) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET beat = p.beat + 1"
PROCESSES = "SELECT id, beat FROM processes"
DEAD = "DELETE FROM processes WHERE id = $1 AND beat = $2"
LEAVE = "DELETE FROM processes WHERE id = $1"
ORPHANS = "SELECT id FROM requests WHERE ended IS NULL AND owner NOT IN (SELECT id FROM processes) LIMIT 200"
MINE = "SELECT id FROM requests WHERE ended IS NULL AND owner = $1"


class Lives:
    def __init__(self, records: Records) -> None:
        self.process = secrets.token_hex(8)
        """The name under which this process is in the books."""
        self.serving: set[str] = set()
        """The requests that this process knows to be open. What is open in its name beside them is forgotten money."""
        self._records = records
        self._beaten = -LEASE_SECONDS
        self._beating = asyncio.Lock()
        self._looked = 0.0
        self._beats: dict[str, tuple[int, float]] = {}
        self._forgotten: dict[str, float] = {}

    async def beat(self) -> None:
        """Gives the sign of life."""
        began = time.monotonic()
        await self._records.write(_change, BEAT, self.process)
        self._beaten = began

    async def be_alive(self) -> None:
        """Before anything is opened: gives a sign of life if the last one is so old that nobody may trust it."""
        if time.monotonic() - self._beaten < LEASE_SECONDS:
            return
        async with self._beating:
            if time.monotonic() - self._beaten >= LEASE_SECONDS:
                await self.beat()

    async def expire(self) -> int:
        """Closes what the dead have left open, and what this process has forgotten; says how many that were."""
        now = time.monotonic()
        if now - self._looked > BLINK_SECONDS:
            self._beats, self._forgotten = {}, {}
        await self._bury(now)
        forgotten = await self._forgotten_since(now)
        self._looked = now
        for request in forgotten:
            await self._close(request)
        expired = len(forgotten)
        while orphans := await self._records.read(_rows, ORPHANS):
            for (request,) in orphans:
                await self._close(request)
            expired += len(orphans)
        return expired

    async def leave(self) -> None:
        """Takes this process out of the books."""
        with suppress(RecordsAwayError):  # or it will be taken for dead
            await self._records.write(_change, LEAVE, self.process)

    async def _bury(self, now: float) -> None:
        before, self._beats = self._beats, {}
        for process, beat in await self._records.read(_rows, PROCESSES):
            known = before.get(process)
            self._beats[process] = known if known and known[0] == beat else (beat, now)
            if process != self.process and now - self._beats[process][1] >= LEASE_SECONDS:
                await self._records.write(_change, DEAD, process, beat)

    async def _forgotten_since(self, now: float) -> list[str]:
        """What is open in this process's name, and has been for a lease without being served."""
        mine = {row[0] for row in await self._records.read(_rows, MINE, self.process)} - self.serving
        self._forgotten = {request: self._forgotten.get(request, now) for request in mine}
        return [request for request, since in self._forgotten.items() if now - since >= LEASE_SECONDS]

    async def _close(self, request: str) -> None:
        presumed = await self._records.write(ledger.expire, request, self._records.now())
        log("books").warning("request expired", id=request, presumed_micro_usd=presumed)


def _change(statement: str, *values: Value) -> Work[None]:
    yield statement, values


def _rows(statement: str, *values: Value) -> Work[Sequence[Row]]:
    return (yield statement, values)
