"""PostgreSQL does what it is asked, and the connection breaks before it can say so."""

from __future__ import annotations

from typing import Any

import pytest

from service.access.books import Books
from service.stores.records import postgres
from service.stores.records.port import RecordsAwayError
from tests.access.asking import DOLLAR, Asker, Balance, balance_of, ended, payer, settled
from tests.house import until
from tests.stores.twins import opened


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Append to it, and so many of the coming answers to COMMIT are lost."""
    lost: list[int] = []
    real = postgres._transaction  # pyright: ignore[reportPrivateUsage] - the place where an answer can be lost

    async def losing(connection: Any, begin: str, work: Any) -> Any:
        result = await real(connection, begin, work)
        if lost and begin == postgres.WRITING:
            lost.pop()
            connection.terminate()
            raise ConnectionResetError("on purpose")
        return result

    monkeypatch.setattr(postgres, "_transaction", losing)
    return lost


async def test_a_hold_whose_answer_is_lost(postgres_url: str, lose: list[int]) -> None:
    """The caller is refused, and the hold that did come about is taken back as soon as that is possible."""
    async with opened(postgres_url) as records:
        books = Books(records)
        await books.lives.beat()
        asker = Asker.of(books, payer(DOLLAR))
        lose.append(1)
        with pytest.raises(RecordsAwayError) as refused:
            await asker.hold()
        assert not refused.value.untried
        await asker.release()
        await until(lambda: not books.late)
        assert await balance_of(records) == Balance()


async def test_a_closing_whose_answer_is_lost(postgres_url: str, lose: list[int]) -> None:
    """It is done anew, and paid once."""
    async with opened(postgres_url) as records:
        books = Books(records)
        await books.lives.beat()
        asker = Asker.of(books, payer(DOLLAR))
        await asker.hold()
        asker.permit.settle(ended())
        lose.append(1)
        await asker.release()
        await until(lambda: not books.late)
        assert await balance_of(records) == settled(40_000)
        assert not books.lives.serving
