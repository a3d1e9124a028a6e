"""The names of the gateway's own spans. What makes a span an error is said in `imagegen.tracing`."""

from __future__ import annotations

from imagegen.tracing import Span
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from service.domain.plan import Target
from service.domain.request import ImageRequest
from service.telemetry.counting import IMAGE_GENERATION, provider_name


def pipeline_span(request: ImageRequest, parent: Context | None) -> Span:
    """Routing, attempts and delivery of one request."""
    return Span("imagegen.pipeline", SpanKind.INTERNAL, parent, {"imagegen.requested_model": request.model[:200]})


def attempt_span(target: Target, request: ImageRequest, number: int, parent: Context | None) -> Span:
    """One provider call, by the conventions for generative AI (which know no operation for images yet)."""
    span = Span(
        f"{IMAGE_GENERATION} {target.model}",
        SpanKind.CLIENT,
        parent,
        {
            "gen_ai.operation.name": IMAGE_GENERATION,
            "gen_ai.provider.name": provider_name(target.kind),
            "gen_ai.request.model": target.model,
            "gen_ai.output.type": "image",
            "gen_ai.request.stream": request.stream,
            "imagegen.attempt": number,
        },
    )
    n = request.parameters.n
    span.set(
        gen_ai__request__choice__count=n if n not in (None, 1) else None, gen_ai__request__seed=request.parameters.seed
    )
    return span


def http_span(method: str, host: str, port: int, parent: Context | None) -> Span:
    """One HTTP exchange with a provider. The path and query stay out: some providers have keys there."""
    return Span(
        method,
        SpanKind.CLIENT,
        parent,
        {"http.request.method": method, "server.address": host, "server.port": port},
    )
