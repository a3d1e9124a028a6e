"""From a file and the environment to a Config: `${NAME}` filled in, every name known, every type right."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import msgspec

from service.config.checks import check
from service.config.complaint import ConfigError
from service.config.schema import (
    Access,
    Bridge,
    Config,
    Drain,
    Engine,
    Files,
    Key,
    Model,
    Outgoing,
    PriceTable,
    Provider,
    Secret,
    Service,
    Stores,
    Telemetry,
    WeightedTarget,
)

T = TypeVar("T")

RETIRED = ("dall-e-2", "dall-e-3", "gpt-image-1")
"""Names that every client still asks for and no provider serves; without a file the painter answers to them."""


LATER = {
    "access.mode": ("keys",),
    "access.admin_key": None,
    "access.allow_direct_keys": None,
    "access.jwt": None,
}
"""Settings that the design has and this version has not: refused by name (a tuple: only these values)."""

SINGLE = {
    "service": Service,
    "bridge": Bridge,
    "access": Access,
    "stores": Stores,
    "engine": Engine,
    "files": Files,
    "telemetry": Telemetry,
    "outgoing": Outgoing,
    "drain": Drain,
}
NAMED = {"providers": Provider, "models": Model, "prices": PriceTable}


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """Reads a file, or makes the defaults when there is none."""
    if path is None:
        return defaults(environment)
    return understood(contents(path), str(path), environment)


def contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), "", f"cannot be read: {error.strerror}") from None


def understood(text: bytes, source: str, environment: Mapping[str, str]) -> Config:
    """What the contents of a file mean."""
    try:
        raw = tomllib.loads(text.decode())
    except UnicodeDecodeError:
        raise ConfigError(source, "", "is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(source, "", f"is not TOML: {error}") from None
    return parse(raw, source, environment)


def defaults(environment: Mapping[str, str] = os.environ) -> Config:
    """The painter and, where OPENAI_API_KEY is set, OpenAI; retired names lead to the painter."""
    key = environment.get("OPENAI_API_KEY", "")
    scene = Model(targets=(WeightedTarget(target="painter/scene"),))
    return Config(
        providers={
            "painter": Provider(kind="painter"),
            "openai": Provider(kind="openai", keys=(Key(value=Secret(key)),) if key else ()),
        },
        models=dict.fromkeys(RETIRED, scene),
        prices={},
    )


def parse(raw: dict[str, Any], source: str, environment: Mapping[str, str]) -> Config:
    _refuse_later(raw, source)
    unknown = [name for name in raw if name not in SINGLE and name not in NAMED]
    if unknown:
        raise ConfigError(source, unknown[0], _unknown("table", unknown[0], [*SINGLE, *NAMED]))
    filled = _substitute(raw, source, "", environment)
    single: dict[str, Any] = {name: _convert(filled.get(name, {}), kind, source, name) for name, kind in SINGLE.items()}
    named: dict[str, dict[str, Any]] = {}
    for table, kind in NAMED.items():
        entries = filled.get(table, {})
        if not isinstance(entries, dict):
            raise ConfigError(source, table, f'expected tables such as [{table}."name"]')
        entries = cast(dict[str, Any], entries)
        named[table] = {name: _convert(entry, kind, source, f"{table}.{name}") for name, entry in entries.items()}
    if "painter" not in named["providers"]:
        named["providers"]["painter"] = Provider(kind="painter")
    values: dict[str, Any] = {**single, **named}
    config = Config(source=source, **values)
    check(config)
    return config


def _refuse_later(raw: dict[str, Any], source: str) -> None:
    for path, values in LATER.items():
        for found, value in _reach(raw, path.split("."), ""):
            if values is None:
                raise ConfigError(source, found, "is not in this version of imagegen; remove it")
            if value in values:
                raise ConfigError(source, found, f'"{value}" is not in this version of imagegen')


def _reach(node: Any, path: list[str], at: str) -> list[tuple[str, Any]]:
    if not path:
        return [(at, node)]
    if not isinstance(node, dict):
        return []
    table = cast(dict[str, Any], node)
    names = list(table) if path[0] == "*" else [path[0]] if path[0] in table else []
    return [hit for name in names for hit in _reach(table[name], path[1:], f"{at}.{name}".removeprefix("."))]


def _substitute(node: Any, source: str, path: str, environment: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        table = cast(dict[str, Any], node)
        return {
            key: _substitute(value, source, f"{path}.{key}".removeprefix("."), environment)
            for key, value in table.items()
        }
    if isinstance(node, list):
        items = cast(list[Any], node)
        return [_substitute(value, source, f"{path}[{i}]", environment) for i, value in enumerate(items)]
    if isinstance(node, str):

        def value_of(match: re.Match[str]) -> str:
            if match[1] not in environment:
                raise ConfigError(source, path, f"the environment has no {match[1]}")
            value = environment[match[1]]
            try:
                value.encode()
            except UnicodeEncodeError:  # bytes that are no text come as half characters
                raise ConfigError(source, path, f"what the environment has as {match[1]} is not UTF-8 text") from None
            return value

        return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", value_of, node)
    return node


_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.+?)`(?: - at `\$(.*)`)?$")
_MISSING_FIELD = re.compile(r"Object missing required field `(.+?)`(?: - at `\$(.*)`)?$")
_ELSEWHERE = re.compile(r"(.*?)(?: - at `\$(.*)`)?$", re.DOTALL)


def _convert(raw: Any, kind: type[T], source: str, path: str) -> T:
    try:
        return msgspec.convert(raw, kind, dec_hook=_secret)
    except msgspec.ValidationError as error:
        text = str(error)
        if match := _UNKNOWN_FIELD.match(text):
            where = f"{path}{match[2] or ''}"
            known = _fields(_inner(kind, match[2] or ""))
            raise ConfigError(source, f"{where}.{match[1]}", _unknown("setting", match[1], known)) from None
        if match := _MISSING_FIELD.match(text):
            raise ConfigError(source, f"{path}{match[2] or ''}.{match[1]}", "is required") from None
        match = _ELSEWHERE.match(text)
        what, where = (match[1], match[2] or "") if match else (text, "")
        if found := re.fullmatch(r"Invalid enum value '(.*)'", what):
            words = " or ".join(f'"{word}"' for word in _words(kind, where))
            raise ConfigError(source, f"{path}{where}", f'expected {words}, got "{found[1]}"') from None
        raise ConfigError(source, f"{path}{where}", what[:1].lower() + what[1:]) from None


def _words(kind: type[Any], path: str) -> tuple[str, ...]:
    """The words that a setting takes."""
    outer, _, name = path.rpartition(".")
    fields = msgspec.structs.fields(_inner(kind, outer))
    return get_args(next(each.type for each in fields if each.name == name))


def _secret(kind: type[Any], value: Any) -> Secret:
    if kind is not Secret or not isinstance(value, str):
        raise TypeError(f"expected `str`, got `{type(value).__name__}`")
    return Secret(value)


def _inner(kind: type[Any], path: str) -> type[Any]:
    """The table that a path such as ".timeout" or ".keys[0]" leads to."""
    for name in re.findall(r"\.(\w+)", path):
        named = msgspec.structs.fields(kind)
        annotation = next(each.type for each in named if each.name == name)
        candidates = [
            annotation,
            *get_args(annotation),
            *(arg for each in get_args(annotation) for arg in get_args(each)),
        ]
        kind = next(each for each in candidates if isinstance(each, type) and issubclass(each, msgspec.Struct))
    return kind


def _fields(kind: type[Any]) -> list[str]:
    return list(kind.__struct_fields__)


def _unknown(what: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else f"; known here: {', '.join(sorted(known))}"
    return f"unknown {what}{hint}"
