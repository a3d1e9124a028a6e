"""OpenAI's JSON: a request's body into a message, images into an answer's body.

Only types are looked at here, because a message has types; whether a value makes sense is the service's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from google.protobuf.descriptor import FieldDescriptor
from imagegen import strict_json, v1
from imagegen.errors import ImagegenError

from rest_bridge import report
from rest_bridge.json import Piece, dumps, with_base64
from rest_bridge.names import JSON_NAMES

INT32 = FieldDescriptor.TYPE_INT32

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class GenerationBody(msgspec.Struct, kw_only=True):
    """The body of POST /v1/images/generations. Absent and null both mean unset."""

    model: str | None = None
    prompt: str | None = None
    n: int | None = None
    size: str | None = None
    quality: str | None = None
    style: str | None = None
    response_format: str | None = None
    background: str | None = None
    moderation: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    partial_images: int | None = None
    stream: bool | None = None
    user: str | None = None
    safety_identifier: str | None = None
    fallbacks: list[str] | None = None
    after_unknown: str | None = None
    strict: bool | None = None
    seed: Int64 | None = None
    negative_prompt: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None


_PARAMETERS = {
    **{name: name for name in GenerationBody.__struct_fields__ if name in v1.ImageParameters.DESCRIPTOR.fields_by_name},
    **{name: ours for ours, name in JSON_NAMES.items()},
}
"""JSON name → the contract's name."""

_SMALL = {
    name for name, ours in _PARAMETERS.items() if v1.ImageParameters.DESCRIPTOR.fields_by_name[ours].type == INT32
}
"""The parameters that are numbers of 32 bits in a message."""


def members(body: bytes) -> dict[str, Any]:
    """The members of the body, as they came. Raises for a body that could mean two things, or something else later."""
    try:
        return strict_json.read(body, msgspec.json.decode)
    except strict_json.JsonError as error:
        reason = v1.REASON_INVALID_REQUEST if error.field is None else v1.REASON_INVALID_PARAMETER
        raise ImagegenError(reason, error.message, field=error.field) from None


def typed(fields: dict[str, Any]) -> tuple[GenerationBody, Mapping[str, Any]]:
    """The known members, typed, and the rest as it came."""
    for ours, name in JSON_NAMES.items():
        if ours in fields:  # the contract's own name is understood as well
            if name in fields:
                raise ImagegenError(
                    v1.REASON_INVALID_PARAMETER, f"{name} is given twice: {ours} is another name for it.", field=name
                )
            fields[name] = fields.pop(ours)
    for name in _SMALL & fields.keys():
        if isinstance(fields[name], int):  # a message has no room for more; the service says what would be right
            fields[name] = max(-(2**31), min(2**31 - 1, fields[name]))
    try:
        known = msgspec.convert(fields, GenerationBody)
    except msgspec.ValidationError as error:
        raise _complaint(str(error)) from None
    extras = {
        name: value
        for name, value in fields.items()
        if name not in GenerationBody.__struct_fields__ and value is not None
    }
    return known, extras


def message(body: GenerationBody, extras: Mapping[str, Any], deployment: str | None) -> v1.Generation:
    """The message for a body. A deployment in the path wins over the model in the body."""
    parameters = {ours: getattr(body, name) for name, ours in _PARAMETERS.items() if getattr(body, name) is not None}
    return v1.Generation(
        model=deployment if deployment is not None else body.model or "",
        prompt=body.prompt or "",
        parameters=v1.ImageParameters(**parameters, extra_json=_extra_json(extras)),
        fallbacks=body.fallbacks or (),
        response_format=body.response_format,
        openai_defaults=True,
        bare_name_provider="azure" if deployment is not None else "",
        after_unknown=body.after_unknown,
        strict=body.strict,
    )


def _extra_json(extras: Mapping[str, Any]) -> str | None:
    return dumps(extras).decode() if extras else None


_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_MISMATCH = re.compile(r"Expected `([a-z]+)(?: \| null)?`(?: [<>]=? \S+)?(?:, got `([a-z]+)`)? - at `\$\.(.+)`")


def _complaint(text: str) -> ImagegenError:
    """msgspec's complaint in our words, naming the field."""
    match = _MISMATCH.search(text)
    if match is None:
        return ImagegenError(v1.REASON_INVALID_REQUEST, "The body has a field of the wrong type.")
    wanted, got, path = _WORDS.get(match[1], match[1]), match[2], match[3]
    field = path.replace("[...]", "")
    if got is None:
        return ImagegenError(v1.REASON_INVALID_PARAMETER, f"{field} must be a whole number of 64 bits.", field=field)
    whose = f"Every entry of {field}" if path.endswith("[...]") else field
    return ImagegenError(
        v1.REASON_INVALID_PARAMETER, f"{whose} must be {wanted}, not {_WORDS.get(got, got)}.", field=field
    )


def usage(of: v1.TokenUsage) -> dict[str, Any]:
    """Usage as OpenAI writes it; details only where the provider gave them."""
    found: dict[str, Any] = {
        "input_tokens": of.input_tokens,
        "output_tokens": of.output_tokens,
        "total_tokens": of.total_tokens,
    }
    for name in ("input_tokens_details", "output_tokens_details"):
        if of.HasField(name):
            details: v1.TokenUsage.Details = getattr(of, name)
            found[name] = {"text_tokens": details.text_tokens, "image_tokens": details.image_tokens}
    return found


def traits(of: v1.Traits) -> dict[str, Any]:
    found = {
        "background": of.background,
        "output_format": of.output_format,
        "quality": of.quality,
        "size": of.size,
    }
    return {name: value for name, value in found.items() if value}


def answer(of: v1.GenerateImagesResponse, inline: Sequence[tuple[v1.Image, bytes]], public_url: str) -> Iterable[Piece]:
    """The body of a good answer, in pieces: images that come as files are linked, the others spliced in."""
    data = {image.index: picture for image, picture in inline}
    tail: dict[str, Any] = {
        **traits(of.traits),
        **({"usage": usage(of.usage)} if of.HasField("usage") else {}),
        "extra_fields": report.fields(of.report, report.GENERATION[False], of.failed_images),
    }
    yield b'{"created":%d,"data":[' % of.create_time.seconds
    for position, image in enumerate(of.images):
        if position:
            yield b","
        rest: dict[str, Any] = {"index": image.index}
        if image.HasField("revised_prompt"):
            rest["revised_prompt"] = image.revised_prompt
        if image.index in data:
            yield from with_base64("b64_json", data[image.index], rest)
        else:
            yield dumps({"url": public_url + image.file.path, **rest})
    yield b"]," + dumps(tail)[1:]
