"""Answers under a name: claimed once, by one, for a day; free again where nothing can have been billed."""

from __future__ import annotations

import asyncio

import pytest

from service.access import answers
from service.access.answers import Found, TakenError
from service.access.books import Books
from service.access.permit import KeptPermit
from service.domain.account import Payer
from service.domain.answer import Answer, Claim, Failure
from service.domain.event import Outcome
from service.domain.record import Ending, State
from service.errors import Reason
from service.stores.records.port import Records, Work
from tests.access.asking import CENT, DOLLAR, Asker, balance_of, ended, payer, settled

DAY = 24 * 3600
ANSWER = Answer(failure=Failure(reason="provider_timeout", message="It took too long."))
PAYER = payer(DOLLAR)
FAILED = Ending(state=State.FAILED, reason=Reason.PROVIDER_RATE_LIMITED)


@pytest.fixture
async def books(records: Records) -> Books:
    made = Books(records)
    await made.lives.beat()
    return made


def asking(books: Books, question: bytes = b"a fox", who: Payer = PAYER) -> Asker:
    """Who asks with a key, and has not looked yet."""
    asker = Asker.of(books, who)
    asker.permit.go_by("key", question)
    return asker


async def look(books: Books, question: bytes = b"a fox", who: Payer = PAYER) -> Found | None:
    """What somebody finds who asks now."""
    permit = KeptPermit(books, who)
    return await permit.look(permit.go_by("key", question))


async def take(asker: Asker) -> bool:
    try:
        await asker.hold()
    except TakenError:
        return False
    return True


async def end(asker: Asker, outcome: Outcome, answer: Answer | None = None, cost: int = 4 * CENT) -> None:
    asker.permit.settle(ended(outcome=outcome, cost=cost))
    await asker.permit.release(asker.purpose, FAILED, answer)


async def test_one_of_fifty_takes_it(books: Books, records: Records) -> None:
    """Of all who ask at once under one name one goes on; the others hold nothing and leave no trace."""
    askers = [asking(books, who=payer(10 * DOLLAR)) for _ in range(50)]
    taken = await asyncio.gather(*(take(each) for each in askers))
    (first,) = [each for each, has in zip(askers, taken, strict=True) if has]
    for each in askers:
        if each is not first:
            await each.release(FAILED)
    await end(first, Outcome.DONE)

    assert await balance_of(records) == settled(ended().cost)
    assert not books.lives.serving


async def test_under_way_then_answered(books: Books) -> None:
    """Whoever looks sees nothing, then a request under way, then its answer."""
    first = asking(books)
    nothing = await look(books)
    await first.hold()
    under_way = await look(books)
    await end(first, Outcome.UNKNOWN, ANSWER)
    found = await look(books)

    assert nothing is None
    assert under_way is not None
    assert (under_way.running, under_way.answer) == (True, None)
    assert found is not None
    assert (found.running, found.answer) == (False, ANSWER)


@pytest.mark.parametrize("outcome", [Outcome.NOT_SENT, Outcome.REJECTED])
async def test_free_where_nothing_was_billed(books: Books, outcome: Outcome) -> None:
    """A request that ended without a bill sets its name free, for another question too: one that was mended."""
    first, second, other = asking(books), asking(books), asking(books, b"a hare")
    await first.hold()
    await end(first, outcome, cost=0)

    assert await look(books) is None
    assert await look(books, b"a hare") is None
    assert (await take(other), await take(second)) == (True, False)


async def test_not_free_where_a_rejection_was_billed(books: Books) -> None:
    """What costs is never made anew, whatever it is called."""
    first = asking(books)
    await first.hold()
    await end(first, Outcome.REJECTED)

    assert await look(books) is not None
    assert not await take(asking(books))


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.UNKNOWN])
async def test_not_free_where_something_may_have_been_billed(books: Books, outcome: Outcome) -> None:
    """A request that ended without an answer, and may have been billed, is never made anew."""
    first, second = asking(books), asking(books)
    await first.hold()
    await end(first, outcome)
    found = await look(books)

    assert found is not None
    assert (found.running, found.answer) == (False, None)
    assert not await take(second)


async def test_everybody_has_names_of_their_own(books: Books) -> None:
    """Two callers with the same key are two requests; neither finds the other's answer."""
    mine, theirs = (asking(books, who=payer(DOLLAR, key=who)) for who in ("mine", "theirs"))
    await mine.hold()
    await end(mine, Outcome.UNKNOWN, ANSWER)

    assert await look(books, who=payer(DOLLAR, key="theirs")) is None
    assert await take(theirs)


async def test_gone_after_a_day(books: Books, records: Records) -> None:
    """An answer is found for a day; then its name is free for any question, and it is swept."""
    asker = Asker.of(books, payer(DOLLAR))
    claim = asker.permit.go_by("key", b"a fox")
    await asker.hold()
    await end(asker, Outcome.UNKNOWN, ANSWER)
    now = records.now()

    async def there(later: float) -> Found | None:
        return await records.read(answers.look, claim, now + later)

    def count() -> Work[int]:
        return int((yield "SELECT COUNT(*) FROM answers", ())[0][0])

    assert await there(DAY - 60) is not None
    assert await there(DAY + 60) is None
    assert not await records.write(answers.sweep, now + DAY - 60)
    assert await records.read(count) == 1
    assert await records.write(answers.sweep, now + DAY + 60)
    assert await records.read(count) == 0


async def test_a_name_that_is_claimed_while_it_is_swept_stays(records: Records, records_url: str) -> None:
    """Its day is over, and it is swept while a transaction that has claimed it anew is not over yet."""
    wanted, now = Claim("name", "body"), records.now()
    linger = "SELECT CAST(pg_sleep(0.4) AS TEXT)" if records_url.startswith("postgresql") else "SELECT 1"

    def fill() -> Work[None]:
        yield "INSERT INTO answers (id, body, request, ends) VALUES ($1, 'body', 'old', 1)", (wanted.id,)

    def claim() -> Work[None]:
        yield from answers.claim(wanted, "new", now)
        yield linger, ()

    def whose() -> Work[list[str]]:
        return [str(request) for (request,) in (yield "SELECT request FROM answers", ())]

    await records.write(fill)
    claiming = asyncio.create_task(records.write(claim))
    await asyncio.sleep(0.2)
    await records.write(answers.sweep, now)
    await claiming

    assert await records.read(whose) == ["new"]
