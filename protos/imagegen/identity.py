"""The id of a request: the caller's own if it is a good one, else a new one. It names, it is never a unique key."""

from __future__ import annotations

import random
import re

_RANDOM = random.Random()  # noqa: S311 - for names; no secret is made here
_GOOD = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(asked: str | None) -> str:
    return asked if asked and _GOOD.fullmatch(asked) else f"{_RANDOM.getrandbits(128):032x}"
