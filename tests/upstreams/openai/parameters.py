"""Each parameter of an image request by itself: its type, its choices, its range, for the model at hand."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from . import refusals
from .catalogue import SIZES, Card

Check = Callable[[Card, str, Any], None]
"""Raises the Refusal that names the parameter when the value is wrong for the model."""


def _text(limit: int) -> Check:
    def check(_: Card, name: str, value: Any) -> None:
        if not isinstance(value, str):
            raise refusals.invalid_type(name, "a string", value)
        if len(value) > limit:
            raise refusals.long_text(name, limit, len(value))

    return check


def _prompt(card: Card, name: str, value: Any) -> None:
    _text(32_000)(card, name, value)
    if not value:
        raise refusals.empty_text(name)


def _whole(low: int, high: int) -> Check:
    def check(_: Card, name: str, value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise refusals.invalid_type(name, "an integer", value)
        if not low <= value <= high:
            raise refusals.out_of_range(name, value, low, high)

    return check


def _flag(_: Card, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise refusals.invalid_type(name, "a boolean", value)


def _one_of(choices: Callable[[Card], tuple[str, ...]]) -> Check:
    def check(card: Card, name: str, value: Any) -> None:
        if not isinstance(value, str):
            raise refusals.invalid_type(name, f"one of {', '.join(choices(card))}", value)
        if value not in choices(card):
            raise refusals.invalid_choice(name, value, choices(card))

    return check


def _size(card: Card, name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise refusals.invalid_type(name, "a string", value)
    if not card.any_size and value not in (*SIZES, "auto"):
        raise refusals.invalid_choice(name, value, (*SIZES, "auto"))


def _svg(_: Card, name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise refusals.invalid_type(name, "an object", value)
    for part in value:  # pyright: ignore[reportUnknownVariableType] - any JSON
        if part not in ("model", "reasoning"):
            raise refusals.unknown_parameter(f"{name}.{part}")


# What every GPT image model takes, and what only the newest do.
COMMON: Final[Mapping[str, Check]] = {
    "model": _text(256),
    "prompt": _prompt,
    "n": _whole(1, 10),
    "size": _size,
    "quality": _one_of(lambda card: (*card.qualities, "auto")),
    "background": _one_of(lambda _: ("transparent", "opaque", "auto")),
    "output_format": _one_of(lambda card: card.formats),
    "output_compression": _whole(0, 100),
    "moderation": _one_of(lambda _: ("low", "auto")),
    "partial_images": _whole(0, 3),
    "stream": _flag,
    "user": _text(512),
    "safety_identifier": _text(512),
}
NEWEST: Final[Mapping[str, Check]] = {
    "complexity": _one_of(lambda _: ("low", "medium", "high")),
    "frame_count": _whole(2, 16),
    "frame_duration_ms": _whole(1, 655_350),
    "svg": _svg,
}
NEVER_NULL: Final = frozenset({"prompt", "user"})
