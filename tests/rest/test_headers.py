"""What is said beside the pictures: the report in headers and extra_fields, and the default of `response_format`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.house import House
from tests.rest.asking import Json, Tab, ask, events_of, json_of, order, painting
from tests.rest.envelope import failure_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPORT = {
    f"x-imagegen-{name}" for name in ("provider", "model", "fallback-index", "upstream-ms", "cost-usd", "changes")
}


def changes_of(body: Json) -> dict[str, Any]:
    """What became of each parameter: its action, and what was sent where that differs."""
    return {each["parameter"]: (each["action"], each.get("sent")) for each in body["extra_fields"]["changes"]}


async def test_the_report_of_a_good_answer_is_in_its_headers(home: House, tab: Tab) -> None:
    """Provider, model, fallback, time, cost and changes, as in extra_fields; and the cost is what OpenAI charged."""
    answer = await ask(home, order(quality="standard", style="vivid"))
    headers, fields = answer.headers, json_of(answer)["extra_fields"]
    assert headers["x-imagegen-provider"] == fields["provider"] == fields["provider_name"] == "openai"
    assert headers["x-imagegen-model"] == fields["model"] == "gpt-image-2"
    assert headers["x-imagegen-fallback-index"] == str(fields["fallback_index"]) == "0"
    assert headers["x-imagegen-upstream-ms"] == str(fields["latency"])
    assert headers["x-imagegen-cost-usd"] == fields["cost_usd"] == str(tab.charges[0].micro_usd / 1_000_000)
    assert headers["x-imagegen-changes"] == "quality:translated, style:dropped"
    assert not [name for name in headers if name.startswith("x-ratelimit") or "openai" in name.lower()]


async def test_the_provider_is_named_as_configured(home: House) -> None:
    """`provider` is the kind, `provider_name` and the header are the table's name."""
    answer = await ask(home, order(model="second/gpt-image-2"))
    fields = json_of(answer)["extra_fields"]
    assert (fields["provider"], fields["provider_name"], answer.headers["x-imagegen-provider"]) == (
        "openai",
        "second",
        "second",
    )


async def test_a_fallback_shows(home: House, tab: Tab) -> None:
    """The second target answered: its index, both attempts, and the model that was asked for at first."""
    answer = await ask(home, order(model="nobody/gpt-image-2", fallbacks=["second/gpt-image-2"]))
    fields = json_of(answer)["extra_fields"]
    assert answer.headers["x-imagegen-fallback-index"] == "1"
    assert (fields["fallback_index"], fields["model_requested"]) == (1, "nobody/gpt-image-2")
    assert [(each["provider_name"], each["outcome"]) for each in fields["attempts"]] == [
        ("nobody", "not_sent"),
        ("second", "done"),
    ]
    assert len(tab.sent) == 1


async def test_a_stream_names_its_provider_before_its_events(home: House) -> None:
    """Who is asked is known before the first byte; what is known later comes in the last event."""
    answer = await ask(home, order(stream=True))
    assert (answer.headers["x-imagegen-provider"], answer.headers["x-imagegen-model"]) == ("openai", "gpt-image-2")
    assert answer.headers["cache-control"] == "no-cache"
    (completed,) = events_of(answer)
    assert completed.data["extra_fields"]["request_type"] == "image_generation_stream"
    assert completed.data["extra_fields"]["cost_usd"] == "0.005895"


async def test_a_refusal_has_no_report_to_give(home: House) -> None:
    """Where nobody was asked, no header claims otherwise."""
    answer = await ask(home, painting(n=0))
    failure_of(answer)
    assert not REPORT & set(answer.headers)


@pytest.mark.parametrize(("asked", "sent"), [("standard", "medium"), ("hd", "high"), ("low", "low"), ("auto", "auto")])
async def test_quality_in_todays_words(home: House, tab: Tab, asked: str, sent: str) -> None:
    """DALL·E's words for quality reach OpenAI as its own of today, and the changes say so."""
    answer = await ask(home, order(quality=asked))
    assert tab.body["quality"] == sent
    expected = ("applied", None) if asked == sent else ("translated", sent)
    assert changes_of(json_of(answer))["quality"] == expected


