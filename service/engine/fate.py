"""What becomes of one parameter: what the provider is sent for it, by whatever name, and what its caller is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from msgspec import Struct, field

from service.domain.plan import Action, Change

LONGEST = 120
"""Characters of a value in the account: what was asked stands in the request."""


class Fate(Struct, frozen=True):
    change: Change
    sent: Mapping[str, Any] = field(default_factory=dict[str, Any])


def applied(name: str, value: Any, *, note: str = "") -> Fate:
    return Fate(Change(name, Action.APPLIED, text(value), note=note), {name: value})


def translated(name: str, value: Any, sent: Any, *, note: str = "") -> Fate:
    return Fate(Change(name, Action.TRANSLATED, text(value), text(sent), note), {name: sent})


def moved(name: str, value: str, sent: Mapping[str, str], *, into: str) -> Fate:
    """Sent in other parameters than its own."""
    return Fate(Change(name, Action.TRANSLATED, value, into, f"sent as {' and '.join(sent)}"), sent)


def dropped(name: str, value: Any, why: str) -> Fate:
    return Fate(Change(name, Action.DROPPED, text(value), note=why))


def text(value: Any) -> str:
    """A value for the account, short."""
    whole = value if isinstance(value, str) else orjson.dumps(value).decode()
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 3]}..."
