"""What the gateway itself refuses: the envelope names the field and says what would be right, and nobody is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.house import House
from tests.rest.asking import GENERATIONS, Json, Tab, ask, events_of, json_of, order, painting
from tests.rest.envelope import failure_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True)
class Refused:
    """What is asked, and what the answer must be. `says` are words that tell what would be right."""

    status: int
    code: str
    param: str | None
    says: Sequence[str]
    body: Json | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    type: str = "invalid_request_error"


def wrong(param: str, value: Any, *says: str, **more: Any) -> Refused:
    """A value that no model takes."""
    return Refused(400, "invalid_value", param, says, painting(**{param: value}, **more))


def without(name: str) -> Json:
    return {key: value for key, value in painting().items() if key != name}


def missing(param: str, body: Json) -> Refused:
    return Refused(400, "missing_required_parameter", param, ["required", "empty"], body)


def not_yet(header: str) -> Refused:
    return Refused(400, "not_supported", header, ["not in this version"], painting(), headers={header: "x"})


UNREADABLE = {
    "broken JSON": Refused(400, "invalid_request", None, ["valid JSON"], content=b'{"model":'),
    "no body": Refused(400, "invalid_request", None, ["valid JSON"], content=b""),
    "half a letter": Refused(400, "invalid_request", None, ["valid JSON"], content=b'{"prompt":"\xc3"}'),
    "half a surrogate": Refused(
        400, "invalid_request", None, ["valid JSON"], content=b'{"model":"painter/scene","prompt":"\\ud83d"}'
    ),
    "an array": Refused(400, "invalid_request", None, ["JSON object"], content=b"[]"),
    "a text": Refused(400, "invalid_request", None, ["JSON object"], content=b'"painter/scene"'),
    "brackets without end": Refused(400, "invalid_request", None, ["valid JSON"], content=b'{"a":' + b"[" * 100_000),
    "a form": Refused(
        415,
        "unsupported_media_type",
        "Content-Type",
        ["application/json", "x-www-form-urlencoded"],
        content=b"model=painter/scene",
        headers={"content-type": "application/x-www-form-urlencoded"},
    ),
    "above 4 MiB": Refused(413, "payload_too_large", "body", ["4 MiB"], painting(prompt="x" * (4 * 1024 * 1024))),
}

VALUES = {
    "no model": missing("model", without("model")),
    "empty model": missing("model", painting(model="")),
    "null model": missing("model", painting(model=None)),
    "no prompt": missing("prompt", without("prompt")),
    "blank prompt": missing("prompt", painting(prompt=" \n\t ")),
    "prompt of 32,001": wrong("prompt", "x" * 32_001, "32001", "32000"),
    "prompt a number": wrong("prompt", 7, "text", "number"),
    "n=0": wrong("n", 0, "between 1 and 10", "0"),
    "n=11": wrong("n", 11, "between 1 and 10", "11"),
    "n=two": wrong("n", "two", "whole number", "text"),
    "n=1.5": wrong("n", 1.5, "whole number"),
    "n=true": wrong("n", True, "whole number", "true or false"),
    "n=2^40": wrong("n", 2**40, "1", "10"),
    "n=2^80": wrong("n", 2**80, "1", "10"),
    "size big": wrong("size", "big", "auto", "WIDTHxHEIGHT", "big"),
    "size 0x0": wrong("size", "0x0", "WIDTHxHEIGHT", "0x0"),
    "size 1024x": wrong("size", "1024x", "WIDTHxHEIGHT", "1024x"),
    "size with a line end": wrong("size", "1024x1024\n", "WIDTHxHEIGHT"),
    "quality": wrong("quality", "best", "low", "medium", "high", "standard", "hd", "best"),
    "style": wrong("style", "baroque", "natural", "vivid", "baroque"),
    "response_format": wrong("response_format", "file", "b64_json", "url", "file"),
    "output_format": wrong("output_format", "bmp", "png", "jpeg", "webp", "bmp"),
    "output_compression": wrong("output_compression", 101, "between 0 and 100", "101"),
    "partial_images": wrong("partial_images", 4, "between 0 and 3", "4", stream=True),
    "url in a stream": wrong("response_format", "url", "stream", "b64_json", stream=True),
    "steps": wrong("num_inference_steps", 0, "between 1 and 1000", "0"),
    "stream=yes": wrong("stream", "yes", "true or false"),
    "fallbacks a text": wrong("fallbacks", "painter/scene", "list"),
    "a fallback a number": wrong("fallbacks", [7], "text", "number"),
}

MODELS = {
    "misspelt model": Refused(
        404, "model_not_found", "model", ["Nearest", "painter/scene"], painting(model="painter/scen")
    ),
    "misspelt provider": Refused(
        404, "model_not_found", "model", ["Nearest", "openai/gpt-image-2"], order(model="opnai/gpt-image-2")
    ),
    "a known provider, not here": Refused(
        400, "provider_not_configured", "model", ["azure", "not configured", "key"], order(model="azure/x")
    ),
    "a provider without key": Refused(
        400, "provider_not_configured", "model", ["keyless", "key"], order(model="keyless/gpt-image-2")
    ),
    "misspelt fallback": Refused(
        404, "model_not_found", "fallbacks[0]", ["Nearest"], painting(fallbacks=["painter/scen"])
    ),
}
HEADERS = {
    **{name: not_yet(name) for name in ("idempotency-key", "x-bf-async", "x-bf-async-id")},
    **{
        f"timeout {value}": Refused(
            400,
            "invalid_value",
            "X-Request-Timeout",
            ["seconds", "0", "3600"],
            painting(),
            headers={"x-request-timeout": value},
        )
        for value in ("soon", "0", "-1", "nan", "3601", "")
    },
}


@pytest.mark.parametrize("refused", [pytest.param(v, id=k) for k, v in (UNREADABLE | VALUES | MODELS | HEADERS).items()])
async def test_a_refusal_names_the_field_and_says_what_is_right(home: House, tab: Tab, refused: Refused) -> None:
    """Each is an envelope of ours with its status, code and param; OpenAI hears and charges nothing."""
    answer = await ask(home, refused.body, content=refused.content, headers=refused.headers)
    body = failure_of(answer)
    told = body["error"]
    assert (answer.status_code, told["code"], told["type"]) == (refused.status, refused.code, refused.type)
    assert told.get("param") == refused.param
    assert all(word in told["message"] for word in refused.says), told["message"]
    assert body["is_bifrost_error"] is True
    assert answer.headers["x-should-retry"] == "false"
    assert not tab.sent
    assert not tab.charges


@pytest.mark.parametrize("refused", [pytest.param(v, id=k) for k, v in (VALUES | MODELS).items()])
async def test_a_refusal_repeats_the_model_that_was_asked_for(home: House, refused: Refused) -> None:
    """`model_requested` is what the body said, `provider` absent as none was chosen, `request_type` says if streamed."""
    assert refused.body is not None
    fields = failure_of(await ask(home, refused.body))["extra_fields"]
    named = refused.body.get("model")
    streamed = refused.body.get("stream") is True
    assert fields == {
        "request_type": "image_generation_stream" if streamed else "image_generation",
        **({"model_requested": named} if named else {}),
    }


@pytest.mark.parametrize("refused", [pytest.param(v, id=k) for k, v in MODELS.items()])
async def test_a_refused_stream_is_json_with_its_true_status(home: House, tab: Tab, refused: Refused) -> None:
    """What is refused before the first event never begins a stream."""
    body = failure_of(await ask(home, {**(refused.body or {}), "stream": True}))
    assert (body["status_code"], body["error"]["param"]) == (refused.status, refused.param)
    assert body["extra_fields"]["request_type"] == "image_generation_stream"
    assert not tab.sent


@pytest.mark.parametrize(
    ("path", "request_type"),
    [
        ("/v1/images/edits", "image_edit"),
        ("/openai/v1/images/edits", "image_edit"),
        ("/openai/deployments/dall-e-3/images/edits", "image_edit"),
        ("/v1/images/variations", "image_variation"),
    ],
)
async def test_what_comes_later_is_refused_by_name(home: House, tab: Tab, path: str, request_type: str) -> None:
    """Edits and variations are known and not in this version: 400 not_supported, never a 404."""
    body = failure_of(await ask(home, path=path, content=b"--x--", headers={"content-type": "multipart/form-data"}))
    assert (body["status_code"], body["error"]["code"]) == (400, "not_supported")
    assert "not in this version" in body["error"]["message"]
    assert body["extra_fields"] == {"request_type": request_type}
    assert not tab.sent


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/images", "/v1/images/generations/", "/", "/v1/files/x"])
async def test_a_path_that_is_not_there_is_404(home: House, path: str) -> None:
    """An unknown path is answered in the envelope and named in it."""
    body = failure_of(await ask(home, painting(), path))
    assert (body["status_code"], body["type"]) == (404, "not_found")
    assert path in body["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", GENERATIONS, {"POST"}),
        ("PUT", "/openai/deployments/x/images/generations", {"POST"}),
        ("POST", "/v1/models", {"GET", "HEAD"}),
        ("DELETE", "/health", {"GET", "HEAD"}),
    ],
)
async def test_a_wrong_method_is_405_and_says_the_right_one(
    home: House, method: str, path: str, allowed: set[str]
) -> None:
    """The envelope comes with the `Allow` that HTTP demands of every 405."""
    answer = await ask(home, path=path, method=method)
    body = failure_of(answer)
    assert (body["status_code"], body["type"], body["error"]["code"]) == (405, "method_not_allowed", "method_not_allowed")
    assert method in body["error"]["message"]
    assert set(answer.headers.get("allow", "").split(", ")) == allowed


GOOD_IDS = ("a", "req_1.2-3", "x" * 64)
BAD_IDS = ("", "x" * 65, "two words", "a/b", 'a"b', "größe".encode("latin-1").decode("latin-1"), "a,b")


@pytest.mark.parametrize("given", GOOD_IDS)
async def test_a_good_request_id_is_kept(home: House, given: str) -> None:
    """The caller's id names the answer: in the header, and in a failure's envelope and error."""
    good = await ask(home, painting(), headers={"x-request-id": given})
    assert good.headers.get_list("x-request-id") == [given]
    bad = failure_of(await ask(home, painting(n=0), headers={"x-request-id": given}))
    assert (bad["event_id"], bad["error"]["event_id"]) == (given, given)
    streamed = await ask(home, painting(stream=True), headers={"x-request-id": given})
    assert events_of(streamed)
    assert streamed.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", BAD_IDS)
async def test_a_bad_request_id_is_replaced(home: House, given: str) -> None:
    """An id of another form is not repeated anywhere; ours stands in its place, a new one each time."""
    raw = [("x-request-id", given)]
    ours: set[str] = set()
    for _ in range(2):
        answer = await ask(home, painting(n=0), headers=raw)
        ours.add(failure_of(answer)["event_id"])
    assert len(ours) == 2
    assert given not in ours


async def test_every_answer_has_an_id(home: House) -> None:
    """Also where none was sent, and where nothing is wrong."""
    for path in ("/health", "/v1/models", "/openapi.json", "/metrics"):
        answer = await ask(home, path=path, method="GET")
        assert answer.status_code == 200
        assert len(answer.headers.get_list("x-request-id")) == 1


@pytest.mark.parametrize(
    "value",
    [pytest.param(str(2**70), id="a number of 70 bits"), pytest.param("[" * 300 + "]" * 300, id="300 brackets")],
)
async def test_strange_values_in_unknown_fields_are_no_fault_of_ours(home: House, tab: Tab, value: str) -> None:
    """What a caller writes into a field that nobody knows may be refused or dropped, but is never a 500."""
    answer = await ask(home, content=b'{"unheard_of":%s,%s' % (value.encode(), json.dumps(painting()).encode()[1:]))
    assert answer.status_code in (200, 400), json_of(answer)
    if answer.status_code == 400:
        assert failure_of(answer)["error"]["param"] == "unheard_of"
    assert not tab.sent
