"""A program under measurement: started on a core of its own, its whole process tree weighed, stopped with certainty."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.places import fresh

TICK = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
STOP_SECONDS = 20.0


class ProgramError(Exception):
    """A program did not do what it was started for; the message says where its log is."""


class Program:
    """One started program. Its output goes to a file, as it does in production."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        cores: set[int],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = fresh(folder) / f"{name}.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: _begin(cores),
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def must_run(self) -> None:
        if not self.running:
            raise ProgramError(f"{self.name} ended with status {self._process.returncode}:\n{self.last_words()}")

    def last_words(self) -> str:
        return f"{self.log}:\n" + self.log.read_text(errors="replace")[-2000:]

    def pids(self) -> list[int]:
        """The program and everything that it started."""
        return _tree(self._process.pid)

    def stop(self) -> None:
        """Asks it to stop, waits, then leaves it no choice."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # a session of its own: only what it started
        self._process.wait()


def _begin(cores: set[int]) -> None:
    """In the new process, before the program: on its cores, and not longer than the harness."""
    os.sched_setaffinity(0, cores)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def now() -> float:
    return time.monotonic()


def cpu(programs: Sequence[Program]) -> float:
    """CPU seconds that the programs have used so far, with every process and thread of theirs."""
    return sum(_cpu(pid) for program in programs for pid in program.pids())


def memory(programs: Sequence[Program]) -> int:
    """Bytes of memory in use now; pages that several processes share are divided among them."""
    return sum(_field(pid, "smaps_rollup", "Pss:") for program in programs for pid in program.pids())


def peak_memory(programs: Sequence[Program]) -> int:
    """Bytes: the sum of each process' highest resident memory since `forget_peak`."""
    return sum(_field(pid, "status", "VmHWM:") for program in programs for pid in program.pids())


def forget_peak(programs: Sequence[Program]) -> None:
    for pid in (pid for program in programs for pid in program.pids()):
        with suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def wait_until(ready: Sequence[Program], answers: Callable[[], bool], seconds: float = 120.0) -> float:
    """Waits until `answers()` is true; returns the moment. The programs must go on running."""
    end = time.monotonic() + seconds
    while not answers():
        for program in ready:
            program.must_run()
        if time.monotonic() > end:
            words = "\n".join(program.last_words() for program in ready)
            raise ProgramError(f"{', '.join(p.name for p in ready)}: no good answer within {seconds:.0f} s\n{words}")
        time.sleep(0.005)
    return time.monotonic()


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for task in os.listdir(f"/proc/{parent}/task"):
                children = Path(f"/proc/{parent}/task/{task}/children").read_text()
                found.extend(int(child) for child in children.split())
    return found


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def _field(pid: int, file: str, name: str) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0
