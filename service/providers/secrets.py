"""Takes our keys out of what a provider says before a caller hears it."""

from __future__ import annotations

import re

_LIKE_A_KEY = re.compile(r"(?i)\b(sk-|bearer\s+|api[-_ ]?key\W+)[^\s,;\"']{6,}")
_DOTS = "••••"
_TELLING = 8
"""So many letters of a key in a row give it away."""


def without_secrets(text: str, key: str) -> str:
    """The text without the key, without anything that looks like one, and not at all where parts of the key remain."""
    cleaned = _LIKE_A_KEY.sub(_DOTS, text.replace(key, _DOTS))
    parts = {key[at : at + _TELLING] for at in range(max(1, len(key) - _TELLING + 1))}
    return (
        "The provider's message held a key and is not repeated." if any(part in cleaned for part in parts) else cleaned
    )
