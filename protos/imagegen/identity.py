"""The id of a request: the caller's own if it is a good one, else a new one. It names, it is never a unique key.

Ours begin with the time, so that an index of them grows at one end instead of everywhere.
"""

from __future__ import annotations

import random
import re
import time

_RANDOM = random.Random()  # noqa: S311 - for names; no secret is made here
_GOOD = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(asked: str | None) -> str:
    if asked and _GOOD.fullmatch(asked):
        return asked
    return f"{int(time.time() * 1000):012x}{_RANDOM.getrandbits(80):020x}"
