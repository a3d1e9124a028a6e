"""Azure behind the gateway: what is sent and where, what comes back, and every way in which it can fail."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai as sdk
import pytest
import pytest_asyncio

from service.assembly import check
from service.config import parse
from service.config.schema import Provider
from service.domain.card import find_card
from service.providers import registry
from service.providers.azure.deployments import GENERAL, KNOWN
from service.providers.destinations import NOTHING
from tests.house import House
from tests.providers.houses import TIMEOUT, house_beside
from tests.rest.asking import Json, ask, events_of, json_of, pictures
from tests.rest.envelope import failure_of
from tests.upstreams import openai as double
from tests.upstreams.azure import (
    AzureDouble,
    AzureRefusal,
    azure_refusing,
    blocked_resource,
    filtered_prompt,
    limited,
    missing_key,
    no_deployment,
    withholding,
    wrong_key,
    wrong_token,
)
from tests.upstreams.openai import FORBIDDEN, Behaviour, Drawn, drawn_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLASSIC = "/openai/deployments/{}/images/generations?api-version=2025-04-01-preview"
ORDER: Json = {"prompt": "a red cube", "size": "1024x1024", "quality": "low"}
DEPLOYMENTS = {"pictures": "gpt-image-2", "old.pictures_1": "dall-e-3"}


def providers(azure: AzureDouble) -> dict[str, Any]:
    key = {"base_url": azure.url, "keys": [{"value": azure.key}], "timeout": TIMEOUT}
    return {
        "azure": {**key, "deployments": DEPLOYMENTS},
        "stable": {**key, "kind": "azure", "api_version": "2024-02-01", "deployments": DEPLOYMENTS},
        "v1": {**key, "kind": "azure", "form": "v1", "deployments": DEPLOYMENTS},
        "preview": {**key, "kind": "azure", "form": "v1", "api_version": "preview", "deployments": DEPLOYMENTS},
        "strangers": {**key, "kind": "azure", "keys": [{"value": "azure-strangers-key"}]},
        "nowhere": {"kind": "azure", "keys": [{"value": azure.key}]},
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def azure() -> AsyncGenerator[AzureDouble]:
    async with AzureDouble() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting(tmp_path_factory: pytest.TempPathFactory, azure: AzureDouble) -> AsyncGenerator[House]:
    directory: Path = tmp_path_factory.mktemp("azure")
    async with house_beside(directory, azure, providers(azure), ["azure"]) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def home(lasting: House, azure: AzureDouble) -> AsyncGenerator[House]:
    azure.clear()
    azure.requests.clear()
    yield lasting
    await azure.idle()
    assert not azure.scripted, "something of the script was never met"


SENT: list[tuple[str, str, Json, str, Json]] = [
    ("classic", "azure/pictures", {}, CLASSIC.format("pictures"), {}),
    ("classic, a name that is a model", "azure/gpt-image-1.5", {}, CLASSIC.format("gpt-image-1.5"), {}),
    (
        "another version",
        "stable/pictures",
        {},
        CLASSIC.format("pictures").replace("2025-04-01-preview", "2024-02-01"),
        {},
    ),
    ("v1", "v1/pictures", {}, "/openai/v1/images/generations", {"model": "pictures"}),
    (
        "v1 in preview",
        "preview/pictures",
        {},
        "/openai/v1/images/generations?api-version=preview",
        {"model": "pictures"},
    ),
    (
        "everything",
        "azure/pictures",
        {"n": 2, "output_format": "webp", "user": "u"},
        CLASSIC.format("pictures"),
        {"n": 2, "output_format": "webp", "user": "u"},
    ),
    ("the quality of old", "azure/pictures", {"quality": "hd"}, CLASSIC.format("pictures"), {"quality": "high"}),
    (
        "dall-e-3",
        "azure/old.pictures_1",
        {"quality": "hd", "style": "vivid"},
        CLASSIC.format("old.pictures_1"),
        {"quality": "hd", "style": "vivid", "response_format": "b64_json"},
    ),
    (
        "dall-e-3 by v1",
        "v1/old.pictures_1",
        {"quality": "low"},
        "/openai/v1/images/generations",
        {"model": "old.pictures_1", "quality": "standard", "response_format": "b64_json"},
    ),
]


@pytest.mark.parametrize(("model", "asked", "target", "sent"), [row[1:] for row in SENT], ids=[row[0] for row in SENT])
async def test_what_is_sent(home: House, azure: AzureDouble, model: str, asked: Json, target: str, sent: Json) -> None:
    """The exact URL, the key in its own header, a body without what Azure refuses; and the picture of that request."""
    answer = await ask(home, {**ORDER, "model": model, "response_format": "b64_json", **asked})
    made = pictures(answer)
    (seen,) = azure.orders
    assert seen.target == target
    assert seen.body == {**ORDER, **sent}
    assert seen.headers["api-key"] == azure.key
    assert "authorization" not in seen.headers
    assert [drawn_in(each) for each in made] == [Drawn(seen.index, image) for image in range(sent.get("n", 1))]
    fields = json_of(answer)["extra_fields"]
    assert fields["cost_usd"] == str(azure.bill[-1].micro_usd / 1_000_000)
    assert (fields["provider"], fields["model"]) == ("azure", model.partition("/")[2])


async def test_a_stream(home: House, azure: AzureDouble) -> None:
    """Azure streams as OpenAI does."""
    answer = await ask(home, {**ORDER, "model": "azure/pictures", "stream": True, "partial_images": 1})
    told = events_of(answer)
    assert [each.name for each in told] == ["image_generation.partial_image", "image_generation.completed"]
    assert azure.orders[0].body == {**ORDER, "stream": True, "partial_images": 1}
    assert drawn_in(told[-1].picture) == Drawn(azure.orders[0].index)


@pytest.mark.parametrize("name", ["..", "...", "x" * 65, "a%2Fb", "a/b", "a b", "a?b", "ä"])
async def test_a_name_that_is_no_deployment_goes_nowhere(home: House, azure: AzureDouble, name: str) -> None:
    """What could change the path is refused by name before anything is sent, and nobody else is asked."""
    answer = await ask(home, {**ORDER, "model": f"azure/{name}", "fallbacks": ["painter/scene"]})
    body = failure_of(answer)
    assert (answer.status_code, body["error"]["param"]) == (400, "model")
    assert answer.headers["x-should-retry"] == "false"
    assert not azure.requests


@dataclass(frozen=True, slots=True)
class Fault:
    """What Azure does, and what comes of it; `falls_back` is whether the next target is asked."""

    does: Behaviour
    status: int
    code: str
    upstream: int | None
    falls_back: bool = True
    outcome: str = "rejected"
    says: str = ""
    again: str | None = None


def refusing(refusal: AzureRefusal, status: int, code: str, **more: Any) -> Fault:
    return Fault(azure_refusing(refusal), status, code, refusal.status, **more)


def filtering(**more: Any) -> Fault:
    says = "(filtered: hate, violence)"
    refusal = filtered_prompt("violence", "hate", **more)
    return refusing(refusal, 400, "moderation_blocked", falls_back=False, says=says)


def shaped(status: int, code: str, message: str = "No.", **more: Any) -> AzureRefusal:
    return AzureRefusal(status, message, code, **more)


FAULTS: Mapping[str, Fault] = {
    "401": refusing(wrong_key(), 502, "provider_account"),
    "401 without a key": refusing(missing_key(), 502, "provider_account"),
    "401 in the other shape": refusing(wrong_token(), 502, "provider_account"),
    "402": refusing(shaped(402, "PaymentRequired"), 502, "provider_account"),
    "403 of the network": refusing(
        shaped(403, "Forbidden", "Access denied due to Virtual Network rules."), 502, "provider_account"
    ),
    "403 for a while": refusing(blocked_resource(), 502, "provider_error", says="for the time being"),
    "404": refusing(no_deployment(), 502, "provider_account"),
    "429": refusing(limited(17), 429, "rate_limit_exceeded", again="17"),
    "429 by its name": refusing(limited(3, code="RateLimitReached"), 429, "rate_limit_exceeded", again="3"),
    "quota": Fault(double.quota_exhausted(), 502, "provider_account", 429),
    "503": Fault(double.status(503, retry_after="5"), 503, "provider_overloaded", 503, again="5"),
    "500": Fault(double.status(500), 502, "provider_error", 500),
    "a page of a proxy": Fault(double.html_error(503), 503, "provider_overloaded", 503),
    "filtered": filtering(),
    "filtered, innererror": filtering(inner_name="innererror"),
    "contentFilter": filtering(code="contentFilter"),
    "content_filter": filtering(code="content_filter"),
    "a code of no meaning, and the policy within": filtering(code="BadRequest"),
    "moderation_blocked": Fault(
        double.moderation_blocked("violence"), 400, "moderation_blocked", 400, falls_back=False
    ),
    "withheld": Fault(
        withholding(0),
        400,
        "moderation_blocked",
        200,
        falls_back=False,
        outcome="unknown",
        says="(filtered: violence)",
    ),
    "invalid": refusing(
        shaped(400, "invalid_value", "Bad size."), 400, "provider_rejected", falls_back=False, says="Bad size."
    ),
    "504": Fault(double.status(504), 504, "provider_timeout", 504, outcome="unknown"),
    "502": Fault(double.status(502), 502, "provider_connection_lost", 502, outcome="unknown"),
    "reset": Fault(double.reset(), 502, "provider_connection_lost", None, outcome="unknown"),
    "silence": Fault(double.stall(), 504, "provider_timeout", None, outcome="unknown"),
    "half an answer": Fault(double.cut(), 502, "provider_connection_lost", None, outcome="unknown"),
    "no JSON": Fault(double.invalid_json(), 502, "provider_invalid_answer", None, outcome="unknown"),
    "no image": Fault(double.empty_data(), 502, "provider_no_image", None, outcome="unknown"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_every_failure(home: House, azure: AzureDouble, fault: Fault) -> None:
    """Its reason and outcome are told; the next target is asked unless it is the caller's fault, or a refusal."""
    azure.next(fault.does)
    answer = await ask(home, {**ORDER, "model": "azure/pictures"})
    body = failure_of(answer)
    assert (answer.status_code, body["error"]["code"]) == (fault.status, fault.code), body
    assert fault.says in body["error"]["message"]
    assert answer.headers.get("retry-after") == fault.again
    (attempt,) = body["extra_fields"]["attempts"]
    assert (attempt.get("status"), attempt["outcome"]) == (fault.upstream, fault.outcome)
    assert azure.key not in answer.text
    assert len(azure.orders) == 1  # asked once

    home.gateway.pipeline.health.forget()
    azure.next(fault.does)
    asked = {**ORDER, "model": "azure/pictures", "size": "256x256", "fallbacks": ["painter/scene"]}
    again = await ask(home, asked)
    assert (again.status_code == 200) is fault.falls_back, again.text[:500]


