"""The bridge's own metrics, served at /metrics and sent to a collector."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Self

from imagegen.metrics import Meter
from prometheus_client import Counter, Gauge, Histogram

LEFT = 499

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"})


def known(method: str) -> str:
    """A method as the conventions count it: what HTTP does not know is one."""
    return method if method in METHODS else "_OTHER"


class Seen:
    """A request under way, counted from its beginning to its end; 499 stands until an answer has begun."""

    __slots__ = ("_active", "_method", "_metrics", "_started", "exemplar", "route", "status")

    def __init__(self, metrics: Metrics, method: str) -> None:
        self.status = LEFT
        self.route = "(none)"
        self.exemplar: dict[str, str] | None = None
        self._metrics = metrics
        self._method = method

    @property
    def begun(self) -> bool:
        return self.status != LEFT

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._active = self._metrics.active(self._method)
        self._active.inc()
        return self

    def __exit__(self, *_: object) -> None:
        self._active.dec()
        duration = self._metrics.duration(self._method, self.route, str(self.status))
        duration.observe(self.seconds, self.exemplar)


class Metrics:
    def __init__(self) -> None:
        self.meter = Meter()
        duration = self.meter.histogram(
            "http.server.request.duration",
            "Duration of requests.",
            ("http.request.method", "http.route", "http.response.status_code"),
        )
        active = self.meter.gauge("http.server.active_requests", "Requests under way.", ("http.request.method",))
        refused = self.meter.counter("imagegen.refused", "What was refused before the application saw it.", ("reason",))
        self._connections = self.meter.gauge("imagegen.connections", "Open connections.")
        self._most = self.meter.gauge("imagegen.connections.limit", "How many connections may be open.")
        self._dropped = self.meter.counter("imagegen.telemetry.dropped", "What no collector took.", ("signal",))
        self.meter.watch_process()
        self.active: Callable[[str], Gauge] = cache(active.labels)
        self._refused: Callable[[str], Counter] = cache(refused.labels)
        self.duration: Callable[[str, str, str], Histogram] = lru_cache(1024)(duration.labels)

    def request(self, method: str) -> Seen:
        return Seen(self, known(method))

    def refused(self, reason: str) -> None:
        """A request that no endpoint has seen, or a client that was too slow."""
        self._refused(reason).inc()

    def limited(self, connections: int) -> None:
        self._most.set(connections)

    def connected(self, connections: int) -> None:
        self._connections.set(connections)

    def spans_dropped(self, count: int) -> None:
        self._dropped.labels("traces").inc(count)
