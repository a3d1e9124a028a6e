"""Several processes that share their ports, and one that watches over them.

Each worker is `imagegen up --shared`: it listens where the others do, and the system deals connections out. Pipes tie
it to the one that watches. On its standard output it gives a sign of life every few seconds, and is replaced when none
comes; on its standard input it is told the configuration, and when that ends, whoever watched is gone, and it stops.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from imagegen.metrics import BEGAN, FOLDER, WORKER
from prometheus_client import CollectorRegistry, multiprocess

from service.assembly import check, rehearse
from service.config import Config, ConfigError, address, joined, seconds
from service.config.file import ConfigFile
from service.liveness import TOLERANCE, Liveness
from service.renewal import Renewal
from service.telemetry import Exposition
from terminal.certificates import curl_option, to_clients
from terminal.handing import packed
from terminal.running import Say, greeting, told_to_stop

SETTLED = 30.0
"""Seconds after which a worker that ends has not failed to start."""
LONGEST_PAUSE = 10.0
LAST_WORDS = 15.0
"""Seconds beyond the grace in which workers end by themselves."""


class Worker:
    """One of several places, and the process that fills it."""

    def __init__(
        self, number: int, command: Sequence[str], metrics: str, told: Callable[[], bytes] = lambda: b""
    ) -> None:
        """`told` is what each process in this place is told first."""
        self._name = f"worker {number}"
        self._number = str(number)
        self._command = command
        self._metrics = metrics
        self._told = told
        self._began = str(time.time_ns())
        self._process: Process | None = None
        self._serves = False

    async def start(self) -> None:
        """Returns once the process serves. Raises OSError where it ended instead; it has said why itself."""
        self._serves = False
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, FOLDER: self._metrics, WORKER: self._number, BEGAN: self._began},
            start_new_session=True,  # Ctrl-C is for the one that watches: it tells the others
        )
        cast(asyncio.StreamWriter, self._process.stdin).write(self._told())
        async for line in cast(asyncio.StreamReader, self._process.stdout):
            if line.startswith(b"gRPC"):
                self._serves = True
                return
        raise OSError(f"{self._name} did not start")

    async def keep(self) -> None:
        """Puts another process in the place of one that ended by itself, or gives no sign of life."""
        pause = 0.5
        while True:
            began = time.monotonic()
            status = await self._gone()
            cast(Any, multiprocess).mark_process_dead(self._number, self._metrics)
            pause = 0.5 if time.monotonic() - began > SETTLED else min(pause * 2, LONGEST_PAUSE)
            _say(f"{self._name} ended with status {status}; another one starts")
            await asyncio.sleep(pause)
            with suppress(OSError):
                await self.start()

    def read_anew(self) -> None:
        """Has it look at the configuration's file; one that is only starting does so anyway."""
        if self._process is not None and self._serves:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGHUP)

    async def stop(self, grace: float) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                await self._process.wait()
        except TimeoutError:
            _say(f"{self._name} did not stop in time and was killed; what it was doing is closed when its lease ends")
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _gone(self) -> int:
        """Waits until the process has ended, or ends it when it is stuck; its status."""
        process = cast(Process, self._process)
        output = cast(asyncio.StreamReader, process.stdout)
        try:
            line = b"."
            while line:
                async with asyncio.timeout(TOLERANCE):
                    line = await output.readline()
        except TimeoutError:
            _say(f"{self._name} has given no sign of life for {TOLERANCE:g} s")
            self.kill()
        return await process.wait()