async def test_one_of_two_is_withheld(home: House, azure: AzureDouble) -> None:
    """An image that was filtered is missing, and told for what; the other one keeps its place."""
    azure.next(withholding(0, category="hate"))
    answer = await ask(home, {**ORDER, "model": "azure/pictures", "n": 2, "response_format": "b64_json"})
    body = json_of(answer)
    assert answer.status_code == 200
    assert [each["index"] for each in body["data"]] == [1]
    assert drawn_in(pictures(answer)[0]) == Drawn(azure.orders[0].index, 1)
    (failed,) = body["extra_fields"]["failed_images"]
    assert (failed["index"], failed["reason"]) == (0, "content_refused")
    assert "(filtered: hate)" in failed["message"]
    (attempt,) = body["extra_fields"]["attempts"]
    assert (attempt["outcome"], attempt["images"]) == ("done", 1)


@pytest.mark.parametrize("images", [(0,), (0, 1)], ids=["one", "all"])
@pytest.mark.parametrize("counted", [True, False], ids=["counted", "not counted"])
async def test_what_was_withheld_is_owed(
    home: House, azure: AzureDouble, images: tuple[int, ...], counted: bool
) -> None:
    """Azure bills pictures that its filters withheld: what it counted, else the full price, and then presumed."""
    azure.next(withholding(*images, counted=counted))
    answer = await ask(home, {**ORDER, "model": "azure/pictures", "n": 2})
    (attempt,) = json_of(answer)["extra_fields"]["attempts"]
    assert attempt.get("presumed", False) is not counted
    if counted:
        assert attempt["cost_usd"] == str(azure.bill[-1].micro_usd / 1_000_000)
    else:
        assert attempt["cost_usd"].startswith("0.012")  # 2 of 0.006, and the prompt


