"""Pictures that become what the provider could not make: real ones, see-through ones, and broken ones."""

from __future__ import annotations

import asyncio
import struct
import zlib
from io import BytesIO
from itertools import product

import pytest
from msgspec.structs import replace
from PIL import Image as Pillow
from structlog.testing import capture_logs

from service.domain.card import ModelCard
from service.domain.event import ImageReady, PartialImage, Progress
from service.domain.image import MEDIA_TYPES, Image, Picture, Traits
from service.domain.plan import Action, Change, Conversion, Step, Target
from service.domain.request import ImageRequest, Parameters
from service.engine.account import Account
from service.engine.backlog import BACKLOG
from service.engine.conversion import NO_TIME, convert, converted, truly
from service.raster import MOST_PIXELS, WRITABLE, UnreadableError, encode, rewritten
from tests.engine.test_darkroom import at_work

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


def later(seconds: float = 30) -> float:
    return asyncio.get_running_loop().time() + seconds


async def made_of(came: Picture, into: Conversion) -> Picture:
    return await convert(came, into, later())


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
    made = await made_of(picture(encode(see_through(), source), source), Conversion(wanted))
    shown = decoded(made.data)

    assert (shown.format, shown.size) == (wanted.upper(), (64, 16))
    assert near(shown.convert("RGB").getpixel(INSIDE), GREEN)
    assert made.media_type == MEDIA_TYPES[wanted]
    assert made.traits == Traits("opaque" if wanted == "jpeg" != source else "transparent", wanted, "low", "64x16")


@pytest.mark.parametrize("wanted", ["webp", "gif"])
async def test_what_can_be_seen_through_stays_so(wanted: str) -> None:
    """Where the format can, it keeps what is not there."""
    shown = decoded((await made_of(picture(PNG), Conversion(wanted))).data).convert("RGBA")

    assert shown.getpixel(OUTSIDE)[3] == 0  # pyright: ignore[reportOptionalSubscript, reportIndexIssue] - four bands
    assert near(shown.getpixel(INSIDE), (*GREEN, 255))


async def test_in_a_jpeg_what_is_not_there_is_white() -> None:
    """A JPEG has no transparency: what was behind is white, as on paper."""
    shown = decoded((await made_of(picture(PNG), Conversion("jpeg"))).data)

    assert near(shown.getpixel(OUTSIDE), (255, 255, 255))
    assert near(shown.getpixel(INSIDE), GREEN)


async def test_compression_is_done() -> None:
    """Less quality is fewer bytes, also where the format is the wanted one already."""
    noise = Pillow.effect_noise((64, 64), 90).convert("RGB")
    for source in ("png", "jpeg"):
        came = picture(encode(noise, source), source)
        sizes = [len((await made_of(came, Conversion("jpeg", quality, anew=True))).data) for quality in (5, 50, 95)]
        assert sizes == sorted(set(sizes))


async def test_what_is_as_wanted_stays_as_it_is() -> None:
    """Nothing is decoded where nothing is to be done."""
    came = picture(b"not even a picture")

    assert await made_of(came, Conversion("png")) is came


