"""The provider and the load generator, in C; built at first use, and again when their sources have changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.machine import MissingError, tool
from benchmarks.places import BUILD, fresh

SOURCES = Path(__file__).parent


def built(name: str) -> Path:
    """The program `name`, compiled."""
    program, sources = fresh(BUILD / "native") / name, [SOURCES / f"{name}.c", *SOURCES.glob("*.h")]
    if program.exists() and program.stat().st_mtime > max(source.stat().st_mtime for source in sources):
        return program
    command = [tool("gcc"), "-O2", "-Wall", "-Wextra", "-o", str(program), str(sources[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"{sources[0]} cannot be built:\n{done.stderr}")
    return program
