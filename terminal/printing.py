"""What the other commands print: models, plans, and the configuration in force."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from imagegen import v1
from imagegen.report import action, dollars
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.config import Config
from service.config.servers import DOTS, masked


def models(console: Console, found: Mapping[str, v1.Model]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("model", "leads to", "sizes", "qualities", "n", "streams"):
        table.add_column(title, overflow="fold")
    for name, model in found.items():
        takes = {each.name: each for each in model.parameters}
        size = takes["size"].size if "size" in takes else v1.SizeRule()
        sizes = "any" if size.any else ", ".join(size.names)
        quality = ", ".join(takes["quality"].choice.values) if "quality" in takes else ""
        n = f"{takes['n'].integer.high}" if "n" in takes else "1"
        leads = ", ".join(model.targets) if model.targets else "" if model.configured else "not configured"
        table.add_row(name, leads, sizes, quality, n, "yes" if model.streaming else "no")
    console.print(table)


def providers(console: Console, found: Sequence[v1.Provider]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("provider", "kind", "keys", "models", "out"):
        table.add_column(title, overflow="fold")
    for each in found:
        keys = ", ".join(f"{key.name} ({key.weight})" for key in each.keys)
        outs = [f"{out.model}{f' with {out.key}' if out.key else ''}: {out.explanation}" for out in each.out]
        table.add_row(
            each.name,
            each.kind,
            keys if each.configured else "not configured",
            ", ".join(each.models),
            "\n".join(outs),
        )
    console.print(table)


def of_change(change: v1.ParameterChange) -> str:
    """What became of a parameter, in a line."""
    became = f" → {change.sent}" if change.sent else ""
    note = f" ({change.note})" if change.note else ""
    return f"{change.parameter} {change.asked}{became}: {action(change)}{note}"


def plan(console: Console, made: v1.PlanImagesResponse) -> None:
    for number, step in enumerate(made.steps, 1):
        dated = f" (prices of {step.price_as_of})" if step.price_as_of else ""
        known = step.HasField("max_cost_micro_usd")
        cost = f"at most ${dollars(step.max_cost_micro_usd)}{dated}" if known else "no price"
        console.print(Text.assemble(f"{number}. ", (f"{step.provider}/{step.model}", "bold"), f"  {cost}"))
        if step.note:
            console.print(f"   asked last: {step.note}")
        for change in step.changes:
            console.print(f"   {of_change(change)}")
    for skipped in made.skipped:
        console.print(f"-  {skipped.target}: {skipped.explanation}", style="dim")


def config(console: Console, config: Config) -> None:
    """The configuration in force, as a file would say it; secrets as dots."""
    from service.providers import registry  # here, because no other command that prints needs an HTTP client

    console.print(f"# from {config.source}")
    tables: dict[str, Any] = msgspec.to_builtins(config, enc_hook=str)
    for name in ("service", "bridge", "access", "stores", "engine"):
        _table(console, name, tables[name])
    for name, provider in config.providers.items():
        found = registry.find(provider.kind or name)
        idle = found.idle(provider) if found else frozenset[str]()
        table = {key: value for key, value in tables["providers"][name].items() if key not in idle}
        _table(console, f"providers.{_key(name)}", table)
    for group in ("models", "prices"):
        for name, table in tables[group].items():
            _table(console, f"{group}.{_key(name)}", table)
    for name in ("files", "telemetry", "outgoing", "drain"):
        _table(console, name, tables[name])


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else _text(name)


def _table(console: Console, name: str, table: Mapping[str, Any]) -> None:
    lines = [f"{key} = {_value(key, value)}" for key, value in table.items() if value not in ("", None, [], (), {})]
    if lines:
        console.print("\n".join([f"\n[{name}]", *lines]), soft_wrap=True)


def _text(value: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(key: str, value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(DOTS if key == "value" else masked(value))
        case dict():
            members = cast(dict[str, Any], value)
            return "{ " + ", ".join(f"{each} = {_value(each, inner)}" for each, inner in members.items()) + " }"
        case list() | tuple():
            entries = list(cast(Sequence[Any], value))
            return "[" + ", ".join(_value("value" if key == "signing_keys" else "", each) for each in entries) + "]"
        case _:
            return str(value)
