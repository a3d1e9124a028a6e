"""The installed command, run in a place of its own: to its end, or until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = str(Path(sys.executable).parent / "imagegen")
PATIENCE = 20.0
"""Seconds after which a program that should have answered has failed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where programs run: a folder to work in, a home and a folder for temporary files, all empty at first."""

    directory: Path

    @property
    def work(self) -> Path:
        return self.directory / "work"

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def left(self) -> list[str]:
        """What programs have left behind outside the data directory."""
        return sorted(str(each) for name in ("work", "home", "tmp") for each in (self.directory / name).rglob("*"))

    def sockets(self) -> list[str]:
        return sorted(path.name for path in self.data.rglob("*") if path.is_socket())

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory / "home"),
            "TMPDIR": str(self.directory / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    async def start(self, *words: str, program: str = COMMAND) -> Process:
        for name in ("work", "home", "tmp"):
            (self.directory / name).mkdir(exist_ok=True)
        return await asyncio.create_subprocess_exec(
            program, *words, cwd=self.work, env=self.environment(), stdout=PIPE, stderr=PIPE
        )

    async def run(self, *words: str, program: str = COMMAND) -> Finished:
        """Runs a command to its end."""
        return await finished(await self.start(*words, program=program))

    @asynccontextmanager
    async def running(
        self, *words: str, program: str = COMMAND, meanwhile: Callable[[Process], Awaitable[None]] | None = None
    ) -> AsyncGenerator[Running]:
        """Runs a command that serves, once it has said where; ends it for good on the way out.

        `meanwhile` is what happens to it while it starts.
        """
        process = await self.start(*words, program=program)
        try:
            if meanwhile is not None:
                await meanwhile(process)
            yield Running(process, await _greeting(process))
        finally:
            if process.returncode is None:
                process.kill()
            await finished(process)


@dataclass(slots=True)
class Running:
    """A program that serves, and what it said when it had started."""

    process: Process
    said: str

    @property
    def curl(self) -> str:
        """The line to paste."""
        return self.said.split("\n")[0]

    @property
    def rest(self) -> str:
        return self._after("REST  ").rstrip(",")

    @property
    def grpc(self) -> str:
        return self._after("gRPC  ")

    def tell(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    async def ended(self) -> Finished:
        return await finished(self.process)

    def _after(self, label: str) -> str:
        match = re.search(rf"^{label}(\S+)", self.said, re.MULTILINE)
        assert match, self.said
        return match[1]


async def finished(process: Process) -> Finished:
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), err.decode())


async def _greeting(process: Process) -> str:
    """What a program says when it has started: to the blank line after its addresses."""
    said = ""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while not re.search(r"^(REST|gRPC)  .*\n(.*\n)*\n$", said, re.MULTILINE):
            line = await process.stdout.readline()
            if not line:
                raise AssertionError(f"the program ended instead of starting: {await finished(process)}")
            said += line.decode()
    return said
