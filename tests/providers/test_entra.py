"""Tokens of Entra's in the place of a key: fetched once, shared, renewed in time, and never a second picture for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.config.schema import Entra, Secret
from service.domain.event import Outcome
from service.errors import ProviderError, Reason
from service.providers.azure import entra
from service.providers.azure.entra import Tokens
from service.providers.http import Http, Limits
from service.telemetry.logs import CONTENT
from tests.house import House, until
from tests.providers.houses import TIMEOUT, house_beside
from tests.rest.asking import Json, ask, json_of
from tests.rest.envelope import failure_of
from tests.upstreams import openai as double
from tests.upstreams.azure import CLIENT, SECRET, TENANT, AzureDouble, azure_refusing, wrong_token

ORDER: Json = {"model": "azure/pictures", "prompt": "a red cube", "size": "1024x1024", "quality": "low"}


class Clock:
    """The seconds that a test says it is."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def azure() -> AsyncGenerator[AzureDouble]:
    async with AzureDouble() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def tokens(azure: AzureDouble, clock: Clock) -> AsyncGenerator[Tokens]:
    opened = Tokens(settings(azure), Http(azure.url, Limits(1, 1, 1)), clock)
    yield opened
    await opened.close()


def settings(azure: AzureDouble) -> Entra:
    return Entra(tenant=TENANT, client_id=CLIENT, client_secret=Secret(SECRET), authority=azure.url)


@pytest.fixture
async def home(tmp_path: Path, azure: AzureDouble) -> AsyncGenerator[House]:
    entra = {"tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET, "authority": azure.url}
    signed_in: dict[str, Any] = {
        "kind": "azure",
        "base_url": azure.url,
        "deployments": {"pictures": "gpt-image-2"},
        "timeout": TIMEOUT,
        "entra": entra,
    }
    wrong = {**signed_in, "entra": {**entra, "client_secret": "wrong~secret~0123456"}}
    async with house_beside(tmp_path, azure, {"azure": signed_in, "wrong": wrong}, ["azure"]) as opened:
        yield opened


async def test_one_token_for_all(azure: AzureDouble, home: House) -> None:
    """Calls that come together wait for one token, and each is sent once, with it and without a key."""
    azure.entra.gate = asyncio.Event()
    asking = [asyncio.create_task(ask(home, ORDER)) for _ in range(8)]
    await until(lambda: azure.entra.asked == 1)
    await asyncio.sleep(0.05)
    assert not azure.orders
    azure.entra.gate.set()
    answers = await asyncio.gather(*asking)
    assert [each.status_code for each in answers] == [200] * 8
    assert azure.entra.asked == 1
    (token,) = azure.entra.given
    assert {seen.headers["authorization"] for seen in azure.orders} == {f"Bearer {token}"}
    assert not [seen for seen in azure.orders if "api-key" in seen.headers]
    assert len(azure.orders) == len(azure.bill) == 8


async def test_a_revoked_token_is_renewed_once(
    azure: AzureDouble, home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A complete 401 is followed by the same request with another token, and by nothing more: one bill."""
    assert (await ask(home, ORDER)).status_code == 200
    azure.entra.revoke()
    monkeypatch.setattr(entra, "YOUNG", 0.0)
    answer = await ask(home, ORDER)
    assert answer.status_code == 200
    assert [seen.status for seen in azure.orders] == [200, 401, 200]
    assert azure.entra.asked == 2
    assert len(azure.bill) == 2
    assert [each["outcome"] for each in json_of(answer)["extra_fields"]["attempts"]] == ["done"]


async def test_a_second_401_is_final(azure: AzureDouble, home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new token opens nothing either, the operator has to look: two requests, and no third."""
    monkeypatch.setattr(entra, "YOUNG", 0.0)
    azure.next(azure_refusing(wrong_token()), azure_refusing(wrong_token()))
    body = failure_of(await ask(home, ORDER))
    assert (body["status_code"], body["error"]["code"]) == (502, "provider_account")
    assert [seen.status for seen in azure.orders] == [401, 401]
    assert azure.entra.asked == 2


async def test_a_new_token_that_is_refused_is_not_renewed(azure: AzureDouble, home: House) -> None:
    """A token that has only just been given would be followed by one like it: asked once."""
    azure.next(azure_refusing(wrong_token()))
    body = failure_of(await ask(home, ORDER))
    assert (body["status_code"], body["error"]["code"]) == (502, "provider_account")
    assert (len(azure.orders), azure.entra.asked) == (1, 1)


@pytest.mark.parametrize(
    "does",
    [
        pytest.param(double.reset(), id="reset"),
        pytest.param(double.stall(), id="silence"),
        pytest.param(double.cut(), id="half an answer"),
        pytest.param(double.status(500), id="500"),
        pytest.param(double.status(504), id="504"),
        pytest.param(azure_refusing(wrong_token()) | double.cut(double.after_headers), id="401 that breaks off"),
    ],
)
async def test_only_a_complete_401_is_sent_again(
    azure: AzureDouble, home: House, monkeypatch: pytest.MonkeyPatch, does: double.Behaviour
) -> None:
    """Whatever else goes wrong, the request may have been accepted: it is sent once."""
    monkeypatch.setattr(entra, "YOUNG", 0.0)
    azure.next(does)
    assert (await ask(home, ORDER)).status_code >= 500
    assert len(azure.orders) == 1
    assert azure.entra.asked == 1


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (503, "temporarily_unavailable", "provider_overloaded"),
        (429, "throttled", "provider_overloaded"),
        (400, "invalid_request", "provider_account"),
        (401, "invalid_client", "provider_account"),
    ],
)
async def test_without_a_token_nothing_is_sent(
    azure: AzureDouble, home: House, status: int, error: str, code: str
) -> None:
    """Where Entra gives none, Azure is not asked, nothing is owed, and the next target is."""
    azure.entra.failures.extend([(status, error)] * 2)
    body = failure_of(await ask(home, ORDER))
    assert body["error"]["code"] == code
    (attempt,) = body["extra_fields"]["attempts"]
    assert (attempt["outcome"], attempt["cost_usd"]) == ("not_sent", "0")
    answer = await ask(home, {**ORDER, "size": "256x256", "fallbacks": ["painter/scene"]})
    assert answer.status_code == 200
    assert not azure.orders


