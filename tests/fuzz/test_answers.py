"""Providers are strangers: whatever they answer, the caller gets a picture or an error that says whose it is.

And whatever their texts say, and the caller's, a stream has the events that it has, and no other.
"""

from __future__ import annotations

import json
import random
import resource
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from service.stores.records.port import Row, Work
from tests.fuzz import TIMES
from tests.fuzz.mimic import PICTURE, Mimic, broken, events, failure, good, mimicking, mutated, nasty, written
from tests.house import House, open_house, settled
from tests.judge import COSTS
from tests.providers.test_sse import read
from tests.rest.asking import GENERATIONS, client
from tests.tracing import exporter

ANSWERS, STREAMS = 300, 200


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mimic() -> AsyncGenerator[Mimic]:
    async with mimicking() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(mimic: Mimic, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    providers = {"painter": {}, "openai": {"base_url": mimic.url, "keys": [{"value": "sk-mimic"}], "retries": 0}}
    async with open_house(tmp_path_factory.mktemp("house"), extra={"providers": providers}) as house:
        yield house
        await settled(house)
        booked: int = (await house.gateway.records.read(_booked))[0][0]
        house.forgiven = -booked  # what a mimic would bill nobody knows; all else the judge looks at


def _booked() -> Work[Sequence[Row]]:
    return (yield COSTS, ())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller(home: House) -> AsyncGenerator[httpx2.AsyncClient]:
    async with client(home) as opened:
        yield opened


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_any_answer_is_a_picture_or_a_providers_failure(mimic: Mimic, caller: httpx2.AsyncClient) -> None:
    """Hundreds of answers with something wrong in them: no 500, no hanging, no growth, and pictures that are intact."""
    statuses: dict[int, int] = {}
    grown = 0
    for seed in range(ANSWERS * TIMES):
        of = random.Random(f"answer {seed}")
        _set(mimic, of)
        asking = {"model": "openai/gpt-image-2", "prompt": "x", "n": of.choice([1, 1, 2]), "stream": of.random() < 0.4}
        answer = await caller.post(GENERATIONS, json=asking)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        assert answer.status_code != 500, (seed, answer.text)
        if answer.headers["content-type"].startswith("text/event-stream"):
            told = _events(answer)
            assert '"reason":"internal"' not in answer.text, seed
            assert all(PICTURE.startswith(each["b64_json"][:40]) for each in told if "b64_json" in each)
        else:
            assert isinstance(answer.json(), dict)
        if seed % 100 == 0:
            exporter().clear()  # the spans that the tests keep are no growth of the gateway's
        if seed == 100:
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert statuses[200] > ANSWERS * TIMES // 20
    assert statuses[502] > ANSWERS * TIMES // 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown < 64 * 1024


def _set(mimic: Mimic, of: random.Random) -> None:
    """Makes up the next answer."""
    mimic.status = of.choice([200, 200, 200, 200, 200, 201, 301, 400, 401, 404, 429, 500, 502, 503, 529, 599])
    mimic.media_type = of.choice(
        ["application/json", "text/event-stream", "text/event-stream", "text/html", "", "\xff"]
    )
    mimic.headers = of.choice(["", "retry-after: 1e99\r\n", "retry-after: -\xe9\r\n", "retry-after-ms: nan\r\n"])
    if of.random() < 0.5:
        value: object = {"error": failure(of)} if mimic.status >= 400 or of.random() < 0.2 else good(of)
        text = json.dumps(mutated(of, value) if of.random() < 0.8 else value).encode()
    else:
        told: list[object] = [*events(of, of.randrange(3))]
        if of.random() < 0.3:
            told.insert(of.randrange(len(told) + 1), {"type": "error", "error": failure(of)})
        text = written([mutated(of, each) if of.random() < 0.5 else each for each in told])
    mimic.answer = broken(of, text) if of.random() < 0.5 else text


async def test_no_text_makes_an_event(mimic: Mimic, caller: httpx2.AsyncClient) -> None:
    """Line ends of all worlds in prompts, names, refusals and revisions: the events are those that happened."""
    mimic.status, mimic.media_type, mimic.headers = 200, "text/event-stream", ""
    for seed in range(STREAMS * TIMES):
        of = random.Random(f"stream {seed}")
        partials = of.randrange(3)
        told: list[object] = [*events(of, partials)]
        expected = ["image_generation.partial_image"] * partials + ["image_generation.completed"]
        if partials and of.random() < 0.5:
            told[-1] = {"type": "error", "error": failure(of)}
            expected[-1] = "error"
        mimic.answer = written(told)
        asking = {
            "model": "openai/gpt-image-2",
            "prompt": nasty(of).replace("\0", "") + "x",
            "user": nasty(of).replace("\0", ""),
            "stream": True,
            "partial_images": partials,
            "odd": nasty(of).replace("\0", ""),
        }
        answer = await caller.post(GENERATIONS, json=asking)
        assert answer.status_code == 200, answer.text
        assert [each["type"] for each in _events(answer)] == expected, seed


async def test_no_text_makes_a_header_or_breaks_a_refusal(caller: httpx2.AsyncClient) -> None:
    """The same texts as model and parameters that are refused: one JSON envelope, and headers in ASCII."""
    for seed in range(STREAMS):
        of = random.Random(f"refused {seed}")
        name = of.choice(["model", "size", "quality", "fallbacks", nasty(of).replace("\0", "")])
        value: object = [nasty(of)] if name == "fallbacks" else nasty(of)
        body = {"model": "painter/scene", "prompt": "x", "size": "64x64", name: value, "stream": of.random() < 0.5}
        answer = await caller.post(GENERATIONS, json=body)
        assert answer.status_code in (200, 400, 404), (answer.status_code, body)
        assert all(value.isascii() for value in answer.headers.values())
        if answer.status_code != 200:
            assert answer.headers["content-type"] == "application/json"
            assert answer.json()["error"]["message"].isprintable() or "\\u" in answer.text


def _events(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The data of a stream's events as a reader of the standard finds them; each says its own name."""
    found = read([answer.content])
    told = [json.loads(each.data) for each in found]
    assert [each.name for each in found] == [each["type"] for each in told]
    assert answer.content.count(b"data: ") >= len(found)
    assert [each["sequence_number"] for each in told] == list(range(len(told)))
    return told
