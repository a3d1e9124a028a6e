"""Size, aspect ratio and resolution: three ways to say one thing, of which most models have one or two.

What a model does not have goes into what it has: a ratio into the size of a model that counts pixels, a size into the
ratio (and the class of size) of one that thinks in those. Where two contradict each other, size says the shape to the
first and the ratio to the second.
"""

from __future__ import annotations

from math import sqrt

from msgspec import Struct

from service.domain.card import Choice, ModelCard, Sizes
from service.domain.plan import Action, Change
from service.domain.request import Parameters
from service.engine.complaints import one_of
from service.engine.nearest import (
    STANDARD,
    Shape,
    nearest_ratio,
    nearest_resolution,
    nearest_size,
    of_ratio,
    of_resolution,
    of_size,
    ratio_of,
)

DECIDES_NOTHING = '"auto" decides nothing'
SIZE_DECIDES = "size says the shape"
RATIO_DECIDES = "aspect_ratio says the shape"
NO_RATIO = "without an aspect_ratio it says no size"
NOT_KNOWN = "it is no resolution that is known"


class Moved(Struct, frozen=True):
    """What goes into a parameter other than the one it was asked under, and what is told of each that was asked."""

    sent: dict[str, str]
    changes: dict[str, Change]


NOTHING_MOVED = Moved({}, {})


def moved(asked: Parameters, card: ModelCard, model: str) -> Moved:
    """Brings what was asked for under the names that the model has."""
    sizes, ratios = card.parameters.get("size"), card.parameters.get("aspect_ratio")
    if isinstance(sizes, Sizes) and ratios is None:
        alone = asked.aspect_ratio is None and asked.resolution is None
        return NOTHING_MOVED if alone else _into_size(asked, sizes, card, model)
    if isinstance(ratios, Choice) and sizes is None:
        return NOTHING_MOVED if asked.size is None else _into_ratio(asked, asked.size, ratios, card, model)
    return NOTHING_MOVED


def _into_size(asked: Parameters, sizes: Sizes, card: ModelCard, model: str) -> Moved:
    """For a model that counts pixels."""
    given = {"aspect_ratio": asked.aspect_ratio, "resolution": asked.resolution}
    homeless = {name: value for name, value in given.items() if value is not None and name not in card.parameters}
    if asked.size and of_size(asked.size):
        return Moved({}, {name: _dropped(name, value, SIZE_DECIDES) for name, value in homeless.items()})
    side = of_resolution(asked.resolution or "")
    shape = of_ratio(asked.aspect_ratio or "", side or STANDARD)
    if shape is None:
        why = {"aspect_ratio": DECIDES_NOTHING, "resolution": NO_RATIO if side else NOT_KNOWN}
        return Moved({}, {name: _dropped(name, value, why[name]) for name, value in homeless.items()})
    found = nearest_size(shape, sizes)
    if found is None:
        offered = tuple(dict.fromkeys(each for name in sizes.names if (each := ratio_of(name))))
        raise one_of("aspect_ratio", asked.aspect_ratio or "", offered, model)
    changes = {name: _sent_as(name, value, found, "size") for name, value in homeless.items()}
    if "resolution" in homeless and side is None:
        changes["resolution"] = _dropped("resolution", homeless["resolution"], NOT_KNOWN)
    if asked.size:
        changes["size"] = Change("size", Action.TRANSLATED, asked.size, found, note=RATIO_DECIDES)
    return Moved({"size": found}, changes)


def _into_ratio(asked: Parameters, size: str, ratios: Choice, card: ModelCard, model: str) -> Moved:
    """For a model that thinks in ratios, and perhaps in classes of size."""
    shape = of_size(size)
    if shape is None:
        return Moved({}, {"size": _dropped("size", size, DECIDES_NOTHING)})
    sent: dict[str, str] = {}
    changes: dict[str, Change] = {}
    if of_ratio(asked.aspect_ratio or "") is None:
        found = nearest_ratio(shape, ratios.values)
        if found is None:
            raise one_of("size", size, ratios.values, model)
        sent["aspect_ratio"] = found
        if asked.aspect_ratio is not None:
            changes["aspect_ratio"] = _dropped("aspect_ratio", asked.aspect_ratio, SIZE_DECIDES)
    if asked.resolution is None and (found := _class_of(shape, card)):
        sent["resolution"] = found
    if sent:
        changes["size"] = _sent_as("size", size, " at ".join(sent.values()), " and ".join(sent))
    else:
        changes["size"] = _dropped("size", size, RATIO_DECIDES)
    return Moved(sent, changes)


def _class_of(shape: Shape, card: ModelCard) -> str | None:
    """The class of size that is nearest to a shape's area, where the model has such."""
    resolutions = card.parameters.get("resolution")
    if not isinstance(resolutions, Choice):
        return None
    return nearest_resolution(sqrt(shape.width * shape.height), resolutions.values)


def _sent_as(name: str, asked: str, sent: str, other: str) -> Change:
    return Change(name, Action.TRANSLATED, asked, sent, note=f"sent as {other}")


def _dropped(name: str, asked: str, note: str) -> Change:
    return Change(name, Action.DROPPED, asked, note=note)
