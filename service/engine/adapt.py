"""A request in one target's own terms, and an account of what became of each parameter.

Applied as asked, translated into what means the same there, dropped because the model has nothing like it, or passed
on unknown. A value that a model cannot take and that has no translation is a complaint, never a guess.
"""

from __future__ import annotations

from typing import Any

import orjson
from msgspec.structs import replace

from service.domain.card import Choice, Domain, ModelCard, Range, Sizes
from service.domain.plan import Action, Change
from service.domain.request import ImageRequest
from service.engine.complaints import invalid, one_of, quoted
from service.errors import GatewayError

NOTHING_LIKE_IT = "this model has nothing like it"


def adapt(request: ImageRequest, card: ModelCard, model: str) -> tuple[ImageRequest, tuple[Change, ...]]:
    """The request as this model takes it; raises for what it cannot take."""
    if len(request.prompt) > card.max_prompt:
        raise invalid("prompt", f"has {len(request.prompt)} characters; {model} takes at most {card.max_prompt}")
    kept: dict[str, Any] = {}
    changes: list[Change] = []
    for name, value in request.parameters.named().items():
        domain = card.parameters.get(name)
        if name == "n":
            kept |= {"n": value} if domain else {}
            changes.append(_counted(value, card.most))
        elif domain is None:
            changes.append(Change(name, Action.DROPPED, _text(value), note=NOTHING_LIKE_IT))
        elif name == "partial_images" and not request.stream:
            changes.append(Change(name, Action.DROPPED, _text(value), note="only streams show partial images"))
        else:
            kept[name] = _fit(name, value, domain, model)
            action = Action.APPLIED if kept[name] == value else Action.TRANSLATED
            changes.append(Change(name, action, _text(value), "" if kept[name] == value else _text(kept[name])))
    for name, value in request.parameters.extras.items():
        if card.extras:
            if name in card.reserved:
                raise _reserved(name, card.reserved[name], model)
            changes.append(Change(name, Action.PASSED, _text(value)))
        else:
            changes.append(Change(name, Action.DROPPED, _text(value), note="not a parameter of this model"))
    extras = dict(request.parameters.extras) if card.extras else {}
    parameters = type(request.parameters)(**kept, extras=extras)
    return replace(request, parameters=parameters, stream=request.stream and card.streams), tuple(changes)


def _counted(n: int, most: int) -> Change:
    """What becomes of the number of images: one call, or several where the model makes fewer at a time."""
    if n <= most:
        return Change("n", Action.APPLIED, str(n))
    return Change("n", Action.TRANSLATED, str(n), str(most), note=f"{-(-n // most)} calls")


def _reserved(name: str, instead: str, model: str) -> GatewayError:
    """A caller's word for what the gateway itself says to this provider."""
    if instead:
        return invalid(name, f"must not be given by that name for {model}; use {instead} instead")
    return invalid(name, f"must not be given for {model}; the gateway sets it itself")


def _fit(name: str, value: Any, domain: Domain, model: str) -> Any:
    match domain:
        case Choice():
            return _choose(name, value, domain, model)
        case Range(low, high, whole):
            if not low <= value <= high:
                raise invalid(name, f"must be between {low:g} and {high:g} for {model}, not {value}")
            return round(value) if whole else value
        case Sizes():
            return _size(name, value, domain, model)
        case _:
            pass
    return value


def _choose(name: str, value: str, choice: Choice, model: str) -> str:
    if value in choice.values:
        return value
    if value in choice.understood:
        return choice.understood[value]
    raise one_of(name, value, choice.values, model)


def _size(name: str, value: str, sizes: Sizes, model: str) -> str:
    if value in sizes.names:
        return value
    if value in sizes.understood:
        return sizes.understood[value]
    if not sizes.any_size or value == "auto":
        raise one_of(name, value, sizes.names, model)
    width, height = pixels(value)
    if width % sizes.multiple_of or height % sizes.multiple_of:
        raise invalid(
            name, f"must have sides that are multiples of {sizes.multiple_of} for {model}, not {quoted(value)}"
        )
    if min(width, height) < sizes.min_side or max(width, height) > sizes.max_side:
        bounds = f"between {sizes.min_side} and {sizes.max_side} pixels"
        raise invalid(name, f"must have sides {bounds} for {model}, not {quoted(value)}")
    if sizes.max_ratio and max(width, height) > sizes.max_ratio * min(width, height):
        raise invalid(
            name, f"must be at most {sizes.max_ratio:g} times as long as wide for {model}, not {quoted(value)}"
        )
    if width * height < sizes.min_pixels:
        raise invalid(name, f"must have at least {sizes.min_pixels} pixels for {model}, not {quoted(value)}")
    if sizes.max_pixels and width * height > sizes.max_pixels:
        raise invalid(name, f"must have at most {sizes.max_pixels} pixels for {model}, not {quoted(value)}")
    return value


def pixels(size: str) -> tuple[int, int]:
    """Width and height of a WIDTHxHEIGHT."""
    width, _, height = size.partition("x")
    return int(width), int(height)


def _text(value: Any) -> str:
    """A value for the account, short: what was asked stands in the request."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= 120 else f"{text[:117]}..."