async def test_what_is_priced_by_the_image_is_owed_whatever_is_counted(tmp_path: Path) -> None:
    """Tokens say nothing of a price by the image: where all were withheld, the full price is presumed."""
    async with AzureDouble() as azure:
        price = {"azure/pictures": {"per_image": "0.50"}}
        async with house_beside(
            tmp_path, azure, {"azure": providers(azure)["azure"]}, ["azure"], prices=price
        ) as house:
            azure.next(withholding(0))
            answer = await ask(house, {**ORDER, "model": "azure/pictures"})
    (attempt,) = failure_of(answer)["extra_fields"]["attempts"]
    assert (attempt["cost_usd"], attempt["presumed"]) == ("0.5", True)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_prompt_that_the_filters_refuse(home: House, azure: AzureDouble, stream: bool) -> None:
    """A refused prompt is the caller's 400, naming what it was filtered for, and ends the chain."""
    body = {
        "prompt": f"a {FORBIDDEN} thing",
        "model": "azure/pictures",
        "fallbacks": ["painter/scene"],
        "stream": stream,
    }
    answer = await ask(home, body)
    error = failure_of(answer)["error"]
    assert (answer.status_code, error["code"]) == (400, "moderation_blocked")
    assert error["message"].endswith("(filtered: violence)")
    assert not azure.orders[0].finished or azure.orders[0].status == 400


