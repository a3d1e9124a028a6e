"""Pictures that become what the provider could not make: real ones, see-through ones, and broken ones."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image as Pillow
from structlog.testing import capture_logs

from service.domain.event import ImageReady, PartialImage, Progress
from service.domain.image import MEDIA_TYPES, Image, Picture, Traits
from service.domain.plan import Conversion
from service.engine.conversion import convert, converted
from service.raster import MOST_PIXELS, WRITABLE, UnreadableError, encode, rewritten

GREEN, NOTHING = (0, 200, 0), (200, 10, 10, 0)
INSIDE, OUTSIDE = (40, 8), (8, 8)


def see_through() -> Pillow.Image:
    """Green on the right, nothing on the left."""
    picture = Pillow.new("RGBA", (64, 16), NOTHING)
    picture.paste((*GREEN, 255), (32, 0, 64, 16))
    return picture


def picture(data: bytes, output_format: str = "png") -> Picture:
    traits = Traits("transparent", output_format, "low", "64x16")
    return Picture(data=data, media_type=MEDIA_TYPES[output_format], width=64, height=16, traits=traits)


def decoded(data: bytes) -> Pillow.Image:
    return Pillow.open(BytesIO(data))


def near(one: object, other: tuple[int, ...]) -> bool:
    return isinstance(one, tuple) and all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - a pixel


PNG = encode(see_through(), "png")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def announcing(width: int, height: int) -> bytes:
    """A PNG whose header says that it is so large."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return PNG[:12] + header + struct.pack(">I", zlib.crc32(header)) + PNG[33:]


@pytest.mark.parametrize("source", WRITABLE)
@pytest.mark.parametrize("wanted", WRITABLE)
async def test_every_format_becomes_every_other(source: str, wanted: str) -> None:
    """The picture is the same; its media type and its traits say what it is now."""
    made = await convert(picture(encode(see_through(), source), source), Conversion(wanted))
    shown = decoded(made.data)

    assert (shown.format, shown.size) == (wanted.upper(), (64, 16))
    assert near(shown.convert("RGB").getpixel(INSIDE), GREEN)
    assert made.media_type == MEDIA_TYPES[wanted]
    assert made.traits == Traits("transparent", wanted, "low", "64x16")


@pytest.mark.parametrize("wanted", ["webp", "gif"])
async def test_what_can_be_seen_through_stays_so(wanted: str) -> None:
    """Where the format can, it keeps what is not there."""
    shown = decoded((await convert(picture(PNG), Conversion(wanted))).data).convert("RGBA")

    assert shown.getpixel(OUTSIDE)[3] == 0  # pyright: ignore[reportOptionalSubscript, reportIndexIssue] - four bands
    assert near(shown.getpixel(INSIDE), (*GREEN, 255))


async def test_in_a_jpeg_what_is_not_there_is_white() -> None:
    """A JPEG has no transparency: what was behind is white, as on paper."""
    shown = decoded((await convert(picture(PNG), Conversion("jpeg"))).data)

    assert near(shown.getpixel(OUTSIDE), (255, 255, 255))
    assert near(shown.getpixel(INSIDE), GREEN)


async def test_compression_is_done() -> None:
    """Less quality is fewer bytes, also where the format is the wanted one already."""
    noise = Pillow.effect_noise((64, 64), 90).convert("RGB")
    for source in ("png", "jpeg"):
        came = picture(encode(noise, source), source)
        sizes = [len((await convert(came, Conversion("jpeg", quality, anew=True))).data) for quality in (5, 50, 95)]
        assert sizes == sorted(set(sizes))


async def test_what_is_as_wanted_stays_as_it_is() -> None:
    """Nothing is decoded where nothing is to be done."""
    came = picture(b"not even a picture")

    assert await convert(came, Conversion("png")) is came


BROKEN = {
    "no picture": b"not even a picture",
    "half a picture": PNG[:60],
    "too many pixels": announcing(8192, 8193),
    "far too many pixels": announcing(60_000, 60_000),
    "a drawing": SVG,
    "wider than a webp": encode(Pillow.new("RGB", (16_384, 1)), "png"),
    "grey of 16 bits": encode(Pillow.new("I;16", (4, 4), 40_000), "png"),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
async def test_what_cannot_be_read_is_given_out_as_it_came(data: bytes) -> None:
    """It is paid for: the caller has it unchanged, and the operator a line without any of it."""
    came = picture(data)
    with capture_logs() as lines:
        assert await convert(came, Conversion("webp")) is came

    (line,) = lines
    assert (line["event"], line["log_level"]) == ("picture not converted", "warning")
    assert (line["media_type"], line["output_format"], line["size_bytes"]) == ("image/png", "webp", len(data))
    assert not any(isinstance(value, bytes) for value in line.values())
    assert len(line["error"]) < 60


def test_the_largest_that_is_read() -> None:
    """What is not decoded is what would take more memory than anything that a model makes."""
    with pytest.raises(UnreadableError, match="8192x8193 pixels are too many"):
        rewritten(announcing(8192, 8193), "webp")
    assert MOST_PIXELS >= 8192 * 8192


async def test_events_are_converted() -> None:
    """Finished images and partial ones alike; progress has nothing to convert."""
    into, progress = Conversion("gif"), Progress(0, 50)
    ready = await converted(ImageReady(Image(index=1, picture=picture(PNG), seed=7)), into)
    partial = await converted(PartialImage(1, 2, picture(PNG)), into)

    assert isinstance(ready, ImageReady)
    assert (ready.image.index, ready.image.seed, ready.image.picture.media_type) == (1, 7, "image/gif")
    assert isinstance(partial, PartialImage)
    assert (partial.index, partial.partial, partial.picture.media_type) == (1, 2, "image/gif")
    assert await converted(progress, into) is progress
