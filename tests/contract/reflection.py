"""Messages walked by their descriptors, so that a field that is new to the contract is new to the tests as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

M = TypeVar("M", bound=Message)

OURS = "imagegen.v1."


def reachable(descriptor: Descriptor) -> set[str]:
    """The full names of a message's fields, and of those of every message of ours within it."""
    found: set[str] = set()
    todo = [descriptor]
    while todo:
        for field in todo.pop().fields:
            inner = field.message_type
            if field.full_name not in found and inner is not None and _is_ours(inner):
                todo.append(inner)
            found.add(field.full_name)
    return found


def _is_ours(descriptor: Descriptor) -> bool:
    """A message of ours that somebody declared: not the entry of a map."""
    return descriptor.full_name.startswith(OURS) and not descriptor.GetOptions().map_entry


def said(message: Message) -> set[str]:
    """The full names of the fields that a message has set, inner messages included."""
    found: set[str] = set()
    for field, value in message.ListFields():
        found.add(field.full_name)
        for inner in _inner(field, value):
            found |= said(inner)
    return found


def _inner(field: FieldDescriptor, value: Any) -> Sequence[Message]:
    if field.message_type is None or not _is_ours(field.message_type):
        return ()
    return cast(Sequence[Message], value) if field.is_repeated else (value,)


def filled(message: M, numbers: Iterator[int] | None = None, **chosen: Any) -> M:
    """Sets every field, inner messages included, each to a value of its own; `chosen` decides by a field's name.

    Of a oneof the last field wins; of a repeated field there are two entries.
    """
    numbers = numbers or count(2)
    for field in cast(Sequence[FieldDescriptor], message.DESCRIPTOR.fields):
        values = [_value(field, numbers, chosen) for _ in range(2 if field.is_repeated else 1)]
        if field.is_repeated:
            getattr(message, field.name).extend(values)
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(values[0])
        else:
            setattr(message, field.name, values[0])
    return message


def _value(field: FieldDescriptor, numbers: Iterator[int], chosen: dict[str, Any]) -> Any:
    number = next(numbers)
    if field.name in chosen:
        return chosen[field.name]
    if field.message_type is not None:
        message = GetMessageClass(field.message_type)()
        if not field.message_type.full_name.startswith(OURS):  # a Timestamp or a Duration
            message.MergeFrom(type(message)(seconds=number))
            return message
        return filled(message, numbers, **chosen)
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    match field.type:
        case FieldDescriptor.TYPE_BOOL:
            return True
        case FieldDescriptor.TYPE_BYTES:
            return f"{field.name} {number}".encode()
        case FieldDescriptor.TYPE_STRING:
            return f"{field.name} {number}"
        case FieldDescriptor.TYPE_DOUBLE | FieldDescriptor.TYPE_FLOAT:
            return number + 0.5
        case _:
            return number