async def test_no_secret_is_told(azure: AzureDouble, home: House) -> None:
    """An error that repeats the application's secret reaches neither the caller nor the log; nor does any token."""
    with capture_logs() as logs:
        wrong = await ask(home, {**ORDER, "model": "wrong/pictures"})
        azure.next(double.echoed_secret(400))
        right = await ask(home, ORDER)
    assert (wrong.status_code, right.status_code) == (502, 400)
    said = wrong.text + right.text + str(logs)
    assert [each for each in logs if each["event"] == "no token"]
    for secret in ("wrong~secret", SECRET, *azure.entra.given, azure.key):
        assert secret not in said


async def test_it_is_renewed_before_its_end(azure: AzureDouble, tokens: Tokens, clock: Clock) -> None:
    """Five minutes before the end one call sets off the renewal; nobody waits, and later calls have the new token."""
    first = await tokens.named("")
    clock.now += 3600 - entra.EARLY - 1
    assert await tokens.named("") is first
    clock.now += 2
    assert [await tokens.named("") for _ in range(3)] == [first] * 3
    await until(lambda: azure.entra.asked == 2)
    await azure.idle()
    await asyncio.sleep(0.05)
    second = await tokens.named("")
    assert second.secret != first.secret
    assert azure.entra.asked == 2


async def test_an_old_token_goes_on_while_entra_is_out(azure: AzureDouble, tokens: Tokens, clock: Clock) -> None:
    """A renewal that fails is tried again after a while, not with every call; the old token lasts until its end."""
    first = await tokens.named("")
    azure.entra.failures.extend([(503, "temporarily_unavailable")] * 2)
    clock.now += 3600 - entra.EARLY + 1
    for _ in range(3):
        assert await tokens.named("") is first
        await azure.idle()
        await asyncio.sleep(0.05)
    assert azure.entra.asked == 2
    clock.now += entra.EARLY
    with pytest.raises(ProviderError) as failed:
        await tokens.named("")
    assert (failed.value.reason, failed.value.outcome) == (Reason.PROVIDER_OVERLOADED, Outcome.NOT_SENT)
    assert (await tokens.named("")).secret != first.secret


async def test_a_short_token_is_used_for_most_of_its_life(azure: AzureDouble, tokens: Tokens, clock: Clock) -> None:
    """A token that lasts less than five minutes is not renewed with every call."""
    azure.entra.life = 60
    first = await tokens.named("")
    clock.now += 29
    assert await tokens.named("") is first
    assert azure.entra.asked == 1
    clock.now += 26  # past nine tenths of it
    assert (await tokens.named("")).secret != first.secret


async def test_a_caller_who_leaves_takes_nothing_along(azure: AzureDouble, tokens: Tokens) -> None:
    """A call that is cancelled while it waits leaves the one request for the token to the others."""
    azure.entra.gate = asyncio.Event()
    leaves, stays = (asyncio.create_task(tokens.named("")) for _ in range(2))
    await until(lambda: azure.entra.asked == 1)
    leaves.cancel()
    await asyncio.wait([leaves])
    azure.entra.gate.set()
    assert (await stays).secret in azure.entra.given
    assert azure.entra.asked == 1


async def test_a_silent_entra_is_not_waited_for_long(azure: AzureDouble, tokens: Tokens) -> None:
    """Silence at the token's address is a time-out before anything was sent."""
    azure.entra.gate = asyncio.Event()
    with pytest.raises(ProviderError) as failed:
        await tokens.named("")
    assert (failed.value.reason, failed.value.outcome) == (Reason.PROVIDER_TIMEOUT, Outcome.NOT_SENT)


