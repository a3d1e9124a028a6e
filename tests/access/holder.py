"""Processes of their own that ask the books for money, all at once: each is given the name of a key, and says how often
it was given four cents of the key's dollar.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from service.access.books import Books
from tests.access.asking import DOLLAR, payer, try_to_hold
from tests.stores.twins import opened


@asynccontextmanager
async def holders(url: str, counts: Sequence[int]) -> AsyncGenerator[list[Process]]:
    """One process for each count, ready: how often it asks each time."""
    command = (sys.executable, "-m", "tests.access.holder", url)
    processes = [await asyncio.create_subprocess_exec(*command, str(n), stdin=PIPE, stdout=PIPE) for n in counts]
    try:
        for process in processes:
            assert process.stdout
            await process.stdout.readuntil(b"ready\n")
        yield processes
    finally:
        await asyncio.gather(*(process.communicate(b"") for process in processes))


async def held_together(processes: Sequence[Process], key: str) -> list[int]:
    """How often each was given something, when all ask for one key's money at the same time."""
    for process in processes:
        assert process.stdin
        process.stdin.write(f"{key}\n".encode())
    return [await _number(process) for process in processes]


async def _number(process: Process) -> int:
    assert process.stdout
    return int(await process.stdout.readline())


async def _serve(url: str, count: int) -> None:
    async with opened(url) as records:
        books = Books(records)
        await books.lives.beat()
        print("ready", flush=True)
        while key := (await asyncio.to_thread(sys.stdin.readline)).strip():
            held = await asyncio.gather(*(try_to_hold(books, payer(DOLLAR, key=key)) for _ in range(count)))
            print(sum(held), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
