"""Stubs for other languages, made with protos/buf.gen.yaml.

TypeScript and Go are made and compiled, and both call the gateway (TypeScript in test_grpc_js). Not proven: that Java's
stubs compile. Neither protoc with its Java generator (grpcio-tools' has none) nor protoc-gen-grpc-java (a binary from
Maven) is here; stand-ins in their place prove only that the template calls them with everything that they need.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from tests.clients.toolchain import BUILD, PROTOS, answered, done, environment, need, npm
from tests.house import House
from tests.upstreams.openai import big_png, showing

TEMPLATE = PROTOS / "buf.gen.yaml"
OURS = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
OPTIONS = {"protoc-gen-es": "target=ts"}
QUICKLY = "-gcflags=all=-N -l"  # unoptimised: half the time when nothing is compiled yet


def template(wanted: Callable[[str], bool]) -> tuple[str, list[str]]:
    """The project's template with some of its plugins, and their names."""
    whole = cast(dict[str, Any], yaml.safe_load(TEMPLATE.read_text()))
    named = {plugin.get("local") or plugin["protoc_builtin"]: plugin for plugin in whole["plugins"]}
    names = [name for name in named if wanted(name)]
    return json.dumps({**whole, "plugins": [named[name] for name in names]}), names


def program(path: Path, code: str) -> None:
    """A Python program under this name, in this very environment."""
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)


def with_first(folder: Path) -> dict[str, str]:
    """An environment that looks for programs in `folder` first."""
    return environment(PATH=f"{folder}{os.pathsep}{environment()['PATH']}")


def test_the_contract_is_one_descriptor_set(tmp_path: Path) -> None:
    """buf builds the protos into a descriptor set that holds every file, with its comments."""
    done(npm("buf"), "build", PROTOS, "-o", tmp_path / "imagegen.binpb")
    files = {each.name: each for each in FileDescriptorSet.FromString((tmp_path / "imagegen.binpb").read_bytes()).file}
    assert set(OURS) <= set(files)
    services = {service.name for each in files.values() for service in each.service}
    assert services == {"ImageGeneration", "ImageFiles", "Models", "ServerInfo", "Usage"}
    assert any(place.leading_comments for place in files[OURS[0]].source_code_info.location)


def test_the_template_gives_every_plugin_what_it_needs(tmp_path: Path) -> None:
    """Each plugin that the template names is called with all our files, its options and its language's package."""
    seen, fakes = tmp_path / "seen", tmp_path / "fakes"
    seen.mkdir()
    fakes.mkdir()
    text, names = template(lambda name: name.startswith("protoc-gen-"))
    assert names == ["protoc-gen-es", "protoc-gen-go", "protoc-gen-go-grpc", "protoc-gen-grpc-java"]
    for name in names:
        # It keeps what it was asked, and answers that it has made nothing and understands proto3's optional.
        keep = f"open({str(seen / name)!r}, 'ab').write(sys.stdin.buffer.read())"
        program(fakes / name, f"import sys\n{keep}\nsys.stdout.buffer.write(bytes((16, 1)))\n")
    done(npm("buf"), "generate", PROTOS, "--template", text, "-o", tmp_path, env=with_first(fakes))
    for name in names:
        asked = CodeGeneratorRequest.FromString((seen / name).read_bytes())
        assert sorted(asked.file_to_generate) == OURS
        assert asked.parameter == OPTIONS.get(name, "")
        for file in asked.proto_file:
            check_packages(file)


def check_packages(file: FileDescriptorProto) -> None:
    """Where Go and Java put what is ours; Google's own files keep their packages."""
    if file.name in OURS:
        assert file.options.go_package == "imagegen/v1;imagegenv1"
        assert file.options.java_package == "dev.imagegen.v1"
        assert file.options.java_multiple_files
    else:
        assert file.options.java_package == "com.google.protobuf"


def test_java_goes_through_protoc(tmp_path: Path) -> None:
    """The template hands Java's messages to protoc's own generator, with all our files."""
    keep = f"open({str(tmp_path / 'seen')!r}, 'w').write('\\n'.join(sys.argv[1:]))"
    answer = "print('libprotoc 33.0')"  # buf asks which version it is before it sends work
    program(tmp_path / "protoc", f"import sys\nif '--version' in sys.argv:\n    {answer}\nelse:\n    {keep}\n")
    text, names = template(lambda name: name == "java")
    assert names == ["java"]
    done(npm("buf"), "generate", PROTOS, "--template", text, "-o", tmp_path, env=with_first(tmp_path))
    seen = (tmp_path / "seen").read_text().splitlines()
    assert [each for each in seen if each.startswith("--java_out=")]
    assert sorted(each for each in seen if each.endswith(".proto")) == OURS


def test_typescript_compiles(typescript: Path) -> None:
    """The TypeScript made of our protos compiles strictly."""
    # Without call.ts, which needs Node's types: they want a newer compiler than the one that protoc-gen-es brings.
    listed = done(npm("tsc"), "--project", typescript, "--listFilesOnly").decode()
    assert listed.count("/gen/imagegen/v1/") == len(OURS)
    done(npm("tsc"), "--project", typescript)


@pytest.fixture
def go_client(tmp_path: Path) -> Path:
    """The Go client, built on stubs that the pinned generators made of our protos."""
    go, folder = need("go"), tmp_path / "go"
    tools, module = folder / "bin", folder / "build" / "gen" / "go"
    module.mkdir(parents=True)
    for name in ("go.mod", "go.sum", "main.go"):
        shutil.copy(Path(__file__).parent / "go" / name, module)
    done(go, "install", QUICKLY, "tool", cwd=module, env=environment(GOBIN=str(tools)))
    text, names = template(lambda name: name.startswith("protoc-gen-go"))
    assert names == ["protoc-gen-go", "protoc-gen-go-grpc"]
    done(npm("buf"), "generate", PROTOS, "--template", text, "-o", folder, env=with_first(tools))
    done(go, "build", QUICKLY, "-o", folder / "client", ".", cwd=module)
    assert (BUILD / "go").is_dir(), "Go keeps what it downloads inside the project"
    return folder / "client"


# One test, so that not two workers of pytest-xdist compile gRPC for Go at the same time.
@pytest.mark.parametrize("house", ["apart"], indirect=True)
async def test_go_calls_the_gateway(house: House, go_client: Path) -> None:
    """A Go caller on generated stubs gets the picture by default limits, and finds our ErrorDetail in a failure."""
    picture = big_png(1_000_000)
    house.openai.always(showing(picture))
    said = await answered(go_client, house.grpc, "openai/gpt-image-2")
    assert said["sha256"] == said["said"] == hashlib.sha256(picture).hexdigest()
    assert house.openai.requests[0].body["size"] == "1024x1024"
    said = await answered(go_client, house.grpc, "no-such-model")
    assert said == {"code": "NotFound", "reason": "REASON_MODEL_NOT_FOUND"}
    assert len(house.openai.requests) == 1
