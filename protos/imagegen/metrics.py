"""Metrics under OpenTelemetry's names, read as Prometheus text or sent as OTLP. Needs the extra `imagegen[telemetry]`.

They are counted by prometheus_client, at a fifth of what the SDK's own instruments cost a request. A metric has one
name, OpenTelemetry's; Prometheus' follows from it: dots become underscores, and the unit stands at the end.

Where several processes share a port, each keeps its numbers in files of the folder that the library's environment
variable names, and whichever is asked answers for all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, multiprocess, values
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

FOLDER, WORKER, BEGAN = "PROMETHEUS_MULTIPROC_DIR", "IMAGEGEN_WORKER", "IMAGEGEN_BEGAN"
"""In the environment of one of several: where they keep what they count, which of them it is, and since when (in
nanoseconds) there was one in its place."""

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 300, 600)
"""Pictures take minutes: up to ten of them."""
TOKENS = tuple(float(4**power) for power in range(14))

_SUFFIX = {"s": "_seconds", "By": "_bytes", "USD": "_usd"}


@dataclass(frozen=True, slots=True)
class Name:
    """What OpenTelemetry calls a metric and its attributes; `attributes` is by label."""

    name: str
    unit: str
    attributes: dict[str, str]


class Meter:
    """Some metrics, and how they are read."""

    def __init__(self) -> None:
        self.names: dict[str, Name] = {}
        """What is known of each metric, by its name in Prometheus without the ending of counters."""
        self.own = CollectorRegistry()
        """What this process counts."""
        self.registry = self.own
        """What whoever asks this process is told: for all that share its port."""
        kinds = cast(Any, values)
        values.ValueClass = kinds.MutexValue  # whatever the environment of a process alone says
        if WORKER in os.environ:  # who takes the place of another goes on with its numbers
            values.ValueClass = kinds.MultiProcessValue(lambda: os.environ[WORKER])
            self.registry = CollectorRegistry()
            self.registry.register(cast(Any, _Together(self)))

    def counter(self, name: str, text: str, attributes: Sequence[str] = (), unit: str = "") -> Counter:
        return Counter(*self._named(name, text, attributes, unit), registry=self.own)

    def gauge(self, name: str, text: str, attributes: Sequence[str] = (), unit: str = "") -> Gauge:
        return Gauge(*self._named(name, text, attributes, unit), registry=self.own, multiprocess_mode="livesum")

    def histogram(
        self, name: str, text: str, attributes: Sequence[str] = (), unit: str = "s", buckets: Sequence[float] = SECONDS
    ) -> Histogram:
        return Histogram(*self._named(name, text, attributes, unit), registry=self.own, buckets=buckets)

    def watch_process(self) -> None:
        """Adds the process's own memory, time and descriptors."""
        ProcessCollector(registry=self.own)

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """Everything as Prometheus reads it, and the media type; with exemplars for those who accept OpenMetrics."""
        encode, media_type = choose_encoder(accept)
        return encode(cast(Any, self.registry)), media_type

    def _named(self, name: str, text: str, attributes: Sequence[str], unit: str) -> tuple[str, str, tuple[str, ...]]:
        labels = {each.replace(".", "_"): each for each in attributes}
        in_prometheus = name.replace(".", "_") + _SUFFIX.get(unit, "")
        self.names[in_prometheus] = Name(name, unit, labels)
        return in_prometheus, text, tuple(labels)


class _Together:
    """The numbers of all processes that share a folder, of those metrics that one of them knows."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._all = cast(Any, multiprocess).MultiProcessCollector(None)

    def collect(self) -> Iterable[Metric]:
        return [metric for metric in self._all.collect() if metric.name in self._meter.names]
