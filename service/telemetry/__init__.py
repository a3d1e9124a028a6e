"""What operators see: spans, metrics, and structured lines. No prompt, image, key or signed URL is in any of them.

`spans` and `counting` are what the gateway tells of itself, `logs` how lines are written, `exposing` where Prometheus
reads. What goes to a collector is sent by `imagegen.exporting`, for both programs.
"""

from __future__ import annotations

from imagegen.tracing import Span, inject, server_call
from opentelemetry.context import Context

from service.telemetry import counting
from service.telemetry.exposing import Exposition
from service.telemetry.logs import keep_content, log, on_loop_failure, set_up_logs
from service.telemetry.spans import attempt_span, http_span, pipeline_span

__all__ = [
    "Context",
    "Exposition",
    "Span",
    "attempt_span",
    "counting",
    "http_span",
    "inject",
    "keep_content",
    "log",
    "on_loop_failure",
    "pipeline_span",
    "server_call",
    "set_up_logs",
]
