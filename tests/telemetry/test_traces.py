"""Whatever becomes of a request, a collector gets exactly one connected trace of it, with the truth on every span."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.callers import PATH, ask
from tests.house import settled
from tests.telemetry.collector import Seen
from tests.telemetry.conftest import Watched
from tests.upstreams import openai as double

pytestmark = pytest.mark.asyncio(loop_scope="module")

BRIDGE = "POST /v1/images/generations"
UNARY, STREAM = "imagegen.v1.ImageGeneration/GenerateImages", "imagegen.v1.ImageGeneration/StreamGenerateImages"
PIPELINE, ATTEMPT, HTTP = "imagegen.pipeline", "image_generation gpt-image-2", "POST"

Ask = Callable[[Watched, dict[str, str]], Awaitable[None]]
Lines = Sequence[tuple[str, str, str, str | None]]


@dataclass(frozen=True, slots=True)
class Case:
    """How a request is made, and the spans that follow: name, kind, status and error.type, parents before children."""

    ask: Ask
    spans: Lines
    has: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])
    """Attributes that spans must have, by the span's name and kind, then theirs."""


def posting(status: int, *script: double.Behaviour, headers: dict[str, str] | None = None, **body: Any) -> Ask:
    """Posts a body and expects this status."""

    async def post(watched: Watched, trace: dict[str, str]) -> None:
        watched.house.openai.next(*script)
        async with httpx2.AsyncClient(base_url=watched.house.rest, timeout=30) as client:
            order = {"model": "openai/gpt-image-2", "prompt": "a fox", **body}
            answer = await client.post(PATH, json=order, headers={**trace, **(headers or {})})
            assert answer.status_code == status, answer.text[:500]

    return post


def leaving(*, stream: bool) -> Ask:
    """Leaves while the provider works."""

    async def leave(watched: Watched, trace: dict[str, str]) -> None:
        gate = asyncio.Event()
        openai = watched.house.openai
        before = openai.calls
        openai.next(double.held(gate))
        _, writer = await ask(
            watched.house, {"model": "openai/gpt-image-2", "prompt": "a fox", "stream": stream}, trace
        )
        async with asyncio.timeout(10):
            while openai.calls == before:  # noqa: ASYNC110 - the double says nothing of one call among many
                await asyncio.sleep(0.01)
        writer.transport.abort()
        await asyncio.sleep(0.2)
        gate.set()

    return leave


def chain(bridge: str | None, client: str | None, server: str | None, rest: Lines, *, method: str = UNARY) -> Lines:
    return (
        (BRIDGE, "server", "error" if bridge else "unset", bridge),
        (method, "client", "error" if client else "unset", client),
        (method, "server", "error" if server else "unset", server),
        *rest,
    )


def inner(pipeline: str | None, attempt: str | None, http: str | None) -> Lines:
    return (
        (PIPELINE, "internal", "error" if pipeline else "unset", pipeline),
        *outer(attempt, http),
    )


def outer(attempt: str | None, http: str | None) -> Lines:
    return (
        (ATTEMPT, "client", "error" if attempt else "unset", attempt),
        (HTTP, "client", "error" if http else "unset", http),
    )


