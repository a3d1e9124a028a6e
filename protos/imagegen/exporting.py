"""To a collector over OTLP: spans as they end, metrics every few seconds. Needs the extra `imagegen[telemetry]`.

A thread does it, and nobody waits for it: what a collector does not take in time is dropped and counted, and when the
process stops it holds nobody up for longer than LAST_WORDS. The SDK's own batching keeps no count of what it drops.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client.metrics_core import Metric as Family

from imagegen.metrics import BEGAN, Meter, Name

LAST_WORDS = 2.0
"""Seconds that a stopping process waits for a collector."""
PATIENCE = 5.0
"""Seconds that a collector may take for what it is sent."""
MOST_WAITING = 8192
"""Spans that wait to be sent; more are dropped."""
BATCH = 512
PAUSE = 1.0
METRICS_EVERY = 15.0

_OPTIONS = cast(Any, (("grpc.enable_http_proxy", 0),))  # the exporter's types know texts alone
_SCOPE = InstrumentationScope("imagegen")


class Exporter(SpanProcessor):
    """Sends what this process sees. `say` hears when the collector goes and comes, `dropped` of spans that are lost."""

    def __init__(
        self,
        url: str,
        about: Mapping[str, str],
        meters: Sequence[Meter],
        *,
        say: Callable[[str], None],
        dropped: Callable[[int], None],
    ) -> None:
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)  # it repeats itself; `say` says it once
        self._resource = Resource.create(dict(about))
        self._meters = meters
        self._say = say
        self._dropped = dropped
        self._spans_out = OTLPSpanExporter(endpoint=url, timeout=PATIENCE, channel_options=_OPTIONS)
        self._metrics_out = OTLPMetricExporter(endpoint=url, timeout=PATIENCE, channel_options=_OPTIONS)
        self._waiting: deque[ReadableSpan] = deque()
        self._awake = threading.Event()
        self._closing = False
        self._reached = True
        self._began = int(os.environ.get(BEGAN, 0)) or time.time_ns()
        self._thread = threading.Thread(target=self._work, name="telemetry", daemon=True)

    def start(self) -> None:
        """From here on spans are made and sent."""
        provider = trace.get_tracer_provider()
        if not isinstance(provider, TracerProvider):
            provider = TracerProvider(resource=self._resource, shutdown_on_exit=False)
            trace.set_tracer_provider(provider)
        provider.add_span_processor(self)
        self._thread.start()

    def close(self) -> None:
        """Sends what waits, if that can be done in LAST_WORDS. Blocks for so long."""
        if self._closing:
            return
        self._closing = True
        self._awake.set()
        self._thread.join(LAST_WORDS)
        for exporter in (self._spans_out, self._metrics_out):
            cast(Any, exporter).shutdown()
        self._thread.join(LAST_WORDS)  # it returns at once now, and what it held is lost
        if self._waiting:
            self._dropped(len(self._waiting))

    def on_end(self, span: ReadableSpan) -> None:
        if self._closing or not (span.context and span.context.trace_flags.sampled):
            return
        if len(self._waiting) >= MOST_WAITING:
            self._dropped(1)
            return
        self._waiting.append(span)
        if len(self._waiting) >= BATCH:
            self._awake.set()

    def _work(self) -> None:
        due = time.monotonic() + METRICS_EVERY
        while not self._closing:
            self._awake.wait(PAUSE)
            self._awake.clear()
            self._try(self._send_spans)
            if time.monotonic() >= due:
                due = time.monotonic() + METRICS_EVERY
                self._try(self._send_metrics)
        self._try(self._send_spans)
        self._try(self._send_metrics)

    def _try(self, send: Callable[[], None]) -> None:
        """Whatever a library makes of a span or a number, the next ones are sent."""
        try:
            send()
        except Exception as error:
            self._say(f"telemetry was not sent: {type(error).__name__}")

    def _send_spans(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            good = self._spans_out.export(batch) is SpanExportResult.SUCCESS
            self._heard(good)
            if not good:
                self._dropped(len(batch))
                return  # the others wait: perhaps it is back by then

    def _send_metrics(self) -> None:
        now = time.time_ns()
        metrics = [
            made
            for meter in self._meters
            for family in meter.own.collect()
            if family.name in meter.names  # the library's own, of the process, is Prometheus' way of telling it
            if (made := _metric(family, meter.names[family.name], self._began, now))
        ]
        scope = ScopeMetrics(_SCOPE, metrics, "")
        data = MetricsData([ResourceMetrics(self._resource, [scope], "")])
        self._heard(cast(Any, self._metrics_out).export(data) is MetricExportResult.SUCCESS)

    def _heard(self, good: bool) -> None:
        if good is not self._reached:
            self._reached = good
            self._say("the telemetry collector is back" if good else "the telemetry collector cannot be reached")


def _metric(family: Family, name: Name, began: int, now: int) -> Metric | None:
    """A metric of Prometheus' library as OTLP has it; none where nothing was counted yet."""
    match family.type:
        case "histogram":
            made = Histogram(list(_distributions(family, name, began, now)), AggregationTemporality.CUMULATIVE)
        case "counter":
            numbers = list(_numbers(family, name, began, now, "_total"))
            made = Sum(numbers, AggregationTemporality.CUMULATIVE, is_monotonic=True)
        case "gauge":
            made = Gauge(list(_numbers(family, name, began, now, "")))
        case _:
            return None
    return Metric(name.name, family.documentation, name.unit, made) if made.data_points else None


def _attributes(labels: Mapping[str, str], name: Name) -> dict[str, str]:
    return {name.attributes.get(label, label): value for label, value in labels.items()}


def _numbers(family: Family, name: Name, began: int, now: int, ending: str) -> Iterable[NumberDataPoint]:
    for sample in family.samples:
        if sample.name == family.name + ending:
            yield NumberDataPoint(_attributes(sample.labels, name), began, now, sample.value)


def _distributions(family: Family, name: Name, began: int, now: int) -> Iterable[HistogramDataPoint]:
    """The library tells a bucket as "so many up to here", a line each; OTLP wants "so many in here", all at once."""
    below: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    sums: dict[tuple[tuple[str, str], ...], float] = {}
    for sample in family.samples:
        labels = tuple((label, value) for label, value in sample.labels.items() if label != "le")
        if sample.name.endswith("_bucket"):
            below.setdefault(labels, []).append((float(sample.labels["le"]), sample.value))
        elif sample.name.endswith("_sum"):
            sums[labels] = sample.value
    for labels, counted in below.items():
        upto = [0, *(int(count) for _, count in counted)]
        yield HistogramDataPoint(
            attributes=_attributes(dict(labels), name),
            start_time_unix_nano=began,
            time_unix_nano=now,
            count=upto[-1],
            sum=sums.get(labels, 0.0),
            bucket_counts=[after - before for before, after in pairwise(upto)],
            explicit_bounds=[bound for bound, _ in counted[:-1]],
            min=cast(Any, None),  # nobody keeps them
            max=cast(Any, None),
        )
