"""The machine: which core serves whom, who else uses them, which programs are there, and in which version."""

from __future__ import annotations

import fcntl
import os
import platform
import resource
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from benchmarks.places import BUILD, ROOT, clear, fresh
from benchmarks.program import TICK

DEBIAN = {"nginx": "nginx-light", "h2load": "nghttp2-client", "gcc": "gcc libc6-dev"}
WHAT_FOR = {
    "nginx": "is the plain proxy that everything is compared with",
    "h2load": "calls over gRPC",
    "gcc": "builds the provider and the load generator, benchmarks/native",
    "node": "runs Portkey",
    "npm": "installs Portkey",
}


_locks: list[TextIO] = []
"""Held until this process ends."""


class MissingError(Exception):
    """Something that a measurement stands on is not installed."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Who runs where. With two cores, the mock and the load share one."""

    gateway: int
    mock: int
    load: int

    @property
    def shared(self) -> bool:
        return self.mock == self.load


def cores() -> Cores:
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < 2:
        raise MissingError("at least two cores are needed: one for the gateway, one for mock and load")
    return Cores(gateway=mine[1], mock=mine[0], load=mine[2] if len(mine) > 2 else mine[0])


def prepare(where: Cores) -> None:
    """Puts this process beside the load, and lets programs open as many files as they may. One at a time."""
    lock = (fresh(BUILD) / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise MissingError("another measurement is running: they would spoil each other's figures") from None
    _locks.append(lock)
    clear()
    os.sched_setaffinity(0, {where.load})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def tool(name: str) -> str:
    """The path of a program; raises with how to get it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        get = f"apt-get install {DEBIAN[name]}" if name in DEBIAN else "install Node 20 or newer"
        raise MissingError(f"{name} is missing: it {WHAT_FOR[name]}. On Debian: {get}")
    return found


def missing(names: list[str]) -> list[str]:
    """What is not there, each with how to get it."""
    complaints: list[str] = []
    for name in names:
        try:
            tool(name)
        except MissingError as error:
            complaints.append(str(error))
    return complaints


def busy(core: int) -> float:
    """Seconds that a core has worked since it was started, for whomever; also those that other machines took."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _, _, irq, softirq, stolen, *_ = (int(value) for value in line.split()[1:])
            return (user + nice + system + irq + softirq + stolen) / TICK
    return 0.0


def commit() -> str:
    """The commit that is measured; with a plus where the tree is not what was committed."""
    short = _said(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]) or "unknown"
    changed = _said(["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no"])
    return f"{short}+" if changed else short


def description() -> dict[str, str]:
    """What a reader of the figures wants to know of the machine."""
    cpu = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    found = {
        "machine": f"{cpu[0] if cpu else platform.machine()}, {os.cpu_count()} cores, "
        f"{int(memory[0]) / 1024 / 1024:.0f} GB"
        if memory
        else platform.machine(),
        "system": f"Linux {platform.release()}",
        "Python": f"{python()}; ten million turns of an empty loop take {_loop():.2f} s",
        "nginx": _said(["nginx", "-v"]).rpartition("/")[2],
        "h2load": _said(["h2load", "--version"]).rpartition("/")[2],
        "gcc": _said(["gcc", "-dumpfullversion"]),
    }
    return {name: value for name, value in found.items() if value}


def package_version(python: Path, package: str) -> str:
    """The version of a package in some environment."""
    code = f"import importlib.metadata as m; print(m.version('{package}'))"
    return _said([str(python), "-c", code])


def load_average() -> float:
    return os.getloadavg()[0]


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run([tool(command[0]) if command[0] in WHAT_FOR else command[0], *command[1:]],
                              capture_output=True, text=True, check=True, timeout=30)  # fmt: skip
    except (OSError, subprocess.SubprocessError, MissingError):
        return ""
    return (done.stdout or done.stderr).strip()


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def python() -> str:
    """Which Python: two of the same version can differ by a fifth, as one was built with profiles and the other not."""
    return f"{platform.python_version()} ({platform.python_compiler()}, {' '.join(platform.python_build())})"


def _loop() -> float:
    def turns() -> float:
        begun = time.perf_counter()
        for _ in range(10_000_000):
            pass
        return time.perf_counter() - begun

    return min(turns() for _ in range(3))
