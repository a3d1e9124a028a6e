"""The bridge's own metrics, served at /metrics."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 300, 600)
"""Pictures take minutes: up to ten of them."""

CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(slots=True)
class Seen:
    """What is noted of a request under way; 499 stands until an answer has begun."""

    status: int = 499
    route: str = "(none)"


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        duration = "http.server.request.duration"
        self._provider = MeterProvider(
            [PrometheusMetricReader(registry=self._registry)],
            views=[View(instrument_name=duration, aggregation=ExplicitBucketHistogramAggregation(BUCKETS))],
            resource=Resource.create({"service.name": "imagegen-bridge"}),
            shutdown_on_exit=False,
        )
        meter = self._provider.get_meter("imagegen.bridge")
        self._duration = meter.create_histogram(duration, "s", "Duration of requests.")
        self._active = meter.create_up_down_counter("http.server.active_requests", "{request}", "Requests under way.")

    @contextmanager
    def request(self, method: str) -> Generator[Seen]:
        seen, started = Seen(), time.monotonic()
        labels = {"http.request.method": method}
        self._active.add(1, labels)
        try:
            yield seen
        finally:
            self._active.add(-1, labels)
            self._duration.record(
                time.monotonic() - started,
                {**labels, "http.route": seen.route, "http.response.status_code": str(seen.status)},
            )

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def close(self) -> None:
        self._provider.shutdown()
