"""Who is measured: the gateway in each of its forms, nginx as the floor, and the mock itself.

Each is started anew for every round, on the gateway's core, with a folder of its own under build/bench/run. The
gateway writes its log to a file there and its books to SQLite on disk, as its defaults are.
"""

from __future__ import annotations

import http.client
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import bodies, nginx
from benchmarks.machine import Cores
from benchmarks.mock import PATH, Ports, free_port
from benchmarks.places import ROOT, RUN, fresh
from benchmarks.program import Program, now, wait_until
from benchmarks.work import WORKS, Work, asked, http_request, pictures_in_json, pictures_in_sse, pictures_over_grpc

KEY = "sk-mock-of-the-benchmark"
MODEL = "gpt-image-2"
FIRST = WORKS["small"]
"""What a program is asked to see whether it is ready."""


@dataclass(slots=True)
class Contestant:
    """Somebody to be asked: where, by which name of the model, with which headers. This one is the mock itself."""

    name: str
    cores: Cores
    mock: Ports
    programs: list[Program] = field(default_factory=list[Program])
    ready_after: float = 0.0
    """Seconds from its start to its first good answer."""
    ledger: Path | None = None

    def start(self) -> None:
        """Starts it and waits for its first good answer."""

    def stop(self) -> None:
        for program in reversed(self.programs):
            program.stop()
        self.programs = []

    def offers(self, work: Work) -> bool:
        return work.face == "rest"

    def port(self, work: Work) -> int:
        return self.mock[work.body]

    def model(self, work: Work) -> str:
        del work
        return MODEL

    def headers(self, work: Work) -> Mapping[str, str]:
        del work
        return {"Authorization": f"Bearer {KEY}"}

    def path(self, work: Work) -> str:
        del work
        return PATH

    def request(self, work: Work) -> bytes:
        return http_request(work, self.port(work), self.model(work), self.headers(work), self.path(work))

    def pictures(self, work: Work) -> tuple[bytes, ...]:
        """What it answers, asked once by an ordinary client."""
        if work.face != "rest":
            return pictures_over_grpc(work, self.port(work), self.model(work))
        connection = http.client.HTTPConnection("127.0.0.1", self.port(work), timeout=60)
        headers = {"Content-Type": "application/json", **self.headers(work)}
        try:
            connection.request("POST", self.path(work), asked(work, self.model(work)), headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(f"status {answer.status}: {body[:300].decode(errors='replace')}")
        return pictures_in_sse(body) if work.body == "sse" else pictures_in_json(body)

    def complaint(self, work: Work) -> str:
        """What is wrong with its answer; empty when every byte of every picture is right."""
        try:
            found = self.pictures(work)
        except Exception as error:  # whatever is wrong makes the line invalid, and is told there
            return f"{type(error).__name__}: {error}"
        wanted = bodies.pictures(work.body).png
        return "" if found == wanted else f"{len(found)} pictures that are not the {len(wanted)} sent"

    def answers(self) -> bool:
        try:
            return bool(self.pictures(FIRST))
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            return False


class Proxy(Contestant):
    """nginx, passing everything on."""

    def start(self) -> None:
        program, self.ports = nginx.start(self.cores.gateway, self.mock)
        self.programs = [program]
        wait_until(self.programs, self.answers)

    def port(self, work: Work) -> int:
        return self.ports[work.body]


CONFIGURATION = """
[providers.{name}]
kind = "openai"
base_url = "http://127.0.0.1:{port}/v1"
keys = [{{ value = "{key}" }}]
"""


class Imagegen(Contestant):
    """The gateway as `imagegen up`: one process, everything at its defaults."""

    tree: Path = ROOT
    """Whose code it is: this tree's, or that of the commit it is compared with."""
    keeps_books: bool = False
    """Whether it starts with the books that it left; else they are empty."""

    def start(self) -> None:
        self.folder = fresh(RUN / self.name.replace(" ", "-"))
        self.rest, self.grpc = free_port(), free_port()
        self.ledger = self.folder / "data" / "imagegen.db"
        if not self.keeps_books:
            shutil.rmtree(self.folder / "data", ignore_errors=True)
        (self.folder / "imagegen.toml").write_text(self.configuration())
        begun = now()
        self.programs = self.commands()
        self.ready_after = wait_until(self.programs, self.answers) - begun

    def configuration(self) -> str:
        tables = [CONFIGURATION.format(name=name, port=port, key=KEY) for name, port in self.mock.items()]
        return "".join(tables)

    def commands(self) -> list[Program]:
        rest, grpc = f"127.0.0.1:{self.rest}", f"127.0.0.1:{self.grpc}"
        return [self.program("up", "--rest", rest, "--grpc", grpc, *self.common())]

    def common(self) -> Sequence[str]:
        return "--config", "imagegen.toml", "--data-dir", "data"

    def program(self, *words: str) -> Program:
        command = str(self.tree / ".venv" / "bin" / "imagegen")
        return Program(words[0], [command, *words], self.folder, {self.cores.gateway})

    def offers(self, work: Work) -> bool:
        del work
        return True

    def port(self, work: Work) -> int:
        return self.rest if work.face == "rest" else self.grpc

    def model(self, work: Work) -> str:
        return f"{work.body}/{MODEL}"


class TwoPrograms(Imagegen):
    """The gateway as `imagegen service` and `imagegen bridge`, over real gRPC on the loopback."""

    def commands(self) -> list[Program]:
        rest, grpc = f"127.0.0.1:{self.rest}", f"127.0.0.1:{self.grpc}"
        return [
            self.program("service", "--grpc", grpc, *self.common()),
            self.program("bridge", "--rest", rest, "--service", grpc, *self.common()),
        ]
