"""A configuration file with anything in it: it is in force as a whole, or a ConfigError says what is wrong."""

from __future__ import annotations

import random
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from service.config import ConfigError, parse
from service.config.reading import NAMED, SINGLE
from tests.fuzz import TIMES

VALUES: tuple[Any, ...] = (
    *("", "x", "5s", "-1s", "1e9h", "127.0.0.1:0", "[::1]:99999", "::", "painter/scene", "/", "a/b", "${KEY}", "${NO}"),
    *("http://[", "http://x:y", "https://u:p@h", "sqlite:", "sqlite://x", "postgresql://h", "redis://[::", "memory:"),
    *("s3://b", "file:", "0.04", "-1", "nan", "1e999", "9" * 5000, "\0", "${BAD}", "é", "keys", "open", "1x1", "*"),
    *(0, -1, 1, 2**63, 2**70, -(10**30), 1.5, float("nan"), float("inf"), True, False, [], {}, [[]], [{}], {"": {}}),
)
"""What a person or a mistake may write as a value."""

ENVIRONMENT = {"KEY": "sk-from-the-environment", "BAD": "\udcff"}
"""The other is what Python makes of a byte that is no UTF-8."""


def anything(of: random.Random, kind: Any, depth: int) -> Any:
    """A value for a setting: of its own shape more often than not."""
    if depth > 4 or of.random() < 0.25:
        return of.choice(VALUES)
    shapes = [each for each in (kind, *get_args(kind)) if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    if shapes:
        return table(of, shapes[0], depth)
    if "tuple" in str(kind):
        inner = next((each for each in get_args(kind) if each is not str), kind)
        return [anything(of, inner if inner is not kind else str, depth + 1) for _ in range(of.randrange(3))]
    return of.choice(VALUES)


def table(of: random.Random, kind: type[msgspec.Struct], depth: int) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = [name for name in hints if not name.startswith("_") and of.random() < 0.5]
    made = {name: anything(of, hints[name], depth + 1) for name in names}
    if of.random() < 0.1:
        made[of.choice(("", "mood", "limits", "a.b", "\n"))] = of.choice(VALUES)
    return made


def tables(of: random.Random) -> dict[str, Any]:
    made = {name: anything(of, kind, 1) for name, kind in SINGLE.items() if of.random() < 0.3}
    for name, kind in NAMED.items():
        if of.random() < 0.5:
            named = [of.choice(("painter", "openai", "x", "a/b", "", "painter/scene")) for _ in range(of.randrange(3))]
            made[name] = {each: anything(of, kind, 1) for each in named} if of.random() < 0.9 else of.choice(VALUES)
    return made


def test_any_configuration_is_in_force_or_refused() -> None:
    """Nothing but a ConfigError, which names a place and prints on any terminal; some of them are good."""
    good = 0
    for seed in range(3000 * TIMES):
        raw = tables(random.Random(f"config {seed}"))
        try:
            good += bool(parse(raw, "made.toml", ENVIRONMENT).providers)
        except ConfigError as refused:
            said = str(refused)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {raw}") from error
        else:
            continue
        assert said.startswith("made.toml"), said
        assert said.encode()
    assert good > 20 * TIMES


@pytest.mark.parametrize("name", [*SINGLE, *NAMED])
@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_a_table_that_is_none_is_refused(name: str, value: Any) -> None:
    """A value where a table belongs is refused by name, unless it is an empty table."""
    if value == {}:
        return
    with pytest.raises(ConfigError):
        parse({name: value}, "made.toml", ENVIRONMENT)
