"""Words that nobody may find again: what callers write, what they show us, and what is ours to keep."""

from __future__ import annotations

import base64
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from imagegen import Client

from tests.rest.asking import GENERATIONS
from tests.telemetry.collector import Collector
from tests.terminal.programs import Place
from tests.upstreams import openai as double
from tests.upstreams.openai import OpenAIDouble, Refusal

PROVIDER_KEY = "sk-planted-provider-5f1c09a7"
SIGNING_KEY = "planted-signing-key-77aa10"

NAME = "the name of one"
SAYS = "the provider's own words"
WORDS = {
    "the prompt": "planted-prompt-c41f",
    "the negative prompt": "planted-negative-88d2",
    "the user": "planted-user-19ab",
    "the safety identifier": "planted-safety-6e7c",
    "a parameter that nobody knows": "planted-extra-2f90",
    NAME: "planted_name_b3d1",
    "a bearer token": "planted-bearer-0d5e",
    "an API key": "planted-apikey-a8f4",
    "a virtual key": "planted-virtual-3c66",
    "an unknown header": "planted-header-e1b9",
    "a cookie": "planted-cookie-5a20",
    "the page before": "planted-referer-f7c3",
    "baggage": "planted-baggage-94d8",
    "a query": "planted-query-d2e5",
    "a path that nobody serves": "planted-path-7b1a",
    "a body that is no JSON": "planted-body-3e0f",
    "metadata": "planted-metadata-c95b",
    SAYS: "planted-answer-41e6",
    "the provider's key": PROVIDER_KEY,
    "the signing key": SIGNING_KEY,
}
"""What is planted where. The signature of a result's URL and the picture itself join them once they are known."""


@dataclass(slots=True)
class Found:
    """Everything that was written down anywhere."""

    spans_and_metrics: bytes = b""
    lines: str = ""
    scraped: str = ""
    errors: list[str] = field(default_factory=list[str])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    late: dict[str, str] = field(default_factory=dict[str, str])

    def places_of(self, word: str) -> list[str]:
        raw = word.encode()
        found = [name for name, data in self.files.items() if raw in data]
        found += ["spans and metrics"] if raw in self.spans_and_metrics else []
        found += ["log lines"] if word in self.lines else []
        found += ["metrics"] if word in self.scraped else []
        return found


@pytest.fixture(scope="module", params=["up", "apart"])
def form(request: pytest.FixtureRequest) -> str:
    return request.param


async def _asks(rest: str, grpc: str, openai: OpenAIDouble, found: Found) -> None:
    """Requests of every kind, with a word in each place that a caller can write to."""
    order: dict[str, Any] = {
        "model": "openai/gpt-image-2",
        "prompt": f"a fox, {WORDS['the prompt']}",
        "negative_prompt": WORDS["the negative prompt"],
        "user": WORDS["the user"],
        "safety_identifier": WORDS["the safety identifier"],
    }
    extra = {WORDS[NAME]: WORDS["a parameter that nobody knows"]}
    headers = {
        "authorization": f"Bearer {WORDS['a bearer token']}",
        "api-key": WORDS["an API key"],
        "x-bf-vk": WORDS["a virtual key"],
        "x-strange": WORDS["an unknown header"],
        "cookie": f"session={WORDS['a cookie']}",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "referer": f"https://example.org/{WORDS['the page before']}",
        "baggage": f"secret={WORDS['baggage']}",
    }
    async with httpx2.AsyncClient(base_url=rest, headers=headers, timeout=30) as client:
        good = [
            await client.post(GENERATIONS, json=order),
            await client.post(GENERATIONS, json={**order, **extra, "model": "painter/scene", "size": "64x64"}),
            await client.post(GENERATIONS, json={**order, "stream": True, "partial_images": 1}),
        ]
        openai.next(double.moderation_blocked(), double.echoed_secret(), double.invalid_json(), double.cut())
        openai.next(double.refusing(Refusal(500, f"No {WORDS[SAYS]} for {order['prompt']}", type="server_error")))
        bad = [
            *[await client.post(GENERATIONS, json=order) for _ in range(5)],
            await client.post(GENERATIONS, json={**order, **extra}),
            await client.post(GENERATIONS, json={**order, "n": 99}),
            await client.post(GENERATIONS, content=f'{{"prompt": {WORDS["a body that is no JSON"]}'),
            await client.get(f"/{WORDS['a path that nobody serves']}?key={WORDS['a query']}"),
        ]
        link = str(good[1].json()["data"][0]["url"])
        picture = await client.get(link)
        wrong = await client.get(link.replace("sig=", "sig=A"))
        found.scraped = (await client.get("/metrics")).text
    async with Client(grpc, key=WORDS["a bearer token"]) as caller:
        await caller.generate(order["prompt"], model="painter/scene", size="64x64")

    assert [each.status_code for each in (*good, picture)] == [200] * 4
    assert all(each.status_code >= 400 for each in (*bad, wrong))
    found.errors = [each.text for each in (*bad, wrong)]
    found.late = {
        "the signature of a URL": link.partition("sig=")[2],
        "a picture": base64.b64encode(picture.content[100:160]).decode(),
    }


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, form: str) -> Place:
    return Place(tmp_path_factory.mktemp(form))


