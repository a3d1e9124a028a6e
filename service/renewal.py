"""The configuration file, looked at while the process runs: what has changed is put in force, whole or not at all.

Its contents are compared, which tells of every way in which files are replaced, links of Kubernetes included. What is
found counts when it is found twice, so that nobody takes half a file for a whole one; or at once, when somebody asks
for it (SIGHUP). What cannot be used is told once and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from service.config import Config, ConfigError
from service.config.file import ConfigFile
from service.telemetry import counting, log

EVERY = 1.0
"""Seconds between two looks at the file."""

MOST_NAMED = 50
"""Of the settings that changed, in the log."""

PutInForce = Callable[[], list[str]]
"""Puts a configuration in force, in one moment; the paths of the settings that changed."""


class Renewal:
    def __init__(self, file: ConfigFile, prepare: Callable[[Config], PutInForce | None]) -> None:
        """`prepare` is called beside the loop: it raises ConfigError, or says None where all is in force already."""
        self._file = file
        self._prepare = prepare
        self._asked = asyncio.Event()
        self._found: bytes | str | None = None
        """What the last look found: contents, or why there are none."""
        self._settled: bytes | str | None = None
        """What was last put in force, or refused."""

    def look_at_once(self) -> None:
        self._asked.set()

    async def run(self) -> None:
        """Looks every second, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._asked.wait()
            asked = self._asked.is_set()
            self._asked.clear()
            await self._look(asked=asked)

    async def _look(self, *, asked: bool) -> None:
        found = await asyncio.to_thread(self._contents)
        again, self._found = found == self._found, found
        if not asked and (not again or found == self._settled):
            return
        self._settled = found
        try:
            put_in_force = await asyncio.to_thread(self._read, found)
        except ConfigError as error:
            _refuse(str(error))
        except Exception as error:  # a provider of another package may fail as it is made
            _refuse(f"{self._file.path}: cannot be used", error)
        else:
            if put_in_force is None:
                counting.configuration_in_force()
                return
            changed = put_in_force()
            counting.configuration_applied()
            log("config").info("configuration applied", file=str(self._file.path), changed=changed[:MOST_NAMED])

    def _contents(self) -> bytes | str:
        try:
            return self._file.contents()
        except ConfigError as error:
            return str(error)

    def _read(self, found: bytes | str) -> PutInForce | None:
        config = self._file.understood(found if isinstance(found, bytes) else self._file.contents())
        return self._prepare(config)


def _refuse(told: str, error: Exception | None = None) -> None:
    counting.configuration_refused()
    log("config").error("configuration refused: what was read before stays in force", told=told, exc_info=error)