async def test_nothing_is_left_when_it_is_closed(azure: AzureDouble, clock: Clock) -> None:
    """Closing ends a request for a token that is under way."""
    tokens = Tokens(settings(azure), Http(azure.url, Limits(5, 5, 5)), clock)
    azure.entra.gate = asyncio.Event()
    waiting = asyncio.create_task(tokens.named(""))
    await until(lambda: azure.entra.asked == 1)
    await tokens.close()
    await asyncio.wait([waiting])
    assert not [each for each in asyncio.all_tasks() if each.get_name() == "entra token"]


async def test_each_waiter_has_an_error_of_its_own(azure: AzureDouble, tokens: Tokens) -> None:
    """Whoever waited for a token that did not come may add to its error without the others hearing of it."""
    azure.entra.failures.append((503, "temporarily_unavailable"))
    azure.entra.gate = asyncio.Event()
    waiting = [asyncio.create_task(tokens.named("")) for _ in range(3)]
    await until(lambda: azure.entra.asked == 1)
    azure.entra.gate.set()
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(each, ProviderError) for each in errors)
    assert len(set(map(id, errors))) == 3
    told = {
        (each.reason, each.message, each.outcome, each.status, each.code, each.for_operator)
        for each in errors
        if isinstance(each, ProviderError)
    }
    assert told == {
        (
            Reason.PROVIDER_OVERLOADED,
            "The gateway could not sign in to the provider.",
            Outcome.NOT_SENT,
            503,
            "temporarily_unavailable",
            "no token of Entra: status 503: temporarily_unavailable AADSTS503: as the script says.",
        )
    }


async def test_reports_of_those_who_waited_do_not_mix(azure: AzureDouble, home: House) -> None:
    """Calls that wait for the same token in vain each tell of their own target and attempt."""
    azure.entra.failures.append((503, "temporarily_unavailable"))
    azure.entra.gate = asyncio.Event()
    models = ["azure/pictures", "azure/gpt-image-2", "azure/gpt-image-1.5"]
    asking = [asyncio.create_task(ask(home, {**ORDER, "model": model})) for model in models]
    await until(lambda: azure.entra.asked == 1)
    await asyncio.sleep(0.1)
    azure.entra.gate.set()
    bodies = [failure_of(await each) for each in asking]
    assert azure.entra.asked == 1
    assert [each["error"]["message"].partition(": ") for each in bodies] == [
        (model, ": ", "The gateway could not sign in to the provider.") for model in models
    ]
    told = [each["extra_fields"]["attempts"] for each in bodies]
    assert [[f"{each['provider']}/{each['model']}" for each in attempts] for attempts in told] == [[m] for m in models]


@pytest.mark.parametrize("token", ["", " ", "tok en", "a\r\nX: y", "a\n", "a\0b", "tök", "a\x7f"])
async def test_what_cannot_stand_in_a_header_is_no_token(azure: AzureDouble, home: House, token: str) -> None:
    """A token with a space or a control character, or of no length, is none: Azure is not asked, the next target is."""
    azure.entra.token = token
    body = failure_of(await ask(home, ORDER))
    assert body["error"]["code"] == "provider_account"
    (attempt,) = body["extra_fields"]["attempts"]
    assert (attempt["outcome"], attempt["cost_usd"]) == ("not_sent", "0")
    assert (await ask(home, {**ORDER, "size": "256x256", "fallbacks": ["painter/scene"]})).status_code == 200
    assert not azure.orders


@pytest.mark.parametrize("value", ["Bearer a\r\nX: y", "Bearer a\0"])
async def test_a_header_that_cannot_be_sent(azure: AzureDouble, value: str) -> None:
    """What gets into a header all the same, and must not, is told as the operator's matter: no byte was sent."""
    http = Http(azure.url, Limits(1, 1, 1))
    try:
        with pytest.raises(ProviderError) as failed:
            async with http.post("v1", {}, {"authorization": value}, None):
                pass
    finally:
        await http.close()
    assert (failed.value.reason, failed.value.outcome) == (Reason.PROVIDER_ACCOUNT, Outcome.NOT_SENT)
    assert value[7:] not in failed.value.message
    assert not azure.requests


async def test_the_log_holds_no_words_of_entras(azure: AzureDouble, tokens: Tokens) -> None:
    """Without a token the log has reason, status and code; the sentence stands where content is dropped from."""
    azure.entra.failures.append((401, "invalid_client"))
    with capture_logs() as logs, pytest.raises(ProviderError):
        await tokens.named("")
    (line,) = [each for each in logs if each["event"] == "no token"]
    words = line.pop("provider_says")
    assert "provider_says" in CONTENT
    assert "AADSTS401: as the script says." in words
    assert line == {
        "event": "no token",
        "log_level": "warning",
        "client_id": CLIENT,
        "reason": "provider_account",
        "status": 401,
        "code": "invalid_client",
    }
