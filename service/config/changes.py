"""What differs between two configurations, and what of it a running process cannot take up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from msgspec import Struct

from service.config.complaint import ConfigError
from service.config.schema import Config

WHILE_RUNNING = ("engine", "providers", "models", "prices", "files", "outgoing", "telemetry.record_content")
"""Tables and settings that new requests see as soon as the file has changed; all others are looked at by a start."""


def differing(old: Config, new: Config) -> list[str]:
    """The paths of the settings that differ."""
    return list(_differing(old, new, ""))


def refuse_what_needs_a_start(old: Config, new: Config) -> None:
    """Raises ConfigError for the first setting that differs and stays as it is in a running process."""
    for path in differing(old, new):
        if not any(path == each or path.startswith(f"{each}.") for each in WHILE_RUNNING):
            raise ConfigError(new.source, path, "differs from what this process started with: it needs a restart")


def _differing(old: Any, new: Any, path: str) -> Iterator[str]:
    """Down to the last setting that has a name; a list differs as a whole, and so does a table whose order does."""
    if isinstance(old, Struct) and type(old) is type(new):
        for name in old.__struct_fields__:
            yield from _differing(getattr(old, name), getattr(new, name), f"{path}.{name}".removeprefix("."))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        was, is_now = cast(Mapping[str, Any], old), cast(Mapping[str, Any], new)
        for name in dict.fromkeys([*was, *is_now]):
            yield from _differing(was.get(name), is_now.get(name), f"{path}.{name}")
        if was.keys() == is_now.keys() and list(was) != list(is_now):
            yield path
    elif old != new:
        yield path
