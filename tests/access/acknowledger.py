"""A process that writes to SQLite and says what it was acknowledged: `python -m tests.access.acknowledger FILE COUNT`.

After COUNT acknowledgements its disk fails; it goes on asking for as many more, alone and many at once.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from service.access.books import Books
from service.domain.account import Payer
from service.errors import GatewayError
from service.stores.records.sqlite import SqliteRecords
from tests.access.asking import Asker
from tests.servers.failing_disk import fail_from_now_on


async def main(path: Path, count: int) -> None:
    broken: list[str] = []
    records = SqliteRecords(path, broken.append)
    await records.open()
    books = Books(records)
    for _ in range(count):
        await ask(books)
    fail_from_now_on()
    print("the disk fails", flush=True)
    await ask(books)
    await asyncio.gather(*(ask(books) for _ in range(count)))
    await asyncio.sleep(0.05)
    print("broken" if broken else "not broken", flush=True)
    await records.close()


async def ask(books: Books) -> None:
    asker = Asker.of(books, Payer())
    try:
        await asker.hold()
    except GatewayError as error:
        print("refused", error.reason, flush=True)
    else:
        print("acknowledged", asker.purpose.request_id, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
