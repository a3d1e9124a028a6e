"""One trace across both layers, whatever happens: bridge, call, service, pipeline, attempt, provider."""

from __future__ import annotations

import asyncio
import secrets
from itertools import pairwise
from typing import Any

import httpx2 as httpx
import pytest
from imagegen import Client
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from tests import tracing
from tests.callers import PATH, ask
from tests.house import House, settled
from tests.tracing import Trace, collected
from tests.upstreams import openai as double

LAYERS = [
    "POST /v1/images/generations",
    "imagegen.v1.ImageGeneration/",
    "imagegen.v1.ImageGeneration/",
    "imagegen.pipeline",
    "image_generation gpt-image-2",
    "POST",
]


@pytest.fixture(autouse=True)
def _spans() -> None:
    tracing.exporter()


def _new_trace() -> tuple[str, dict[str, str]]:
    trace_id = secrets.token_hex(16)
    return trace_id, {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}


async def _post(house: House, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(base_url=house.rest, timeout=30) as client:
        return await client.post(
            PATH, json={"model": "openai/gpt-image-2", "prompt": "a secret fox", **body}, headers=headers
        )


def _statuses(trace: Trace) -> list[StatusCode]:
    return [span.status.status_code for span in trace]


def _is_one_chain(trace: Trace) -> None:
    """Each layer is the child of the one before it."""
    bridge = trace.one("POST /v1/")
    client, server = sorted(trace.all("imagegen.v1."), key=lambda span: span.kind is SpanKind.SERVER)
    pipeline, attempt = trace.one("imagegen.pipeline"), trace.one("image_generation")
    http = next(span for span in trace if span.name == "POST")
    chain = [bridge, client, server, pipeline, attempt, http]
    for parent, child in pairwise(chain):
        assert parent.context is not None
        assert child.parent is not None
        assert child.parent.span_id == parent.context.span_id, (parent.name, child.name)
    assert [span.kind for span in chain] == [
        SpanKind.SERVER,
        SpanKind.CLIENT,
        SpanKind.SERVER,
        SpanKind.INTERNAL,
        SpanKind.CLIENT,
        SpanKind.CLIENT,
    ]


@pytest.mark.parametrize("body", [{}, {"stream": True, "partial_images": 2}], ids=["unary", "stream"])
async def test_a_good_request_is_one_connected_trace(house: House, body: dict[str, Any]) -> None:
    """Six spans, one chain, no error, and no word of the prompt."""
    trace_id, headers = _new_trace()
    answer = await _post(house, body, headers)
    assert answer.status_code == 200
    trace = await collected(trace_id, 6)

    _is_one_chain(trace)
    assert trace.is_connected()
    assert set(_statuses(trace)) == {StatusCode.UNSET}
    attempt = dict(trace.one("image_generation").attributes or {})
    assert attempt["gen_ai.output.type"] == "image"
    assert attempt["gen_ai.request.stream"] is bool(body)
    assert attempt["imagegen.outcome"] == "done"
    assert "secret" not in "".join(span.to_json() for span in trace)


async def test_the_callers_trace_is_not_told_to_providers(house: House) -> None:
    """W3C context goes to our own service, never to a provider that is not ours."""
    _, headers = _new_trace()
    await _post(house, {}, headers)

    assert house.openai.requests[0].traceparent is None


async def test_a_provider_of_ours_is_told(house: House) -> None:
    """Its own spans can be children of our exchange with it."""
    trace_id, headers = _new_trace()
    await _post(house, {"model": "second/gpt-image-2"}, headers)
    exchange = next(span for span in await collected(trace_id, 6) if span.name == "POST")

    assert exchange.context is not None
    parent = trace.format_span_id(exchange.context.span_id)
    assert house.openai.requests[0].traceparent == f"00-{trace_id}-{parent}-01"


@pytest.mark.parametrize("body", [{}, {"stream": True}], ids=["unary", "stream"])
async def test_a_failure_is_one_on_every_span_that_failed(house: House, body: dict[str, Any]) -> None:
    """A provider's 500 marks HTTP, attempt, pipeline, both sides of the call and the bridge as failed."""
    house.openai.next(double.status(500))
    trace_id, headers = _new_trace()
    answer = await _post(house, body, headers)
    assert answer.status_code == 502
    trace = await collected(trace_id, 6)

    _is_one_chain(trace)
    assert set(_statuses(trace)) == {StatusCode.ERROR}
    assert dict(trace.one("imagegen.pipeline").attributes or {})["error.type"] == "provider_error"


async def test_a_callers_mistake_is_no_error_of_the_servers(house: House) -> None:
    """A bad parameter fails the call for its client, and is no failure of the service or the bridge."""
    trace_id, headers = _new_trace()
    answer = await _post(house, {"n": 99}, headers)
    assert answer.status_code == 400
    trace = await collected(trace_id, 4)

    client, server = sorted(trace.all("imagegen.v1."), key=lambda span: span.kind is SpanKind.SERVER)
    assert client.status.status_code is StatusCode.ERROR
    assert server.status.status_code is StatusCode.UNSET
    assert trace.one("POST /v1/").status.status_code is StatusCode.UNSET


async def test_a_fallback_is_a_sibling_attempt(house: House) -> None:
    """Each attempt is a span of its own under the same pipeline; the first failed, the request did not."""
    house.openai.next(double.status(503))
    trace_id, headers = _new_trace()
    await _post(house, {"fallbacks": ["second/gpt-image-2"]}, headers)
    trace = await collected(trace_id, 8)

    first, second = sorted(trace.all("image_generation"), key=lambda span: span.start_time or 0)
    assert first.parent == second.parent
    assert (first.status.status_code, second.status.status_code) == (StatusCode.ERROR, StatusCode.UNSET)
    assert trace.one("imagegen.pipeline").status.status_code is StatusCode.UNSET


@pytest.mark.parametrize("stream", [False, True], ids=["unary", "stream"])
async def test_a_caller_who_leaves_leaves_no_span_open(house: House, stream: bool) -> None:
    """Every span of a cancelled request is ended, the attempt when the provider is through."""
    gate = asyncio.Event()
    house.openai.next(double.held(gate))
    trace_id, headers = _new_trace()
    _, writer = await ask(house, {"model": "openai/gpt-image-2", "prompt": "a fox", "stream": stream}, headers)
    await house.openai.accepted()
    writer.transport.abort()
    waiting = await collected(trace_id, 4)
    gate.set()
    trace = await collected(trace_id, 6)
    await settled(house)

    assert not waiting.all("image_generation")
    assert trace.is_connected()
    _is_one_chain(trace)
    assert trace.one("image_generation").status.status_code is StatusCode.UNSET
    client, server = sorted(trace.all("imagegen.v1."), key=lambda span: span.kind is SpanKind.SERVER)
    assert dict(server.attributes or {})["rpc.response.status_code"] == "CANCELLED"
    assert client.status.status_code is StatusCode.ERROR


async def test_a_traced_client_is_in_the_callers_trace(house: House) -> None:
    """With `traced` the small client's call is a child of the caller's current span, and the gateway's of the call."""
    tracer = trace.get_tracer("caller")
    with tracer.start_as_current_span("work") as work:
        async with Client(house.grpc, traced=True) as client:
            await client.generate("a fox", model="painter/scene", size="64x64")
    spans = await collected(trace.format_trace_id(work.get_span_context().trace_id), 5)

    client_span, server = sorted(spans.all("imagegen.v1."), key=lambda span: span.kind is SpanKind.SERVER)
    assert client_span.parent is not None
    assert client_span.parent.span_id == work.get_span_context().span_id
    assert server.parent is not None
    assert client_span.context is not None
    assert server.parent.span_id == client_span.context.span_id
    assert set(_statuses(spans)) == {StatusCode.UNSET}
