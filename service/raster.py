"""Pictures of pixels as bytes: written by whoever has one, and rewritten in another format. Slow: for `offload`."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

WRITABLE = ("png", "jpeg", "webp", "gif")
"""What can be written."""
COMPRESSED = frozenset({"jpeg", "webp"})
"""Those whose quality can be chosen."""
TRANSPARENT = frozenset({"png", "webp", "gif"})
"""Those that can be seen through."""

BEST = 100
MOST_PIXELS = 8192 * 8192
"""What is larger is not decoded: each of them takes four bytes, more than once."""
_COLOURS = 255
_WHITE = (255, 255, 255, 255)
_DEEP = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
"""Grey with more than eight bits, which Pillow cuts off where it should scale."""


def encode(picture: Image.Image, media: str, compression: int | None = None) -> bytes:
    """
    The picture, RGB or RGBA, as "png", "jpeg", "webp" or "gif"; what can be seen through is white in a JPEG.

    `compression` is OpenAI's output_compression, 0 to 100, where 100 is the best quality; PNG and GIF ignore it.
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
            picture.save(out, "WEBP", quality=min(95, quality), method=2)
        case "gif" if picture.mode == "RGBA":
            picture.save(out, "GIF")  # Pillow finds the colours, and one that stands for none
        case "gif":
            picture.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG).save(out, "GIF")
        case _:
            raise ValueError(f"{media!r} cannot be written: png, jpeg, webp and gif are known")
    return out.getvalue()


class UnreadableError(ValueError):
    """A picture that cannot, or should not, be decoded; or that the wanted format has no room for."""


def rewritten(data: bytes, media: str, compression: int | None = None) -> bytes:
    """A picture of any of the formats as another, the first frame of several. Raises UnreadableError."""
    try:
        with Image.open(BytesIO(data), formats=[each.upper() for each in WRITABLE]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UnreadableError(f"{picture.width}x{picture.height} pixels are too many")
            if picture.mode in _DEEP:
                raise UnreadableError("it has more than eight bits of grey")
            plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
            return encode(plain, media, compression)
    except UnreadableError:
        raise
    except Exception as error:  # codecs raise what they like over what is broken, or too wide
        raise UnreadableError(type(error).__name__) from None


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, _WHITE), picture).convert("RGB")
