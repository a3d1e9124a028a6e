"""Every way in which OpenAI can fail, and what the caller is told: status, code, whether to try again, what it cost.

Upstream is asked exactly once, whatever happens. What breaks after the first event is in test_broken_streams.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx2
import pytest

from tests.house import House
from tests.rest.asking import Json, Tab, ask, order
from tests.rest.envelope import failure_of
from tests.rest.faults import FAULTS, PRESUMED, Fault
from tests.upstreams.openai import (
    FORBIDDEN,
    Behaviour,
    heartbeats,
    stall,
    trickle,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def table(streamed: bool) -> Sequence[object]:
    return [pytest.param(f, id=name) for name, f in FAULTS.items() if f.streams in (None, streamed)]


@pytest.mark.parametrize("fault", table(streamed=False))
async def test_a_whole_answer_that_fails(home: House, tab: Tab, fault: Fault) -> None:
    """JSON with the true status; one call upstream, and our account of it agrees with what was billed."""
    home.openai.next(fault.does)
    _told(await ask(home, order()), tab, fault)
    _forgive(home, tab, fault)


@pytest.mark.parametrize("fault", table(streamed=True))
async def test_a_stream_that_fails_before_its_first_event(home: House, tab: Tab, fault: Fault) -> None:
    """The same JSON with the same status as without streaming: nothing has been said yet."""
    home.openai.next(fault.does)
    body = _told(await ask(home, order(stream=True)), tab, fault)
    _forgive(home, tab, fault)
    assert body["extra_fields"]["request_type"] == "image_generation_stream"


def _told(answer: httpx2.Response, tab: Tab, fault: Fault) -> Json:
    body = failure_of(answer)
    assert (answer.status_code, body["error"]["code"]) == (fault.status, fault.code), body
    assert body["error"].get("param") == fault.param
    assert fault.says in body["error"]["message"]
    assert body["is_bifrost_error"] is False
    assert answer.headers["x-should-retry"] == ("true" if fault.again else "false")
    if fault.again:
        assert int(answer.headers["retry-after"]) in fault.again
    _nothing_leaks(answer, tab)
    fields = body["extra_fields"]
    assert (fields["provider"], fields["provider_name"], fields["model_requested"]) == (
        "openai",
        "openai",
        "openai/gpt-image-2",
    )
    (attempt,) = fields["attempts"]
    assert (attempt.get("status"), attempt["outcome"], attempt["reason"]) == (
        fault.upstream,
        fault.outcome,
        body["type"],
    )
    assert (
        attempt["cost_usd"]
        == fields["cost_usd"]
        == answer.headers["x-imagegen-cost-usd"]
        == fault.owed(whole=fields["request_type"] == "image_generation")
    )
    (seen,) = tab.sent  # asked once
    assert seen.behaviour is not None
    assert len(tab.charges) == fault.does.billed
    return body


def _forgive(home: House, tab: Tab, fault: Fault) -> None:
    """What says in full that nothing was done, and is billed all the same, no gateway can know of."""
    if fault.outcome == "rejected":
        home.forgiven += sum(charge.micro_usd for charge in tab.charges)


def _nothing_leaks(answer: httpx2.Response, tab: Tab) -> None:
    """Neither our key, in whole or masked, nor OpenAI's words about it."""
    said = (answer.text + str(answer.headers)).lower()
    key = tab.openai.key
    for secret in (key, key[:8], key[-8:], "org-double", "incorrect api key", "billing hard limit", "verified"):
        assert secret.lower() not in said, secret


async def test_nobody_there(home: House, tab: Tab) -> None:
    """Where no connection comes about nothing was sent, nothing is owed, and trying again is safe."""
    answer = await ask(home, order(model="nobody/gpt-image-2"))
    body = failure_of(answer)
    assert (answer.status_code, body["error"]["code"]) == (502, "provider_connection_failed")
    assert answer.headers["x-should-retry"] == "true"
    (attempt,) = body["extra_fields"]["attempts"]
    assert (attempt["outcome"], attempt["cost_usd"], attempt.get("status")) == ("not_sent", "0", None)
    assert (body["extra_fields"]["provider"], body["extra_fields"]["provider_name"]) == ("openai", "nobody")
    assert not tab.sent


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_prompt_that_the_safety_system_refuses(home: House, tab: Tab, stream: bool) -> None:
    """OpenAI's own refusal of a prompt is the caller's 400, in OpenAI's words and type, and ends the chain."""
    answer = await ask(home, order(prompt=f"a {FORBIDDEN} thing", fallbacks=["second/gpt-image-2"], stream=stream))
    error = failure_of(answer)["error"]
    assert (answer.status_code, error["type"], error["code"]) == (
        400,
        "image_generation_user_error",
        "moderation_blocked",
    )
    assert error["message"].startswith("Your request was rejected by the safety system.")
    assert answer.headers["x-should-retry"] == "false"
    assert len(tab.sent) == 1
    assert not tab.charges


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    "does",
    [pytest.param(heartbeats(0.02, times=5), id="heartbeats"), pytest.param(trickle(0.001, piece=256), id="trickle")],
)
async def test_a_slow_answer_is_no_failure(home: House, tab: Tab, does: Behaviour, stream: bool) -> None:
    """What keeps moving and arrives in time is a good answer."""
    home.openai.next(does)
    answer = await ask(home, order(stream=stream))
    assert answer.status_code == 200
    assert len(tab.sent) == len(tab.charges) == 1


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_the_callers_own_deadline(home: House, tab: Tab, stream: bool) -> None:
    """X-Request-Timeout ends the wait, not the bill: 504, no second try, and the cost is presumed."""
    home.openai.next(stall())
    answer = await ask(home, order(stream=stream), headers={"x-request-timeout": "0.3"})
    body = failure_of(answer)
    assert (answer.status_code, body["error"]["code"], body["error"]["type"]) == (
        504,
        "request_timed_out",
        "timeout_error",
    )
    assert answer.headers["x-should-retry"] == "false"
    assert body["is_bifrost_error"] is True
    (attempt,) = body["extra_fields"]["attempts"]
    assert (attempt["outcome"], attempt["cost_usd"]) == ("unknown", PRESUMED)
    assert len(tab.sent) == len(tab.charges) == 1
