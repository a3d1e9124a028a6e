"""What operators see: spans, and a structured line for each request. No prompt, image, key or signed URL is in it.

Spans follow the rules of `imagegen.tracing`; here are only the names that the gateway itself gives.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from functools import cache
from typing import Any

import orjson
import structlog
from imagegen.tracing import Span, server_call
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind
from structlog.typing import Processor

from service.domain.plan import Target
from service.domain.request import ImageRequest

__all__ = [
    "Context",
    "Span",
    "attempt_span",
    "http_span",
    "log",
    "pipeline_span",
    "server_call",
    "set_up_logs",
]


def pipeline_span(request: ImageRequest, parent: Context | None) -> Span:
    """Routing, attempts and delivery of one request."""
    return Span("imagegen.pipeline", SpanKind.INTERNAL, parent, {"imagegen.requested_model": request.model[:200]})


def attempt_span(target: Target, request: ImageRequest, number: int, parent: Context | None) -> Span:
    """One provider call, by the conventions for generative AI (which know no operation for images yet)."""
    span = Span(
        f"image_generation {target.model}",
        SpanKind.CLIENT,
        parent,
        {
            "gen_ai.operation.name": "image_generation",
            "gen_ai.provider.name": target.kind,
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


@cache
def log(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a room; bound once, because binding takes longer than a line."""
    return structlog.get_logger(name).bind()


def set_up_logs(level: str = "info", *, to_terminal: bool = False) -> None:
    """One line of JSON for each event on standard error, or coloured text where a person reads along."""

    def dumps(event: MutableMapping[str, Any], **_: object) -> bytes:
        return orjson.dumps(event, default=str)

    to = structlog.PrintLoggerFactory(sys.stderr) if to_terminal else structlog.BytesLoggerFactory(sys.stderr.buffer)
    render: Processor = structlog.dev.ConsoleRenderer() if to_terminal else structlog.processors.JSONRenderer(dumps)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=to,
        cache_logger_on_first_use=False,
    )
    log.cache_clear()
