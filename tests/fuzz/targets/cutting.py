"""Cuts bytes into pieces as their first two bytes say, so that the fuzzer decides where."""

from __future__ import annotations

from collections.abc import Sequence


def cut(data: bytes) -> tuple[bytes, Sequence[bytes]]:
    """The bytes behind the first two, whole, and in pieces."""
    first, other, whole = data[0] if data else 0, data[1] if len(data) > 1 else 0, data[2:]
    sizes, at, pieces = (first % 31 + 1, other % 61 + 1), 0, list[bytes]()
    while at < len(whole):
        size = sizes[len(pieces) % 2]
        pieces.append(whole[at : at + size])
        at += size
    return whole, pieces
