"""docs/contract.md, made from the .proto files: `python -m tests.contract.contract_page` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    MethodDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)

from tests.contract.sources import (
    ENUM,
    FIELD,
    HOUSE,
    MESSAGE,
    METHOD,
    NESTED_ENUM,
    NESTED_MESSAGE,
    ONEOF,
    PACKAGE,
    SERVICE,
    VALUE,
    Source,
    Where,
    sources,
)

PAGE = HOUSE / "docs" / "contract.md"

_INTRODUCTION = """\
# The contract

<!-- Made from protos/imagegen/v1/*.proto by `python -m tests.contract.contract_page`; do not edit. -->

Package `imagegen.v1`. A field marked *optional* knows unset from zero; of the fields of a *one of* at most one is set.
What a failed call carries is in [errors.md](errors.md).
"""

_IDEMPOTENCY = {MethodOptions.NO_SIDE_EFFECTS: "Has no side effects.", MethodOptions.IDEMPOTENT: "Idempotent."}
_ELSEWHERE = {"Reason": "See [errors.md](errors.md)."}
"""Enums that have a page of their own."""


def page() -> str:
    services_first = sorted(sources(), key=lambda source: (not source.file.service, source.name))
    return _INTRODUCTION + "".join(line + "\n" for source in services_first for line in _file(source))


def _file(source: Source) -> Iterator[str]:
    yield from ("", f"## {source.name}", "", source.comment(PACKAGE))
    for i, service in enumerate(source.file.service):
        yield from _service(source, service, (*SERVICE, i))
    for i, message in enumerate(source.file.message_type):
        yield from _message(source, message, (*MESSAGE, i), message.name)
    for i, enum in enumerate(source.file.enum_type):
        yield from _enum(source, enum, (*ENUM, i), enum.name)


def _service(source: Source, service: ServiceDescriptorProto, where: Where) -> Iterator[str]:
    yield from ("", f"### service {service.name}", "", source.comment(where))
    for i, method in enumerate(service.method):
        said = [source.comment((*where, *METHOD, i)), _IDEMPOTENCY.get(method.options.idempotency_level, "")]
        yield from ("", f"* **{method.name}**({_asked(method)}) → {_answered(method)}  ")
        yield f"  {' '.join(each for each in said if each)}"


def _asked(method: MethodDescriptorProto) -> str:
    return ("a stream of " if method.client_streaming else "") + _link(method.input_type)


def _answered(method: MethodDescriptorProto) -> str:
    return ("a stream of " if method.server_streaming else "") + _link(method.output_type)


def _message(source: Source, message: DescriptorProto, where: Where, name: str) -> Iterator[str]:
    yield from ("", f"### {name}", "", source.comment(where))
    for i, oneof in enumerate(message.oneof_decl):
        if not oneof.name.startswith("_"):  # what `optional` is made of
            yield from ("", f"One of, as `{oneof.name}`: {source.comment((*where, *ONEOF, i))}")
    if message.field:
        yield from ("", "| field | type | | what it is |", "|---|---|---|---|")
    for i, field in enumerate(message.field):
        cells = (f"`{field.name}`", _type(field), _kind(message, field), source.comment((*where, *FIELD, i)))
        yield "| " + " | ".join(cell.replace("\n\n", " ").replace("|", "\\|") for cell in cells) + " |"
    for i, enum in enumerate(message.enum_type):
        yield from _enum(source, enum, (*where, *NESTED_ENUM, i), f"{name}.{enum.name}")
    for i, inner in enumerate(message.nested_type):
        yield from _message(source, inner, (*where, *NESTED_MESSAGE, i), f"{name}.{inner.name}")


def _enum(source: Source, enum: EnumDescriptorProto, where: Where, name: str) -> Iterator[str]:
    yield from ("", f"### enum {name}", "", source.comment(where))
    if name in _ELSEWHERE:
        yield from ("", _ELSEWHERE[name])
        return
    yield from ("", "| value | number | what it says |", "|---|---|---|")
    for i, value in enumerate(enum.value):
        yield f"| `{value.name}` | {value.number} | {source.comment((*where, *VALUE, i))} |"


def _kind(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    if field.proto3_optional:
        return "optional"
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return "repeated"
    return f"of `{message.oneof_decl[field.oneof_index].name}`" if field.HasField("oneof_index") else ""


def _type(field: FieldDescriptorProto) -> str:
    if field.type_name:
        return _link(field.type_name)
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _link(type_name: str) -> str:
    """Our own types lead to their place on the page."""
    name = type_name.removeprefix(".imagegen.v1.")
    if name == type_name:
        return f"`{type_name.removeprefix('.')}`"
    enum = "enum-" if name in _enums() else ""
    return f"[{name}](#{enum}{name.lower().replace('.', '')})"


def _enums() -> set[str]:
    top = {enum.name for source in sources() for enum in source.file.enum_type}
    messages = [message for source in sources() for message in source.file.message_type]
    return top | {f"{message.name}.{enum.name}" for message in messages for enum in message.enum_type}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