async def test_what_a_model_has_nothing_like_is_dropped(home: House, tab: Tab) -> None:
    """Style, seed and a negative prompt never reach gpt-image-2, which would refuse them; each is reported."""
    answer = await ask(home, order(style="vivid", seed=7, negative_prompt="fog", num_inference_steps=20))
    assert tab.body == order(model="gpt-image-2")
    changes = changes_of(json_of(answer))
    assert {name for name, (action, _) in changes.items() if action == "dropped"} == {
        "style",
        "seed",
        "negative_prompt",
        "num_inference_steps",
    }


async def test_unknown_fields_go_to_openai_as_they_are(home: House, tab: Tab) -> None:
    """A parameter of tomorrow is passed on untouched, in whatever form, and reported as passed."""
    tomorrow = {"complexity": "low", "svg": {"reasoning": {"effort": "none"}}}
    asked = order(model="openai/gpt-image-2.5-flare", output_format="svg", **tomorrow)
    answer = await ask(home, asked)
    assert answer.status_code == 200, answer.text
    assert tab.body == {**asked, "model": "gpt-image-2.5-flare"}
    changes = changes_of(json_of(answer))
    assert [changes[name] for name in tomorrow] == [("passed", None)] * 2


async def test_what_openai_does_not_know_either(home: House, tab: Tab) -> None:
    """A misspelt parameter is passed on, and OpenAI's refusal comes back with the parameter's name."""
    body = failure_of(await ask(home, order(qualty="low")))
    assert (body["status_code"], body["error"]["code"], body["error"]["param"]) == (400, "provider_rejected", "qualty")
    assert body["is_bifrost_error"] is False
    assert tab.body["qualty"] == "low"
    assert not tab.charges


async def test_unknown_fields_end_at_the_painter(home: House) -> None:
    """The painter takes nothing it does not know: dropped, and reported."""
    answer = await ask(home, painting(complexity="low", user="me"))
    changes = changes_of(json_of(answer))
    assert (changes["complexity"], changes["user"]) == (("dropped", None), ("dropped", None))
    assert answer.headers["x-imagegen-changes"] in (
        "complexity:dropped, user:dropped",
        "user:dropped, complexity:dropped",
    )


@pytest.mark.parametrize(
    ("model", "default"),
    [
        ("gpt-image-1", "b64_json"),
        ("openai/gpt-image-2", "b64_json"),
        ("gpt-image-2", "b64_json"),
        ("openai/chatgpt-image-latest", "b64_json"),
        ("dall-e-2", "url"),
        ("dall-e-3", "url"),
        ("painter/scene", "url"),
    ],
)
async def test_the_default_format_goes_by_the_name_that_was_sent(home: House, model: str, default: str) -> None:
    """As OpenAI itself answers for that name, wherever a route leads; what is asked for is given to every name."""
    other = {"b64_json": "url", "url": "b64_json"}[default]
    body = painting(model=model, size="1024x1024", quality="low")
    (image,) = json_of(await ask(home, body))["data"]
    assert (default in image, other in image) == (True, False)
    (image,) = json_of(await ask(home, {**body, "response_format": other}))["data"]
    assert (default in image, other in image) == (False, True)


async def test_response_format_never_reaches_openai(home: House, tab: Tab) -> None:
    """Its models refuse it; the gateway itself makes a URL of the picture."""
    answer = await ask(home, order(response_format="url"))
    assert re.match(rf"{home.rest}/v1/files/", json_of(answer)["data"][0]["url"])
    assert "response_format" not in tab.body


async def test_a_stream_may_ask_for_base64_by_name(home: House) -> None:
    """`b64_json` is what a stream carries, so asking for it is no mistake."""
    (completed,) = events_of(await ask(home, painting(stream=True, response_format="b64_json")))
    assert completed.picture.startswith(b"\x89PNG")


async def test_a_retired_name_says_where_it_went(home: House) -> None:
    """dall-e-3 is painted here, and the changes say so."""
    body = json_of(await ask(home, painting(model="dall-e-3")))
    assert changes_of(body)["model"] == ("translated", "painter/scene")
    assert (body["extra_fields"]["model_requested"], body["extra_fields"]["model"]) == ("dall-e-3", "scene")
