"""What a request for images says in headers; what they may not say is refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from google.protobuf.duration_pb2 import Duration
from imagegen import ImagegenError, v1

from rest_bridge import errors
from rest_bridge.names import CACHE_TYPE, DURATION, HEADERS

LATER = ("x-bf-async", "x-bf-async-id", "x-bf-async-job-result-ttl", "x-bf-cache-threshold")

_TEXTS = ("provider_key", "idempotency_key")
_KEY, _TTL, _NO_STORE = (HEADERS[f"cache.{name}"] for name in ("key", "ttl", "no_store"))
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def understood(headers: Mapping[str, str], message: v1.Generation) -> None:
    """Adds to a request what its headers say."""
    for name in LATER:
        if name in headers:
            raise errors.not_in_this_version(name, field=name)
    for field in _TEXTS:
        name = HEADERS[field]
        if (value := headers.get(name.lower())) is not None:
            setattr(message, field, _filled(name, value))
    _cache(headers, message)


def _cache(headers: Mapping[str, str], message: v1.Generation) -> None:
    if (way := headers.get(CACHE_TYPE, "direct")) != "direct":
        if way == "semantic":
            raise errors.not_in_this_version(f"{CACHE_TYPE}: semantic", field=CACHE_TYPE)
        raise _wrong(CACHE_TYPE, 'must be "direct"')
    if (key := headers.get(_KEY)) is not None:
        message.cache.key = _filled(_KEY, key)
    if (ttl := headers.get(_TTL)) is not None:
        message.cache.ttl.CopyFrom(_duration(ttl))
    if (no_store := headers.get(_NO_STORE)) is not None:
        if no_store not in ("true", "false"):
            raise _wrong(_NO_STORE, 'must be "true" or "false"')
        message.cache.no_store = no_store == "true"


def _duration(text: str) -> Duration:
    match = re.fullmatch(DURATION, text)
    if not match:
        raise _wrong(_TTL, 'must be a duration such as "300", "300s", "5m" or "24h"')
    number, unit = match.groups(default="s")
    milliseconds = round(float(number) * _UNITS[unit] * 1000)
    return Duration(seconds=milliseconds // 1000, nanos=milliseconds % 1000 * 1_000_000)


def _filled(name: str, value: str) -> str:
    if not value:
        raise _wrong(name, "must not be empty")
    return value


def _wrong(name: str, problem: str) -> ImagegenError:
    return ImagegenError(v1.REASON_INVALID_PARAMETER, f"{name} {problem}.", field=name)
