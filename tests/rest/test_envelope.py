"""What the gateway itself refuses: the envelope names the field and says what would be right, and nobody is asked."""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.house import House
from tests.rest.asking import GENERATIONS, Json, Tab, ask, events_of, json_of, painting
from tests.rest.envelope import failure_of
from tests.rest.refusals import MODELS, REFUSALS, VALUES, Refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("refused", [pytest.param(v, id=k) for k, v in REFUSALS.items()])
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


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": "x" * 32_000},
        {"output_compression": 0, "output_format": "jpeg"},
        {"output_compression": 100, "output_format": "webp"},
        {"seed": 2**63 - 1},
        {"seed": -(2**63)},
        {"n": None, "size": None, "stream": None, "fallbacks": None},
        {"n": 10},
        {"fallbacks": []},
    ],
    ids=["prompt", "compression 0", "compression 100", "highest seed", "lowest seed", "nulls", "ten", "no fallbacks"],
)
async def test_the_last_value_that_is_right_is_taken(home: House, asked: Json) -> None:
    """Bounds are meant to be reached, and null is the same as absent."""
    answer = await ask(home, painting(**{"size": "64x64", **asked}), headers={"x-request-timeout": "3600"})
    assert answer.status_code == 200, answer.text[:500]
    assert len(json_of(answer)["data"]) == (asked.get("n") or 1)


@pytest.mark.parametrize("refused", [pytest.param(v, id=k) for k, v in (VALUES | MODELS).items()])
async def test_a_refusal_repeats_the_model_that_was_asked_for(home: House, refused: Refused) -> None:
    """`model_requested` is what the body said, `request_type` says if streamed; no provider, for none was chosen."""
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
    assert (body["status_code"], body["type"], body["error"]["code"]) == (
        405,
        "method_not_allowed",
        "method_not_allowed",
    )
    assert method in body["error"]["message"]
    assert set(answer.headers.get("allow", "").split(", ")) == allowed


GOOD_IDS = ("a", "req_1.2-3", "x" * 64)
BAD_IDS = ("", "x" * 65, "two words", "a/b", 'a"b', "größe", "a,b")


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
    raw = httpx2.Headers({"x-request-id": given}, encoding="latin-1")
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
