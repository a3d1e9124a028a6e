"""A request in one target's own terms, and an account of what became of each parameter.

Applied as asked, translated into what is nearest to it there, dropped because the model has nothing like it, or passed
on unknown. What has no order to be near in (a word, a format that nobody can make) is a complaint, never a guess; so is
a shape of which the model has none of the same orientation. Three parameters are one thing, and decided in `shape`; two
may be the gateway's own work, which is decided in `output`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from msgspec import Struct
from msgspec.structs import replace

from service.domain.card import Choice, Domain, ModelCard, Range, Sizes
from service.domain.plan import Action, Change, Conversion
from service.domain.request import ImageRequest
from service.engine.complaints import invalid, one_of
from service.engine.nearest import nearest_ratio, nearest_resolution, of_ratio, of_resolution, size_like
from service.engine.output import output
from service.engine.shape import moved
from service.errors import GatewayError

NOTHING_LIKE_IT = "this model has nothing like it"
DECIDES_BY_ITSELF = "the model decides by itself"

_AUTO = "auto"
_RANKS = {"low": 0, "medium": 1, "standard": 1, "high": 2, "hd": 2, "xhigh": 3, "max": 4}
"""Words for quality, those of today and older ones, in their order."""


class Adapted(Struct, frozen=True):
    """The request as a model takes it, what became of each parameter, and what is left for us to do."""

    request: ImageRequest
    changes: tuple[Change, ...]
    conversion: Conversion | None = None


def adapt(request: ImageRequest, card: ModelCard, model: str) -> Adapted:
    """Raises for what the model cannot take."""
    if len(request.prompt) > card.max_prompt:
        raise invalid("prompt", f"has {len(request.prompt)} characters; {model} takes at most {card.max_prompt}")
    asked = request.parameters
    shape, out = moved(asked, card, model), output(asked, card, model)
    told = {**shape.changes, **out.changes}
    kept: dict[str, Any] = {**shape.sent, **out.sent}
    changes: list[Change] = []
    for name, value in asked.named().items():
        domain = card.parameters.get(name)
        if name in told:
            changes.append(told[name])
        elif name == "n":
            kept |= {"n": value} if domain else {}
            changes.append(_counted(value, card.most))
        elif why := _left_out(name, value, domain, request):
            changes.append(Change(name, Action.DROPPED, _text(value), note=why))
        elif domain is not None:
            kept[name] = _fit(name, value, domain, model)
            action = Action.APPLIED if kept[name] == value else Action.TRANSLATED
            changes.append(Change(name, action, _text(value), "" if kept[name] == value else _text(kept[name])))
    for name, value in asked.extras.items():
        if card.extras:
            if name in card.reserved:
                raise _reserved(name, card.reserved[name], model)
            changes.append(Change(name, Action.PASSED, _text(value)))
        else:
            changes.append(Change(name, Action.DROPPED, _text(value), note="not a parameter of this model"))
    extras = dict(asked.extras) if card.extras else {}
    adapted = replace(request, parameters=type(asked)(**kept, extras=extras), stream=request.stream and card.streams)
    return Adapted(adapted, tuple(changes), out.conversion)


def _left_out(name: str, value: Any, domain: Domain | None, request: ImageRequest) -> str:
    """Why a parameter is not sent, if it is not."""
    if domain is None:
        return NOTHING_LIKE_IT
    if name == "partial_images" and not request.stream:
        return "only streams show partial images"
    if value == _AUTO and isinstance(domain, Choice | Sizes):
        words = domain.values if isinstance(domain, Choice) else domain.names
        return "" if _AUTO in (*words, *domain.understood) else DECIDES_BY_ITSELF
    return ""


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
    """The value, or what of the model's is nearest to it."""
    match domain:
        case Range():
            return _number(name, value, domain)
        case Choice(values, understood) | Sizes(names=values, understood=understood):
            if value in values:
                return value
            sent = understood.get(value) or _nearest(name, value, domain)
            if sent is None:
                raise one_of(name, value, values, model)
            return sent
        case _:
            return value


def _nearest(name: str, value: str, domain: Choice | Sizes) -> str | None:
    """What is nearest to a word, where words have an order."""
    if isinstance(domain, Sizes):
        return size_like(value, domain)
    match name:
        case "quality":
            return _quality_like(value, domain.values)
        case "aspect_ratio":
            return nearest_ratio(of_ratio(value), domain.values)
        case "resolution":
            return nearest_resolution(of_resolution(value), domain.values)
        case _:
            return None


def _quality_like(value: str, words: Sequence[str]) -> str | None:
    """The nearest in rank, the lower one of two: it costs less."""
    rank = _RANKS.get(value)
    ranked = [word for word in words if word in _RANKS]
    if rank is None:
        return None
    return min(ranked, key=lambda word: (abs(_RANKS[word] - rank), _RANKS[word]), default=None)


def _number(name: str, value: float, domain: Range) -> float:
    """The nearest within the bounds; of seeds another one, because one for all would make their pictures one."""
    if name == "seed":
        return value if domain.low <= value <= domain.high else domain.wrapped(int(value))
    bounded = min(max(value, domain.low), domain.high)
    return round(bounded) if domain.whole or isinstance(value, int) else bounded


def _text(value: Any) -> str:
    """A value for the account, short: what was asked stands in the request."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= 120 else f"{text[:117]}..."
