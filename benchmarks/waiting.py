"""What waiting costs in memory, and whether a partial picture is passed on at once."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contestants import Contestant
from benchmarks.late import LateMock
from benchmarks.load import REQUESTS
from benchmarks.mock import free_port
from benchmarks.native import built
from benchmarks.places import fresh
from benchmarks.program import memory
from benchmarks.rounds import Bench
from benchmarks.work import WORKS

WARM = 128
"""So many requests wait once before memory is looked at: what they leave behind is no cost of the next."""
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Waited:
    """What so many requests that waited at once cost."""

    contestant: str
    wanted: int
    at_provider: int
    """How many the provider saw waiting; a contestant may keep others in a queue of its own."""
    taken: int
    """How many got their good answer in the end; the others were turned away at once, and cost nothing."""
    before: int
    meanwhile: int

    @property
    def each(self) -> float:
        """Bytes for each waiting request."""
        return (self.meanwhile - self.before) / max(1, self.taken)


def waited(bench: Bench, contestants: Sequence[Contestant], count: int) -> list[Waited]:
    """One contestant after the other, in front of a provider that makes everybody wait."""
    found: list[Waited] = []
    late = LateMock(free_port(), bench.cores.mock)
    try:
        for contestant in contestants:
            contestant.mock = dict.fromkeys(contestant.mock, late.port)
            with bench.started([contestant]):
                _let_wait(contestant, late, WARM)
                time.sleep(1.0)
                one = _let_wait(contestant, late, count)
            bench.say(f"  {one.contestant:24}{one.taken:6} of {count} waited, {one.each / 1000:.1f} KB each")
            found.append(one)
    finally:
        late.stop()
    return found


def partial_at_once(bench: Bench, contestants: Sequence[Contestant]) -> dict[str, bool]:
    """Whether the first partial picture has arrived whole while the provider has not sent the second yet."""
    found: dict[str, bool] = {}
    late = LateMock(free_port(), bench.cores.mock)
    try:
        for contestant in contestants:
            contestant.mock = dict.fromkeys(contestant.mock, late.port)
            if contestant.offers(WORKS["sse"]):
                with bench.started([contestant]):
                    found[contestant.name] = _gets_the_first(contestant, late)
                bench.say(f"  {contestant.name}: first partial before the second: {found[contestant.name]}")
    finally:
        late.stop()
    return found


def _let_wait(contestant: Contestant, late: LateMock, count: int) -> Waited:
    work = WORKS["small"]
    file = fresh(REQUESTS) / "waiting.http"
    file.write_bytes(contestant.request(work))
    before = memory(contestant.programs)
    late.hold()
    command = [str(built("load")), "--port", str(contestant.port(work)), "--request", str(file), "--once"]
    command += ["--connections", str(count), "--timeout", "280", "--least", str(work.least), "--most", str(work.most)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        at_provider = _settled(late, count)
        meanwhile = memory(contestant.programs)
        late.open()
        told, _ = running.communicate()
    good = json.loads(told.splitlines()[-1])["statuses"].get("200", 0) if told.count("\n") > 2 else 0
    return Waited(contestant.name, count, at_provider, good, before, meanwhile)


def _settled(late: LateMock, count: int) -> int:
    """Waits until all wait, or no more come."""
    end, seen, since = time.monotonic() + PATIENCE, -1, time.monotonic()
    while time.monotonic() < end:
        waiting = late.waiting()
        if waiting >= count:
            return waiting
        if waiting != seen:
            seen, since = waiting, time.monotonic()
        elif seen > 0 and time.monotonic() - since > 5:
            return seen
        time.sleep(0.2)
    return max(seen, 0)


def _gets_the_first(contestant: Contestant, late: LateMock) -> bool:
    work = WORKS["sse"]
    late.hold()
    try:
        with socket.create_connection(("127.0.0.1", contestant.port(work)), timeout=5) as connection:
            connection.sendall(contestant.request(work))
            got = b""
            try:
                while b"\n\n" not in got.partition(b"\r\n\r\n")[2]:
                    piece = connection.recv(1 << 20)
                    if not piece:
                        return False
                    got += piece
            except TimeoutError:
                return False
            return b"partial_image" in got and late.waiting() == 1
    finally:
        late.open()
