"""What may be asked of any model: presence, ranges and words, the parameter named in the complaint.

This is the only place that does it, for both faces. What one model takes and another does not is `adapt`'s.
"""

from __future__ import annotations

import re

from service.domain.answer import KEPT_SECONDS
from service.domain.request import ImageRequest, Parameters
from service.engine.complaints import invalid, missing, one_of, quoted

MAX_PROMPT = 32_000
MAX_FALLBACKS = 10
MAX_NAME = 256
MAX_KEY = 255

_RANGES = {
    "n": (1, 10),
    "output_compression": (0, 100),
    "partial_images": (0, 3),
    "steps": (1, 1000),
    "guidance": (0, 100),
}
_WORDS = {
    "quality": ("auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"),
    "style": ("natural", "vivid"),
    "background": ("transparent", "opaque", "auto"),
    "moderation": ("auto", "low"),
    "output_format": ("png", "jpeg", "webp", "gif", "svg"),
}
_AFTER_UNKNOWN = ("fallback", "fail")
_RESPONSE_FORMATS = ("b64_json", "url")
_SIZE = re.compile(r"auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")
_RATIO = re.compile(r"auto|[1-9][0-9]{0,3}:[1-9][0-9]{0,3}")
_LABELS = {"user": 1024, "safety_identifier": 1024, "negative_prompt": MAX_PROMPT, "resolution": 64}


def check(request: ImageRequest) -> None:
    """Raises for the first thing that no model could be asked."""
    _name("model", request.model)
    if not request.prompt.strip():
        raise missing("prompt")
    _text("prompt", request.prompt)
    if len(request.prompt) > MAX_PROMPT:
        raise invalid("prompt", f"has {len(request.prompt)} characters; at most {MAX_PROMPT} are taken")
    if len(request.fallbacks) > MAX_FALLBACKS:
        raise invalid("fallbacks", f"names {len(request.fallbacks)} models; at most {MAX_FALLBACKS} are taken")
    for i, fallback in enumerate(request.fallbacks):
        _name(f"fallbacks[{i}]", fallback)
    if request.key:
        _name("provider_key", request.key)
    if len(request.idempotency_key) > MAX_KEY or not request.idempotency_key.isprintable():
        raise invalid("idempotency_key", f"must be 1 to {MAX_KEY} printable characters")
    if len(request.cache.key) > MAX_KEY or not request.cache.key.isprintable():
        raise invalid("cache.key", f"must be 1 to {MAX_KEY} printable characters")
    if request.cache.seconds is not None and not 0 <= request.cache.seconds <= KEPT_SECONDS:
        raise invalid("cache.ttl", f"must be between 0 and {KEPT_SECONDS} seconds")
    if request.after_unknown is not None and request.after_unknown not in _AFTER_UNKNOWN:
        raise one_of("after_unknown", request.after_unknown, _AFTER_UNKNOWN)
    if request.response_format is not None and request.response_format not in _RESPONSE_FORMATS:
        raise one_of("response_format", request.response_format, _RESPONSE_FORMATS)
    if request.stream and request.response_format == "url":
        raise invalid("response_format", '"url" cannot be streamed; leave it out or ask for "b64_json"')
    _parameters(request.parameters)


def _parameters(parameters: Parameters) -> None:
    for name, value in parameters.named().items():
        if name in _RANGES:
            low, high = _RANGES[name]
            if not low <= value <= high:
                raise invalid(name, f"must be between {low} and {high}, not {value}")
        elif name in _WORDS and value not in _WORDS[name]:
            raise one_of(name, value, _WORDS[name])
        elif name in _LABELS:
            _text(name, value)
            if len(value) > _LABELS[name]:
                raise invalid(name, f"has {len(value)} characters; at most {_LABELS[name]} are taken")
    if parameters.size is not None and not _SIZE.fullmatch(parameters.size):
        raise invalid("size", f'must be "auto" or WIDTHxHEIGHT such as "1024x1024", not {quoted(parameters.size)}')
    if parameters.aspect_ratio is not None and not _RATIO.fullmatch(parameters.aspect_ratio):
        raise invalid("aspect_ratio", f'must be WIDTH:HEIGHT such as "16:9", not {quoted(parameters.aspect_ratio)}')


def _name(field: str, value: str) -> None:
    if not value.strip():
        raise missing(field)
    if len(value) > MAX_NAME or not value.isprintable():
        raise invalid(field, f"must be a name of at most {MAX_NAME} printable characters")


def _text(field: str, value: str) -> None:
    if "\0" in value:  # PostgreSQL has no place for it, and no picture needs it
        raise invalid(field, "must not hold the character U+0000")
