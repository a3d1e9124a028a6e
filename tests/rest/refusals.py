"""What the gateway refuses by itself, as tables: what is asked, and what the answer must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.rest.asking import Json, order, painting


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


def trap(param: str | None, text: bytes, *says: str) -> Refused:
    """A body that some would read in one way and some in another, and some not survive."""
    code = "invalid_request" if param is None else "invalid_value"
    return Refused(400, code, param, says, content=b'{"model":"painter/scene",%b' % text)


def unread(header: str, value: str, *says: str) -> Refused:
    """A good body under a header that says that it is something else."""
    return Refused(415, "unsupported_media_type", header, says, painting(), headers={header.lower(): value})


TRAPS = {
    "a name twice": trap("prompt", b'"prompt":"x","n":1,"prompt":"y"}', "twice"),
    "a name twice, once escaped": trap("prompt", b'"prompt":"x","\\u0070rompt":"y"}', "twice"),
    "a name twice, deep within": trap("a.b[1].c", b'"prompt":"x","a":{"b":[0,{"c":1,"c":1}]}}', "twice"),
    "a parameter under both of its names": Refused(
        400, "invalid_value", "num_inference_steps", ["twice", "steps"], painting(steps=1, num_inference_steps=2)
    ),
    "33 levels": trap("a", b'"prompt":"x","a":' + b"[" * 32 + b"]" * 32 + b"}", "32 levels"),
    "NaN": trap("guidance_scale", b'"prompt":"x","guidance_scale":NaN}', "NaN", "number"),
    "Infinity": trap("guidance_scale", b'"prompt":"x","guidance_scale":-Infinity}', "Infinity", "number"),
    "1e400": trap("guidance_scale", b'"prompt":"x","guidance_scale":1e400}', "64 bits"),
    "2^80": trap("n", b'"prompt":"x","n":1208925819614629174706176}', "64 bits"),
    "a number of 5,000 digits": trap("seed", b'"prompt":"x","seed":' + b"1" * 5000 + b"}", "64 characters"),
    "half a surrogate": trap("prompt", b'"prompt":"\\ud83d"}', "half of a character", "ud83d"),
    "half a surrogate in a name": trap("a", b'"prompt":"x","a":{"\\udc00":1}}', "half of a character", "name"),
    "U+0000": trap("prompt", b'"prompt":"a\\u0000b"}', "U+0000"),
    "U+0000 in a list": trap("a[0]", b'"prompt":"x","a":["\\u0000"]}', "U+0000"),
    "a byte order mark": Refused(400, "invalid_request", None, ["byte order mark"], content=b"\xef\xbb\xbf{}"),
    "UTF-16": Refused(400, "invalid_request", None, ["UTF-8"], content='{"model":"x"}'.encode("utf-16-le")),
    "Latin-1": trap(None, b'"prompt":"\xe9t\xe9"}', "UTF-8", "byte 36"),
    "2,000 members": trap(None, b'"prompt":"x",' + b",".join(b'"%d":1' % i for i in range(2000)) + b"}", "1024"),
    "a charset": unread("Content-Type", "application/json; charset=iso-8859-1", "UTF-8", "iso-8859-1"),
    "compressed": unread("Content-Encoding", "gzip", "as they are", "gzip"),
}

UNREADABLE = {
    "broken JSON": Refused(400, "invalid_request", None, ["valid JSON"], content=b'{"model":'),
    "no body": Refused(400, "invalid_request", None, ["valid JSON"], content=b""),
    "half a letter": Refused(400, "invalid_request", None, ["valid JSON"], content=b'{"prompt":"\xc3"}'),
    "an array": Refused(400, "invalid_request", None, ["JSON object"], content=b"[]"),
    "a text": Refused(400, "invalid_request", None, ["JSON object"], content=b'"painter/scene"'),
    "brackets without end": Refused(400, "invalid_value", "a", ["32 levels"], content=b'{"a":' + b"[" * 100_000),
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
    "a fallback a number": Refused(400, "invalid_value", "fallbacks[0]", ["text", "number"], painting(fallbacks=[7])),
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
        404, "model_not_found", "fallbacks[1]", ["Nearest"], painting(fallbacks=["dall-e-3", "pinter/scene"])
    ),
}
HEADERS = {
    **{name: not_yet(name) for name in ("x-bf-async", "x-bf-async-id")},
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

REFUSALS = TRAPS | UNREADABLE | VALUES | MODELS | HEADERS
