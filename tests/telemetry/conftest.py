"""A gateway in each of its forms whose spans and metrics go to a collector in this process."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from imagegen import exporting
from imagegen.exporting import Exporter
from imagegen.metrics import Meter

from service.telemetry import counting
from tests import tracing
from tests.house import FORMS, House, open_house
from tests.telemetry.collector import Collector


@dataclass(frozen=True, slots=True)
class Watched:
    house: House
    collector: Collector


@contextmanager
def exported(url: str, *meters: Meter) -> Generator[Exporter]:
    """Spans and metrics of this process go there, and soon."""
    tracing.exporter()
    exporter = Exporter(url, {"service.name": "imagegen"}, meters, say=print, dropped=counting.spans_dropped)
    exporter.start()
    try:
        yield exporter
    finally:
        thread = threading.Thread(target=exporter.close)  # the collector answers on this thread's loop
        thread.start()
        thread.join(0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=FORMS)
async def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Watched]:
    usual = exporting.PAUSE, exporting.METRICS_EVERY
    exporting.PAUSE, exporting.METRICS_EVERY = 0.05, 0.2
    async with (
        Collector() as collector,
        open_house(tmp_path_factory.mktemp("house"), request.param, idle="5s", total="20s") as house,
    ):
        with exported(collector.url, counting.METER, house.bridge.metrics.meter):
            yield Watched(house, collector)
    exporting.PAUSE, exporting.METRICS_EVERY = usual
