"""What callers install: the distribution `imagegen`, which needs grpcio and protobuf and nothing else."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import MethodOptions

from tests.contract.sources import HOUSE, PROTOS, sources

PACKAGE = PROTOS / "imagegen"
WITH_EXTRAS = ("tracing.py", "metrics.py", "exporting.py")
WITHOUT_EXTRAS = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in WITH_EXTRAS)
CONFIG = json.loads((PACKAGE / "service_config.json").read_text(encoding="utf-8"))
PROJECTS = {
    path: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in HOUSE.glob("**/pyproject.toml")
    if not {".venv", "node_modules", "build"} & set(path.relative_to(HOUSE).parts)
}


@pytest.mark.parametrize("path", WITHOUT_EXTRAS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_grpc_and_protobuf_alone(path: Path) -> None:
    """Beside the standard library a published module imports gRPC, protobuf and its own package."""
    allowed = {*sys.stdlib_module_names, "grpc", "google.protobuf", "imagegen"}

    assert not [
        name for name in _imported(path) if not {name, name.split(".")[0], ".".join(name.split(".")[:2])} & allowed
    ]


def test_imports_where_nothing_else_is() -> None:
    """Where every other distribution is missing, the package imports all the same and has its client and stubs."""
    absent = (
        "opentelemetry",
        "google.rpc",
        "grpc_health",
        "grpc_status",
        "service",
        "rest_bridge",
        "msgspec",
        "orjson",
    )
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({absent!r})); import imagegen, imagegen.report; "
        "from imagegen import v1; v1.ImageGenerationStub; imagegen.Client; print('good')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False, cwd=PROTOS
    )

    assert (result.stdout, result.stderr) == ("good\n", "")


def test_says_what_it_needs() -> None:
    """Its metadata names grpcio and protobuf alone; tracing is an extra."""
    project = PROJECTS[PROTOS / "pyproject.toml"]["project"]

    assert {_name(each) for each in project["dependencies"]} == {"grpcio", "protobuf"}
    assert {_name(each) for each in project["optional-dependencies"]["tracing"]} == {"opentelemetry-api"}


def test_carries_its_sources() -> None:
    """The .proto files, the service config and the stubs' types lie inside the package."""
    for source in sources():
        stem = source.name.removesuffix(".proto")
        wanted = [source.name, f"{stem}_pb2.py", f"{stem}_pb2.pyi"]
        wanted += [f"{stem}_pb2_grpc.py", f"{stem}_pb2_grpc.pyi"] if source.file.service else []
        assert not [name for name in wanted if not (PACKAGE / "v1" / name).is_file()]


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: str(path.relative_to(HOUSE)))
def test_stubs_accept_the_floors(path: Path) -> None:
    """The generated code demands no newer runtime than the oldest that the distributions allow; callers may have it."""
    floors = {
        _name(each): _parts(each.partition(">=")[2].partition(",")[0])
        for each in PROJECTS[path]["project"]["dependencies"]
    }
    stubs = [each.read_text(encoding="utf-8") for each in (PACKAGE / "v1").glob("*_pb2*.py")]
    (grpcio,) = {match[1] for text in stubs for match in re.finditer(r"GRPC_GENERATED_VERSION = '([\d.]+)'", text)}
    (protobuf,) = {match[1] for text in stubs for match in re.finditer(r"# Protobuf Python Version: ([\d.]+)", text)}

    assert _parts(grpcio) <= floors["grpcio"]
    assert _parts(protobuf) <= floors["protobuf"]
    if path.parent == PROTOS:
        assert [_parts(grpcio), _parts(protobuf)] == [floors["grpcio"], floors["protobuf"]]


def _parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split("."))) if version else ()


def test_generation_is_never_repeated() -> None:
    """The published service config has no retry for what costs money, whatever entry speaks for it."""
    for method in ("GenerateImages", "StreamGenerateImages"):
        assert "retryPolicy" not in _entry("imagegen.v1.ImageGeneration", method)
    assert "hedgingPolicy" not in json.dumps(CONFIG)


def test_reads_are_repeated() -> None:
    """What has no side effects, and answers once, is asked again while the server is away."""
    for service, method, options in _methods():
        repeated = "retryPolicy" in _entry(service, method)
        assert not repeated or options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS
    for service, method in (
        ("ImageGeneration", "PlanImages"),
        ("Models", "ListModels"),
        ("ServerInfo", "GetServerInfo"),
        ("Usage", "ListRequests"),
    ):
        assert _entry(f"imagegen.v1.{service}", method)["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]


def test_service_config_speaks_of_what_exists() -> None:
    """Each entry names services and methods of the contract, none twice, with policies that gRPC accepts."""
    real = {(service, method) for service, method, _ in _methods()}
    real |= {(service, "") for service, _, _ in _methods()}
    named = [(each["service"], each.get("method", "")) for entry in CONFIG["methodConfig"] for each in entry["name"]]

    assert set(named) <= real
    assert len(set(named)) == len(named)
    for policy in (entry["retryPolicy"] for entry in CONFIG["methodConfig"] if "retryPolicy" in entry):
        assert 2 <= policy["maxAttempts"] <= 5
        assert all(re.fullmatch(r"\d+(\.\d+)?s", policy[name]) for name in ("initialBackoff", "maxBackoff"))


def _entry(service: str, method: str) -> dict[str, Any]:
    """What the service config says of a method: the entry that names it, else its service's."""
    entries: dict[tuple[str, str], dict[str, Any]] = {
        (each["service"], each.get("method", "")): entry for entry in CONFIG["methodConfig"] for each in entry["name"]
    }
    return entries.get((service, method), entries.get((service, ""), {}))


def _methods() -> Iterator[tuple[str, str, MethodOptions]]:
    for source in sources():
        for service in source.file.service:
            for method in service.method:
                yield f"imagegen.v1.{service.name}", method.name, method.options


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9_.-]+", requirement)
    return match[0] if match else ""
