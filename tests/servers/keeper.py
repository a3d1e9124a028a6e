"""Keeps a server for a test process and ends with it, however that one ends; `process.py` runs this file as a program.

Whatever the server starts stays below its keeper, also when the server itself is gone: so all of it can be ended,
frozen or not. A signal's number on standard input ends the server that way; the end of the input means that the test
process has ended: then the server's directory goes too.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_SET_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_PATIENCE = 10
_libc = ctypes.CDLL(None, use_errno=True)


def below(process: int) -> list[int]:
    """Every process that another one has started, directly or through others."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        if status := status_of(int(path.name)):
            children.setdefault(int(status[1]), []).append(int(path.name))
    found: list[int] = []
    ahead = [process]
    while ahead:
        here = children.get(ahead.pop(), [])
        found += here
        ahead += here
    return found


def status_of(process: int) -> list[str]:
    """What /proc says of a process after its name: its state, its parent, ...; empty when it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def is_still(process: int) -> bool:
    """Whether it is stopped, dead or gone."""
    return not (status := status_of(process)) or status[0] in "TZX"


def signal_all(processes: list[int], what: signal.Signals) -> None:
    for each in processes:
        try:
            os.kill(each, what)
        except ProcessLookupError:
            continue


def keep(command: list[str], farewell: signal.Signals, scratch: str, account: Mapping[str, int]) -> int:
    """Runs a server until it ends or is to end; answers how it ended, as a program's exit code."""
    _libc.prctl(_SET_CHILD_SUBREAPER, 1)
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,  # which is its log
        stderr=sys.stderr,
        preexec_fn=_die_with_keeper,
        user=account.get("user"),
        group=account.get("group"),
        extra_groups=[] if account else None,
    )
    print(server.pid, flush=True)
    ended = os.pidfd_open(server.pid)
    heard, _, _ = select.select([sys.stdin, ended], [], [])
    told = sys.stdin.readline() if sys.stdin in heard else ""
    if ended not in heard:
        signal_all(below(os.getpid()), signal.SIGCONT)
        server.send_signal(int(told) if told else farewell)
        select.select([ended], [], [], _PATIENCE)
    while left := below(os.getpid()):
        signal_all(left, signal.SIGKILL)
        _reap(server)
        time.sleep(0.001)
    if sys.stdin in heard and not told and scratch:
        import shutil  # late: it is slow to import and seldom needed

        shutil.rmtree(scratch, ignore_errors=True)
    return 0 if told else 1


def _reap(server: subprocess.Popen[bytes]) -> None:
    """Buries what has ended, also the server's children that became ours."""
    server.poll()
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _die_with_keeper() -> None:
    _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)


if __name__ == "__main__":
    farewell, scratch, user, group, *command = sys.argv[1:]
    account = {"user": int(user), "group": int(group)} if user else {}
    sys.exit(keep(command, signal.Signals(int(farewell)), scratch, account))
