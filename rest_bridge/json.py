"""JSON out; pictures are spliced in as base64 rather than carried through the encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pybase64


def dumps(value: Any) -> bytes:
    return orjson.dumps(value)


def with_base64(name: str, data: bytes, rest: dict[str, Any]) -> Sequence[bytes]:
    """The JSON object `rest` with one more member, `name`, at its front: `data` in base64."""
    return b'{"', name.encode(), b'":"', pybase64.b64encode(data), b'",' if rest else b'"', orjson.dumps(rest)[1:]
