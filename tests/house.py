"""A whole gateway for one test: service and bridge on free ports, with OpenAI's double behind them.

`together` is how `imagegen up` runs (the bridge calls the service without a wire), `apart` is two programs that
speak gRPC over TCP. After a test the judge compares: the books with the double's bill, and what is there with what was.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rest_bridge.server import Bridge, Settings
from service.assembly import Gateway
from service.config import Config, parse
from service.config.file import ConfigFile
from terminal.certificates import to_clients, to_service
from tests.judge import Judge, judge_books
from tests.upstreams.openai import OpenAIDouble

FORMS = ("together", "apart")


@dataclass(slots=True)
class House:
    gateway: Gateway
    bridge: Bridge
    openai: OpenAIDouble
    grpc: str
    """host:port of the service."""
    tables: dict[str, Any]
    """The configuration that it started with."""
    forgiven: int = 0
    """What the double billed for answers that say that nothing was done: no gateway could know."""

    @property
    def rest(self) -> str:
        """The bridge's base URL, without /v1."""
        return self.bridge.public_url


def settings(
    openai: OpenAIDouble,
    directory: Path,
    extra: Mapping[str, Any] | None = None,
    *,
    idle: str = "5s",
    total: str = "20s",
    of_openai: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The configuration of a test, as its TOML would be read; `extra` replaces whole tables.

    `idle` and `total` are how long it waits for OpenAI: for its first byte and between two pieces, and for the whole.
    Every provider is asked once, unless `of_openai`, other settings of that provider, say so.
    """
    once = {"kind": "openai", "retries": 0}
    return {
        "service": {"listen": "127.0.0.1:0"},
        "bridge": {"listen": "127.0.0.1:0"},
        "stores": {"records": f"sqlite:{directory}/records.db", "blobs": f"file:{directory}/blobs"},
        "files": {"signing_keys": ["a signing key for tests"]},
        "providers": {
            "painter": {},
            "openai": {
                "base_url": openai.url,
                "keys": [{"name": "main", "value": openai.key}],
                "timeout": {"connect": "2s", "first_byte": idle, "idle": idle, "total": total},
                **once,
                **(of_openai or {}),
            },
            # A second provider of the same kind at the same double: what fallbacks go to. It is one of ours.
            "second": {
                "kind": "openai",
                "base_url": openai.url,
                "keys": [{"value": openai.key}],
                "ours": True,
                **once,
                **(of_openai or {}),
            },
            "keyless": {"kind": "openai"},
            # Nobody listens there: nothing can be sent.
            "nobody": {
                "kind": "openai",
                "base_url": "http://127.0.0.1:1",
                "keys": [{"value": "sk-nobody"}],
                **once,
                **(of_openai or {}),
            },
        },
        "models": {
            name: {"targets": [{"target": "painter/scene"}]} for name in ("dall-e-2", "dall-e-3", "gpt-image-1")
        },
        **(extra or {}),
    }


@asynccontextmanager
async def open_house(
    directory: Path,
    form: str = "together",
    extra: Mapping[str, Any] | None = None,
    *,
    idle: str = "5s",
    total: str = "20s",
    unjudged: Sequence[str] = (),
    bridged: Mapping[str, Any] | None = None,
    only: Sequence[str] = (),
    of_openai: Mapping[str, Any] | None = None,
    patience: float = 5,
    file: Path | None = None,
) -> AsyncGenerator[House]:
    """`extra` are tables of the configuration, `bridged` settings of the bridge; `only` names the providers to keep.

    `patience` is how long the judge waits for what is still going on. With `file` the configuration is written there
    and read from there, and what changes there is taken up.
    """
    judge = Judge.looking(unjudged)
    async with OpenAIDouble() as openai:
        tables = settings(openai, directory, extra, idle=idle, total=total, of_openai=of_openai)
        if only:
            tables["providers"] = {name: tables["providers"][name] for name in only}
        config, watched = _read(tables, file)
        gateway = Gateway(config, file=watched)
        ports = await gateway.start()
        target = gateway.server.channel() if form == "together" else f"127.0.0.1:{ports[0]}"
        doors = {"certificates": to_clients(config), "to_service": to_service(config)}
        bridge = Bridge(Settings("127.0.0.1", 0, target, **doors, **(bridged or {})))
        await bridge.start()
        house = House(gateway, bridge, openai, f"127.0.0.1:{ports[0]}", tables)
        try:
            yield house
            await settled(house)
            await judge_books(gateway.records, openai.billed_micro_usd - house.forgiven, ["openai"])
        finally:
            await bridge.stop(5)
            await gateway.stop(5)
    await judge.pass_sentence(patience)


def _read(tables: dict[str, Any], file: Path | None) -> tuple[Config, ConfigFile | None]:
    if file is None:
        return parse(tables, "test.toml", {}), None
    file.write_text(as_toml(tables), encoding="utf-8")
    watched = ConfigFile(file, file.read_bytes())
    return watched.understood(watched.text), watched


def as_toml(tables: Mapping[str, Any]) -> str:
    """Tables as a file: one line for each."""
    return "".join(f"{json.dumps(name)} = {_inline(table)}\n" for name, table in tables.items())


def _inline(value: Any) -> str:
    """A value in TOML, whose texts, numbers and truths are JSON's."""
    if isinstance(value, Mapping):
        entries = cast(Mapping[str, Any], value).items()
        return "{ " + ", ".join(f"{json.dumps(name)} = {_inline(each)}" for name, each in entries) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_inline(each) for each in cast(Sequence[Any], value))}]"
    return json.dumps(value)


async def settled(house: House, within: float = 5) -> None:
    """Returns when nothing is under way in the gateway nor at the double; fails the test if that takes too long."""
    gateway, openai = house.gateway, house.openai
    attempts, books = gateway.attempts, gateway.books
    try:
        await until(lambda: not (attempts.running or books.lives.serving or books.late or openai.in_flight), within)
    except TimeoutError:
        requests = len(books.lives.serving) + books.late
        under_way = f"{attempts.running} attempts, {requests} requests, {openai.in_flight} calls"
        raise AssertionError(f"the judge found: still under way after {within} s are {under_way}") from None


async def until(condition: Callable[[], bool], within: float = 5) -> None:
    """Returns when the condition holds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what is watched has no event to wait for
            await asyncio.sleep(0.01)
