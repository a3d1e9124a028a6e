"""Prometheus' own promtool: from the PATH, else fetched once into build/promtool, else loudly missed.

Debian's package takes ten seconds, and is only unpacked: apt keeps its lists in our folder and nothing is installed.
Elsewhere Go builds it, which takes two cores some five minutes, once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.clients.toolchain import BUILD, PROJECT, environment

HOME: Final = BUILD / "promtool"
PROMTOOL: Final = HOME / "promtool"
GO_VERSION: Final = "v0.310.0"
"""Prometheus 3.10: the first that can be built without the clouds' SDKs, and the last that Go 1.25 builds."""
ADVICE: Final = "promtool: install your distribution's package `prometheus`, or Go 1.25 or newer, or put it on the PATH"

DEPLOY: Final = PROJECT / "deploy"
RULES: Final = DEPLOY / "prometheus"


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs it to its end, in the folder of the rules."""
    memory = "/dev/shm"
    scratch = {"TMPDIR": memory} if os.access(memory, os.W_OK) else {}  # each of its tests makes a database
    command = [_found(), *arguments]
    env = environment(**scratch)
    return subprocess.run(command, cwd=RULES, env=env, capture_output=True, text=True, timeout=300, check=False)


def approved(*arguments: str | Path) -> str:
    """What promtool prints; fails the test with its complaints where it has some."""
    ended = promtool(*arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@cache
def _found() -> str:
    on_path = shutil.which("promtool")
    if on_path:
        return on_path
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:  # one worker of pytest-xdist fetches it for all
        fcntl.flock(lock, fcntl.LOCK_EX)
        tried = [said for fetch in (_from_debian, _with_go) if not PROMTOOL.exists() and (said := fetch())]
    if not PROMTOOL.exists():
        told = "\n".join((f"This test needs {ADVICE}, and run it again.", *tried))
        if "CI" in os.environ:
            pytest.fail(told, pytrace=False)
        pytest.skip(f"NOT PROVEN HERE: {told}")
    return str(PROMTOOL)


def _from_debian() -> str | None:
    """Unpacks the program from Debian's package; says why where that is not possible."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return "There is no apt-get here."
    room = HOME / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (room / folder).mkdir(parents=True, exist_ok=True)
    places = (
        f"Dir::State::lists={room}/lists",
        f"Dir::Cache={room}/cache",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=",
    )
    apt = ["apt-get", "-qq", *(word for place in places for word in ("-o", place))]
    try:
        for command in ([*apt, "update"], [*apt, "download", "prometheus"]):
            _run(command, room, 300)
        (package,) = room.glob("prometheus_*.deb")
        _run(["dpkg-deb", "-x", str(package), str(room)], room, 300)
        shutil.move(room / "usr" / "bin" / "promtool", PROMTOOL)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return f"apt-get did not bring it: {_why(error)}"
    finally:
        shutil.rmtree(room)
    return None


def _with_go() -> str | None:
    """Builds the program; says why where that is not possible."""
    if shutil.which("go") is None:
        return "There is no Go here."
    room, package = HOME / "go", "github.com/prometheus/prometheus/cmd/promtool"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    try:
        _run(["go", "mod", "init", "imagegen.test/promtool"], room, 60)
        _run(["go", "get", "-tool", f"{package}@{GO_VERSION}"], room, 600)
        # Its go.mod replaces a module, so `go install` at a version refuses it.
        _run(["go", "build", "-tags", "remove_all_sd", "-o", str(PROMTOOL), package], room, 1800)
    except (OSError, subprocess.SubprocessError) as error:
        return f"Go did not build it: {_why(error)}"
    return None


def _run(command: list[str], folder: Path, within: float) -> None:
    subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=within, check=True)


def _why(error: Exception) -> str:
    return error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
