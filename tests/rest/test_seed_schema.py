"""Every answer is valid against the seed's own schema, good and bad, in JSON and in each event of a stream.

The seed's schema allows unknown members, and so would accept nearly anything; here ours are listed, and nothing else
may stand beside the seed's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from tests.house import House
from tests.rest.asking import Json, Tab, ask, events_of, json_of, order, painting
from tests.rest.envelope import nulls
from tests.rest.refusals import REFUSALS, Refused
from tests.upstreams.openai import (
    Behaviour,
    after_images,
    after_partials,
    cut,
    empty_data,
    error_event,
    fewer_images,
    html_error,
    html_in_200,
    moderation_blocked,
    quota_exhausted,
    reset,
    stall,
    status,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = Path(__file__).parent
SEED = HERE.parents[2] / "shared" / "seeds" / "001_ff6a52d2b3108641.txt"
KEPT: Json = yaml.safe_load((HERE / "seed_schema.yaml").read_text(encoding="utf-8"))

OUR_PROVIDERS = ("painter",)
"""Kinds that the seed does not know."""

OURS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "200 application/json": {"": ("extra_fields",)},
    "200 text/event-stream": {"": ("index", "revised_prompt", "extra_fields")},
    "400 application/json": {
        "extra_fields": ("provider_name", "model", "fallback_index", "latency", "cost_usd", "changes", "attempts")
    },
}
"""The members that we add to the seed's, by schema and the object they stand in."""

formats = FormatChecker(())


@formats.checks("uri")
def is_url(value: object) -> bool:
    return not isinstance(value, str) or (urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).netloc))


@formats.checks("int64")
def is_int64(value: object) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def sealed(schema: Json, ours: Mapping[str, tuple[str, ...]], path: str = "") -> Json:
    """The schema with our members allowed and every other one refused, in each of its objects."""
    changed: Json = copy.deepcopy(schema)
    for name, inner in changed.get("properties", {}).items():
        changed["properties"][name] = sealed(inner, ours, name)
    if "items" in changed:
        changed["items"] = sealed(changed["items"], ours, path)
    if changed.get("type") == "object":
        changed["properties"].update({name: {} for name in ours.get(path, ())})
        changed["additionalProperties"] = False
    return changed


def validator(name: str) -> Draft202012Validator:
    schema = sealed(KEPT[name], OURS[name])
    if name.startswith("400"):
        schema["properties"]["extra_fields"]["properties"]["provider"]["enum"] += OUR_PROVIDERS
    if "event-stream" in name:
        schema["properties"]["type"]["enum"].append("image_generation.failed")
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=formats)


WHOLE, EVENT, ERROR = (validator(name) for name in KEPT)


def error_event_validator() -> Draft202012Validator:
    """An error event is the error envelope with the event's own two members."""
    schema = copy.deepcopy(cast(Json, ERROR.schema))
    schema["properties"] |= {"type": {"const": "error"}, "sequence_number": {"type": "integer"}}
    return Draft202012Validator(schema, format_checker=formats)


IN_STREAM = error_event_validator()
LOOSE = Draft202012Validator(KEPT["200 text/event-stream"])
"""The seed's event as it stands: an error event is one too."""


def is_valid(answer: Any, against: Draft202012Validator) -> None:
    against.validate(answer)  # pyright: ignore[reportUnknownMemberType] - untyped
    assert not nulls(answer)


def test_the_copy_is_the_seeds_own() -> None:
    """What is kept here is what the seed says, wherever the seed is at hand."""
    if not SEED.exists():
        assert not SEED.parent.exists(), f"{SEED} has gone, and its folder has not"
        return
    _, _, text = SEED.read_text(encoding="utf-8").partition("````yaml")
    document: Json = yaml.safe_load(text.partition("\n")[2].partition("\n````")[0])
    responses = document["paths"]["/openai/v1/images/generations"]["post"]["responses"]
    said = {
        f"{code} {kind}": content["schema"]
        for code in ("200", "400")
        for kind, content in responses[code]["content"].items()
    }
    assert said == KEPT
    assert responses["500"]["content"] == responses["400"]["content"]


