"""The gateway's metrics say what happened, as the provider's bill says it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx2
import pytest
import pytest_asyncio

from service.domain.event import PartialImage
from service.domain.image import Picture
from service.engine.queue import Queue
from tests import tracing
from tests.house import House, open_house, settled, until
from tests.judge import under_way
from tests.rest.asking import GENERATIONS, ask, order, pictures
from tests.telemetry.scraping import Look, look
from tests.upstreams import openai as double

pytestmark = pytest.mark.asyncio(loop_scope="module")

TARGET = {"provider": "openai", "model": "gpt-image-2"}
GEN_AI = {
    "gen_ai_operation_name": "image_generation",
    "gen_ai_provider_name": "openai",
    "gen_ai_request_model": "gpt-image-2",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    extra = {"telemetry": {"prometheus": "127.0.0.1:0"}}
    # Prometheus' own thread keeps its connections a moment longer than the house stands.
    async with open_house(tmp_path_factory.mktemp("house"), "together", extra) as opened:
        yield opened


async def _service(house: House) -> Look:
    exposition = house.gateway.exposition
    assert exposition is not None
    return await look(f"http://127.0.0.1:{exposition.port}/metrics")


async def test_a_request_is_counted_as_it_was_billed(house: House) -> None:
    """One request, one provider call, two images: their bytes, pixels, tokens and cost, and the time of everything."""
    before, billed = await _service(house), house.openai.billed_micro_usd
    answer = await ask(house, order(n=2, size="1024x1536", quality="low"))
    made = pictures(answer)
    await settled(house)
    after = await _service(house)

    def grown(name: str, **labels: str) -> float:
        return after.of(name, **labels) - before.of(name, **labels)

    ended = {"operation": "generate", "stream": "false", "outcome": "done", "reason": "", **TARGET}
    assert grown("imagegen_requests_total", **ended) == grown("imagegen_requests_total") == 1
    assert grown("imagegen_attempts_total", outcome="done", reason="", **TARGET) == 1
    assert grown("imagegen_images_total", **TARGET) == 2
    assert grown("imagegen_image_size_bytes_total", **TARGET) == sum(len(each) for each in made)
    assert grown("imagegen_image_pixels_total", **TARGET) == 2 * 1024 * 1536
    assert grown("imagegen_cost_usd_total", presumed="false", **TARGET) == pytest.approx(
        (house.openai.billed_micro_usd - billed) / 1e6
    )
    usage = answer.json()["usage"]
    assert grown("gen_ai_client_token_usage_sum", gen_ai_token_type="input", **GEN_AI) == usage["input_tokens"]
    assert grown("gen_ai_client_token_usage_sum", gen_ai_token_type="output", **GEN_AI) == usage["output_tokens"]
    assert grown("gen_ai_client_operation_duration_seconds_count", error_type="", **GEN_AI) == 1
    assert grown("imagegen_request_overhead_seconds_count", operation="generate", stream="false") == 1
    called = {"rpc_method": "imagegen.v1.ImageGeneration/GenerateImages", "rpc_response_status_code": "OK"}
    assert grown("rpc_server_call_duration_seconds_count", **called) == 1


async def test_overhead_is_ours_alone(house: House) -> None:
    """A provider that takes its time adds nothing to it."""
    house.openai.next(double.late(0.5))
    before = await _service(house)
    await ask(house, order())
    after = await _service(house)

    def grown(name: str) -> float:
        return after.of(name) - before.of(name)

    assert grown("gen_ai_client_operation_duration_seconds_sum") > 0.5
    assert 0 <= grown("imagegen_request_overhead_seconds_sum") < 0.4


async def test_the_first_image_of_a_stream_has_its_time(house: House) -> None:
    """Of a stream, and of nothing else."""
    before = await _service(house)
    await ask(house, order())
    await ask(house, order(stream=True, partial_images=2))
    after = await _service(house)

    name = "gen_ai_client_operation_time_to_first_chunk_seconds_count"
    assert after.of(name, **GEN_AI) - before.of(name, **GEN_AI) == 1


async def test_a_fallback_says_from_whom_to_whom_and_why(house: House) -> None:
    """And the request counts for who served it, its attempts for those who were asked."""
    house.openai.next(double.status(503))
    before = await _service(house)
    await ask(house, order(fallbacks=["second/gpt-image-2"]))
    await settled(house)
    after = await _service(house)

    def grown(name: str, **labels: str) -> float:
        return after.of(name, **labels) - before.of(name, **labels)

    why = "provider_overloaded"
    assert grown("imagegen_fallbacks_total", from_provider="openai", provider="second", reason=why) == 1
    assert grown("imagegen_attempts_total", outcome="rejected", reason=why, **TARGET) == 1
    assert grown("imagegen_requests_total", provider="second", outcome="done") == 1


async def test_what_may_have_been_billed_is_a_presumed_cost(house: House) -> None:
    """A connection that breaks leaves an unknown outcome and the full price, marked as presumed."""
    house.openai.next(double.reset())
    before = await _service(house)
    await ask(house, order())
    await settled(house)
    after = await _service(house)

    assert (
        after.of("imagegen_attempts_total", outcome="unknown") - before.of("imagegen_attempts_total", outcome="unknown")
        == 1
    )
    assert after.of("imagegen_cost_usd_total", presumed="true") > before.of("imagegen_cost_usd_total", presumed="true")


async def test_what_is_under_way_is_seen(house: House) -> None:
    """While a provider works, and no longer."""
    gate = asyncio.Event()
    house.openai.next(double.held(gate))
    calls = house.openai.calls
    asking = asyncio.create_task(ask(house, order()))
    await until(lambda: house.openai.calls > calls)
    during = await _service(house)
    gate.set()
    await asking
    await settled(house)
    after = await _service(house)

    assert during.of("imagegen_requests_active", operation="generate") == 1
    assert during.of("imagegen_attempts_active", provider="openai") == 1
    assert after.of("imagegen_requests_active") == after.of("imagegen_attempts_active") == 0


async def test_the_metrics_do_not_grow_with_what_callers_write(house: House) -> None:
    """Hundreds of models, methods, paths, users and ids make no series of their own."""
    async with httpx2.AsyncClient(base_url=house.rest) as client:

        async def strange(i: int) -> None:
            await client.post(GENERATIONS, json=order(model=f"openai/gpt-image-2-{i}", user=f"u{i}"))
            await client.post("/v1/images/generations", json=order(model=f"nobody-{i}/model"))
            await client.get(f"/v1/nothing-{i}", headers={"x-request-id": f"id-{i}", "authorization": f"Bearer {i}"})
            await client.request(f"VERB{i}", "/v1/models")

        await strange(0)
        before = len((await _service(house)).numbers), len((await look(f"{house.rest}/metrics")).numbers)
        for i in range(1, 150):
            await strange(i)
        await settled(house)
        after = len((await _service(house)).numbers), len((await look(f"{house.rest}/metrics")).numbers)

    # Reading the metrics is a request too, and a bucket is a series: the first look may have added its own.
    assert after[0] - before[0] <= 0
    assert after[1] - before[1] <= 40


async def test_a_measurement_leads_to_its_trace(house: House) -> None:
    """Who accepts OpenMetrics reads exemplars."""
    tracing.exporter()
    exposition = house.gateway.exposition
    assert exposition is not None
    trace = "0af7651916cd43dd8448eb211c80319c"
    await ask(house, order(), headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    await settled(house)
    async with httpx2.AsyncClient(headers={"accept": "application/openmetrics-text"}) as client:
        service = (await client.get(f"http://127.0.0.1:{exposition.port}/metrics")).text
        bridge = (await client.get(f"{house.rest}/metrics")).text

    for name, text in (
        ("gen_ai_client_operation_duration_seconds_bucket", service),
        ("rpc_server_call_duration_seconds_bucket", service),
        ("http_server_request_duration_seconds_bucket", bridge),
    ):
        assert any(line.startswith(name) and trace in line for line in text.splitlines()), name


async def test_waiting_pictures_are_weighed() -> None:
    """What waits for a slow reader counts until it is taken, or nobody will take it."""

    def weight() -> float:
        return under_way().get("imagegen_queue_size_bytes", 0)

    before = weight()
    queue = Queue[PartialImage]()
    for size in (1000, 200):
        queue.put(PartialImage(0, 0, Picture(data=bytes(size), media_type="image/png")))
    waiting = weight()
    queue.abandon()

    assert (waiting - before, weight() - before) == (1200, 0)
