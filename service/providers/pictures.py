"""Takes a picture that a provider sent for what it is: its format by its first bytes, its size by its header.

Nothing is decoded: a header says enough, and a small file can decode to hundreds of megabytes.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from PIL import UnidentifiedImageError

from service import raster
from service.domain.event import Outcome
from service.domain.image import MEDIA_TYPES, Picture, Traits
from service.errors import ProviderError, Reason
from service.providers.lifting import NAME, Document

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_HEAD = struct.Struct(">II5xI")
_NAMED, _CHECKED = 12, 29
"""Where the header's checksum begins and ends to count: at its name, after its last field."""
_SMALLEST_PNG = 57
_LONGEST_SIDE = 2**31 - 1
_SIZE = re.compile("([0-9]{1,9})x([0-9]{1,9})")
_CALLED = {"PNG": "png", "JPEG": "jpeg", "MPO": "jpeg", "WEBP": "webp", "GIF": "gif"}
"""What Pillow calls the formats; MPO is a JPEG with others behind it."""


def from_json(document: Document, item: Mapping[str, Any], traits: Traits) -> Picture:
    """The picture of an object in an answer. Raises PROVIDER_INVALID_ANSWER for what is no base64 or no picture."""
    try:
        data = document.picture(item)
    except ValueError:
        raise _unreadable("The provider sent an image that is not base64.") from None
    if data is None:
        raise _unreadable(f"The provider's answer has an image without {NAME}.")
    return from_bytes(data, traits)


def from_bytes(data: bytes, traits: Traits) -> Picture:
    if data.startswith(_PNG) and len(data) >= _SMALLEST_PNG:  # what nearly every provider sends
        width, height, checksum = _HEAD.unpack_from(data, len(_PNG))
        if zlib.crc32(data[_NAMED:_CHECKED]) == checksum and 0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE:
            return Picture(data=data, media_type=MEDIA_TYPES["png"], width=width, height=height, traits=traits)
    try:
        with raster.opened(data) as header:
            name, (width, height) = _CALLED[header.format or ""], header.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError):
        if not _is_svg(data):
            raise _unreadable("The provider sent something that is no image.") from None
        name, width, height = "svg", *_declared(traits.size)
    return Picture(data=data, media_type=MEDIA_TYPES[name], width=width, height=height, traits=traits)


def _is_svg(data: bytes) -> bool:
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith((b"<?xml", b"<svg")) and b"<svg" in head


def _declared(size: str) -> tuple[int, int]:
    declared = _SIZE.fullmatch(size)
    return (int(declared[1]), int(declared[2])) if declared else (0, 0)


def _unreadable(message: str) -> ProviderError:
    return ProviderError(Reason.PROVIDER_INVALID_ANSWER, message, Outcome.UNKNOWN)
