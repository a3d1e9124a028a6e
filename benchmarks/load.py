"""Drives the load generators, both native: `native/load.c` for HTTP, h2load for gRPC. Watches everybody's CPU."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.machine import Cores, busy, tool
from benchmarks.native import built
from benchmarks.places import RUN, fresh
from benchmarks.program import Program, cpu
from benchmarks.work import METHODS, Work, grpc_request

REQUESTS = RUN / "requests"


@dataclass(slots=True)
class Served:
    """How the requests of one measurement were served. Times in milliseconds."""

    seconds: float
    answers: int
    per_second: float
    load_cpu: float
    latency: dict[str, float]
    first_byte: dict[str, float]
    wrong: dict[str, int]
    """What was not a good answer, counted by what was wrong."""
    waited: int = 0
    """In an open loop: requests that fell due and were never sent, because every connection was taken."""
    cpu: dict[str, float] = field(default_factory=dict[str, float])
    """CPU seconds by who used them, while it was measured; `core N` is everything that ran on that core."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of warm-up and of measurement; `begun` is called between them."""

    warm_up: float
    seconds: float
    begun: Callable[[], None] = lambda: None


class Watch:
    """Adds up what the programs, and the cores as a whole, have used between two moments."""

    def __init__(self, cores: Cores, **programs: Sequence[Program]) -> None:
        self._cores = cores
        self._programs = programs

    def now(self) -> dict[str, float]:
        used = {name: cpu(programs) for name, programs in self._programs.items()}
        for core in {self._cores.gateway, self._cores.mock, self._cores.load}:
            used[f"core {core}"] = busy(core)
        return used


def since(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: after[name] - before[name] for name in after}


def over_http(
    work: Work,
    port: int,
    request: bytes,
    at_once: int,
    watch: Watch,
    timing: Timed,
    rate: float = 0.0,
) -> Served:
    """Closed loop, or with `rate` (requests a second) an open one."""
    file = fresh(REQUESTS) / f"{work.name}-{port}.http"
    file.write_bytes(request)
    command = [str(built("load")), "--port", str(port), "--request", str(file), "--connections", str(at_once)]
    command += ["--warmup", str(timing.warm_up), "--seconds", str(timing.seconds)]
    command += ["--least", str(work.least), "--most", str(work.most), *(["--rate", str(rate)] if rate else [])]
    before = after = watch.now()
    told: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        for line in running.stdout:
            if line == "begin\n":
                timing.begun()
                before = watch.now()
            elif line == "end\n":
                after = watch.now()
            else:
                told = json.loads(line)
        words = running.stderr.read()
    if not told:
        return nothing(f"the load generator failed: {words.strip()}")
    wrong = {f"status {status}": count for status, count in told["statuses"].items() if status != "200"}
    wrong |= {name.replace("_", " "): told[name] for name in ("wrong_size", "broken", "late") if told[name]}
    wrong |= {} if told["answers"] else {"no answer in time": 1}
    return Served(
        seconds=told["seconds"],
        answers=told["answers"],
        per_second=told["per_second"],
        load_cpu=told["cpu"],
        latency=told["latency"],
        first_byte=told["first_byte"],
        wrong=wrong,
        waited=told["unsent"],
        cpu=since(before, after),
    )


def over_grpc(
    work: Work,
    port: int,
    model: str,
    at_once: int,
    watch: Watch,
    timing: Timed,
) -> Served:
    """A fixed number of calls, about so many as fit into the time; each connection has one call at a time."""
    file = fresh(REQUESTS) / f"{work.name}.grpc"
    file.write_bytes(grpc_request(work, model))
    log = REQUESTS / f"{work.name}.log"
    url = f"http://127.0.0.1:{port}/imagegen.v1.ImageGeneration/{METHODS[work.face]}"

    def run(calls: int) -> tuple[str, float]:
        log.unlink(missing_ok=True)
        command = [
            tool("h2load"),
            "-n",
            str(calls),
            "-c",
            str(at_once),
            "-m",
            "1",
            "-t",
            "1",
            "-w",
            "30",
            "-W",
            "30",
            "-N",
            "60s",
        ]
        command += ["-H", "content-type: application/grpc", "-H", "te: trailers", "-d", str(file)]
        children = _children_cpu()
        done = subprocess.run([*command, f"--log-file={log}", url], capture_output=True, text=True, check=False)
        return done.stdout, _children_cpu() - children

    pace, calls = 0.0, max(at_once, 4)
    end = time.monotonic() + timing.warm_up
    while not pace or time.monotonic() < end:
        pace = _number(r"([\d.]+) req/s", run(calls)[0])
        if not pace:
            return nothing("h2load got no answer")
        calls = max(at_once, 4, round(pace * max(timing.warm_up / 2, 0.1)))
    calls = max(at_once, round(pace * timing.seconds))
    timing.begun()
    before = watch.now()
    said, load_cpu = run(calls)
    after = watch.now()
    good = int(_number(r"status codes: (\d+) 2xx", said))
    each = _number(r"\((\d+)\) data", said) / calls
    wrong: dict[str, int] = {"not answered": calls - good} if good < calls else {}
    if not work.least <= each <= work.most:
        wrong["bytes an answer on average"] = round(each)
    times = sorted(int(line.split("\t")[2]) / 1000 for line in log.read_text().splitlines())
    per_second = _number(r"([\d.]+) req/s", said)
    return Served(
        seconds=calls / per_second if per_second else 0.0,
        answers=good,
        per_second=per_second,
        load_cpu=load_cpu,
        latency=_percentiles(times),
        first_byte={},
        wrong=wrong,
        cpu=since(before, after),
    )


def nothing(why: str) -> Served:
    """What is to be told where nothing was measured."""
    return Served(0.0, 0, 0.0, 0.0, {}, {}, {why: 1})


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    return float(found[1]) if found else 0.0


def _percentiles(times: list[float]) -> dict[str, float]:
    if not times:
        return {}
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}
    return {name: times[min(len(times) - 1, int(share * len(times)))] for name, share in shares.items()}


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
