"""Several processes that share their ports, and one that watches over them.

Each worker is `imagegen up --shared`: it listens where the others do, and the system deals connections out. Its
standard input is a pipe from the one that watches: when that is gone, whatever ended it, the worker stops.
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
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from prometheus_client import multiprocess

from rest_bridge.metrics import FOLDER
from service.assembly import check
from service.config import Config, ConfigError, address, joined, seconds
from terminal.running import Say, greeting, told_to_stop

SETTLED = 30.0
"""Seconds after which a worker that ends has not failed to start."""
LONGEST_PAUSE = 10.0
LAST_WORDS = 15.0
"""Seconds beyond the grace in which workers end by themselves."""


class Workers:
    def __init__(self, count: int, words: Sequence[str]) -> None:
        self._count = count
        self._words = words
        self._processes: dict[int, Process] = {}
        self._metrics = ""

    async def run(self, config: Config, say: Say) -> None:
        """Returns when all were told to stop, and have."""
        _refuse_what_is_not_shared(config, self._count)
        check(config)
        with ExitStack() as stack:
            rest = stack.enter_context(_reserved(config.bridge.listen))
            grpc = stack.enter_context(_reserved(config.service.listen))
            self._metrics = stack.enter_context(_folder(config.data_dir))
            self._words = ["up", "--shared", f"--rest={rest}", f"--grpc={grpc}", *self._words]
            watches: list[asyncio.Task[None]] = []
            try:
                await asyncio.gather(*(self._start(number) for number in range(self._count)))
                say(greeting(config.bridge.public_url or f"http://{rest}", grpc))
                watches += [asyncio.create_task(self._watch(number)) for number in range(self._count)]
                await told_to_stop()
                for number in (signal.SIGTERM, signal.SIGINT):
                    asyncio.get_running_loop().add_signal_handler(number, self._kill)
            finally:
                for watch in watches:
                    watch.cancel()
                await self._stop(seconds(config.drain.grace) + LAST_WORDS)

    async def _start(self, number: int) -> None:
        """Returns once the worker serves. Raises OSError where it ended instead; it has said why itself."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "terminal",
            *self._words,
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, FOLDER: self._metrics},
            start_new_session=True,  # Ctrl-C is for the one that watches: it tells the others once
        )
        self._processes[number] = process
        async for line in cast(asyncio.StreamReader, process.stdout):
            if line.startswith(b"gRPC"):
                return
        raise OSError(f"worker {number + 1} did not start")

    async def _watch(self, number: int) -> None:
        """Puts another in the place of a worker that ended by itself."""
        pause = 0.5
        while True:
            process, began = self._processes[number], time.monotonic()
            status = await process.wait()
            cast(Any, multiprocess).mark_process_dead(process.pid, self._metrics)
            pause = 0.5 if time.monotonic() - began > SETTLED else min(pause * 2, LONGEST_PAUSE)
            print(f"worker {number + 1} ended with status {status}; another one starts", file=sys.stderr)
            await asyncio.sleep(pause)
            with suppress(OSError):
                await self._start(number)

    async def _stop(self, grace: float) -> None:
        running = [each for each in self._processes.values() if each.returncode is None]
        for process in running:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        if running:
            await asyncio.wait([asyncio.create_task(each.wait()) for each in running], timeout=grace)
        for process in running:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _kill(self) -> None:
        """Told again: at once."""
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.kill()
        os._exit(1)


def _refuse_what_is_not_shared(config: Config, count: int) -> None:
    if config.stores.signals.startswith("memory:"):
        raise ConfigError(
            config.source,
            "stores.signals",
            f"memory: is one process's own, and {count} workers need signals that they share; give them "
            "redis://HOST or valkey://HOST, or start one worker",
        )


@contextmanager
def _reserved(listen: str) -> Generator[str]:
    """The address with a port that nobody else has, kept until the end; it is not listened at here."""
    host, port = address(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as alone, socket.socket(family, socket.SOCK_STREAM) as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind((host, port))  # fails also where others share the port, who may be another gateway
            number = alone.getsockname()[1]
            alone.close()
            kept.bind((host, number))
        except OSError as error:
            raise OSError(f"cannot listen on {listen}: {error.strerror}") from None
        yield joined(host, number)


@contextmanager
def _folder(data_dir: str | Path) -> Generator[str]:
    """Where the workers keep what they count."""
    Path(data_dir).mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="metrics-", dir=data_dir)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