CASES = {
    "unary": Case(
        posting(200),
        chain(None, None, None, inner(None, None, None)),
        {
            (BRIDGE, "http.response.status_code"): 200,
            (BRIDGE, "http.route"): PATH,
            (BRIDGE, "url.path"): PATH,
            (UNARY, "rpc.response.status_code"): "OK",
            (UNARY, "rpc.system.name"): "grpc",
            (ATTEMPT, "gen_ai.operation.name"): "image_generation",
            (ATTEMPT, "gen_ai.provider.name"): "openai",
            (ATTEMPT, "gen_ai.request.model"): "gpt-image-2",
            (ATTEMPT, "gen_ai.output.type"): "image",
            (ATTEMPT, "imagegen.outcome"): "done",
            (HTTP, "http.response.status_code"): 200,
            (HTTP, "server.address"): "127.0.0.1",
        },
    ),
    "stream": Case(
        posting(200, stream=True, partial_images=1),
        chain(None, None, None, inner(None, None, None), method=STREAM),
        {(ATTEMPT, "gen_ai.request.stream"): True},
    ),
    "fallback": Case(
        posting(200, double.status(503), fallbacks=["second/gpt-image-2"]),
        chain(None, None, None, (*inner(None, "provider_overloaded", "503"), *outer(None, None))),
        {(ATTEMPT, "imagegen.attempt"): {1, 2}},
    ),
    "refusal": Case(
        posting(400, double.moderation_blocked()),
        chain(None, "FAILED_PRECONDITION", None, inner("content_refused", "content_refused", "400")),
        {(BRIDGE, "http.response.status_code"): 400, (ATTEMPT, "imagegen.outcome"): "rejected"},
    ),
    "provider down": Case(
        posting(502, model="nobody/gpt-image-2"),
        chain(
            "502",
            "UNAVAILABLE",
            "UNAVAILABLE",
            inner("provider_unreachable", "provider_unreachable", "provider_unreachable"),
        ),
        {(ATTEMPT, "imagegen.outcome"): "not_sent"},
    ),
    "stream that breaks": Case(
        posting(200, double.cut(double.after_partials(1)), stream=True, partial_images=2),
        chain(
            "provider_connection_lost",
            "INTERNAL",
            "INTERNAL",
            inner("provider_connection_lost", "provider_connection_lost", "provider_connection_lost"),
            method=STREAM,
        ),
        {(ATTEMPT, "imagegen.outcome"): "unknown"},
    ),
    "client gone": Case(
        leaving(stream=False),
        chain(None, "CANCELLED", None, inner("cancelled", None, None)),
        {(ATTEMPT, "imagegen.outcome"): "done"},
    ),
    "client gone from a stream": Case(
        leaving(stream=True),
        chain(None, "CANCELLED", None, inner("cancelled", None, None), method=STREAM),
    ),
    "deadline": Case(
        posting(504, double.late(0.8), headers={"x-request-timeout": "0.4"}),
        chain("504", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", inner("deadline_exceeded", None, None)),
        {(ATTEMPT, "imagegen.outcome"): "done"},
    ),
    "deadline of a stream": Case(
        posting(504, double.late(0.8), headers={"x-request-timeout": "0.4"}, stream=True),
        chain("504", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", inner("deadline_exceeded", None, None), method=STREAM),
    ),
    "a value that makes no sense": Case(
        posting(400, n=99),
        chain(None, "INVALID_ARGUMENT", None, ((PIPELINE, "internal", "error", "invalid_parameter"),)),
    ),
    "malformed": Case(posting(400, prompt=7), ((BRIDGE, "server", "unset", None),)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_collector_gets_one_connected_trace(watched: Watched, case: Case) -> None:
    """Every span once, each the child of the layer above it, its status and attributes as they should be."""
    trace_id, caller = secrets.token_hex(16), secrets.token_hex(8)
    await case.ask(watched, {"traceparent": f"00-{trace_id}-{caller}-01"})
    await settled(watched.house)
    spans = await watched.collector.trace(trace_id, len(case.spans))
    await asyncio.sleep(0.15)
    spans = await watched.collector.trace(trace_id, len(case.spans))

    assert Counter(_line(span) for span in spans) == Counter(case.spans)
    assert len({span.span_id for span in spans}) == len(spans)
    _is_connected(spans, caller)
    for (name, attribute), expected in case.has.items():
        found = {span.attributes.get(attribute) for span in spans if span.name == name}
        assert found == (expected if isinstance(expected, set) else {expected}), (name, attribute)


def _line(span: Seen) -> tuple[str, str, str, str | None]:
    return span.name, span.kind, span.status, span.attributes.get("error.type")


def _is_connected(spans: list[Seen], caller: str) -> None:
    """From the bridge down, each span's parent is the one of the layer above it."""
    above = {
        (BRIDGE, "server"): None,
        (UNARY, "client"): (BRIDGE, "server"),
        (STREAM, "client"): (BRIDGE, "server"),
        (UNARY, "server"): (UNARY, "client"),
        (STREAM, "server"): (STREAM, "client"),
        (ATTEMPT, "client"): (PIPELINE, "internal"),
        (HTTP, "client"): (ATTEMPT, "client"),
    }
    by_id = {span.span_id: (span.name, span.kind) for span in spans}
    for span in spans:
        if (span.name, span.kind) == (BRIDGE, "server"):
            assert span.parent == caller
        elif span.name == PIPELINE:
            assert by_id[span.parent] in {(UNARY, "server"), (STREAM, "server")}
        else:
            assert by_id[span.parent] == above[span.name, span.kind]
