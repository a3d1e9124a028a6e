"""Makes of a provider's picture what the provider could not make, on its way to the caller, off the event loop.

A picture that cannot be read is given out as it came: it is paid for.
"""

from __future__ import annotations

from msgspec.structs import replace

from service import offload
from service.domain.event import ImageReady, PartialImage, Progress, Shown
from service.domain.image import MEDIA_TYPES, Picture
from service.domain.plan import Conversion
from service.raster import UnreadableError, rewritten
from service.telemetry import log


async def converted(event: Shown, into: Conversion) -> Shown:
    """The event, its picture as it was asked for."""
    match event:
        case ImageReady(image):
            return replace(event, image=replace(image, picture=await convert(image.picture, into)))
        case PartialImage():
            return replace(event, picture=await convert(event.picture, into))
        case Progress():
            return event


async def convert(picture: Picture, into: Conversion) -> Picture:
    """The picture in the wanted format; the same one where that is what it is."""
    media_type = MEDIA_TYPES[into.output_format]
    if picture.media_type == media_type and not into.anew:
        return picture
    try:
        data = await offload.run(rewritten, picture.data, into.output_format, into.compression)
    except UnreadableError as error:
        log("conversion").warning(
            "picture not converted",
            error=str(error),
            media_type=picture.media_type,
            output_format=into.output_format,
            size_bytes=len(picture.data),
        )
        return picture
    traits = replace(picture.traits, output_format=into.output_format)
    return replace(picture, data=data, media_type=media_type, traits=traits)
