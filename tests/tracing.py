"""Spans in memory: what a collector would have got."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@cache
def exporter() -> InMemorySpanExporter:
    """The process's one exporter: OpenTelemetry lets a provider be set once."""
    made = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(made))
    trace.set_tracer_provider(provider)
    return made


class Trace:
    """The spans of one trace, by name."""

    def __init__(self, spans: list[ReadableSpan]) -> None:
        self.spans = spans

    def __iter__(self) -> Iterator[ReadableSpan]:
        return iter(self.spans)

    def one(self, start: str) -> ReadableSpan:
        (found,) = self.all(start)
        return found

    def all(self, start: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name.startswith(start)]

    def is_connected(self) -> bool:
        """Every span but the first has its parent in the same trace."""
        known = {span.context.span_id for span in self.spans if span.context}
        outside = [span for span in self.spans if span.parent is None or span.parent.span_id not in known]
        return len(outside) == 1


async def collected(trace_id: str, names: int, within: float = 5) -> Trace:
    """The trace once it has that many spans."""
    async with asyncio.timeout(within):
        while True:
            spans = [
                span
                for span in exporter().get_finished_spans()
                if span.context and trace.format_trace_id(span.context.trace_id) == trace_id
            ]
            if len(spans) >= names:
                return Trace(list(spans))
            await asyncio.sleep(0.01)
