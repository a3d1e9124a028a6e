"""Looks at a file that is scripted: what counts as a change, and that nothing which goes wrong ends the looking."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service import renewal
from service.config import Config, ConfigError
from service.config.file import ConfigFile
from service.renewal import Renewal
from tests.e2e.changing import refused
from tests.house import until

BEFORE = b""
HALF = b'[models.a]\ntargets = [{ target = "painter/scene" }]\n'
WHOLE = HALF + b'[models.b]\ntargets = [{ target = "painter/scene" }]\n'
OTHER = WHOLE + b'[models.c]\ntargets = [{ target = "painter/scene" }]\n'
NOTHING = None


@dataclass(frozen=True, slots=True)
class Scripted(ConfigFile):
    """Holds one thing after another, each time that it is read; the last for good."""

    script: list[bytes | None] = field(default_factory=list[bytes | None])

    def contents(self) -> bytes:
        text = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if text is None:
            raise ConfigError(str(self.path), "", "cannot be read: there is none")
        return text


@dataclass(slots=True)
class Gateway:
    """Takes configurations, or fails to."""

    fails: int = 0
    """So many times."""
    taken: list[list[str]] = field(default_factory=list[list[str]])
    """The models of each."""

    async def prepare(self, config: Config) -> Config:
        return config

    def put_in_force(self, config: Config) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("sk-secret")
        self.taken.append(list(config.models))


@asynccontextmanager
async def looking(gateway: Gateway, script: Sequence[bytes | None]) -> AsyncGenerator[Scripted]:
    """At a file that holds these, while it began as nothing."""
    file = Scripted(Path("x.toml"), BEFORE, script=list(script))
    watch = Renewal(file, file.understood(BEFORE), gateway.prepare, gateway.put_in_force)
    looks = asyncio.create_task(watch.run())
    try:
        yield file
        assert not looks.done()
    finally:
        looks.cancel()
        await asyncio.wait({looks})


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "EVERY", 0.01)


@pytest.mark.parametrize("before", [[], [NOTHING], [NOTHING, NOTHING], [NOTHING, NOTHING, NOTHING], [OTHER, NOTHING]])
async def test_what_is_found_once_does_not_count(before: Sequence[bytes | None]) -> None:
    """Whatever there was before, contents or none: half a file that becomes whole is never taken."""
    gateway = Gateway()
    async with looking(gateway, [*before, HALF, WHOLE]):
        await until(lambda: bool(gateway.taken))
        await asyncio.sleep(0.1)
    assert gateway.taken == [["a", "b"]]


async def test_what_fails_as_it_is_put_in_force_is_told_and_the_looking_goes_on() -> None:
    """The log says so without words of the exception, which may quote anything; the next file is taken."""
    gateway, before = Gateway(fails=1), refused()
    with capture_logs() as logs:
        async with looking(gateway, [WHOLE]) as file:
            await until(lambda: refused() == before + 1)
            file.script.append(OTHER)
            await until(lambda: bool(gateway.taken))
    assert gateway.taken == [["a", "b", "c"]]
    assert [each["told"] for each in logs if "told" in each] == ["x.toml: cannot be used"]
    assert isinstance(logs[0]["exc_info"], RuntimeError)


@pytest.mark.parametrize("blank", [b"", b" \n\t\n"])
async def test_a_file_that_became_blank_is_refused(blank: bytes) -> None:
    """It is one that is being written: editors and `cp` empty it first. What was in force stays."""
    gateway, before = Gateway(), refused()
    with capture_logs() as logs:
        async with looking(gateway, [WHOLE, WHOLE, blank]):
            await until(lambda: refused() == before + 1)
    assert gateway.taken == [["a", "b"]]
    assert [each["told"] for each in logs if "told" in each] == [
        "x.toml: is empty, as files are that are about to be written"
    ]


async def test_a_file_that_was_blank_already_is_nothing_new() -> None:
    """A gateway may be started with an empty file."""
    before = refused()
    async with looking(Gateway(), [b"\n"]):
        await asyncio.sleep(0.1)
    assert refused() == before


@pytest.mark.parametrize("there", ["a pipe", "a folder", "a link that leads nowhere", "a path that no system takes"])
async def test_whatever_takes_the_place_of_the_file_is_refused(tmp_path: Path, there: str) -> None:
    """Nobody waits for what a pipe may say, and the looking goes on: the next file is taken."""
    gateway, path, before = Gateway(), tmp_path / "x.toml", refused()
    path.write_bytes(BEFORE)
    file = ConfigFile(path, BEFORE)
    looks = asyncio.create_task(Renewal(file, file.understood(BEFORE), gateway.prepare, gateway.put_in_force).run())
    await asyncio.sleep(0.05)
    path.unlink()
    match there:
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case "a link that leads nowhere":
            path.symlink_to("nowhere")
        case _:
            path.symlink_to("x" * 300)
    await until(lambda: refused() == before + 1)
    aside = tmp_path / "new"
    aside.write_bytes(WHOLE)
    if there == "a folder":
        path.rmdir()
    aside.replace(path)
    await until(lambda: bool(gateway.taken))
    looks.cancel()
    await asyncio.wait({looks})
