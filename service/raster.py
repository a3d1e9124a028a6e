"""Pictures of pixels as bytes: written by whoever has one, and rewritten in another format. Slow: never on the loop."""

from __future__ import annotations

from functools import partial
from io import BytesIO

from msgspec import Struct
from PIL import Image, ImageOps

WRITABLE = ("png", "jpeg", "webp", "gif")
COMPRESSED = frozenset({"jpeg", "webp"})
"""Those whose quality can be chosen."""
TRANSPARENT = frozenset({"png", "webp", "gif"})
"""Those that can be seen through."""

BEST = 100
MOST_PIXELS = 4096 * 4096
"""What is larger is not decoded: to write it as webp takes some thirty bytes for each, and seconds of a core."""
_MANY_PIXELS = 2048 * 2048
"""From here on a webp is written in haste: a quarter sooner, an eighth larger."""
_COLOURS = 255
_WHITE = (255, 255, 255, 255)
_DEEP = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
"""Grey with more than eight bits, which Pillow cuts off where it should scale."""

Image.MAX_IMAGE_PIXELS = None  # its own limit would hold for headers, too; who decodes a picture counts for itself


def opened(data: bytes) -> Image.Image:
    """A picture in one of the formats, its header read and nothing decoded. Raises whatever its codec likes."""
    return Image.open(BytesIO(data), formats=[each.upper() for each in WRITABLE])


def encode(picture: Image.Image, media: str, compression: int | None = None, *, draft: bool = False) -> bytes:
    """
    The picture, RGB or RGBA, as "png", "jpeg", "webp" or "gif"; what can be seen through is white in a JPEG.

    `compression` is OpenAI's output_compression, 0 to 100, where 100 is the best quality; PNG and GIF ignore it.
    A draft is looked at for a moment: it costs less to make.
    """
    quality = BEST if compression is None else min(BEST, max(0, compression))
    out = BytesIO()
    match media:
        case "png":
            # Level 1: the default is four times slower and saves a tenth.
            picture.save(out, "PNG", compress_level=1)
        case "jpeg":
            # Pillow's 100 switches chroma subsampling off and triples the file for nothing one can see.
            _on_white(picture).save(out, "JPEG", quality=max(1, min(95, quality)))
        case "webp":
            save = partial(picture.save, out, "WEBP", quality=min(95, quality))
            in_haste = draft or picture.width * picture.height > _MANY_PIXELS
            try:
                save(method=0 if in_haste else 2)
            except ValueError:  # so much grain that what haste makes of it does not fit into the format
                if not in_haste:
                    raise
                save(method=2)
        case "gif" if picture.mode == "RGBA":
            picture.save(out, "GIF")  # Pillow finds the colours, and one that stands for none
        case "gif":
            dither = Image.Dither.NONE if draft else Image.Dither.FLOYDSTEINBERG
            picture.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=dither).save(out, "GIF")
        case _:
            raise ValueError(f"{media!r} cannot be written: png, jpeg, webp and gif are known")
    return out.getvalue()


class UnreadableError(ValueError):
    """A picture that cannot, or should not, be decoded; or that the wanted format has no room for."""


class Rewritten(Struct, frozen=True):
    data: bytes
    width: int
    height: int


def rewritten(data: bytes, media: str, compression: int | None = None, *, draft: bool = False) -> Rewritten:
    """A picture of any of the formats as another, upright, the first frame of several. Raises UnreadableError."""
    plain = _decoded(data)
    try:
        return Rewritten(encode(plain, media, compression, draft=draft), plain.width, plain.height)
    except Exception as error:  # codecs raise what they like over what is too wide for them
        raise UnreadableError(f"it cannot be written as {media}") from error


def _decoded(data: bytes) -> Image.Image:
    try:
        with opened(data) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UnreadableError(f"{picture.width}x{picture.height} pixels are too many")
            if picture.mode in _DEEP:
                raise UnreadableError("it has more than eight bits of grey")
            ImageOps.exif_transpose(picture, in_place=True)
            return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except UnreadableError:
        raise
    except Exception as error:  # codecs raise what they like over what is broken
        raise UnreadableError("it cannot be read") from error


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, _WHITE), picture).convert("RGB")