BROKEN = {
    "no picture": b"not even a picture",
    "half a picture": PNG[:60],
    "too many pixels": announcing(4096, 4097),
    "far too many pixels": announcing(60_000, 60_000),
    "a drawing": SVG,
    "wider than a webp": encode(Pillow.new("RGB", (16_384, 1)), "png"),
    "grey of 16 bits": encode(Pillow.new("I;16", (4, 4), 40_000), "png"),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
async def test_what_cannot_be_read_is_given_out_as_it_came(data: bytes) -> None:
    """It is paid for: the caller has it unchanged, with the reason, and the operator a line without any of it."""
    ready = ImageReady(Image(index=0, picture=picture(data)))
    with capture_logs() as lines:
        given = await converted(ready, Conversion("webp"), later())

    (line,) = lines
    assert (line["event"], line["log_level"]) == ("picture not converted", "warning")
    assert (line["media_type"], line["output_format"], line["size_bytes"]) == ("image/png", "webp", len(data))
    assert not any(isinstance(value, bytes) for value in line.values())
    assert len(line["error"]) < 60
    assert given == replace(ready, not_converted=line["error"])


async def test_when_the_time_is_over_it_is_given_out_as_it_came() -> None:
    """It is worth more than an answer without it."""
    ready = ImageReady(Image(index=0, picture=picture(PNG)))

    assert await converted(ready, Conversion("webp"), later(-1)) == replace(ready, not_converted=NO_TIME)


CHANGES = (
    Change("output_format", Action.APPLIED, "webp", note="made by the gateway"),
    Change("output_compression", Action.APPLIED, "60", note="made by the gateway"),
    Change("user", Action.APPLIED, "me"),
)


@pytest.mark.parametrize(
    ("missed", "note"),
    [
        (["it cannot be read"], "not converted: it cannot be read"),
        (["", "it cannot be read", ""], "1 of 3 images were not converted: it cannot be read"),
    ],
)
def test_what_was_not_made_was_not_applied(missed: list[str], note: str) -> None:
    """The format, and the compression with it, were dropped; the rest is as it was."""
    delivered = [ImageReady(Image(index=0, picture=picture(PNG)), not_converted=why) for why in missed]
    lost = tuple(Change(each.parameter, Action.DROPPED, each.asked, note=note) for each in CHANGES[:2])

    assert truly(CHANGES, Conversion("webp", 60), delivered) == (*lost, CHANGES[2])
    assert truly(CHANGES, Conversion("webp"), delivered) == (lost[0], *CHANGES[1:])


def test_what_was_made_was_applied() -> None:
    """Nothing is changed of what was said."""
    delivered = [ImageReady(Image(index=0, picture=picture(PNG)))]

    assert truly(CHANGES, Conversion("webp", 60), delivered) == truly(CHANGES, None, delivered) == CHANGES


@pytest.mark.parametrize(
    ("came", "told"), [(["webp", "webp"], "webp"), (["webp", "png"], ""), (["png", "png"], "png")], ids=str
)
def test_the_account_says_what_really_came(came: list[str], told: str) -> None:
    """The format of all images; where they differ none, for there is one word for all of them."""
    parameters = Parameters(n=2, output_format="webp")
    request = ImageRequest(model="north/model", prompt="a fox", parameters=parameters)
    step = Step(
        target=Target("north", "made up", "model"),
        request=request,
        card=ModelCard(parameters={}),
        changes=CHANGES[:1],
        conversion=Conversion("webp"),
    )
    account = Account(request, "r")
    account.speak_of(step)
    for index, each in enumerate(came):
        image = Image(index=index, picture=picture(PNG, each))
        account.deliver(ImageReady(image, not_converted="" if each == "webp" else "it cannot be read"))
    completed = account.completed()

    assert completed.traits.output_format == told
    assert completed.report.changes[0].action is (Action.APPLIED if told == "webp" else Action.DROPPED)


async def test_it_stands_upright() -> None:
    """A picture that lies on its side, and says so, is turned, and its sides are what they then are."""
    lying, turned = Pillow.new("RGB", (64, 16), GREEN), Pillow.Exif()
    turned[0x0112] = 6
    out = BytesIO()
    lying.save(out, "JPEG", exif=turned)
    made = await made_of(picture(out.getvalue(), "jpeg"), Conversion("png"))

    assert decoded(made.data).size == (made.width, made.height) == (16, 64)


async def test_what_waits_to_be_converted_weighs() -> None:
    """Until it is made, or nobody waits for it."""
    before, came = BACKLOG.size, picture(PNG)
    async with at_work(MOST_PIXELS):
        staying, leaving = (asyncio.create_task(made_of(came, Conversion("webp"))) for _ in range(2))
        await asyncio.sleep(0.01)
        assert BACKLOG.size - before == 2 * len(PNG)
        leaving.cancel()
        await asyncio.wait({leaving})
        assert BACKLOG.size - before == len(PNG)
    await staying

    assert BACKLOG.size == before


def test_what_is_too_grainy_for_haste_is_written_with_care() -> None:
    """Of so much grain the quickest method makes more than the format has room for."""
    grain, grainy = Pillow.effect_noise((512, 512), 20).convert("RGB"), Pillow.new("RGB", (4096, 4096))
    for left, top in product(range(0, 4096, 512), repeat=2):
        grainy.paste(grain, (left, top))

    assert decoded(encode(grainy, "webp")).size == grainy.size


def test_the_largest_that_is_read() -> None:
    """What is not decoded is what would take more memory than anything that a model makes."""
    with pytest.raises(UnreadableError, match="4096x4097 pixels are too many"):
        rewritten(announcing(4096, 4097), "webp")
    assert MOST_PIXELS >= 3840 * 2160


async def test_events_are_converted() -> None:
    """Finished images and partial ones alike; progress has nothing to convert."""
    into, progress = Conversion("gif"), Progress(0, 50)
    ready = await converted(ImageReady(Image(index=1, picture=picture(PNG), seed=7)), into, later())
    partial = await converted(PartialImage(1, 2, picture(PNG)), into, later())

    assert isinstance(ready, ImageReady)
    assert (ready.image.index, ready.image.seed, ready.image.picture.media_type) == (1, 7, "image/gif")
    assert isinstance(partial, PartialImage)
    assert (partial.index, partial.partial, partial.picture.media_type) == (1, 2, "image/gif")
    broken = PartialImage(1, 3, picture(b"not even a picture"))
    assert await converted(broken, into, later()) is broken
    assert await converted(progress, into, later()) is progress
