"""The promise of a place for what must survive.

A piece of work is a generator: it yields statements, is sent the rows that each one returned, and returns its result.
It knows no connection and no event loop, so one text of it runs on every twin, in a thread, over a socket, or inline in
a simulation.

    def rename(old: str, new: str) -> Work[bool]:
        rows = yield "UPDATE things SET name = $2 WHERE name = $1 RETURNING name", (old, new)
        return bool(rows)

    await records.write(rename, "a", "b")

Statements are PostgreSQL's as far as SQLite understands them too. `/*sqlite WORDS */` is read by SQLite alone, and
` FOR UPDATE` at the end of one by PostgreSQL alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

from service.errors import GatewayError, Reason

T = TypeVar("T")
P = ParamSpec("P")

Value = str | int | float | None
Row = Sequence[Any]
Work = Generator[tuple[str, Sequence[Value]], Sequence[Row], T]


class Records(Protocol):
    """Neither waits for ever: what cannot be done in a few seconds raises UNAVAILABLE, and a later call may succeed."""

    async def open(self) -> None:
        """Brings the schema up to date, one process at a time. Where a server is away, later calls do it."""
        ...

    async def write(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        """Does the work alone and whole: when this returns it survives, when it raises nothing of it is there.

        UNAVAILABLE leaves that open. So the work may be done anew, and done twice it must leave what it leaves once.
        A caller that is cancelled leaves the work to finish alone.
        """
        ...

    async def note(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        """Does the work as `write` does, for what may be learnt anew: it survives this process and not always the
        machine, which may forget it with everything noted since the last `write`.
        """
        ...

    async def read(self, work: Callable[P, Work[T]], *arguments: P.args, **named: P.kwargs) -> T:
        """Does the work over one moment's state. It cannot write."""
        ...

    def now(self) -> float:
        """Seconds since 1970 by the one clock that all who share these records go by."""
        ...

    async def close(self) -> None:
        """Finishes what was asked, and lets go."""
        ...


class RecordsAwayError(GatewayError):
    """The records cannot be reached. `untried`: and nothing was asked of them, so that nothing can have been done."""

    def __init__(self, why: str, *, untried: bool = False, retry_after: float = 1) -> None:
        message = f"The gateway's records cannot be reached: {why}."
        super().__init__(Reason.UNAVAILABLE, message, retry_after=retry_after)
        self.untried = untried