class Workers:
    def __init__(self, count: int, file: ConfigFile | None, data_dir: Path | None) -> None:
        self._count = count
        self._file = file
        self._words = [f"--config={file.path}"] if file else []
        self._words += [f"--data-dir={data_dir}"] if data_dir else []

    async def run(self, config: Config, say: Say) -> None:
        """Returns when all were told to stop, and have."""
        _refuse_what_is_not_shared(config, self._count)
        check(config)
        to_clients(config)
        # Nothing is put in force here: whoever is started from then on begins with it.
        renewal = Renewal(self._file, config, rehearse, lambda _: None) if self._file else None
        with _reserved(config.bridge.listen) as rest, _reserved(config.service.listen) as grpc, _folder() as metrics:
            # -P: a folder in which it happens to be started is not part of the program.
            command = [sys.executable, "-P", "-m", "terminal", "up", "--shared", f"--rest={rest}", f"--grpc={grpc}"]

            def what_is_in_force() -> bytes:
                return packed(renewal.text) if renewal else b""

            workers = [
                Worker(1 + place, [*command, *self._words], metrics, what_is_in_force) for place in range(self._count)
            ]
            scheme = "https" if config.bridge.tls else "http"
            hello = greeting(config.bridge.public_url or f"{scheme}://{rest}", grpc, curl_option(config))

            def end_at_once() -> None:
                for worker in workers:
                    worker.kill()
                shutil.rmtree(metrics, ignore_errors=True)
                os._exit(1)

            def read_anew() -> None:
                if renewal:
                    renewal.look_at_once()
                for worker in workers:
                    worker.read_anew()

            told = asyncio.create_task(told_to_stop(at_once=end_at_once, read_anew=read_anew if renewal else None))
            serving = asyncio.create_task(_serve(workers, config, renewal, lambda: say(hello)))
            try:
                with _exposed(config, metrics):
                    await asyncio.wait({told, serving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (told, serving):
                    task.cancel()
                await asyncio.wait({told, serving})
                grace = seconds(config.drain.grace) + LAST_WORDS
                await asyncio.gather(*(worker.stop(grace) for worker in workers))
            if not serving.cancelled():
                serving.result()  # it ends by itself only when it fails


async def _serve(
    workers: Sequence[Worker], config: Config, renewal: Renewal[None] | None, started: Callable[[], None]
) -> None:
    """Starts the workers and keeps them, until cancelled."""
    async with asyncio.TaskGroup() as group:
        starting = [group.create_task(worker.start()) for worker in workers]
        await asyncio.wait(starting)
        for each in starting:
            each.result()
        if config.telemetry.liveness:
            group.create_task(Liveness(*address(config.telemetry.liveness)).run())
        if renewal:
            group.create_task(renewal.run())
        started()
        for worker in workers:
            group.create_task(worker.keep())


def _say(text: str) -> None:
    with suppress(OSError):  # who listened may have gone
        print(text, file=sys.stderr, flush=True)


def _refuse_what_is_not_shared(config: Config, count: int) -> None:
    if config.stores.signals.startswith("memory:"):
        raise ConfigError(
            config.source,
            "stores.signals",
            f"memory: is one process's own, and {count} workers need signals that they share; give them "
            "redis://HOST or valkey://HOST, or start one worker",
        )


@contextmanager
def _exposed(config: Config, folder: str) -> Generator[None]:
    """What all workers count, for Prometheus."""
    if not config.telemetry.prometheus:
        yield
        return
    registry = CollectorRegistry()
    registry.register(cast(Any, multiprocess).MultiProcessCollector(None, path=folder))
    with closing(Exposition(*address(config.telemetry.prometheus), registry)):
        yield


@contextmanager
def _reserved(listen: str) -> Generator[str]:
    """The address with a port that nobody else has, kept until the end; it is not listened at here."""
    host, port = address(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as alone, socket.socket(family, socket.SOCK_STREAM) as kept:
        for each in (alone, kept):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            alone.bind((host, port))  # fails also where others share the port, who may be another gateway
            number = alone.getsockname()[1]
            alone.close()
            kept.bind((host, number))
        except OSError as error:
            raise OSError(f"cannot listen on {listen}: {error.strerror}") from None
        yield joined(host, number)


@contextmanager
def _folder() -> Generator[str]:
    """Where the workers keep what they count: in memory, since a full disk would end whoever counts there."""
    memory = "/dev/shm"  # noqa: S108 - the folder inside is made with a name of its own
    folder = tempfile.mkdtemp(prefix="imagegen-metrics-", dir=memory if os.access(memory, os.W_OK) else None)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