async def test_a_key_of_somebody_else(home: House, azure: AzureDouble) -> None:
    """Azure's own 401 about our key is the operator's matter; neither key nor words reach the caller."""
    answer = await ask(home, {**ORDER, "model": "strangers/pictures"})
    body = failure_of(answer)
    assert (answer.status_code, body["error"]["code"]) == (502, "provider_account")
    assert "azure-strangers-key" not in answer.text
    assert "subscription" not in answer.text


async def test_without_an_address_it_is_not_configured(home: House) -> None:
    """A key alone is not enough: the resource's address is the operator's to say."""
    body = failure_of(await ask(home, {**ORDER, "model": "nowhere/pictures"}))
    assert (body["status_code"], body["error"]["code"]) == (400, "provider_not_configured")


async def test_deployments_are_listed(home: House) -> None:
    """Where deployments are named they alone are listed; where none is, the models that they are often named after."""
    answer = await ask(home, method="GET", path="/v1/models")
    listed = {each["id"] for each in json_of(answer)["data"]}
    assert {each for each in listed if each.startswith("azure/")} == {"azure/pictures", "azure/old.pictures_1"}
    assert "strangers/gpt-image-2" in listed
    assert "strangers/dall-e-3" not in listed
    assert not [each for each in listed if "*" in each]