@pytest.fixture
async def found(places: Place, form: str) -> Found:
    """What a day's work leaves behind, in spans, lines, metrics, answers and files."""
    found = Found()
    async with Collector() as collector, OpenAIDouble(key=PROVIDER_KEY) as openai:
        config = places.directory / "imagegen.toml"
        config.write_text(_config(collector, openai))
        words = ["--config", str(config), "--rest", "127.0.0.1:0"]
        if form == "up":
            async with places.running("up", *words, "--grpc", "127.0.0.1:0", "--data-dir", str(places.data)) as program:
                await _asks(program.rest, program.grpc, openai, found)
                program.tell(signal.SIGTERM)
                found.lines = (await program.ended()).err
        else:
            async with (
                places.running("service", "--config", str(config), "--data-dir", str(places.data)) as service,
                places.running("bridge", *words, "--service", service.grpc) as bridge,
            ):
                await _asks(bridge.rest, service.grpc, openai, found)
                for program in (bridge, service):
                    program.tell(signal.SIGTERM)
                    found.lines += (await program.ended()).err
        found.spans_and_metrics = bytes(collector.raw)
    found.files = {
        str(path.relative_to(places.directory)): path.read_bytes()
        for path in places.directory.rglob("*")
        if path.is_file() and "blobs" not in path.parts and path != config
    }
    return found


async def test_no_planted_word_is_found_again(found: Found) -> None:
    """No span, line, metric or file has one; and no error one that is not its caller's own."""
    planted: Mapping[str, str] = {**WORDS, **found.late}
    leaks = {what: where for what, word in planted.items() if (where := found.places_of(word))}
    assert all("imagegen.db" in where for where in leaks.pop(NAME, ())), "what became of a parameter is in the books"
    ours = [what for what in ("the provider's key", "the signing key", "the prompt") if _told(found, planted[what])]

    assert found.spans_and_metrics.count(b"imagegen.pipeline") >= 5
    assert found.lines.count('"event":"call"') >= 5
    assert any("imagegen.db" in name for name in found.files)
    assert not leaks
    assert not ours


def _told(found: Found, word: str) -> bool:
    return any(word in text for text in found.errors)


def _config(collector: Collector, openai: OpenAIDouble) -> str:
    return f"""
[service]
listen = "127.0.0.1:0"
[files]
signing_keys = ["{SIGNING_KEY}"]
[telemetry]
otlp = "{collector.url}"
[providers.openai]
base_url = "{openai.url}"
keys = [{{ value = "{PROVIDER_KEY}" }}]
"""
