"""The bridge's own metrics, served at /metrics under the names that OpenTelemetry's conventions have in Prometheus.

Where several processes share a port, each keeps its numbers in files of the folder that the library's environment
variable names, and whichever is asked answers for all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 300, 600)
"""Pictures take minutes: up to ten of them."""

FOLDER, WORKER = "PROMETHEUS_MULTIPROC_DIR", "IMAGEGEN_WORKER"
"""In the environment of one of several: where they keep what they count, and which of them it is."""

LEFT = 499

CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(slots=True)
class Seen:
    """What is noted of a request under way; 499 stands until an answer has begun."""

    status: int = LEFT
    route: str = "(none)"

    @property
    def begun(self) -> bool:
        return self.status != LEFT


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        if FOLDER in os.environ:  # who takes the place of another goes on with its numbers
            values.ValueClass = cast(Any, values).MultiProcessValue(lambda: os.environ[WORKER])
        self._duration = Histogram(
            "http_server_request_duration_seconds",
            "Duration of requests.",
            ["http_request_method", "http_route", "http_response_status_code"],
            registry=self._registry,
            buckets=BUCKETS,
        )
        self._active = Gauge(
            "http_server_active_requests",
            "Requests under way.",
            ["http_request_method"],
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        if FOLDER in os.environ:
            self._registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(self._registry)

    @contextmanager
    def request(self, method: str) -> Generator[Seen]:
        seen, started = Seen(), time.monotonic()
        active = self._active.labels(method)
        active.inc()
        try:
            yield seen
        finally:
            active.dec()
            self._duration.labels(method, seen.route, str(seen.status)).observe(time.monotonic() - started)

    def text(self) -> bytes:
        return generate_latest(self._registry)
