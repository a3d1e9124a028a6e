"""Every answer is valid against the seed's own schema, good and bad, in JSON and in each event of a stream."""

from __future__ import annotations

import pytest

from tests.house import House
from tests.rest.asking import Json, Tab, ask, events_of, json_of, order, painting
from tests.rest.faults import FAULTS, Fault
from tests.rest.refusals import REFUSALS, Refused
from tests.rest.seed import ERROR, ERROR_EVENT, EVENT, LOOSE, WHOLE, is_valid
from tests.upstreams.openai import (
    Behaviour,
    after_images,
    after_partials,
    cut,
    error_event,
    fewer_images,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONE_OF_EACH = (
    "401",
    "quota exhausted",
    "429",
    "429 for 7 s",
    "503",
    "moderation",
    "invalid size",
    "500",
    "502 of a proxy, billed",
    "504",
    "stalled",
    "reset",
    "a web page",
    "no image format",
)
"""Of every code, and of every way in which an envelope can be filled."""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(painting(), id="painter url"),
        pytest.param(painting(n=2, style="vivid", unheard_of=1), id="painter two urls"),
        pytest.param(painting(response_format="b64_json", output_format="webp"), id="painter b64"),
        pytest.param(painting(model="dall-e-3", user="me"), id="routed"),
        pytest.param(order(n=2, background="transparent"), id="double n=2"),
        pytest.param(order(response_format="url", quality="standard", style="vivid"), id="double url"),
    ],
)
async def test_good_answers(home: House, body: Json) -> None:
    """Whole answers, by URL and in base64, of one image and of two."""
    answer = await ask(home, body)
    assert answer.status_code == 200
    is_valid(json_of(answer), WHOLE)


async def test_a_partial_success(home: House) -> None:
    """One of two images is a 200 that keeps the gap: `index` says which came, `failed_images` which did not."""
    home.openai.next(fewer_images())
    body = json_of(await ask(home, order(n=2)))
    is_valid(body, WHOLE)
    assert [each["index"] for each in body["data"]] == [0]
    (failed,) = body["extra_fields"]["failed_images"]
    assert (failed["index"], failed["reason"]) == (1, "provider_no_image")


@pytest.mark.parametrize(
    ("body", "does"),
    [
        pytest.param(painting(stream=True, partial_images=3, n=2), None, id="painter"),
        pytest.param(order(stream=True, partial_images=2, n=2), None, id="double"),
        pytest.param(order(stream=True, n=2), fewer_images(), id="partial success"),
        pytest.param(order(stream=True, n=2), cut(after_images(1)), id="cut after an image"),
        pytest.param(order(stream=True, partial_images=1), cut(after_partials(1)), id="cut after a partial"),
        pytest.param(order(stream=True, partial_images=1), error_event(after_partials(1)), id="error after a partial"),
    ],
)
async def test_every_event(home: House, body: Json, does: Behaviour | None) -> None:
    """Each data object of a stream, the error's too; errors carry the seed's error envelope besides."""
    if does is not None:
        home.openai.next(does)
    events = events_of(await ask(home, body))
    assert events
    for told in events:
        if told.name == "error":
            is_valid(told.data, ERROR_EVENT)
            is_valid(told.data, LOOSE)
        else:
            is_valid(told.data, EVENT)


@pytest.mark.parametrize("refused", [pytest.param(v, id=k) for k, v in REFUSALS.items()])
async def test_our_refusals(home: House, refused: Refused) -> None:
    """Everything that the gateway itself refuses."""
    answer = await ask(home, refused.body, content=refused.content, headers=refused.headers)
    assert answer.status_code >= 400
    is_valid(json_of(answer), ERROR)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", [pytest.param(FAULTS[name], id=name) for name in ONE_OF_EACH])
async def test_providers_failures(home: House, tab: Tab, fault: Fault, stream: bool) -> None:
    """Every class of failure that a provider can cause."""
    home.openai.next(fault.does)
    answer = await ask(home, order(stream=stream))
    assert answer.status_code == fault.status
    is_valid(json_of(answer), ERROR)
    assert len(tab.sent) == 1


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/nothing"), ("GET", "/v1/images/generations"), ("POST", "/v1/images/edits")]
)
async def test_failures_of_the_path(home: House, method: str, path: str) -> None:
    """What has no request of an image to speak of is the same envelope."""
    is_valid(json_of(await ask(home, path=path, method=method)), ERROR)
