"""The .proto files with their comments, as protoc reads them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

HOUSE = Path(__file__).parent.parent.parent
PROTOS = HOUSE / "protos"

PACKAGE, MESSAGE, ENUM, SERVICE = (2,), (4,), (5,), (6,)
FIELD, NESTED_MESSAGE, NESTED_ENUM, ONEOF = (2,), (3,), (4,), (8,)
VALUE = METHOD = (2,)
"""The numbers by which descriptor.proto speaks of what a file, a message, an enum and a service hold."""

Where = tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """One file: what it declares, and what is written above each declaration."""

    file: FileDescriptorProto
    comments: Mapping[Where, str]

    @property
    def name(self) -> str:
        return self.file.name.rpartition("/")[2]

    def comment(self, where: Where) -> str:
        """What stands above a declaration, as one paragraph for each that was written."""
        paragraphs = self.comments.get(where, "").strip().split("\n\n")
        return "\n\n".join(" ".join(line.strip() for line in each.split("\n")).strip() for each in paragraphs)


@cache
def sources() -> tuple[Source, ...]:
    """Every file of the contract, by name."""
    names = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("imagegen/v1/*.proto"))
    with TemporaryDirectory() as directory:
        out = Path(directory) / "set"
        options = [f"-I{PROTOS}", "--include_source_info", f"--descriptor_set_out={out}"]
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *options, *names], check=True, timeout=60)
        found = FileDescriptorSet.FromString(out.read_bytes())
    return tuple(_source(file) for file in found.file)


def _source(file: FileDescriptorProto) -> Source:
    said = {tuple(each.path): each.leading_comments for each in file.source_code_info.location}
    return Source(file, {where: text for where, text in said.items() if text.strip()})
