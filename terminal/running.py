"""Starts the programs, together or alone, and stops them when the process is told to: readiness off, finish, exit 0."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib.metadata import version

import uvloop
from imagegen.metrics import WORKER, Meter

from rest_bridge.gateway import Service
from rest_bridge.guard import Limits
from rest_bridge.server import Bridge, Settings
from service.assembly import Gateway
from service.config import Config, address, joined, seconds
from service.config.file import ConfigFile
from service.liveness import Liveness
from service.telemetry import counting, log, on_loop_failure
from terminal.certificates import curl_option, to_clients, to_service

MIB = 1024 * 1024
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""From glibc's malloc.h."""

STDIN = 0

SIGN_SECONDS = 5.0

Say = Callable[[str], None]


def run(main: Awaitable[None]) -> None:
    prepare()
    uvloop.run(_plain(main))


def prepare() -> None:
    """Sets this process up for serving."""
    _keep_memory()
    _open_files()
    gc.freeze()  # what was imported stays: the collector need not look at it again and again
    gc.set_threshold(2_000, 10, 10)


def _open_files() -> None:
    """As many as the system lets this process: a waiting request holds two, and the usual limit is a thousand."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _keep_memory() -> None:
    """Has glibc keep what large pictures needed for the next ones: fetching it anew each time costs more than copying.

    Where the C library is another one, nothing happens.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(M_MMAP_THRESHOLD, 32 * MIB)
        tune(M_TRIM_THRESHOLD, 128 * MIB)


async def _plain(main: Awaitable[None]) -> None:
    # Who reads a stream of ours closes it. The loop need not list them all, which takes time whenever one begins.
    sys.set_asyncgen_hooks(firstiter=None)
    asyncio.get_running_loop().set_exception_handler(on_loop_failure)
    await main


@contextmanager
def exported(config: Config, name: str, meters: Sequence[Meter], dropped: Callable[[int], None]) -> Generator[None]:
    """Meanwhile spans and metrics go to the collector, where the configuration names one."""
    if not config.telemetry.otlp:
        yield
        return
    from imagegen.exporting import Exporter  # a fifth of a second that nobody else need spend

    about = {
        "service.name": name,
        "service.version": version("imagegen-gateway"),
        "service.instance.id": f"{socket.gethostname()}-{os.environ.get(WORKER) or os.getpid()}",
    }
    exporter = Exporter(config.telemetry.otlp, about, meters, say=log("telemetry").warning, dropped=dropped)
    exporter.start()
    try:
        yield
    finally:
        exporter.close()


async def up(config: Config, say: Say, *, shared: bool = False, file: ConfigFile | None = None) -> None:
    """Both programs in one process; the bridge calls the service without a wire.

    Where it is `shared`, others listen at the same addresses, and whoever started it is at the other end of its input.
    """
    gateway = Gateway(config, shares_ports=shared, file=file)
    grace = 0.0
    life: asyncio.Task[None] | None = None
    with ExitStack() as watched:
        try:
            ports = await gateway.start()
            grpc = joined(address(config.service.listen)[0], ports[0])
            channel = gateway.server.channel()
            bridge = Bridge(_bridged(config, channel, shared=shared))
            await bridge.start()
            meters = (counting.METER, bridge.metrics.meter)
            watched.enter_context(exported(config, "imagegen", meters, counting.spans_dropped))
            ready = greeting(bridge.public_url, grpc, curl_option(config))
            life = asyncio.create_task(_give_signs_of_life(say)) if shared else None
            await told_to_stop(gateway, listening=partial(say, ready), by_input=shared)
            grace = seconds(config.drain.grace)
            end = time.monotonic() + grace
            bridge.stop_accepting()
            await gateway.stop_accepting()
            await bridge.stop(grace)
            grace = max(0.0, end - time.monotonic())
        finally:
            await gateway.stop(grace)
            if life is not None:
                life.cancel()


async def service(config: Config, say: Say, *, file: ConfigFile | None = None) -> None:
    """The service alone."""
    gateway = Gateway(config, file=file)
    grace = 0.0
    with ExitStack() as watched:
        try:
            ports = await gateway.start()
            watched.enter_context(exported(config, "imagegen-service", (counting.METER,), counting.spans_dropped))
            ready = f"gRPC  {joined(address(config.service.listen)[0], ports[0])}\n"
            await told_to_stop(gateway, listening=partial(say, ready))
            grace = seconds(config.drain.grace)
            await gateway.stop_accepting()
        finally:
            await gateway.stop(grace)


