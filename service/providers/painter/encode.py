"""A finished picture as bytes, and what a prompt counts for."""

import re
from io import BytesIO

from PIL import Image

BEST = 100


def encode(picture: Image.Image, media: str, compression: int | None = None) -> bytes:
    """
    The picture as "png", "jpeg", "webp" or "gif".

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
            picture.save(out, "JPEG", quality=max(1, min(95, quality)))
        case "webp":
            picture.save(out, "WEBP", quality=min(95, quality), method=2)
        case "gif":
            picture.quantize(255, Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG).save(out, "GIF")
        case _:
            raise ValueError(f"the painter cannot write {media!r}: png, jpeg, webp and gif are known")
    return out.getvalue()


def words(prompt: str) -> int:
    """About as many tokens as a language model would count: one per four letters of a word, one per other sign."""
    return sum((len(word) + 3) // 4 if word.isalnum() else 1 for word in re.findall(r"[^\W_]+|[^\w\s]|_", prompt))
