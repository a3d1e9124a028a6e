"""Output format, and what goes with it: what the provider is asked for, and what is left for the gateway to make of it.

A provider that cannot make a format, or not together with what else is asked for, is asked for a lossless one, and the
picture is converted when it arrives (`conversion`). The caller gets what was asked for, so it counts as applied.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from service.domain.card import Choice, Domain, ModelCard
from service.domain.plan import Conversion
from service.domain.request import ImageRequest, Parameters
from service.engine.complaints import invalid, one_of
from service.engine.fate import Fate, applied, dropped
from service.raster import COMPRESSED, TRANSPARENT, WRITABLE

BY_THE_GATEWAY = "made by the gateway"
NOT_COMPRESSED = "only jpeg and webp can be compressed"
_LOSSLESS = "png"


class Output(Struct, frozen=True):
    """What becomes of the parameters that are decided here, and of the call."""

    fates: Mapping[str, Fate]
    streams: bool
    """Whether the provider is asked for a stream."""
    most: int
    """How many images a call makes."""
    conversion: Conversion | None


def output(request: ImageRequest, card: ModelCard, model: str) -> Output:
    """Raises for what neither the provider nor the gateway can make."""
    asked, streamed = request.parameters, request.stream and card.streams
    wanted, compression = asked.output_format, asked.output_compression
    source = None if wanted is None else _source(wanted, request, card, model)
    if wanted is not None and _is_transparent(asked, card):
        _refuse_if_opaque(wanted, source, card, model)
    ours = compression is not None and wanted in COMPRESSED and not (source == wanted and _compresses(card))
    fates: dict[str, Fate] = {}
    if wanted is not None and (source != wanted or ours):
        fates["output_format"] = _ours("output_format", wanted, {"output_format": source} if source else {})
    if ours:
        fates["output_compression"] = _ours("output_compression", compression)
    elif compression is not None and not card.format(wanted).compresses:
        fates["output_compression"] = dropped("output_compression", compression, NOT_COMPRESSED)
    streams = streamed and card.format(source).streams
    if asked.partial_images is not None and streamed and not streams:
        fates["partial_images"] = dropped("partial_images", asked.partial_images, f"{source} shows none here")
    conversion = Conversion(wanted, compression if wanted in COMPRESSED else None, ours) if wanted in WRITABLE else None
    return Output(fates, streams, card.most(source), conversion)


def _source(wanted: str, request: ImageRequest, card: ModelCard, model: str) -> str | None:
    """The format to ask for: the very one, or what it can be made from, best what loses nothing; None for any."""
    asked, formats = request.parameters, card.parameters.get("output_format")
    previews = bool(request.stream and card.streams and asked.partial_images)

    def suits(name: str) -> bool:
        """Whether the provider makes it so that nothing else that is asked for gets lost."""
        made = card.format(name)
        is_clear = made.transparent or not _is_transparent(asked, card)
        return _makes(formats, name) and is_clear and (made.streams or not previews)

    if suits(wanted) and (asked.output_compression is None or wanted not in COMPRESSED or _compresses(card)):
        return wanted
    if wanted in WRITABLE:
        if formats is None:
            return None
        if found := next(filter(suits, (_LOSSLESS, wanted, *WRITABLE)), None):
            return found
    if _makes(formats, wanted):
        return wanted
    raise one_of("output_format", wanted, _offered(formats), model)


def _makes(formats: Domain | None, name: str) -> bool:
    if isinstance(formats, Choice):
        return name in formats.values or name in formats.understood
    return formats is not None


def _is_transparent(asked: Parameters, card: ModelCard) -> bool:
    return asked.background == "transparent" and "background" in card.parameters


def _refuse_if_opaque(wanted: str, source: str | None, card: ModelCard, model: str) -> None:
    """Whoever makes it, both would not come: nobody else could say which of them was meant."""
    if not (card.format(wanted).transparent if source == wanted else wanted in TRANSPARENT):
        problem = f'cannot be "transparent" for {model} where output_format is {wanted}; ask for png or webp'
        raise invalid("background", problem)


def _compresses(card: ModelCard) -> bool:
    """Whether the provider does it: what is converted is compressed here, and never twice."""
    return "output_compression" in card.parameters


def _offered(formats: Domain | None) -> tuple[str, ...]:
    """What can be had: what the provider makes, and where one of it is of pixels, what the gateway makes of that."""
    made = formats.values if isinstance(formats, Choice) else ()
    return made if made and not set(made) & set(WRITABLE) else tuple(dict.fromkeys((*made, *WRITABLE)))


def _ours(name: str, value: str | int | None, sent: Mapping[str, str] | None = None) -> Fate:
    """Done here; the provider is not told, or told something else."""
    return Fate(applied(name, value, note=BY_THE_GATEWAY).change, sent or {})
