"""Names that nobody has had before, at no cost: the system's own randomness is for secrets."""

from __future__ import annotations

import random

_RANDOM = random.Random()  # noqa: S311 - what must not be guessed is made by `secrets`


def new_name(digits: int) -> str:
    """So many hexadecimal digits."""
    return f"{_RANDOM.getrandbits(4 * digits):0{digits}x}"
