"""Size, aspect ratio and resolution: three ways to say one thing, of which most models have one or two.

What a model does not have goes into what it has: a ratio into the size of a model that counts pixels, a size into the
ratio (and the class of size) of one that thinks in those. Where two contradict each other, size says the shape to the
first and the ratio to the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from service.domain.card import Choice, ModelCard, Sizes
from service.domain.request import Parameters
from service.engine.complaints import one_of
from service.engine.fate import Fate, dropped, moved, translated
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


def shape(asked: Parameters, card: ModelCard, model: str) -> Mapping[str, Fate]:
    """What becomes of those of the three that go under the names of others, or give way to them."""
    sizes, ratios = card.parameters.get("size"), card.parameters.get("aspect_ratio")
    if isinstance(sizes, Sizes) and ratios is None and (asked.aspect_ratio or asked.resolution):
        return _into_size(asked, sizes, card, model)
    if isinstance(ratios, Choice) and sizes is None and asked.size is not None:
        return _into_ratio(asked, asked.size, ratios, card, model)
    return {}


def _into_size(asked: Parameters, sizes: Sizes, card: ModelCard, model: str) -> dict[str, Fate]:
    """For a model that counts pixels."""
    given = {"aspect_ratio": asked.aspect_ratio, "resolution": asked.resolution}
    homeless = {name: value for name, value in given.items() if value is not None and name not in card.parameters}
    if asked.size and of_size(asked.size):
        return {name: dropped(name, value, SIZE_DECIDES) for name, value in homeless.items()}
    side = of_resolution(asked.resolution or "")
    wanted = of_ratio(asked.aspect_ratio or "", side or STANDARD)
    if wanted is None:
        why = {"aspect_ratio": DECIDES_NOTHING, "resolution": NO_RATIO if side else NOT_KNOWN}
        return {name: dropped(name, value, why[name]) for name, value in homeless.items()}
    found = nearest_size(wanted, sizes)
    if found is None:
        offered = tuple(dict.fromkeys(each for name in sizes.names if (each := ratio_of(name))))
        raise one_of("aspect_ratio", asked.aspect_ratio or "", offered, model)
    fates = {name: moved(name, value, {"size": found}, into=found) for name, value in homeless.items()}
    if "resolution" in homeless and side is None:
        fates["resolution"] = dropped("resolution", homeless["resolution"], NOT_KNOWN)
    if asked.size:
        fates["size"] = translated("size", asked.size, found, note=RATIO_DECIDES)
    return fates


def _into_ratio(asked: Parameters, size: str, ratios: Choice, card: ModelCard, model: str) -> dict[str, Fate]:
    """For a model that thinks in ratios, and perhaps in classes of size."""
    wanted = of_size(size)
    if wanted is None:
        return {"size": dropped("size", size, DECIDES_NOTHING)}
    sent: dict[str, str] = {}
    fates: dict[str, Fate] = {}
    if of_ratio(asked.aspect_ratio or "") is None:
        found = nearest_ratio(wanted, ratios.values)
        if found is None:
            raise one_of("size", size, ratios.values, model)
        sent["aspect_ratio"] = found
        if asked.aspect_ratio is not None:
            fates["aspect_ratio"] = dropped("aspect_ratio", asked.aspect_ratio, SIZE_DECIDES)
    if asked.resolution is None and (found := _class_of(wanted, card)):
        sent["resolution"] = found
    if sent:
        fates["size"] = moved("size", size, sent, into=" at ".join(sent.values()))
    else:
        fates["size"] = dropped("size", size, RATIO_DECIDES)
    return fates


def _class_of(wanted: Shape, card: ModelCard) -> str | None:
    """The class of size that is nearest to a shape's area, where the model has such."""
    resolutions = card.parameters.get("resolution")
    if not isinstance(resolutions, Choice):
        return None
    return nearest_resolution(sqrt(wanted.width * wanted.height), resolutions.values)
