"""What the bridge makes of JSON and messages: no field is lost on the way in, nor on the way out."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from google.protobuf.message import Message
from imagegen import ImagegenError, v1

from rest_bridge import openai_json
from rest_bridge.json import gathered
from rest_bridge.names import HEADERS
from rest_bridge.openai_json import GenerationBody
from tests.contract.reflection import filled, reachable, said

BODY: dict[str, Any] = {
    "model": "pictures",
    "prompt": "a lighthouse at dusk",
    "n": 2,
    "size": "640x480",
    "quality": "high",
    "style": "vivid",
    "response_format": "url",
    "background": "opaque",
    "moderation": "low",
    "output_format": "webp",
    "output_compression": 81,
    "partial_images": 3,
    "stream": True,
    "user": "user-1",
    "safety_identifier": "safety-1",
    "fallbacks": ["north/gpt-image-2", "painter/scene"],
    "after_unknown": "fail",
    "strict": True,
    "seed": -(2**63),
    "negative_prompt": "people",
    "num_inference_steps": 30,
    "guidance_scale": 7.5,
    "aspect_ratio": "16:9",
    "resolution": "2K",
    "mood": "calm",
}
"""Every field that is known, and one that is not."""

NOT_IN_JSON = {
    "index": "is there, and too small a number to be looked for",
    "media_type": "is output_format, of all images alike",
    "width": "is size, of all images alike",
    "height": "is size, of all images alike",
    "size_bytes": "is told by the bytes",
    "sha256": "guards the chunks of a stream",
    "seed": "OpenAI's answer has no place for it",
    "file_id": "is in the path",
    "expire_time": "is in the path",
    "key_id": "is in the path",
    "signature": "is in the path",
    "data": "is base64",
    "response_format": "is told by the members url and b64_json",
    "request_id": "is the header x-request-id",
}
"""What the service says of an image, a file or an answer and a JSON body does not say under that name, and why."""


def asked(body: dict[str, Any], deployment: str | None = None) -> v1.Generation:
    return made(json.dumps(body), deployment)


def made(text: str, deployment: str | None = None) -> v1.Generation:
    known, extras = openai_json.typed(openai_json.members(text.encode()))
    return openai_json.message(known, extras, deployment)


def test_table_is_complete() -> None:
    """The body of these tests has every field that a body may have."""
    assert set(BODY) == {*GenerationBody.__struct_fields__, "mood"}


def test_every_field_of_the_request_is_filled() -> None:
    """A full body on a deployment's path fills every field that a request has and that no header is for."""
    owner = {"": "Generation", "cache": "CacheUse"}
    of_headers = {"imagegen.v1.Generation.cache"}
    for field in HEADERS:
        group, _, name = field.rpartition(".")
        of_headers.add(f"imagegen.v1.{owner[group]}.{name}")

    assert reachable(v1.Generation.DESCRIPTOR) - said(asked(BODY, "pictures")) == of_headers


@pytest.mark.parametrize("name", [name for name in BODY if name != "stream"])
def test_no_member_is_lost(name: str) -> None:
    """Take any one member away, and it is another request; `stream` alone chooses the method instead."""
    without = {each: value for each, value in BODY.items() if each != name}

    assert asked(without) != asked(BODY)


@pytest.mark.parametrize("name", BODY)
def test_null_is_unset(name: str) -> None:
    """A member that is null is one that is not there."""
    without = {each: value for each, value in BODY.items() if each != name}

    assert asked({**BODY, name: None}) == asked(without)


def test_each_value_arrives_under_its_name() -> None:
    """Every value arrives where its name says; two parameters have other names in the contract."""
    message = asked(BODY)
    ours = {"num_inference_steps": "steps", "guidance_scale": "guidance"}
    parameters = {
        ours.get(name, name): value
        for name, value in BODY.items()
        if ours.get(name, name) in v1.ImageParameters.DESCRIPTOR.fields_by_name
    }

    assert message.parameters == v1.ImageParameters(**parameters, extra_json='{"mood":"calm"}')
    assert (message.model, message.prompt) == (BODY["model"], BODY["prompt"])
    assert (list(message.fallbacks), message.response_format) == (BODY["fallbacks"], "url")
    assert (message.openai_defaults, message.bare_name_provider) == (True, "")


def test_deployment_in_the_path_wins() -> None:
    """On a deployment's path that is the model, whatever the body says, and a bare name is Azure's."""
    message = asked(BODY, "my-pictures")

    assert (message.model, message.bare_name_provider) == ("my-pictures", "azure")


@pytest.mark.parametrize(
    "value",
    [2**64, -(2**70), "[" * 300 + "]" * 300, 1.5, [], {}, "text", False, {"b": [1, {"c": "ü"}]}],
    ids=["65 bits", "71 bits", "300 deep", "float", "list", "object", "text", "false", "nested"],
)
def test_unknown_members_arrive_or_are_refused_by_name(value: Any) -> None:
    """What JSON can say under an unknown name goes on as it is, or is refused under that name."""
    text = value if isinstance(value, str) and value.startswith("[") else json.dumps(value)
    with _refused_as("odd"):
        message = made(f'{{"prompt": "x", "odd": {text}}}')
        assert json.loads(message.parameters.extra_json) == {"odd": json.loads(text)}


@contextmanager
def _refused_as(name: str) -> Generator[None]:
    """What is done inside succeeds, or is refused under this name."""
    try:
        yield
    except ImagegenError as refused:
        if (refused.name, refused.field) != ("invalid_parameter", name):
            raise


def test_every_value_of_an_answer_is_in_its_json() -> None:
    """Of all that the service says in an answer, the JSON body leaves out what the table above gives a reason for."""
    message = filled(v1.GenerateImagesResponse(), seconds=7)
    message.images[0].data = b"some bytes"
    for image in message.images:
        image.ClearField("usage")  # OpenAI's answer has that of all images together
    inline = [(message.images[0], b"some bytes")]
    body = b"".join(gathered(openai_json.answer(message, inline, "http://public")))
    seen = set(leaves(json.loads(body)))

    silent = {name for name, value in said_values(message) if not shown(value) & seen}
    assert silent - set(NOT_IN_JSON) == set()


def said_values(message: Message) -> Iterator[tuple[str, Any]]:
    """Every value that is set, by its field's name."""
    for field, value in message.ListFields():
        for each in cast("list[Any]", value) if field.is_repeated else [value]:
            if field.enum_type is not None:
                yield field.name, field.enum_type.values_by_number[each].name.partition("_")[2].lower()
            elif isinstance(each, Message) and type(each).DESCRIPTOR.full_name.startswith("imagegen."):
                yield from said_values(each)
            else:
                yield field.name, each


def shown(value: Any) -> set[Any]:
    """The forms in which JSON may show a value."""
    if isinstance(value, Message):  # a Timestamp or a Duration
        seconds: int = value.seconds  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue, reportUnknownVariableType] - any message
        return {seconds, seconds * 1000}
    if isinstance(value, int) and not isinstance(value, bool):
        return {value, f"{value / 1_000_000:f}".rstrip("0").rstrip(".")}
    return {value, f"http://public{value}"}


def leaves(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for each in cast("dict[str, Any]", value).values():
                yield from leaves(each)
        case list():
            for each in cast("list[Any]", value):
                yield from leaves(each)
        case _:
            yield value
