"""Pictures are taken for what their headers say, however large that is: nothing is decoded."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from service.domain.image import Traits
from service.providers.pictures import from_bytes


def written(form: str, **how: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, form, **how)
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    """One whose header says that it is so large."""
    small, header = written("PNG"), b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]


def jpeg(width: int, height: int) -> bytes:
    return written("JPEG").replace(struct.pack(">HH", 8, 8), struct.pack(">HH", height, width), 1)


@pytest.mark.parametrize(("width", "height"), [(8, 9), (8192, 8192), (13_400, 13_400), (16_384, 16_384), (60_000, 9)])
def test_however_large_it_is_a_picture(width: int, height: int) -> None:
    """It is paid for; whether anybody decodes it is not decided here."""
    for media_type, data in (("image/png", png(width, height)), ("image/jpeg", jpeg(width, height))):
        found = from_bytes(data, Traits())
        assert (found.media_type, found.width, found.height) == (media_type, width, height)


def test_a_jpeg_with_others_behind_it_is_one() -> None:
    """Pillow calls it MPO."""
    several = written("MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])

    assert from_bytes(several, Traits()).media_type == "image/jpeg"
