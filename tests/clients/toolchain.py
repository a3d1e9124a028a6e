"""Programs of other languages: found, or loudly missed, and run beside the gateway's loop."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

PROJECT: Final = Path(__file__).parents[2]
PROTOS: Final = PROJECT / "protos"
BUILD: Final = PROJECT / "build"
NPM: Final = PROJECT / "node_modules" / ".bin"
"""What package.json brings; called directly, which is what `npx --no-install` does after a second of thought."""

_WANTED: Final = {
    "node": ("--version", (20, 0), "Node 20 or newer: install it from your distribution or nodejs.org"),
    "go": ("version", (1, 24), "Go 1.24 or newer: install it from your distribution or go.dev/dl"),
}


@cache
def _version(program: str) -> tuple[int, int]:
    """The version of a program on the PATH; 0.0 where there is none."""
    if (path := shutil.which(program)) is None:
        return 0, 0
    told = subprocess.run([path, _WANTED[program][0]], env=environment(), capture_output=True, check=True).stdout
    found = re.search(rb"(\d+)\.(\d+)", told)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def need(program: str) -> str:
    """The program, or how to get it: where it is missing or too old CI fails, and only Go may be left out elsewhere."""
    _, least, advice = _WANTED[program]
    if _version(program) < least:
        if "CI" in os.environ or program == "node":
            pytest.fail(f"This test needs {advice}, and run it again.", pytrace=False)
        pytest.skip(f"NOT PROVEN HERE: this test needs {advice}, and run it again.")
    return program


def npm(program: str) -> str:
    """A program that package.json brings."""
    need("node")
    if not (NPM / program).exists():
        pytest.fail(f"This test needs {program} from package.json: run `make node`, and run it again.", pytrace=False)
    return str(NPM / program)


def environment(**more: str) -> dict[str, str]:
    """Ours, with npm's programs on the PATH and every cache inside the project's folder."""
    return {
        **os.environ,
        "PATH": f"{NPM}{os.pathsep}{os.environ['PATH']}",
        "BUF_CACHE_DIR": str(BUILD / "buf"),
        "GOPATH": str(BUILD / "go"),
        "GOCACHE": str(BUILD / "go" / "cache"),
        "GOMODCACHE": str(BUILD / "go" / "mod"),
        "GOFLAGS": "-modcacherw",
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        **more,
    }


def done(*command: str | Path, cwd: Path = PROJECT, env: Mapping[str, str] | None = None) -> bytes:
    """Runs a program to its end, where no gateway waits; its output. Fails the test with what it complained of."""
    ended = subprocess.run(command, cwd=cwd, env=env or environment(), capture_output=True, timeout=180, check=False)
    assert ended.returncode == 0, ended.stderr.decode() + ended.stdout.decode()
    return ended.stdout


@asynccontextmanager
async def running(command: Sequence[str | Path], cwd: Path = PROJECT) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A program beside the gateway, which lives in this very loop; whatever happens, it is gone afterwards."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=environment(),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        limit=2**27,
        start_new_session=True,  # so that its own children go with it
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


async def said(*command: str | Path, job: Any = None, cwd: Path = PROJECT, within: float = 30) -> tuple[int, str, str]:
    """Exit status, output and complaints of a program that reads the job as a line of JSON."""
    async with running(command, cwd) as process, asyncio.timeout(within):
        out, err = await process.communicate(json.dumps(job).encode() + b"\n")
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


async def answered(*command: str | Path, job: Any = None, cwd: Path = PROJECT) -> Any:
    """The JSON that a program prints for a job."""
    status, out, err = await said(*command, job=job, cwd=cwd)
    assert status == 0, err
    return json.loads(out)
