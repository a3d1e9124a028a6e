"""The guard, over real sockets: what is refused and what is not, each with a fresh request after it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.house import House
from tests.rest.asking import ask
from tests.rest.guard_cases import CASES, GOOD, Case
from tests.rest.raw import answers, refusals, requests, said

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS: Iterator[int] = count(1)

TABLE = [pytest.param(case, id=name) for name, case in CASES.items()]


@pytest.mark.parametrize("case", TABLE)
async def test_what_is_written_is_answered(home: House, case: Case) -> None:
    """Each answer has its status; a refusal is our envelope, closes, is counted by its reason and reaches nobody; the
    next client is answered with its own id.
    """
    counted, seen = await refusals(home), await requests(home)
    told = answers(await said(home, case.sent), bodiless=case.bodiless)
    assert [each.status for each in told] == list(case.statuses)
    last = told[-1]
    assert last.headers["connection"] == "close"
    more = {reason: n - counted.get(reason, 0) for reason, n in (await refusals(home)).items()}
    assert {reason: n for reason, n in more.items() if n} == ({case.reason: 1} if case.reason else {})
    assert await requests(home) - seen == case.reached
    if case.reason:
        body = last.json
        assert body["status_code"] == last.status
        assert last.headers["x-request-id"] == body["event_id"] == body["error"]["event_id"]
        assert last.headers["x-should-retry"] == "false"
        assert body["is_bifrost_error"] is True
        assert case.says in body["error"]["message"]
    name = f"fresh-{next(NUMBERS)}"
    fresh = await ask(home, path="/health", method="GET", headers={"x-request-id": name})
    assert (fresh.status_code, fresh.headers["x-request-id"]) == (200, name)
    assert not home.openai.requests


async def test_there_are_enough() -> None:
    """At least sixty that are refused, and the unusual ones that are good."""
    assert len(CASES) - len(GOOD) >= 60
    assert len(GOOD) >= 30
