"""The provider: native/mock.c with the bodies made beforehand, each kind at a port of its own.

So every contestant reaches it at the same path as it would reach OpenAI.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from benchmarks import bodies
from benchmarks.native import built
from benchmarks.places import BODIES, RUN
from benchmarks.program import Program, wait_until

PATH = "/v1/images/generations"
TYPES = {"small": "application/json", "large": "application/json", "sse": "text/event-stream; charset=utf-8"}

Ports = Mapping[str, int]
"""For each kind of body, where it is served."""


def start(core: int) -> tuple[Program, Ports]:
    bodies.make()
    ports = {name: free_port() for name in TYPES}
    words = [f"{ports[name]}:{kind}:{BODIES / name}.body" for name, kind in TYPES.items()]
    program = Program("mock", [str(built("mock")), *words], RUN / "mock", {core})
    wait_until([program], lambda: all(listens(port) for port in ports.values()))
    return program, ports


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