@pytest.mark.parametrize(
    ("wrong", "against"),
    [
        pytest.param({"created": "now"}, WHOLE, id="a text for a number"),
        pytest.param({"created": 2**63}, WHOLE, id="more than int64"),
        pytest.param({"data": [{"url": "files/x"}]}, WHOLE, id="no URL"),
        pytest.param({"data": [{"seed": 1}]}, WHOLE, id="an unknown member"),
        pytest.param({"usage": {"input_tokens_details": None}}, WHOLE, id="null"),
        pytest.param({"type": "image_generation.thinking"}, EVENT, id="an unknown event"),
        pytest.param({"error": {"code": 404}}, ERROR, id="a number for a text"),
        pytest.param({"extra_fields": {"provider": "acme"}}, ERROR, id="an unknown provider"),
    ],
)
def test_the_schema_can_say_no(wrong: Json, against: Draft202012Validator) -> None:
    """A check that accepts everything would prove nothing: types, formats, names and nulls are refused."""
    with pytest.raises(ValidationError):
        is_valid(wrong, against)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(painting(), id="painter url"),
        pytest.param(painting(n=2, style="vivid", unheard_of=1), id="painter two urls"),
        pytest.param(painting(response_format="b64_json", output_format="webp"), id="painter b64"),
        pytest.param(painting(model="dall-e-3", user="me"), id="routed"),
        pytest.param(order(n=2, background="transparent"), id="double n=2"),
        pytest.param(order(response_format="url", quality="standard", style="vivid"), id="double url"),
    ],
)
async def test_good_answers(home: House, body: Json) -> None:
    """Whole answers, by URL and in base64, of one image and of two."""
    answer = await ask(home, body)
    assert answer.status_code == 200
    is_valid(json_of(answer), WHOLE)


async def test_a_partial_success(home: House) -> None:
    """One of two images is a 200 that keeps the gap: `index` says which came, `failed_images` which did not."""
    home.openai.next(fewer_images())
    body = json_of(await ask(home, order(n=2)))
    is_valid(body, WHOLE)
    assert [each["index"] for each in body["data"]] == [0]
    (failed,) = body["extra_fields"]["failed_images"]
    assert (failed["index"], failed["reason"]) == (1, "provider_no_image")


@pytest.mark.parametrize(
    ("body", "does"),
    [
        pytest.param(painting(stream=True, partial_images=3, n=2), None, id="painter"),
        pytest.param(order(stream=True, partial_images=2, n=2), None, id="double"),
        pytest.param(order(stream=True, n=2), fewer_images(), id="partial success"),
        pytest.param(order(stream=True, n=2), cut(after_images(1)), id="cut after an image"),
        pytest.param(order(stream=True, partial_images=1), cut(after_partials(1)), id="cut after a partial"),
        pytest.param(order(stream=True, partial_images=1), error_event(after_partials(1)), id="error after a partial"),
    ],
)
async def test_every_event(home: House, body: Json, does: Behaviour | None) -> None:
    """Each data object of a stream, the error's too; errors carry the seed's error envelope besides."""
    if does is not None:
        home.openai.next(does)
    events = events_of(await ask(home, body))
    assert events
    for told in events:
        if told.name == "error":
            is_valid(told.data, IN_STREAM)
            is_valid(told.data, LOOSE)
        else:
            is_valid(told.data, EVENT)


@pytest.mark.parametrize("refused", [pytest.param(v, id=k) for k, v in REFUSALS.items()])
async def test_our_refusals(home: House, refused: Refused) -> None:
    """Everything that the gateway itself refuses."""
    answer = await ask(home, refused.body, content=refused.content, headers=refused.headers)
    assert answer.status_code >= 400
    is_valid(json_of(answer), ERROR)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    "does",
    [
        *(status(code) for code in (400, 401, 403, 404, 429, 500, 502, 503, 504)),
        status(429, retry_after="3"),
        quota_exhausted(),
        moderation_blocked(),
        html_error(),
        html_in_200(),
        empty_data(),
        reset(),
        stall(),
    ],
    ids=lambda does: does.name,
)
async def test_providers_failures(home: House, tab: Tab, does: Behaviour, stream: bool) -> None:
    """Every class of failure that a provider can cause."""
    home.openai.next(does)
    answer = await ask(home, order(stream=stream))
    assert answer.status_code >= 400
    is_valid(json_of(answer), ERROR)
    assert len(tab.sent) == 1


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/nothing"), ("GET", "/v1/images/generations"), ("POST", "/v1/images/edits")]
)
async def test_failures_of_the_path(home: House, method: str, path: str) -> None:
    """What has no request of an image to speak of is the same envelope."""
    is_valid(json_of(await ask(home, path=path, method=method)), ERROR)
