"""A collector in this process: OpenTelemetry's own services over gRPC, keeping all that they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

import grpc.aio
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

from tests.house import until


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it arrived."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent: str
    status: str
    attributes: Mapping[str, Any]
    service: str

    @classmethod
    def of(cls, span: ProtoSpan, service: str) -> Self:
        return cls(
            name=span.name,
            kind=ProtoSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            status={0: "unset", 1: "ok", 2: "error"}[span.status.code],
            attributes=_values(span.attributes),
            service=service,
        )


class Collector:
    def __init__(self, port: int = 0) -> None:
        self.spans: list[Seen] = []
        self.metrics: dict[str, Metric] = {}
        """The latest of each."""
        self.raw = bytearray()
        """Everything that arrived, as bytes."""
        self._server = grpc.aio.server()
        self._server_port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        cast(Any, trace_service_pb2_grpc).add_TraceServiceServicer_to_server(_Traces(self), self._server)
        cast(Any, metrics_service_pb2_grpc).add_MetricsServiceServicer_to_server(_Metrics(self), self._server)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server_port}"

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(0.1)

    async def trace(self, trace_id: str, spans: int, within: float = 10) -> list[Seen]:
        """The spans of a trace once there are so many."""
        await until(lambda: len(self._of(trace_id)) >= spans, within)
        return self._of(trace_id)

    async def metric(self, name: str, within: float = 10) -> Metric:
        await until(lambda: name in self.metrics, within)
        return self.metrics[name]

    def _of(self, trace_id: str) -> list[Seen]:
        return [span for span in self.spans if span.trace_id == trace_id]


class _Traces(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def Export(  # noqa: N802 - the service's name
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: object
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        self._collector.raw += request.SerializeToString()
        for resource in request.resource_spans:
            service = _values(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                self._collector.spans += [Seen.of(span, service) for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


class _Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def Export(  # noqa: N802 - the service's name
        self, request: metrics_service_pb2.ExportMetricsServiceRequest, context: object
    ) -> metrics_service_pb2.ExportMetricsServiceResponse:
        self._collector.raw += request.SerializeToString()
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                self._collector.metrics.update({metric.name: metric for metric in scope.metrics})
        return metrics_service_pb2.ExportMetricsServiceResponse()


def _values(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return dict(_pairs(attributes))


def _pairs(attributes: Iterable[KeyValue]) -> Iterator[tuple[str, Any]]:
    for each in attributes:
        yield each.key, getattr(each.value, each.value.WhichOneof("value") or "string_value")