@pytest.mark.parametrize(
    ("name", "known_as", "price_of"),
    [
        ("pictures", "gpt-image-1.5", "gpt-image-1.5"),
        ("gpt-image-2", "gpt-image-2", "gpt-image-2"),
        ("gpt-image-2-west", "gpt-image-2", "gpt-image-2"),
        ("pictures-2", None, None),
        ("anything", None, None),
    ],
    ids=[
        "by the setting",
        "by its name",
        "by a name that extends one",
        "not by one that extends a deployment",
        "unknown",
    ],
)
async def test_what_stands_behind_a_name(name: str, known_as: str | None, price_of: str | None) -> None:
    """A deployment has the card and price of its model; one whose model nobody knows takes what any may, unpriced."""
    settings = Provider(kind="azure", deployments={"pictures": "gpt-image-1.5"})
    found = registry.find("azure")
    assert found
    card = find_card(found.make(settings, NOTHING).models, name)
    assert card
    assert card.parameters == (KNOWN[known_as] if known_as else GENERAL).parameters

    raw = {"providers": {"azure": {"deployments": {"pictures": "gpt-image-1.5"}}}}
    _, router = check(parse(raw, "test.toml", {}))
    prices = router.upstreams["azure"].prices
    assert router.upstreams["azure"].price(name) == (prices[price_of] if price_of else None)


async def test_the_official_client_reaches_azure_through_us(home: House, azure: AzureDouble) -> None:
    """openai.AzureOpenAI as it is, pointed at the bridge: a deployment that only Azure knows, whole and streamed."""
    about: dict[str, Any] = {"azure_endpoint": home.rest, "api_key": "of-the-caller", "api_version": "2024-10-21"}
    async with sdk.AsyncAzureOpenAI(**about) as client:
        whole = await client.images.generate(
            model="pictures", prompt="a red cube", size="1024x1024", quality="low", response_format="b64_json"
        )
        stream = await client.images.generate(
            model="pictures", prompt="a red cube", size="1024x1024", quality="low", stream=True, partial_images=1
        )
        told = [event.type async for event in stream]

    def draw() -> sdk.types.ImagesResponse:
        with sdk.AzureOpenAI(azure_deployment="pictures", **about) as client:
            return client.images.generate(
                prompt="a red cube", size="1024x1024", quality="low", response_format="b64_json"
            )

    again = await asyncio.to_thread(draw)
    for answer, request in ((whole, 0), (again, 2)):
        assert answer.data
        assert drawn_in(base64.b64decode(answer.data[0].b64_json or "")) == Drawn(azure.orders[request].index)
    assert told == ["image_generation.partial_image", "image_generation.completed"]
    assert [seen.target for seen in azure.orders] == [CLASSIC.format("pictures")] * 3
    assert azure.orders[0].body == azure.orders[2].body == ORDER
    assert "of-the-caller" not in str([seen.headers for seen in azure.orders])


@pytest.mark.parametrize(
    ("does", "raised", "code"),
    [
        (azure_refusing(filtered_prompt("hate")), sdk.BadRequestError, "moderation_blocked"),
        (azure_refusing(blocked_resource()), sdk.APIStatusError, "provider_error"),
        (double.error_event(double.after_partials(1)), sdk.APIError, None),
    ],
    ids=["filtered", "blocked", "in the stream"],
)
async def test_what_the_official_client_hears_through_us(
    home: House, azure: AzureDouble, does: Behaviour, raised: type[sdk.APIError], code: str | None
) -> None:
    """Failures before and in a stream are errors of the client's own, and Azure is asked once."""
    azure.next(does)

    async def watch() -> None:
        async with sdk.AsyncAzureOpenAI(azure_endpoint=home.rest, api_key="x", api_version="2024-10-21") as client:
            stream = await client.images.generate(
                model="pictures", prompt="a red cube", size="1024x1024", quality="low", stream=True, partial_images=1
            )
            async for _ in stream:
                pass

    with pytest.raises(raised) as failed:
        await watch()
    assert code is None or failed.value.code == code
    assert len(azure.orders) == 1
