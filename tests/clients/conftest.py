"""What several clients need: the stubs that are made while the tests run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from google.rpc import status_pb2  # pyright: ignore[reportMissingTypeStubs] - it ships none

from tests.clients.toolchain import NPM, PROTOS, done, npm


@pytest.fixture(scope="session")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client and TypeScript made of our protos, and of Google's for the details of a status."""
    folder = tmp_path_factory.mktemp("grpc_js")
    theirs = folder / "protos" / "google" / "rpc"
    theirs.mkdir(parents=True)
    for name in ("status.proto", "error_details.proto"):
        shutil.copy(Path(status_pb2.__file__).with_name(name), theirs)
    plugin = {"local": npm("protoc-gen-es"), "out": str(folder / "gen"), "opt": "target=ts"}
    inputs = [{"directory": str(PROTOS)}, {"directory": str(folder / "protos")}]
    template = {"version": "v2", "plugins": [plugin], "inputs": inputs}
    done(npm("buf"), "generate", "--template", json.dumps(template))
    (folder / "node_modules").symlink_to(NPM.parent)
    for name in ("call.ts", "package.json", "tsconfig.json"):
        shutil.copy(Path(__file__).parent / "grpc_js" / name, folder)
    return folder
