"""A request in one target's own terms, and an account of what became of each parameter.

Applied as asked, translated into what is nearest to it there, dropped because the model has nothing like it, or passed
on unknown: its `fate`. What has no order to be near in (a word, a format that nobody can make) is a complaint, never a
guess; so is a shape of which the model has none of the same orientation. Three parameters are one thing, and decided in
`shape`; what goes with the output format, and what of it is the gateway's own work, is decided in `output`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from service.domain.card import Choice, Domain, ModelCard, Range, Sizes
from service.domain.plan import Action, Change, Conversion
from service.domain.request import WHOLE, ImageRequest
from service.engine.complaints import invalid, one_of
from service.engine.fate import Fate, applied, dropped, text, translated
from service.engine.nearest import nearest_ratio, nearest_resolution, of_ratio, of_resolution, size_like
from service.engine.output import output
from service.engine.shape import shape
from service.errors import GatewayError

NOTHING_LIKE_IT = "this model has nothing like it"
DECIDES_BY_ITSELF = "the model decides by itself"
ONLY_STREAMS = "only streams show partial images"
NOT_A_PARAMETER = "not a parameter of this model"
COUNTS_ON = "the first call's; each that follows counts on from it"

_AUTO = "auto"
_RANKS = {"low": 0, "medium": 1, "standard": 1, "high": 2, "hd": 2, "xhigh": 3, "max": 4}
"""Words for quality, those of today and older ones, in their order."""


class Adapted(Struct, frozen=True):
    """The request as a model takes it, what became of each parameter, and what is left for us to do."""

    request: ImageRequest
    changes: tuple[Change, ...]
    most: int
    """How many images a call makes."""
    conversion: Conversion | None = None


def adapt(request: ImageRequest, card: ModelCard, model: str) -> Adapted:
    """Raises for what the model cannot take."""
    if len(request.prompt) > card.max_prompt:
        raise invalid("prompt", f"has {len(request.prompt)} characters; {model} takes at most {card.max_prompt}")
    asked = request.parameters
    made = output(request, card, model)
    decided = {**shape(asked, card, model), **made.fates}
    fates = [
        decided.get(name) or _fate(name, value, request, card, made.most, model)
        for name, value in asked.named().items()
    ]
    told = (*(fate.change for fate in fates), *(_extra(*each, card, model) for each in asked.extras.items()))
    sent = {name: value for fate in fates for name, value in fate.sent.items()}
    parameters = type(asked)(**sent, extras=dict(asked.extras) if card.extras else {})
    return Adapted(replace(request, parameters=parameters, stream=made.streams), told, made.most, made.conversion)


def _fate(name: str, value: Any, request: ImageRequest, card: ModelCard, most: int, model: str) -> Fate:
    """What becomes of a parameter that is nobody else's matter."""
    domain = card.parameters.get(name)
    if name == "n":
        return Fate(_counted(value, most), {"n": value} if domain else {})
    if why := _left_out(name, value, domain, request):
        return dropped(name, value, why)
    sent = _fit(name, value, domain, model)
    note = COUNTS_ON if name == "seed" and (request.parameters.n or 1) > most else ""
    return applied(name, value, note=note) if sent == value else translated(name, value, sent, note=note)


def _left_out(name: str, value: Any, domain: Domain | None, request: ImageRequest) -> str | None:
    """Why a parameter is not sent, if it is not."""
    if domain is None:
        return NOTHING_LIKE_IT
    if name == "partial_images" and not request.stream:
        return ONLY_STREAMS
    if value == _AUTO and isinstance(domain, Choice | Sizes):
        words = domain.values if isinstance(domain, Choice) else domain.names
        return None if _AUTO in (*words, *domain.understood) else DECIDES_BY_ITSELF
    return None


def _counted(n: int, most: int) -> Change:
    """What becomes of the number of images: one call, or several where the model makes fewer at a time."""
    if n <= most:
        return Change("n", Action.APPLIED, str(n))
    return Change("n", Action.TRANSLATED, str(n), str(most), note=f"{-(-n // most)} calls")


def _extra(name: str, value: Any, card: ModelCard, model: str) -> Change:
    """What becomes of a parameter that nobody here knows. Raises for a word for what is said under another."""
    if not card.extras:
        return Change(name, Action.DROPPED, text(value), note=NOT_A_PARAMETER)
    if name in card.reserved:
        raise _reserved(name, card.reserved[name], model)
    return Change(name, Action.PASSED, text(value))


def _reserved(name: str, instead: str, model: str) -> GatewayError:
    """A caller's word for what the gateway itself says to this provider."""
    if instead:
        return invalid(name, f"must not be given by that name for {model}; use {instead} instead")
    return invalid(name, f"must not be given for {model}; the gateway sets it itself")


def _fit(name: str, value: Any, domain: Domain | None, model: str) -> Any:
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
    return round(bounded) if domain.whole or name in WHOLE else bounded
