"""Pictures leave as base64 a little at a time, and are the same as if they left at once."""

from __future__ import annotations

import base64
import json

import pytest

from rest_bridge.json import STEP, Base64, gathered, with_base64


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, STEP - 1, STEP, STEP + 1, 3 * STEP, 3 * STEP + 2])
def test_the_pieces_are_one_base64(size: int) -> None:
    """Whatever the size, its length is known before, and no piece is large."""
    data = (b"picture" * size)[:size]
    encoded = Base64(data)
    assert b"".join(encoded) == base64.b64encode(data)
    assert len(encoded) == len(base64.b64encode(data))
    assert all(len(piece) <= STEP // 3 * 4 for piece in encoded)


def test_small_pieces_travel_together() -> None:
    """A small answer is one piece, a large one as many as it takes."""
    small = list(gathered([b"[", *with_base64("b64_json", b"abc", {"index": 0}), b"]"]))
    large = list(gathered([b"[", *with_base64("b64_json", bytes(2 * STEP), {"index": 0}), b"]"]))
    assert [json.loads(piece) for piece in small] == [[{"b64_json": "YWJj", "index": 0}]]
    assert json.loads(b"".join(large))[0]["b64_json"] == base64.b64encode(bytes(2 * STEP)).decode()
    assert len(large) == 3
