"""The pages that are made of the contract, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto

from tests.contract import attempts_page, contract_page, errors_page, parameters_page, rest_page
from tests.contract.sources import (
    ENUM,
    FIELD,
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


@pytest.mark.parametrize(
    ("path", "page"),
    [
        (attempts_page.PAGE, attempts_page.page),
        (errors_page.PAGE, errors_page.page),
        (contract_page.PAGE, contract_page.page),
        (parameters_page.PAGE, parameters_page.page),
        (rest_page.PAGE, rest_page.page),
    ],
    ids=["attempts", "errors", "contract", "parameters", "rest"],
)
def test_page_is_fresh(path: Path, page: Callable[[], str]) -> None:
    """The committed page is what its program writes today (`python -m tests.contract.<its>_page`)."""
    assert path.read_text(encoding="utf-8") == page()


def test_everything_is_on_the_page() -> None:
    """Each service, method, message and field of the contract is on its page."""
    text = contract_page.page()
    names = [name for source in sources() for name in _names(source)]

    assert len(names) > 150
    assert not [name for name in names if name not in text]


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_everything_has_a_comment(source: Source) -> None:
    """Comments are the reference: nothing is declared without a sentence on it."""
    assert not [where for where in _declarations(source) if not source.comment(where).endswith((".", "…"))]


def _names(source: Source) -> Iterator[str]:
    for service in source.file.service:
        yield f"service {service.name}"
        yield from (f"**{method.name}**" for method in service.method)
    for message in source.file.message_type:
        yield f"### {message.name}"
        yield from (f"`{field.name}`" for field in message.field)


def _declarations(source: Source) -> Iterator[Where]:
    """Where the file declares something."""
    yield PACKAGE
    for i, service in enumerate(source.file.service):
        yield (*SERVICE, i)
        yield from ((*SERVICE, i, *METHOD, j) for j in range(len(service.method)))
    for i, message in enumerate(source.file.message_type):
        yield from _of_message(message, (*MESSAGE, i))
    for i, enum in enumerate(source.file.enum_type):
        yield from _of_enum(enum, (*ENUM, i))


def _of_message(message: DescriptorProto, where: Where) -> Iterator[Where]:
    yield where
    yield from ((*where, *FIELD, i) for i in range(len(message.field)))
    yield from ((*where, *ONEOF, i) for i, each in enumerate(message.oneof_decl) if not each.name.startswith("_"))
    for i, inner in enumerate(message.nested_type):
        if inner.options.map_entry:
            continue  # what a map is made of, declared by nobody
        yield from _of_message(inner, (*where, *NESTED_MESSAGE, i))
    for i, enum in enumerate(message.enum_type):
        yield from _of_enum(enum, (*where, *NESTED_ENUM, i))


def _of_enum(enum: EnumDescriptorProto, where: Where) -> Iterator[Where]:
    yield where
    yield from ((*where, *VALUE, i) for i in range(len(enum.value)))
