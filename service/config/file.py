"""The file that a configuration comes from, for whoever looks at it again while the configuration is in force."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from service.config.reading import contents, understood
from service.config.schema import Config


def _as_it_is(config: Config) -> Config:
    return config


@dataclass(frozen=True, slots=True)
class ConfigFile:
    path: Path
    over: Callable[[Config], Config] = _as_it_is
    """Puts what the command line says over what the file says."""

    def contents(self) -> bytes:
        """Raises ConfigError where it cannot be read."""
        return contents(self.path)

    def understood(self, text: bytes) -> Config:
        """What a text of this file means. Raises ConfigError."""
        return self.over(understood(text, str(self.path), os.environ))
