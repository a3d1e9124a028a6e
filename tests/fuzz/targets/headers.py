"""Headers of strangers: when to come back, who a request is, how long it may take, what kind of body it has."""

from __future__ import annotations

from imagegen import ImagegenError, tracing
from imagegen.identity import request_id
from imagegen.report import LONGEST, plain

from rest_bridge.gateway import LONGEST_SECONDS, errand
from rest_bridge.images import check_content_type
from service.providers import headers


def one(data: bytes) -> None:
    text = data.decode("latin-1")
    for name in ("retry-after", "retry-after-ms"):
        seconds = headers.retry_after({name: text})
        assert seconds is None or 0 <= seconds <= headers.LONGEST
    named = request_id(text)
    assert named.isascii()
    assert 1 <= len(named) <= 64
    shown = plain(data.decode("utf-8", "replace"))
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= LONGEST
    trace = tracing.extract((("traceparent", text), ("tracestate", text), ("baggage", text)))
    try:
        run = errand({"x-request-timeout": text, "authorization": text}, named, trace, {})
    except ImagegenError as error:
        assert error.field == "X-Request-Timeout" or "key" in error.message
    else:
        assert 0 < run.seconds <= LONGEST_SECONDS
        assert all(value.isascii() for _, value in run.metadata(trace))
    try:
        check_content_type(text)
    except ImagegenError as error:
        assert error.field == "Content-Type"
        assert error.message.isprintable()
