"""Where the measurements keep what they make, and what they stand on: all inside the project's folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
BUILD = ROOT / "build" / "bench"
BODIES = BUILD / "bodies"
"""The mock's answers and the requests that are sent."""
RUNS = BUILD / "run"
RUN = RUNS / str(os.getpid())
"""This measurement's own: a folder for each program, with its configuration, data and log."""
PEERS = BUILD / "peers"
RESULTS = HERE / "results"


def clear() -> None:
    """Removes what measurements left that are over."""
    for folder in RUNS.glob("*"):
        if not Path("/proc", folder.name).exists():
            shutil.rmtree(folder)


def fresh(folder: Path) -> Path:
    """The folder, made where it was not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
