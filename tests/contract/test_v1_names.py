"""`imagegen.v1` has every name of the generated modules that callers need, and no other."""

from __future__ import annotations

from importlib import import_module

from google.protobuf.descriptor import FileDescriptor
from imagegen import v1

from tests.contract.sources import sources


def declared() -> set[str]:
    """Every message, enum, value of an enum, stub, servicer and registration of the contract."""
    names: set[str] = set()
    for source in sources():
        file: FileDescriptor = import_module(f"imagegen.v1.{source.name.removesuffix('.proto')}_pb2").DESCRIPTOR
        names |= set(file.message_types_by_name)
        for name, enum in file.enum_types_by_name.items():
            names |= {name, *enum.values_by_name}
        for name in file.services_by_name:
            names |= {f"{name}Stub", f"{name}Servicer", f"add_{name}Servicer_to_server"}
    return names


def test_all_names_are_there() -> None:
    """Nobody needs to know which generated module holds which name."""
    assert set(v1.__all__) == declared()


def test_names_lead_somewhere() -> None:
    """Each listed name is there, once, and in order."""
    assert not [name for name in v1.__all__ if not hasattr(v1, name)]
    assert len(set(v1.__all__)) == len(v1.__all__)


def test_names_are_the_generated_ones() -> None:
    """A name is what the generated module has under it, not something made anew."""
    for source in sources():
        stem = source.name.removesuffix(".proto")
        generated = [f"imagegen.v1.{stem}_pb2", *([f"imagegen.v1.{stem}_pb2_grpc"] if source.file.service else [])]
        for module in map(import_module, generated):
            shared = set(v1.__all__) & set(vars(module))
            assert shared
            assert all(getattr(module, name) is getattr(v1, name) for name in shared)
