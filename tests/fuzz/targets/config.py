"""A configuration file of any text: it is in force as a whole, or a ConfigError says where it is wrong."""

from __future__ import annotations

import tomllib

from service.config import ConfigError, parse


def one(data: bytes) -> None:
    try:
        raw = tomllib.loads(data.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    try:
        config = parse(raw, "fuzzed.toml", {"KEY": "sk-from-the-environment"})
    except ConfigError as error:
        assert str(error)
        return
    assert config.providers
