"""The peers: LiteLLM's proxy and Portkey's gateway, at pinned versions, each in an environment of its own.

LiteLLM does not stream pictures; its pass-through route, which looks at nothing, stands in for that. Portkey does not
stream them at all. Both run as their makers document, one process, without database, cache or callbacks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.contestants import KEY, MODEL, Contestant
from benchmarks.machine import MissingError, tool
from benchmarks.mock import PATH, free_port
from benchmarks.places import BUILD, PEERS, RUN, fresh
from benchmarks.program import Program, now, wait_until
from benchmarks.work import Work

LITELLM, PORTKEY = "1.106.2", "1.15.2"
MASTER_KEY = "sk-mock-master-3f9a2b7c5d8e1f4061728394a5b6c7d8"
CACHES = {"PIP_CACHE_DIR": str(BUILD.parent / "cache" / "pip"), "npm_config_cache": str(BUILD.parent / "cache" / "npm")}

LITELLM_MODEL = """
  - model_name: {name}
    litellm_params: {{model: openai/{model}, api_base: "http://127.0.0.1:{port}/v1", api_key: {key}}}
    model_info: {{mode: image_generation}}"""

LITELLM_REST = """
litellm_settings: {{drop_params: true, num_retries: 0}}
general_settings:
  master_key: {master}
  pass_through_endpoints:
    - path: /streamed
      target: "http://127.0.0.1:{port}{path}"
      headers: {{Authorization: "Bearer {key}", content-type: application/json}}
"""

PACKAGE = {
    "private": True,
    "dependencies": {"@portkey-ai/gateway": PORTKEY},
    "overrides": {"@hono/node-server": "1.13.5"},  # newer ones break its streams
}


class Peer(Contestant):
    """A program of somebody else's, started with one command."""

    def start(self) -> None:
        self.folder = fresh(RUN / self.name)
        self.listens = free_port()
        begun = now()
        program = Program(self.name, self.command(), self.folder, {self.cores.gateway}, self.environment())
        self.programs = [program]
        self.ready_after = wait_until(self.programs, self.answers) - begun

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return {}

    def port(self, work: Work) -> int:
        del work
        return self.listens


class LiteLLM(Peer):
    """Its proxy. Pictures go by its images route, streams by its pass-through."""

    def command(self) -> Sequence[str]:
        models = [
            LITELLM_MODEL.format(name=name, model=MODEL, port=port, key=KEY)
            for name, port in self.mock.items()
            if name != "sse"
        ]
        rest = LITELLM_REST.format(master=MASTER_KEY, port=self.mock["sse"], path=PATH, key=KEY)
        (self.folder / "litellm.yaml").write_text("model_list:" + "".join(models) + rest)
        program = str(PEERS / "litellm" / "bin" / "litellm")
        return [
            program,
            "--config",
            "litellm.yaml",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.listens),
            "--num_workers=1",
        ]

    def environment(self) -> Mapping[str, str]:
        return {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}

    def model(self, work: Work) -> str:
        return MODEL if work.body == "sse" else work.body

    def path(self, work: Work) -> str:
        return "/streamed" if work.body == "sse" else PATH

    def headers(self, work: Work) -> Mapping[str, str]:
        del work
        return {"Authorization": f"Bearer {MASTER_KEY}"}


class Portkey(Peer):
    """Its gateway; where to send a request is said in the request's headers."""

    def command(self) -> Sequence[str]:
        start = PEERS / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
        return [tool("node"), str(start), "--headless", f"--port={self.listens}"]

    def offers(self, work: Work) -> bool:
        return work.face == "rest" and work.body != "sse"

    def headers(self, work: Work) -> Mapping[str, str]:
        upstream = f"http://127.0.0.1:{self.mock[work.body]}/v1"
        return {"Authorization": f"Bearer {KEY}", "x-portkey-provider": "openai", "x-portkey-custom-host": upstream}


def install() -> dict[str, str]:
    """Installs both, unless they are there; says in which versions."""
    _once(PEERS / "litellm", f"litellm[proxy]=={LITELLM} on Python {machine.python()}", _install_litellm)
    _once(PEERS / "portkey", f"@portkey-ai/gateway {PORTKEY}", _install_portkey)
    node = subprocess.run([tool("node"), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {"LiteLLM": f"{LITELLM}, one worker", "Portkey": f"{PORTKEY}, Node {node}"}


def _install_litellm(folder: Path, wanted: str) -> None:
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    requirement = wanted.partition(" ")[0]
    _run(
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
    )


def _install_portkey(folder: Path, wanted: str) -> None:
    del wanted
    (folder / "package.json").write_text(json.dumps(PACKAGE))
    quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
    _run([tool("npm"), "install", "--prefix", str(folder), *quiet])


def _once(folder: Path, wanted: str, install: Callable[[Path, str], None]) -> None:
    done = fresh(folder) / "installed"
    if done.exists() and done.read_text() == wanted:
        return
    print(f"installing {wanted} into {folder}", flush=True)
    install(folder, wanted)
    done.write_text(wanted)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, env={**os.environ, **CACHES}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
