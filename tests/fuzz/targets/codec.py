"""Messages from the wire: whatever protobuf reads becomes a request that has lost nothing, or our own error."""

from __future__ import annotations

import json
import math
from typing import Any

from google.protobuf.message import DecodeError
from imagegen import v1

from service.domain.request import PARAMETER_NAMES, ImageRequest
from service.engine.check import check
from service.errors import GatewayError
from service.rpc import codec


def one(data: bytes) -> None:
    _generation(data)
    try:
        file = v1.ReadFileRequest.FromString(data)
    except DecodeError:
        return
    codec.file_ref(file)


def _generation(data: bytes) -> None:
    try:
        message = v1.Generation.FromString(data)
    except DecodeError:
        return
    try:
        request = codec.request(message, stream=False)
    except GatewayError as error:
        assert error.field
        return
    again = back(request)
    message.DiscardUnknownFields()
    if request.cache.seconds is not None:  # a number here, in which not every Duration has a place
        again.cache.ttl.CopyFrom(message.cache.ttl)
    message.cache.SetInParent()  # with nothing in it, it says nothing
    again.cache.SetInParent()
    if not math.isnan(message.parameters.guidance):  # which is not even itself
        extras = message.parameters.extra_json
        message.parameters.ClearField("extra_json")
        again.parameters.ClearField("extra_json")
        if not message.parameters.ByteSize():
            message.ClearField("parameters")
            again.ClearField("parameters")
        assert again == message, (again, message)
        assert json.loads(extras or "{}") == dict(request.parameters.extras)
    try:
        check(request)
    except GatewayError as error:
        assert error.field


def back(request: ImageRequest) -> v1.Generation:
    """The request as a message again: what the codec lost is not there."""
    named: dict[str, Any] = {
        name: value for name in PARAMETER_NAMES if (value := getattr(request.parameters, name)) is not None
    }
    return v1.Generation(
        model=request.model,
        prompt=request.prompt,
        parameters=v1.ImageParameters(**named),
        fallbacks=request.fallbacks,
        response_format=request.response_format,
        openai_defaults=request.openai_defaults,
        bare_name_provider=request.bare_name_provider,
        provider_key=request.key,
        idempotency_key=request.idempotency_key,
        cache=v1.CacheUse(key=request.cache.key, no_store=request.cache.no_store),
        after_unknown=request.after_unknown,
        strict=request.strict,
    )
