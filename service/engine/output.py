"""Output format and compression: what the provider is asked for, and what is left for the gateway to make of it.

A provider that cannot make a format is asked for a lossless one, and the picture is converted when it arrives
(`conversion`). The caller gets what was asked for, so it counts as applied.
"""

from __future__ import annotations

from msgspec import Struct, field

from service.domain.card import Choice, Domain, ModelCard
from service.domain.plan import Action, Change, Conversion
from service.domain.request import Parameters
from service.engine.complaints import one_of
from service.raster import COMPRESSED, FORMATS

BY_THE_GATEWAY = "made by the gateway"
NOT_COMPRESSED = "only jpeg and webp can be compressed"
_LOSSLESS = "png"


class Output(Struct, frozen=True):
    """What is sent in place of the two, what is told of those that the gateway sees to, and what it does."""

    sent: dict[str, str] = field(default_factory=dict[str, str])
    changes: dict[str, Change] = field(default_factory=dict[str, Change])
    conversion: Conversion | None = None


AS_ASKED = Output()


def output(asked: Parameters, card: ModelCard, model: str) -> Output:
    """Raises for a format that neither the provider nor the gateway can make."""
    name, compression = asked.output_format, asked.output_compression
    formats, compresses = card.parameters.get("output_format"), "output_compression" in card.parameters
    makes_it = name is None or _makes(formats, name)
    if makes_it and (compression is None or compresses):
        return AS_ASKED
    if name is None or (makes_it and name not in COMPRESSED):
        return Output(changes={"output_compression": _dropped(compression)})
    source = _source(formats, name)
    if not makes_it and (name not in FORMATS or (formats and not source)):
        raise one_of("output_format", name, _offered(formats), model)
    ours = compression if name in COMPRESSED else None
    changes = {"output_format": _ours("output_format", name)}
    if ours is not None:
        changes["output_compression"] = _ours("output_compression", ours)
    elif compression is not None:
        changes["output_compression"] = _dropped(compression)
    return Output({"output_format": source} if source else {}, changes, Conversion(name, ours))


def _makes(formats: Domain | None, name: str) -> bool:
    if isinstance(formats, Choice):
        return name in formats.values or name in formats.understood
    return formats is not None


def _source(formats: Domain | None, name: str) -> str | None:
    """The format to ask for where another is wanted: a lossless one, else the very one, else any that can be read."""
    if formats is None:
        return None
    made = formats.values if isinstance(formats, Choice) else FORMATS
    return next((each for each in (_LOSSLESS, name, *FORMATS) if each in made and each in FORMATS), None)


def _offered(formats: Domain | None) -> tuple[str, ...]:
    made = formats.values if isinstance(formats, Choice) else ()
    return made if made and not _source(formats, _LOSSLESS) else tuple(dict.fromkeys((*made, *FORMATS)))


def _ours(name: str, value: str | int) -> Change:
    return Change(name, Action.APPLIED, str(value), note=BY_THE_GATEWAY)


def _dropped(compression: int | None) -> Change:
    return Change("output_compression", Action.DROPPED, str(compression), note=NOT_COMPRESSED)
