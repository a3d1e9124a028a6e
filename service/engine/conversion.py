"""Makes of a provider's picture what the provider could not make, on its way to the caller, off the event loop.

A picture of which that cannot be made is given out as it came, since it is paid for, and the account says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from service.domain.event import ImageReady, PartialImage, Progress, Shown
from service.domain.image import MEDIA_TYPES, Picture
from service.domain.plan import Action, Change, Conversion
from service.engine.backlog import BACKLOG
from service.engine.darkroom import develop
from service.raster import TRANSPARENT, UnreadableError, rewritten
from service.telemetry import log

NO_TIME = "there was no time left"


async def converted(event: Shown, into: Conversion, until: float) -> Shown:
    """The event, its picture as it was asked for; or as it came where that cannot be made, by then."""
    match event:
        case ImageReady(image):
            try:
                return replace(event, image=replace(image, picture=await convert(image.picture, into, until)))
            except UnreadableError as error:
                _tell_operator(error, image.picture, into)
                return replace(event, not_converted=str(error))
        case PartialImage():
            try:
                return replace(event, picture=await convert(event.picture, into, until, draft=True))
            except UnreadableError:
                return event
        case Progress():
            return event


async def convert(picture: Picture, into: Conversion, until: float, *, draft: bool = False) -> Picture:
    """The picture in the wanted format; the same one where that is what it is. Raises UnreadableError."""
    media_type = MEDIA_TYPES[into.output_format]
    if picture.media_type == media_type and not into.anew:
        return picture
    work = partial(rewritten, picture.data, into.output_format, into.compression, draft=draft)
    try:
        with BACKLOG.holding(len(picture.data)):
            async with asyncio.timeout_at(until):
                made = await develop(work, picture.width * picture.height)
    except TimeoutError:
        raise UnreadableError(NO_TIME) from None
    background = picture.traits.background if into.output_format in TRANSPARENT else "opaque"
    return replace(
        picture,
        data=made.data,
        media_type=media_type,
        width=made.width,
        height=made.height,
        traits=replace(picture.traits, output_format=into.output_format, background=background),
    )


def truly(changes: Sequence[Change], into: Conversion | None, delivered: Sequence[ImageReady]) -> tuple[Change, ...]:
    """What became of each parameter, after all: of a format that a picture did not come in, it was dropped."""
    why = [ready.not_converted for ready in delivered if ready.not_converted]
    if into is None or not why:
        return tuple(changes)
    which = f"{len(why)} of {len(delivered)} images were not converted" if len(delivered) > 1 else "not converted"
    lost = {"output_format", *(["output_compression"] if into.compression is not None else [])}
    return tuple(
        Change(each.parameter, Action.DROPPED, each.asked, note=f"{which}: {why[0]}")
        if each.parameter in lost
        else each
        for each in changes
    )


def _tell_operator(error: UnreadableError, picture: Picture, into: Conversion) -> None:
    log("conversion").warning(
        "picture not converted",
        error=str(error),
        cause=type(error.__cause__).__name__ if error.__cause__ else None,
        media_type=picture.media_type,
        output_format=into.output_format,
        size_bytes=len(picture.data),
    )
