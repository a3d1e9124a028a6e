"""Pictures that say who they are: 32 black and white fields that survive every format, and big noise on demand.

The fields hold the request's number, the image's and the partial's, and a check, so that a mixed-up answer shows.
"""

import io
import re
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final

from PIL import Image

_GRID: Final = (8, 4)
_DARK: Final = (16, 20, 36)
_LIGHT: Final = (244, 238, 222)
_CHECK: Final = 127


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a picture says of itself. `partial` is None in a finished image."""

    request: int
    image: int = 0
    partial: int | None = None

    def to_bits(self) -> int:
        stage = 0 if self.partial is None else self.partial + 1
        value = self.request % 2**18 << 7 | self.image << 3 | stage
        return value << 7 | (value * 31 + 85) % _CHECK

    @classmethod
    def from_bits(cls, bits: int) -> "Drawn":
        value, check = bits >> 7, bits & 127
        if check != (value * 31 + 85) % _CHECK:
            raise ValueError("this picture was not drawn by the double")
        stage = value & 7
        return cls(request=value >> 7, image=value >> 3 & 15, partial=stage - 1 if stage else None)


@dataclass(frozen=True, slots=True)
class Canvas:
    """How a picture is encoded. Its edges are multiples of 16, as every size that OpenAI makes."""

    width: int
    height: int
    format: str = "png"
    transparent: bool = False
    compression: int = 100
    frames: int = 1
    frame_ms: int = 200


@lru_cache(maxsize=512)
def draw(drawn: Drawn, canvas: Canvas) -> bytes:
    """The picture's bytes, in the asked size and format."""
    if canvas.format == "svg":
        return _svg(drawn, canvas)
    picture = _fields(drawn, canvas)
    out = io.BytesIO()
    match canvas.format:
        case "png":
            transparency = {"transparency": 0} if canvas.transparent else {}
            picture.save(out, "PNG", bits=1, compress_level=1, **transparency)
        case "gif":
            later = [_fields(drawn, canvas, frame) for frame in range(1, canvas.frames)]
            picture.save(out, "GIF", save_all=True, append_images=later, duration=canvas.frame_ms, loop=0)
        case "webp":
            if canvas.transparent:
                picture.info["transparency"] = 0
            picture = picture.convert("RGBA" if canvas.transparent else "RGB")
            picture.save(out, "WEBP", quality=canvas.compression, method=0)
        case _:
            picture.convert("RGB").save(out, "JPEG", quality=max(1, canvas.compression))
    return out.getvalue()


def drawn_in(data: bytes) -> Drawn:
    """Whose picture this is; ValueError if none of ours."""
    if named := re.search(rb'<svg [^>]*data-drawn="(\d+)"', data[:300]):
        return Drawn.from_bits(int(named[1]))
    with Image.open(io.BytesIO(data)) as picture:
        black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        light = Image.alpha_composite(black, picture.convert("RGBA")).convert("L").tobytes()
        width, height = picture.size
    columns, rows = _GRID
    middles = [
        (2 * row + 1) * height // (2 * rows) * width + (2 * column + 1) * width // (2 * columns)
        for row in range(rows)
        for column in range(columns)
    ]
    return Drawn.from_bits(int("".join("01"[light[middle] >= 128] for middle in middles), 2))


def number_in(data: bytes) -> int:
    """The index, in the double's `requests`, of the request that this picture answers."""
    return drawn_in(data).request


def big_png(size_bytes: int, *, seed: int = 0) -> bytes:
    """A valid PNG of at least `size_bytes`, noise that no compression makes smaller."""
    width = min(2048, max(1, size_bytes // 3))
    row = 1 + 3 * width
    height = -(-size_bytes // row)
    rows = bytearray(Random(seed).randbytes(row * height))
    rows[::row] = bytes(height)  # the filter of each row: none
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 0)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _fields(drawn: Drawn, canvas: Canvas, frame: int = 0) -> Image.Image:
    columns, rows = _GRID
    bits = [int(bit) for bit in f"{drawn.to_bits():0{columns * rows}b}"]
    lines = [
        b"".join(bytes([bit]) * (canvas.width // columns) for bit in bits[start : start + columns])
        for start in range(0, columns * rows, columns)
    ]
    pixels = b"".join(line * (canvas.height // rows) for line in lines)
    picture = Image.frombytes("P", (canvas.width, canvas.height), pixels)
    picture.putpalette((*_DARK, *_LIGHT))
    if frame:  # a mark that moves, or the encoder would merge equal frames
        picture.putpixel((frame, 0), 1 - bits[0])
    return picture


def _svg(drawn: Drawn, canvas: Canvas) -> bytes:
    size = f'width="{canvas.width}" height="{canvas.height}"'
    shape = "" if canvas.transparent else '<rect width="100%" height="100%" fill="#141824"/>'
    text = f'<svg xmlns="http://www.w3.org/2000/svg" data-drawn="{drawn.to_bits()}" {size}>{shape}</svg>'
    return text.encode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
