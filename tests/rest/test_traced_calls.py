"""Every call of the bridge tells its span how it ended, and strangers' headers of traces cost nobody a line."""

from __future__ import annotations

import logging
import secrets
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from rest_bridge import images
from service.rpc import files
from tests import tracing
from tests.house import House
from tests.rest.asking import ask, json_of, order, painting, pictures
from tests.tracing import collected


@pytest.fixture(autouse=True)
def _spans() -> None:
    tracing.exporter()


async def path_of_a_picture(house: House, **asked: Any) -> str:
    (image,) = json_of(await ask(house, painting(**asked)))["data"]
    return str(image["url"]).removeprefix(house.rest)


def how(span: ReadableSpan) -> tuple[StatusCode, object]:
    return span.status.status_code, dict(span.attributes or {}).get("rpc.response.status_code")


async def calls(house: House, path: str, method: str = "GET", body: Any = None) -> list[tuple[SpanKind, str, object]]:
    """How the spans of the calls for one request ended."""
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    answer = await ask(house, body, path, method=method, headers=headers)
    assert answer.status_code == 200
    spans = (await collected(trace_id, 3)).all("imagegen.v1.")
    return [(span.kind, span.name.rpartition("/")[2], how(span)) for span in spans]


GOOD = (StatusCode.UNSET, "OK")


@pytest.mark.parametrize(
    ("path", "name"), [("/v1/models", "ListModels"), ("/v1/models/painter/scene", "GetModel")], ids=["list", "one"]
)
async def test_models(house: House, path: str, name: str) -> None:
    """Both sides of the call are said to have ended well."""
    assert set(await calls(house, path)) == {(SpanKind.CLIENT, name, GOOD), (SpanKind.SERVER, name, GOOD)}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_files(house: House, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """A picture of many chunks that is shown, or only asked for, is a call that ended well on both sides."""
    monkeypatch.setattr(files, "CHUNK", 1000)
    path = await path_of_a_picture(house, size="256x256")

    expected = {(SpanKind.CLIENT, "ReadFile", GOOD), (SpanKind.SERVER, "ReadFile", GOOD)}
    assert set(await calls(house, path, method)) == expected


async def test_files_behind_an_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that was too large to come along is fetched by a call that ended well on both sides."""
    monkeypatch.setattr(images, "AT_ONCE", 10)
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    answer = await ask(house, order(), headers=headers)
    assert len(pictures(answer)) == 1
    spans = (await collected(trace_id, 8)).all("imagegen.v1.ImageFiles/ReadFile")

    assert [how(span) for span in spans] == [GOOD, GOOD]


async def test_a_file_that_is_not_there(house: House) -> None:
    """A call that failed says so."""
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    path = await path_of_a_picture(house)
    wrong = f"{path[:-4]}AAAA"
    assert (await ask(house, None, wrong, method="HEAD", headers=headers)).status_code == 403
    spans = (await collected(trace_id, 3)).all("imagegen.v1.")
    (client,) = [span for span in spans if span.kind is SpanKind.CLIENT]

    assert how(client) == (StatusCode.ERROR, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        ("vendor=value", True),
        ("a=1, b@c=2,,d/e=3 4 ,", True),
        ("a=" + "x" * 250 + ",b=" + "y" * 250, True),
        ("a=" + "x" * 250 + ",b=" + "y" * 250 + ",c=12345678", False),
        ("a=" + "x" * 5000, False),
        (",".join(f"k{n}=v" for n in range(33)), False),
        ("NOT ONE OF THEM", False),
        ("a=b=c", False),
    ],
)
async def test_trace_state(caplog: pytest.LogCaptureFixture, state: str, kept: bool) -> None:
    """What cannot be passed on is left out without a word, and the trace goes on without it."""
    trace_id = secrets.token_hex(16)
    carrier = (("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-01"), ("tracestate", state))
    with caplog.at_level(logging.WARNING):
        found = trace.get_current_span(tracing_of(carrier)).get_span_context()

    assert trace.format_trace_id(found.trace_id) == trace_id
    assert (len(found.trace_state) > 0) is kept
    assert not caplog.records


async def test_a_trace_parent_without_end(caplog: pytest.LogCaptureFixture) -> None:
    """Is none, without a word."""
    with caplog.at_level(logging.WARNING):
        found = tracing_of((("traceparent", f"01-{'a' * 32}-{'b' * 16}-01-" + "c" * 10_000),))

    assert not trace.get_current_span(found).get_span_context().is_valid
    assert not caplog.records


def tracing_of(carrier: tuple[tuple[str, str], ...]) -> Any:
    from imagegen.tracing import extract

    return extract(carrier)
