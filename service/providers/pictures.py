"""Takes a picture that a provider sent for what it is: its format by its first bytes, its size by its header.

Nothing is decoded: a header says enough, and a small file can decode to hundreds of megabytes.
"""

from __future__ import annotations

import io

import pybase64
from PIL import Image, UnidentifiedImageError

from service import offload
from service.domain.event import Outcome
from service.domain.image import MEDIA_TYPES, Picture, Traits
from service.errors import ProviderError, Reason

_FORMATS = {"PNG": "png", "JPEG": "jpeg", "WEBP": "webp", "GIF": "gif"}


async def from_base64(text: str, traits: Traits) -> Picture:
    """The picture behind a `b64_json`. Raises PROVIDER_INVALID_ANSWER for what is no base64 or no picture."""
    try:
        data = await offload.over(text.encode("ascii"), lambda each: pybase64.b64decode(each, validate=True))
    except ValueError:
        raise _unreadable("The provider sent an image that is not base64.") from None
    return from_bytes(data, traits)


def from_bytes(data: bytes, traits: Traits) -> Picture:
    try:
        with Image.open(io.BytesIO(data), formats=tuple(_FORMATS)) as header:
            name, (width, height) = _FORMATS[header.format or ""], header.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError):
        if not _is_svg(data):
            raise _unreadable("The provider sent something that is no image.") from None
        name, width, height = "svg", *_declared(traits.size)
    return Picture(data=data, media_type=MEDIA_TYPES[name], width=width, height=height, traits=traits)


def _is_svg(data: bytes) -> bool:
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith((b"<?xml", b"<svg")) and b"<svg" in head


def _declared(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    return (int(width), int(height)) if width.isdigit() and height.isdigit() else (0, 0)


def _unreadable(message: str) -> ProviderError:
    return ProviderError(Reason.PROVIDER_INVALID_ANSWER, message, Outcome.UNKNOWN)
