"""The bridge's own metrics, served at /metrics under the names that OpenTelemetry's conventions have in Prometheus.

Where several processes share a port, each keeps its numbers in files of the folder that the library's environment
variable names, and whichever is asked answers for all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Self, cast

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
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


class Seen:
    """A request under way, counted from its beginning to its end; 499 stands until an answer has begun."""

    __slots__ = ("_active", "_method", "_metrics", "_started", "route", "status")

    def __init__(self, metrics: Metrics, method: str) -> None:
        self.status = LEFT
        self.route = "(none)"
        self._metrics = metrics
        self._method = method

    @property
    def begun(self) -> bool:
        return self.status != LEFT

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._active = self._metrics.active(self._method)
        self._active.inc()
        return self

    def __exit__(self, *_: object) -> None:
        self._active.dec()
        duration = self._metrics.duration(self._method, self.route, str(self.status))
        duration.observe(time.monotonic() - self._started)


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
        refused = Counter(
            "imagegen_refused", "Connections ended for what came or did not come.", ["reason"], registry=self._registry
        )
        if FOLDER in os.environ:
            self._registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(self._registry)
        self.active: Callable[[str], Gauge] = cache(self._active.labels)
        self.duration: Callable[[str, str, str], Histogram] = cache(self._duration.labels)
        self._refused: Callable[[str], Counter] = cache(refused.labels)

    def request(self, method: str) -> Seen:
        return Seen(self, method)

    def refused(self, reason: str) -> None:
        """A request that no endpoint has seen, or a client that was too slow."""
        self._refused(reason).inc()

    def text(self) -> bytes:
        return generate_latest(self._registry)
