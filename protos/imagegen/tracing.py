"""One trace over both layers: W3C context in metadata and headers, and which ending makes a span an error.

Needs the extra `imagegen[tracing]`. Spans are passed on by hand, never attached to the running task: a generator may be
resumed in another task than it was started in, and an attached span would then follow the wrong work.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import grpc
import grpc.aio
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

_W3C = TraceContextTextMapPropagator()
FIELDS = frozenset(_W3C.fields)
"""The headers, or metadata, that carry a context."""
_TRACER = trace.get_tracer("imagegen")

# To a client every status but OK is a failure; to a server only those that are its own doing (OpenTelemetry, rpc).
_SERVER_FAULTS = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)


_NOWHERE = Context()

LONGEST = 512
"""Characters of a `tracestate`, as W3C would have it passed on; no `traceparent` is half as long."""
MOST_MEMBERS = 32
_MEMBER = (
    r"[ \t]*([a-z0-9][a-z0-9_*/-]{0,240}(@[a-z][a-z0-9_*/-]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}"
    r"[\x21-\x2b\x2d-\x3c\x3e-\x7e][ \t]*)?"
)
_TRACESTATE = re.compile(f"{_MEMBER}(,{_MEMBER})*")


def is_watched() -> bool:
    """Whether anybody wants spans. If not, none is made, and the caller's context is passed on as it came."""
    return trace._TRACER_PROVIDER is not None  # pyright: ignore[reportPrivateUsage] - asking in public reads the environment each time


class Span:
    """A span that ends exactly once, used with `with`.

    An exception that leaves the block makes it an error, unless how it ended has been told already.
    """

    __slots__ = ("_ended", "_span", "_told", "context")

    def __init__(
        self,
        name: str,
        kind: SpanKind,
        parent: Context | None,
        attributes: Mapping[str, AttributeValue] | None = None,
    ) -> None:
        self.context = parent or _NOWHERE
        """The parent for what happens inside."""
        self._span = trace.INVALID_SPAN
        if is_watched():
            self._span = _TRACER.start_span(name, self.context, kind, attributes)
            self.context = trace.set_span_in_context(self._span, _NOWHERE)
        self._ended = False
        self._told = False

    @property
    def trace_id(self) -> str | None:
        identity = trace.get_current_span(self.context).get_span_context()
        return trace.format_trace_id(identity.trace_id) if identity.is_valid else None

    @property
    def exemplar(self) -> dict[str, str] | None:
        """What a measurement says of where it is from; nothing where no span is kept."""
        if not self._span.is_recording():
            return None
        identity = self._span.get_span_context()
        return {
            "trace_id": trace.format_trace_id(identity.trace_id),
            "span_id": trace.format_span_id(identity.span_id),
        }

    def set(self, **attributes: AttributeValue | None) -> None:
        """Sets attributes, their names written with `__` for a dot; None is left out."""
        if self._span is trace.INVALID_SPAN:
            return
        for key, value in attributes.items():
            if value is not None:
                self._span.set_attribute(key.replace("__", "."), value)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def fail(self, kind: str) -> None:
        """Marks the span as failed; `kind` is a word from a closed set, never a message."""
        self._told = True
        self._span.set_attribute("error.type", kind)
        self._span.set_status(Status(StatusCode.ERROR))

    def rpc_ended(self, code: grpc.StatusCode, *, server: bool) -> None:
        """Notes how a call ended, by the rule of its side."""
        self._told = True
        self._span.set_attribute("rpc.response.status_code", code.name)
        if code in _SERVER_FAULTS or (not server and code is not grpc.StatusCode.OK):
            self.fail(code.name)

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._span.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, grpc.aio.AioRpcError):
            self.rpc_ended(error.code(), server=False)
        elif kind is not None and not self._told:
            self.fail(_word(kind, error))
        self.end()


def _word(kind: type[BaseException], error: BaseException | None) -> str:
    """What an exception is called: its reason, where it has one."""
    if kind.__name__ in ("CancelledError", "GeneratorExit"):
        return "cancelled"
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, str) else kind.__name__


class _ClientCall(Span):
    """A call that leaves: unless told otherwise it ended well, or was cancelled with the block."""

    __slots__ = ()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self._told:
            if kind is None:
                self.rpc_ended(grpc.StatusCode.OK, server=False)
            elif issubclass(kind, asyncio.CancelledError | GeneratorExit):
                self.rpc_ended(grpc.StatusCode.CANCELLED, server=False)
        super().__exit__(kind, error, _)


def client_call(method: str, parent: Context | None) -> Span:
    """The span of a call that leaves: `method` is "package.Service/Method"."""
    return _ClientCall(method, SpanKind.CLIENT, parent, {"rpc.system.name": "grpc", "rpc.method": method})


def server_call(method: str, metadata: Iterable[tuple[str, str | bytes]]) -> Span:
    """The span of a call that arrives, a child of the caller's."""
    return Span(method, SpanKind.SERVER, extract(metadata), {"rpc.system.name": "grpc", "rpc.method": method})


def current() -> Context:
    """The context that the caller's own spans have attached."""
    return context.get_current()


def extract(carrier: Iterable[tuple[str, str | bytes]]) -> Context:
    """The caller's context from metadata or headers; an empty one if it sent none that can be read."""
    found = {key: value for key, value in carrier if isinstance(value, str) and key in FIELDS}
    if not found:
        return _NOWHERE
    # The library would write a line into the log for each of these, strangers' words included.
    if len(found.get("traceparent", "")) > LONGEST:
        return _NOWHERE
    if "tracestate" in found and not _is_tracestate(found["tracestate"]):
        del found["tracestate"]
    return _W3C.extract(found, Context())


def _is_tracestate(text: str) -> bool:
    return len(text) <= LONGEST and text.count(",") < MOST_MEMBERS and _TRACESTATE.fullmatch(text) is not None


def inject(context: Context) -> dict[str, str]:
    """The headers or metadata that carry a context."""
    carrier: dict[str, str] = {}
    if context:
        _W3C.inject(carrier, context)
    return carrier
