"""What the service reads: no field of a request is lost on its way into the nouns."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from imagegen import v1

from rest_bridge.names import JSON_NAMES
from service.domain.request import PARAMETER_NAMES, CacheUse, ImageRequest, Parameters
from service.errors import GatewayError, Reason
from service.rpc import codec
from tests.contract.reflection import filled

EXTRAS = {"a_word": "word", "a_number": 1.5, "a_list": [1, {"deep": None}]}


def generation() -> v1.Generation:
    """A request with every field set."""
    return filled(v1.Generation(), extra_json=json.dumps(EXTRAS))


def names(message: type[Message]) -> list[str]:
    return [field.name for field in cast("list[FieldDescriptor]", message.DESCRIPTOR.fields)]


@pytest.mark.parametrize("name", names(v1.Generation))
def test_no_field_of_a_generation_is_lost(name: str) -> None:
    """Take any one field away, and what the engine sees is another request."""
    without = generation()
    without.ClearField(cast(Any, name))

    assert codec.request(without, stream=False) != codec.request(generation(), stream=False)


@pytest.mark.parametrize("name", names(v1.ImageParameters))
def test_no_parameter_is_lost(name: str) -> None:
    """Take any one parameter away, and what the engine sees is another request."""
    without = generation()
    without.parameters.ClearField(cast(Any, name))

    assert codec.request(without, stream=False) != codec.request(generation(), stream=False)


@pytest.mark.parametrize("name", names(v1.ReadFileRequest))
def test_no_field_of_a_file_is_lost(name: str) -> None:
    """Take any one field away, and it is another file, or another signature."""
    without = filled(v1.ReadFileRequest())
    without.ClearField(cast(Any, name))

    assert codec.file_ref(without) != codec.file_ref(filled(v1.ReadFileRequest()))


def test_each_value_arrives_under_its_name() -> None:
    """Every value arrives where its name says, as it was sent."""
    message = generation()
    asked = codec.request(message, stream=True)

    assert asked == ImageRequest(
        model=message.model,
        prompt=message.prompt,
        parameters=Parameters(**{n: getattr(message.parameters, n) for n in PARAMETER_NAMES}, extras=EXTRAS),
        fallbacks=tuple(message.fallbacks),
        response_format=message.response_format,
        openai_defaults=True,
        bare_name_provider=message.bare_name_provider,
        stream=True,
        key=message.provider_key,
        idempotency_key=message.idempotency_key,
        cache=CacheUse(
            key=message.cache.key,
            seconds=message.cache.ttl.seconds + message.cache.ttl.nanos / 1e9,
            no_store=message.cache.no_store,
        ),
        after_unknown=message.after_unknown,
        strict=message.strict,
    )


def test_file_arrives_as_it_was_sent() -> None:
    """Every value of a file's reference arrives where its name says."""
    message = filled(v1.ReadFileRequest())
    file = codec.file_ref(message)

    assert (file.file_id, file.expires) == (message.file_id, message.expire_time.seconds)
    assert (file.key_id, file.signature) == (message.key_id, message.signature)


def test_nouns_hold_nothing_that_cannot_be_sent() -> None:
    """Every parameter of the noun has its field in the contract."""
    assert {*PARAMETER_NAMES, "extra_json"} == set(names(v1.ImageParameters))


def test_unset_is_not_zero() -> None:
    """A parameter that is set to zero or to nothing arrives as that; one that is unset arrives as None."""
    zeros = v1.ImageParameters(n=0, size="", output_compression=0, partial_images=0, guidance=0.0, seed=0, user="")
    some = codec.request(v1.Generation(parameters=zeros), stream=False).parameters
    none = codec.request(v1.Generation(), stream=False).parameters

    assert some == Parameters(n=0, size="", output_compression=0, partial_images=0, guidance=0.0, seed=0, user="")
    assert none == Parameters()


DEEP = '{"deep":' + "[" * 300 + "]" * 300 + "}"


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null", '"text"', "[" * 3000, DEEP], ids=lambda text: text[:8])
def test_extras_that_are_no_object_are_refused(text: str) -> None:
    """Extra parameters are one JSON object that can be written again; nothing else is taken for one."""
    message = v1.Generation(parameters=v1.ImageParameters(extra_json=text))

    with pytest.raises(GatewayError) as refused:
        codec.request(message, stream=False)
    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, "extra_json")


@pytest.mark.parametrize(
    "name", [*PARAMETER_NAMES, *JSON_NAMES.values(), "model", "prompt", "stream", "fallbacks", "response_format"]
)
def test_extras_overrule_no_field(name: str) -> None:
    """What has a field of its own is never taken from the extras: nobody could see it there."""
    message = v1.Generation(parameters=v1.ImageParameters(extra_json=json.dumps({name: "x"})))

    with pytest.raises(GatewayError) as refused:
        codec.request(message, stream=False)
    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, name)


@pytest.mark.parametrize(("ours", "name"), JSON_NAMES.items())
def test_extras_go_round_no_range_by_a_name_of_json(ours: str, name: str) -> None:
    """By the name that REST callers know it by a parameter would pass unlooked at: the complaint names its field."""
    message = v1.Generation(parameters=v1.ImageParameters(extra_json=json.dumps({name: 100_000})))

    with pytest.raises(GatewayError, match=f"the field {ours} is for it") as refused:
        codec.request(message, stream=False)
    assert refused.value.field == name
