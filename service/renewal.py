"""The configuration file, looked at while the process runs: what has changed is put in force, whole or not at all.

Its contents are compared, which tells of every way in which files are replaced, links of Kubernetes included. What is
found counts when it is found twice, so that nobody takes half a file for a whole one; or at once, when somebody asks
for it (SIGHUP). What cannot be used is told once and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.config import Config, ConfigError
from service.config.changes import differing, refuse_what_needs_a_start
from service.config.file import ConfigFile
from service.telemetry import counting, log

EVERY = 1.0
"""Seconds between two looks at the file."""

MOST_NAMED = 50
"""Of the settings that changed, in the log."""

Prepared = TypeVar("Prepared")
"""A configuration with all that it needs, ready to be put in force."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the file came to: what it holds, or why it cannot be read."""

    text: bytes = b""
    unreadable: str = ""


class Renewal(Generic[Prepared]):
    def __init__(
        self,
        file: ConfigFile,
        config: Config,
        prepare: Callable[[Config], Awaitable[Prepared]],
        put_in_force: Callable[[Prepared], None],
    ) -> None:
        """`config` is what the file's text means. `prepare` does all that can fail, and raises ConfigError."""
        self.text = file.text
        """What is in force, as the file says it."""
        self._file = file
        self._config = config
        self._prepare = prepare
        self._put_in_force = put_in_force
        self._asked = asyncio.Event()
        self._found = self._settled = Look(file.text)
        """What the last look found; and what was last put in force, or refused."""

    def look_at_once(self) -> None:
        self._asked.set()

    async def run(self) -> None:
        """Looks every second, until cancelled."""
        if self._file.can_be_read_once:
            log("config").warning("configuration not watched: it is not in a regular file", file=str(self._file.path))
            return
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._asked.wait()
            asked = self._asked.is_set()
            self._asked.clear()
            await self._look(asked=asked)

    async def _look(self, *, asked: bool) -> None:
        found = await asyncio.to_thread(self._seen)
        again, self._found = found == self._found, found
        if asked or (again and found != self._settled):
            self._settled = found
            await self._settle(found)

    def _seen(self) -> Look:
        try:
            return Look(self._file.contents())
        except ConfigError as error:
            return Look(unreadable=str(error))

    async def _settle(self, found: Look) -> None:
        """Puts in force what was found, or refuses it."""
        if found.unreadable:
            _refuse(found.unreadable)
            return
        try:
            changed = await self._take(found.text)
        except ConfigError as error:
            _refuse(str(error))
        except Exception as error:  # a provider of another package may fail as it is made
            _refuse(f"{self._file.path}: cannot be used", error)
        else:
            if not changed:
                counting.configuration_in_force()
                return
            counting.configuration_applied()
            log("config").info("configuration applied", file=str(self._file.path), changed=changed[:MOST_NAMED])

    async def _take(self, text: bytes) -> list[str]:
        """Puts a text of the file in force; the paths of the settings that changed. Raises ConfigError."""
        config, changed = await asyncio.to_thread(self._read, text)
        if changed:
            self._put_in_force(await self._prepare(config))
        self.text, self._config = text, config
        return changed

    def _read(self, text: bytes) -> tuple[Config, list[str]]:
        config = self._file.understood(text)
        changed = differing(self._config, config)
        if changed and not text.strip():
            raise ConfigError(config.source, "", "is empty, as files are that are about to be written")
        refuse_what_needs_a_start(self._config, config)
        return config, changed


def _refuse(told: str, error: Exception | None = None) -> None:
    counting.configuration_refused()
    log("config").error("configuration refused: what was read before stays in force", told=told, exc_info=error)
