"""A process of its own that asks the books for money: `python -m tests.access.holder URL COUNT`.

It waits for a line on its standard input, so that several begin together, and prints how often it was given some.
"""

from __future__ import annotations

import asyncio
import sys

from service.access.books import Books
from tests.access.asking import DOLLAR, payer, try_to_hold
from tests.stores.twins import opened


async def hold(url: str, count: int) -> int:
    async with opened(url) as records:
        books = Books(records)
        await books.beat()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        return sum(await asyncio.gather(*(try_to_hold(books, payer(DOLLAR)) for _ in range(count))))


if __name__ == "__main__":
    print(asyncio.run(hold(sys.argv[1], int(sys.argv[2]))))
