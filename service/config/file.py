"""The file that a configuration comes from, for whoever looks at it again while the configuration is in force."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from service.config.complaint import ConfigError
from service.config.reading import contents, understood
from service.config.schema import Config

HANDED_OVER = ("/dev/fd/", "/dev/stdin", "/proc/")
"""How paths begin that name what a process was handed as it started."""


def _as_it_is(config: Config) -> Config:
    return config


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder on the way that may not be entered, for one: whoever reads it is told why
        return False


@dataclass(frozen=True, slots=True)
class ConfigFile:
    path: Path
    text: bytes
    """What it held when the process began."""
    over: Callable[[Config], Config] = _as_it_is
    """Puts what the command line says over what the file says."""

    @property
    def can_be_read_once(self) -> bool:
        """Whether it is gone with its first reading, as a pipe is: the next one would wait, or find nothing."""
        return str(self.path).startswith(HANDED_OVER) or (_is_there(self.path) and not self.path.is_file())

    def contents(self) -> bytes:
        """What it holds now. Raises ConfigError where it cannot be read."""
        if self.can_be_read_once:
            raise ConfigError(str(self.path), "", "is not a regular file")
        return contents(self.path)

    def understood(self, text: bytes) -> Config:
        """What a text of this file means. Raises ConfigError."""
        return self.over(understood(text, str(self.path), os.environ))
