"""A server as a child process: started on a free port, stopped, frozen, started again on the same port."""

from __future__ import annotations

import os
import pwd
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.servers import keeper


def free_port() -> int:
    """A port on which nobody listens, from below the range that the kernel gives to outgoing connections.

    So no connection takes it while its server is stopped, and no client that tries to connect meets itself.
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    choice = random.SystemRandom()  # test processes that were seeded alike choose differently
    for port in (choice.randrange(10_000, lowest) for _ in range(100 if lowest > 10_100 else 0)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerProcess:
    """Ends with the process that started it, however that one ends, with all that it started. What it says is in `log`.

    `user` is whom it runs as, for one who may choose. `directory` is where it runs. `scratch` is a directory that is
    removed when the test process is killed: one that ends in order removes it itself. `farewell` ends the server then.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        ready: Callable[[], bool],
        *,
        environment: Mapping[str, str] | None = None,
        user: int | None = None,
        directory: Path | None = None,
        scratch: Path | None = None,
        farewell: signal.Signals = signal.SIGKILL,
    ) -> None:
        self._command = [str(word) for word in command]
        self._log = log
        self._ready = ready
        self._environment = {**os.environ, **(environment or {})}
        self._account = ["", ""] if user is None else [str(user), str(pwd.getpwuid(user).pw_gid)]
        self._directory = directory
        self._scratch = scratch
        self._farewell = farewell
        self._keeper: subprocess.Popen[str] | None = None
        self.pid = 0
        """The server's own process, while it runs."""

    @property
    def running(self) -> bool:
        return self._keeper is not None and self._keeper.poll() is None

    def start(self, within: float = 20) -> None:
        """Returns when it answers."""
        assert not self.running
        self.stop()
        how = [str(int(self._farewell)), str(self._scratch or "")]
        with self._log.open("ab") as log:
            self._keeper = subprocess.Popen(
                # Isolated and bare: it needs nothing but the standard library.
                [sys.executable, "-IS", keeper.__file__, *how, *self._account, *self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment,
                cwd=self._directory,
                start_new_session=True,  # a Ctrl-C is for the tests
                text=True,
            )
        assert self._keeper.stdout
        self.pid = int(self._keeper.stdout.readline() or 0)
        end = time.monotonic() + within
        while not (self.pid and self._ready()):
            if not self.running or time.monotonic() > end:
                self.stop()
                said = self._log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self._command[0]} did not start: {said}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Ends it at once, or as `how` tells it to; returns when it and all below it have ended."""
        if self._keeper is not None:
            try:
                self._keeper.communicate(f"{int(how)}\n", timeout=20)
            finally:
                self._keeper, self.pid = None, 0

    def freeze(self) -> None:
        """It keeps its connections and says nothing more, nor does anything below it; returns when all stand still."""
        assert self._keeper is not None
        while moving := [each for each in keeper.below(self._keeper.pid) if not keeper.is_still(each)]:
            keeper.signal_all(moving, signal.SIGSTOP)
            time.sleep(0.001)

    def thaw(self) -> None:
        assert self._keeper is not None
        keeper.signal_all(keeper.below(self._keeper.pid), signal.SIGCONT)
