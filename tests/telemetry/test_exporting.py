"""A collector is a guest: what it is sent is exact, and when it is away or silent nobody notices but the operator."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from imagegen import exporting
from imagegen.exporting import LAST_WORDS, Exporter
from imagegen.metrics import Meter
from imagegen.tracing import Span
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.trace import SpanKind

from tests import tracing
from tests.house import until
from tests.telemetry.collector import Collector
from tests.telemetry.conftest import exported
from tests.terminal.programs import Place

SLACK = 1.5
"""Seconds that a busy machine may add."""


class Heard:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.dropped = 0

    def drop(self, count: int) -> None:
        self.dropped += count


@pytest.fixture
def silent() -> Generator[str]:
    """An address where connections come about, and nobody ever says anything."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def away() -> str:
    """An address where nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def exporter(url: str, heard: Heard, meters: Sequence[Meter] = ()) -> Exporter:
    tracing.exporter()
    made = Exporter(url, {"service.name": "test"}, meters, say=heard.lines.append, dropped=heard.drop)
    made.start()
    return made


def spans(count: int) -> None:
    for _ in range(count):
        Span("work", SpanKind.INTERNAL, None).end()


@pytest.fixture(params=["silent", "away"])
def unreachable(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(request.param)


def test_stopping_waits_for_nobody(unreachable: str) -> None:
    """A collector that is away or silent costs two seconds at most, and every span is counted as lost."""
    heard = Heard()
    made = exporter(unreachable, heard)
    spans(30)
    time.sleep(exporting.PAUSE / 2)
    began = time.monotonic()
    made.close()

    assert time.monotonic() - began < LAST_WORDS + SLACK
    assert heard.dropped == 30


def test_what_waits_is_bounded(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many the newest are dropped at once, and counted."""
    monkeypatch.setattr(exporting, "MOST_WAITING", 10)
    heard = Heard()
    made = exporter(silent, heard)
    spans(10_000)
    soon = heard.dropped
    made.close()

    assert soon >= 10_000 - 10 - exporting.BATCH
    assert heard.dropped == 10_000


async def test_going_and_coming_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line when the collector is gone, one when it is back, and spans arrive again."""
    monkeypatch.setattr(exporting, "PAUSE", 0.05)
    monkeypatch.setattr(exporting, "PATIENCE", 0.3)
    with closing(socket.create_server(("127.0.0.1", 0))) as kept:
        port = kept.getsockname()[1]
    heard = Heard()
    made = exporter(f"http://127.0.0.1:{port}", heard)
    try:
        for _ in range(3):
            spans(1)
            await asyncio.sleep(0.5)
        gone = list(heard.lines)
        async with Collector(port) as collector:

            def arrived() -> bool:
                spans(1)
                return bool(collector.spans)

            await until(arrived, 15)
            await asyncio.to_thread(made.close)
    finally:
        await asyncio.to_thread(made.close)

    assert gone == ["the telemetry collector cannot be reached"]
    assert heard.lines == [*gone, "the telemetry collector is back"]


async def test_metrics_arrive_under_their_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, units, attributes, buckets and sums as OpenTelemetry has them."""
    monkeypatch.setattr(exporting, "PAUSE", 0.05)
    monkeypatch.setattr(exporting, "METRICS_EVERY", 0.1)
    meter = Meter()
    duration = meter.histogram("work.duration", "How long.", ("work.kind",), buckets=(1, 2))
    done = meter.counter("work.size", "How much.", ("work.kind",), "By")
    active = meter.gauge("work.active", "How many.")
    meter.counter("work.never", "Nothing.", ("kind",))
    for seconds in (0.5, 1.5, 1.6, 7):
        duration.labels("hard").observe(seconds)
    done.labels("hard").inc(5)
    active.set(3)

    async with Collector() as collector:
        with exported(collector.url, meter):
            told = await collector.metric("work.duration")
            size, under_way = await collector.metric("work.size"), await collector.metric("work.active")

    (point,) = told.histogram.data_points
    assert (told.unit, told.description) == ("s", "How long.")
    assert told.histogram.aggregation_temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert [(each.key, each.value.string_value) for each in point.attributes] == [("work.kind", "hard")]
    assert (list(point.explicit_bounds), list(point.bucket_counts)) == ([1, 2], [1, 2, 1])
    assert (point.count, point.sum) == (4, pytest.approx(10.6))
    assert (size.unit, size.sum.is_monotonic, size.sum.data_points[0].as_double) == ("By", True, 5)
    assert under_way.gauge.data_points[0].as_double == 3
    assert "work.never" not in collector.metrics


async def test_a_variable_of_somebody_elses_changes_nothing(tmp_path: Path) -> None:
    """The library's own variable, left over from another program, is not taken for one of our workers'."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    words = "from service.telemetry import counting as c; c.waits(1); print(c.METER.text()[0].decode())"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", words, env=environment, stdout=PIPE)
    told, _ = await process.communicate()

    assert b"imagegen_queue_size_bytes 1.0" in told
    assert not os.listdir(tmp_path)


async def test_a_program_with_a_dead_collector_serves_and_stops(tmp_path: Path, silent: str) -> None:
    """Its answers are as ever, and it ends as soon as two seconds after it would have."""
    place = Place(tmp_path)
    config = tmp_path / "imagegen.toml"
    config.write_text(f'[telemetry]\notlp = "{silent}"\n')
    async with place.running(
        "up", "--config", str(config), "--data-dir", str(place.data), "--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0"
    ) as program:
        async with httpx2.AsyncClient(base_url=program.rest, timeout=20) as client:
            order = {"model": "painter/scene", "prompt": "a fox", "size": "64x64"}
            answers = [await client.post("/v1/images/generations", json=order) for _ in range(3)]
        began = time.monotonic()
        program.tell(signal.SIGTERM)
        ended = await program.ended()

    assert [each.status_code for each in answers] == [200] * 3
    assert ended.code == 0
    assert time.monotonic() - began < 10
