"""Any message that can be sent becomes a request that has lost nothing, or a refusal of ours."""

from __future__ import annotations

import random
from typing import Any, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from imagegen import v1

from tests.fuzz import TIMES
from tests.fuzz.targets import codec

TEXTS = (
    "",
    "x",
    "\0",
    "\u2028",
    "é\U0001f600",
    "a/b",
    "64x64",
    "{}",
    '{"a":[1,{"b":null}]}',
    '{"a":1,"a":2}',
    "[",
    "x" * 40_000,
)
NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31))


def drawn(of: random.Random, message: Message) -> None:
    """Sets some of the fields, each to some value that it can hold."""
    for field in cast("list[FieldDescriptor]", message.DESCRIPTOR.fields):
        if of.random() < 0.5:
            continue
        if field.message_type is not None:
            drawn(of, getattr(message, field.name))
        elif field.is_repeated:
            getattr(message, field.name).extend(of.choices(TEXTS, k=of.randrange(15)))
        else:
            setattr(message, field.name, _value(of, field))


def _value(of: random.Random, field: FieldDescriptor) -> Any:
    match field.type:
        case FieldDescriptor.TYPE_BOOL:
            return of.random() < 0.5
        case FieldDescriptor.TYPE_STRING:
            return of.choice(TEXTS)
        case FieldDescriptor.TYPE_DOUBLE:
            return of.choice((0.0, -0.0, 7.5, float("inf"), float("nan"), 1e308))
        case FieldDescriptor.TYPE_INT64:
            return of.choice((*NUMBERS, 2**63 - 1, -(2**63)))
        case _:
            return of.choice(NUMBERS)


def test_any_message_is_read_without_a_loss() -> None:
    """Fields set and unset at random, and the bytes of the message cut and changed: the target says what must hold."""
    for seed in range(3000 * TIMES):
        of = random.Random(f"message {seed}")
        message = v1.Generation()
        drawn(of, message)
        wire = bytearray(message.SerializeToString())
        codec.one(bytes(wire))
        for _ in range(of.randrange(3) if wire else 0):
            at = of.randrange(len(wire))
            wire[at : at + of.randrange(3)] = of.randbytes(of.randrange(3))
            if not wire:
                break
        codec.one(bytes(wire))
