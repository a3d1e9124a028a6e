"""The floor plan of the house, read from its imports: lower rooms never know higher ones, and few know the world.

Beside the order that the design gives, some modules have their places here: `offload`, `names` and `raster` need
nothing and serve every room, so they lie on the ground floor; `signing` needs nouns and errors and serves the engine
and the edge, so it stands beside telemetry; `liveness`, `housekeeping` and `renewal` are used by the assembly alone and
stand right below it, where no room can lean on them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent

FLOORS = (
    ("domain", "errors", "config", "offload", "names", "raster"),
    ("telemetry", "signing"),
    ("providers", "stores"),
    ("access",),
    ("engine",),
    ("jobs",),
    ("rpc",),
    ("liveness", "housekeeping", "renewal"),
    ("assembly",),
    ("__main__", ""),
)
"""From the ground up; "" is the package itself. Rooms on one floor do not know each other, save on the ground floor."""

LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}

GRPC = ("grpc", "grpc_health", "grpc_reflection", "grpc_status", "grpc_interceptor", "google", "imagegen")
HTTP_CLIENT = ("httpx", "httpx2", "httpx_aiohttp", "aiohttp", "requests", "urllib.request", "http.client")


@dataclass(frozen=True, slots=True)
class Import:
    """Who imports what, both as dotted names."""

    module: str
    imported: str

    def reaches(self, *packages: str) -> bool:
        return any(self.imported == each or self.imported.startswith(f"{each}.") for each in packages)

    def __str__(self) -> str:
        return f"{self.module} imports {self.imported}"


def test_lower_never_imports_higher() -> None:
    """No room of the service imports one that a request reaches later than itself."""
    assert not [str(each) for each in imports("service") if is_upward(each)]


def test_every_room_is_on_the_plan() -> None:
    """A new room gets its place on the plan before anything is built on it."""
    assert {room_of(module) for module in modules("service")} <= set(LEVEL)


def test_nouns_know_nobody() -> None:
    """The domain imports nothing but itself, the standard library and what its nouns are made of."""
    found = [each for each in imports("service") if room_of(each.module) == "domain"]

    assert found
    assert not [str(e) for e in found if not e.reaches("service.domain", "msgspec", *sys.stdlib_module_names)]


def test_service_and_bridge_are_strangers() -> None:
    """Neither program imports the other, nor the terminal that starts both."""
    assert not [str(each) for each in imports("service") if each.reaches("rest_bridge", "terminal")]
    assert not [str(each) for each in imports("rest_bridge") if each.reaches("service", "terminal")]


def test_contract_knows_neither() -> None:
    """The contract imports nothing of the two programs that speak it."""
    found = list(imports("imagegen", HOUSE / "protos"))

    assert found
    assert not [str(each) for each in found if each.reaches("service", "rest_bridge", "terminal")]


def test_proto_ends_at_rpc() -> None:
    """In the service only `rpc` imports gRPC, protobuf or stubs; telemetry may use what the contract has of it."""
    found = [each for each in imports("service") if each.reaches(*GRPC)]
    shared = ("imagegen.tracing", "imagegen.metrics")
    seeing = [e for e in found if room_of(e.module) == "telemetry" and e.reaches(*shared)]
    allowed = [*seeing, *(e for e in found if room_of(e.module) == "rpc")]

    assert allowed
    assert not [str(each) for each in found if each not in allowed]


def test_one_way_to_the_network() -> None:
    """Only `providers.http` imports an HTTP client; the bridge, a server, has none at all."""
    found = [each for part in ("service", "rest_bridge") for each in imports(part) if each.reaches(*HTTP_CLIENT)]

    assert {each.module for each in found} == {"service.providers.http"}


def test_assembly_alone_names_adapters_stores_and_doors() -> None:
    """Concrete rooms are put together in the assembly, and named nowhere else in the service."""
    concrete = ("service.access.doorman.OpenDoorman", "service.stores.locate", "service.providers.registry")
    found = {each.module for each in imports("service") if each.reaches(*concrete)}

    assert found == {"service.assembly"}


def test_terminal_alone_knows_both() -> None:
    """Whatever imports both programs is the terminal; the rest of the product chooses one."""
    both = {
        module
        for part in ("service", "rest_bridge", "terminal")
        for module in modules(part)
        if {"service", "rest_bridge"} <= {each.imported.split(".")[0] for each in imports_of(module)}
    }

    assert both
    assert {module.split(".")[0] for module in both} == {"terminal"}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("domain", "from service.errors import Reason\nfrom service import telemetry"),
        ("telemetry", "import service.engine.pipeline"),
        ("providers", "def late():\n    from service.stores import locate"),
        ("stores", "from service.providers.base import Adapter"),
        ("engine", "from ..rpc import codec"),
        ("engine", "from service import assembly"),
        ("rpc", "from service.liveness import Liveness"),
    ],
    ids=["from package", "plain", "inside a function", "sideways", "relative", "the assembly", "beside it"],
)
def test_a_planted_violation_is_found(tmp_path: Path, room: str, source: str) -> None:
    """The plan can be broken, and then this file says so: in whatever form the import is written."""
    planted = tmp_path / "service" / room / "planted.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(source)

    assert [each for each in imports("service", tmp_path) if is_upward(each)]


@pytest.mark.parametrize(
    "source",
    ["from service.errors import Reason", "from . import base", "import asyncio", "from service import offload"],
)
def test_what_is_allowed_is_not_found(tmp_path: Path, source: str) -> None:
    """Imports downwards, and within a room, are no violation."""
    planted = tmp_path / "service" / "providers" / "planted.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(source)

    assert not [each for each in imports("service", tmp_path) if is_upward(each)]


def is_upward(of: Import) -> bool:
    """Whether an import inside the service leads up, or sideways to another room of the same floor."""
    if not of.reaches("service"):
        return False
    here, there = room_of(of.module), room_of(of.imported)
    if here == there or there == "":  # the package itself is empty
        return False
    sideways = LEVEL[here] == LEVEL[there] and LEVEL[here] > 0
    return LEVEL.get(there, len(FLOORS)) > LEVEL[here] or sideways


def room_of(module: str) -> str:
    """ "engine" of "service.engine.pipeline"; "" of "service"."""
    return module.split(".")[1] if "." in module else ""


@cache
def modules(package: str, root: Path = HOUSE) -> Mapping[str, Path]:
    """Every module of a package by its dotted name, the generated ones left out."""
    found: dict[str, Path] = {}
    for path in sorted((root / package).rglob("*.py")):
        if not path.stem.endswith(("_pb2", "_pb2_grpc")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    assert found, f"there is no package {package} in {root}"
    return found


def imports(package: str, root: Path = HOUSE) -> Iterator[Import]:
    """Every import of a package, wherever in a module it stands, also those for the type checker alone."""
    for module in modules(package, root):
        yield from imports_of(module, root)


def imports_of(module: str, root: Path = HOUSE) -> Iterator[Import]:
    path = modules(module.split(".")[0], root)[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield Import(module, each.name)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            base = ".".join(each for each in (above, node.module or "") if each)
            for each in node.names:
                yield Import(module, f"{base}.{each.name}")
