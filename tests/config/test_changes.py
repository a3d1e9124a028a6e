"""What differs between two configurations, by the paths of settings; and what of it needs a restart."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from service.config import ConfigError, parse
from service.config.changes import WHILE_RUNNING, differing, refuse_what_needs_a_start
from service.config.schema import Config

PAINTERS = {"a": {"kind": "painter"}, "b": {"kind": "painter"}}
OLD: dict[str, Any] = {
    "providers": {**PAINTERS, "openai": {"keys": [{"value": "a key"}]}},
    "models": {"x": {"targets": [{"target": "a/scene"}]}},
    "files": {"signing_keys": ["a signing key for tests"]},
}


def read(**changed: Any) -> Config:
    return parse({**OLD, **changed}, "imagegen.toml", {})


CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, []),
    "a default that is written down": ({"engine": {"after_unknown": "fallback"}}, []),
    "a key, which prints as dots": (
        {"providers": {**OLD["providers"], "openai": {"keys": [{"value": "another key"}]}}},
        ["providers.openai.keys"],
    ),
    "another order, which decides who is asked": (
        {"providers": dict(reversed(OLD["providers"].items()))},
        ["providers"],
    ),
    "one more, one fewer": ({"providers": PAINTERS | {"c": {"kind": "painter"}}}, ["providers.openai", "providers.c"]),
    "several": (
        {"models": {}, "outgoing": {"allow": ["10.0.0.0/8"]}, "telemetry": {"record_content": True}},
        ["models.x", "telemetry.record_content", "outgoing.allow"],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_differs(change: str) -> None:
    """Each setting that differs is named, and no value of it; none of these needs a restart."""
    new, paths = CHANGES[change]
    assert differing(read(), read(**new)) == paths
    refuse_what_needs_a_start(read(), read(**new))


def test_every_other_setting_needs_a_restart() -> None:
    """Whatever table there is, each setting of it is either one that changes while running, or refused by name."""
    old = read()
    other: dict[type, Any] = {str: "other", int: 7, bool: True, tuple: ("other",), type(None): "other"}
    fixed: list[str] = []
    for table in structs.fields(Config):
        if table.name in WHILE_RUNNING or table.name in ("source", "data_dir"):
            continue
        values = getattr(old, table.name)
        for setting in structs.fields(values):
            path = f"{table.name}.{setting.name}"
            if path in WHILE_RUNNING:
                continue
            value = other[type(getattr(values, setting.name))]
            new = structs.replace(old, **{table.name: structs.replace(values, **{setting.name: value})})
            with pytest.raises(ConfigError, match=rf"^imagegen.toml: {path}: differs .* it needs a restart$"):
                refuse_what_needs_a_start(old, new)
            fixed.append(path)

    assert {"service.listen", "service.tls", "bridge.cors", "access.mode", "stores.records", "drain.grace"} < {*fixed}
    assert {"telemetry.liveness", "telemetry.otlp", "telemetry.prometheus"} < {*fixed}
