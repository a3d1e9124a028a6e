"""A REST body on its whole way in: strictly read, typed, made a message, and the message made a request."""

from __future__ import annotations

import json

import msgspec
from imagegen import ImagegenError, v1
from imagegen.strict_json import JsonError, read

from rest_bridge import openai_json
from service.engine.check import check
from service.errors import GatewayError
from service.rpc import codec
from tests.fuzz.json_oracle import RefusedError, oracle


def one(data: bytes) -> None:
    try:
        expected = oracle(data)
    except RefusedError:
        expected = None
    try:
        found = read(data, msgspec.json.decode)
    except JsonError as error:
        found = None
        assert error.message.encode()
    assert json.dumps(found) == json.dumps(expected)
    try:
        body, extras = openai_json.typed(openai_json.members(data))
        message = openai_json.message(body, extras, None)
    except ImagegenError as error:
        assert (error.field is None) == (error.reason == v1.REASON_INVALID_REQUEST)
        return
    message = v1.Generation.FromString(message.SerializeToString())
    try:
        request = codec.request(message, stream=bool(body.stream))
        check(request)
    except GatewayError as error:
        assert error.field
        return
    assert dict(request.parameters.extras) == dict(extras)