async def bridge(config: Config, say: Say) -> None:
    """The bridge alone."""
    made = Bridge(_bridged(config, config.bridge.service))
    alive = (
        asyncio.create_task(Liveness(*address(config.telemetry.liveness)).run()) if config.telemetry.liveness else None
    )
    grace = 0.0
    with ExitStack() as watched:
        try:
            await made.start()
            counted = made.metrics
            watched.enter_context(exported(config, "imagegen-bridge", (counted.meter,), counted.spans_dropped))
            curl = _curl(made.public_url, curl_option(config))
            ready = f"{curl}\n\nREST  {made.public_url}, in front of gRPC {config.bridge.service}\n"
            await told_to_stop(listening=partial(say, ready))
            grace = seconds(config.drain.grace)
            made.stop_accepting()
        finally:
            await made.stop(grace)
            if alive:
                alive.cancel()
                await asyncio.wait({alive})


def _bridged(config: Config, service: Service, *, shared: bool = False) -> Settings:
    """What the configuration says of the bridge, in front of this service."""
    of = config.bridge
    host, port = address(of.listen)
    limits = Limits(connections=of.max_connections)
    return Settings(
        host,
        port,
        service,
        of.public_url,
        shares_port=shared,
        certificates=to_clients(config),
        to_service=to_service(config) if isinstance(service, str) else None,
        limits=limits,
        hosts=of.hosts,
        sites=of.cors,
    )


async def _give_signs_of_life(say: Say) -> None:
    with suppress(OSError):  # whoever watched has gone, which standard input tells as well
        while True:
            await asyncio.sleep(SIGN_SECONDS)
            say(".")


def greeting(public_url: str, grpc: str, curl_option: str = "") -> str:
    return f"{_curl(public_url, curl_option)}\n\nREST  {public_url}\ngRPC  {grpc}\n"


def _curl(public_url: str, option: str) -> str:
    """A line that works as pasted, and ends in a picture's URL."""
    body = '{"model": "painter/scene", "prompt": "a lighthouse at dusk"}'
    line = f"curl -s{option} {public_url}/v1/images/generations -H 'Content-Type: application/json' -d '{body}'"
    return f"""{line} | grep -o 'http[^"]*'"""


def _end_at_once() -> None:
    os._exit(1)


async def told_to_stop(
    gateway: Gateway | None = None,
    *,
    listening: Callable[[], None] = lambda: None,
    by_input: bool = False,
    at_once: Callable[[], None] = _end_at_once,
    read_anew: Callable[[], None] | None = None,
) -> None:
    """Returns at the first SIGTERM or SIGINT; a second one ends the process at once. So does a disk that failed.

    `listening` is called once it can be told: whoever hears that the process is ready may stop it in the same moment.
    With `by_input` also when standard input ends: whoever held it has gone. Who held it knows how to end the process,
    and a signal that comes twice, from it and from those who tell everybody, means the same as one.
    SIGHUP calls `read_anew`, also where it came before and was held back. Without it, or where the terminal has gone,
    it ends the process, as the system has it.
    """
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def heard() -> None:
        if by_input:
            told.set()
            return
        if told.is_set():
            at_once()
        print("stopping: finishing what is under way (again to stop at once)", file=sys.stderr)
        told.set()

    def input_ended() -> None:
        loop.remove_reader(sys.stdin.fileno())
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heard)
    if gateway is not None and gateway.renewal is not None:
        read_anew = gateway.renewal.look_at_once
    if read_anew is not None:
        loop.add_signal_handler(signal.SIGHUP, _hung_up, loop, os.isatty(STDIN), read_anew)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # one that came before is heard now
    if by_input:
        loop.add_reader(sys.stdin.fileno(), input_ended)
    listening()
    waits = [asyncio.create_task(told.wait())]
    if gateway is not None:
        waits.append(asyncio.create_task(gateway.broken.wait()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in waits:
        each.cancel()
    if gateway is not None and gateway.broken.is_set():
        raise OSError("the disk failed: what was written last may be lost; start again when it is sound")


def _hung_up(loop: asyncio.AbstractEventLoop, by_terminal: bool, read_anew: Callable[[], None]) -> None:
    if by_terminal and not os.isatty(STDIN):
        loop.remove_signal_handler(signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)
    read_anew()
