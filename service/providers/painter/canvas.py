"""The picture being painted: smooth-edged shapes, soft shadows, glows and veils, laid over one image in place."""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from collections.abc import Iterable, Sequence
from enum import IntEnum
from math import floor

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .colours import Colour
from .texture import coloured, faded, halo, levels, product, slope, vertical

Point = tuple[float, float]
Points = Sequence[Point]
Box = tuple[int, int, int, int]
Paint = Colour | tuple[Colour, ...]  # one colour, or a gradient from top to bottom

LARGE = 2_500_000  # pixels from which two samples per pixel are enough, whatever the quality
SOFT_EDGE = 420  # blurred things are made at most this large and then enlarged: nobody can tell


def quad(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


class Detail(IntEnum):
    LOW = 0
    MEDIUM = 1
    HIGH = 2


class Canvas:
    def __init__(self, width: int, height: int, detail: Detail) -> None:
        self.image = Image.new("RGB", (width, height))
        self.width = width
        self.height = height
        self.short = min(width, height)
        self.detail = detail
        self.samples = 1 if detail is Detail.LOW else 3 if detail is Detail.HIGH and width * height < LARGE else 2

    @property
    def box(self) -> Box:
        return (0, 0, self.width, self.height)

    def clipped(self, left: float, top: float, right: float, bottom: float) -> Box | None:
        """The whole pixels of a rectangle that lie on the canvas; None when there are none."""
        box = (
            max(0, int(left)),
            max(0, int(top)),
            min(self.width, int(right) + 1),
            min(self.height, int(bottom) + 1),
        )
        return box if box[0] < box[2] and box[1] < box[3] else None

    def outline(self, shapes: Iterable[Points]) -> tuple[Box, Image.Image] | None:
        """The smooth-edged mask of some polygons and the box it belongs to."""
        polygons = [list(shape) for shape in shapes if len(shape) > 2]
        if not polygons:
            return None
        across = [x for polygon in polygons for x, _ in polygon]
        down = [y for polygon in polygons for _, y in polygon]
        box = self.clipped(min(across), min(down), max(across), max(down))
        if box is None:
            return None
        left, top, right, bottom = box
        scale = self.samples
        mask = Image.new("L", ((right - left) * scale, (bottom - top) * scale))
        draw = ImageDraw.Draw(mask)
        for polygon in polygons:
            draw.polygon([((x - left) * scale, (y - top) * scale) for x, y in polygon], fill=255)
        return box, mask.reduce(scale) if scale > 1 else mask

    def fill(
        self,
        shapes: Iterable[Points],
        paint: Paint,
        opacity: float = 1.0,
        texture: Image.Image | None = None,
        fade: tuple[float, float] | None = None,
    ) -> None:
        """Paint polygons. `texture` thins the paint where it is dark; `fade` is the opacity at top and bottom."""
        outlined = self.outline(shapes)
        if outlined is None:
            return
        box, mask = outlined
        if texture is not None:
            mask = product(mask, texture.resize(mask.size, Image.Resampling.BICUBIC))
        if fade is not None:
            mask = product(mask, slope(mask.size, *fade))
        self.cover(box, paint, faded(mask, opacity))

    def cover(self, box: Box, paint: Paint, mask: Image.Image | None = None) -> None:
        """Lay a colour or a gradient over a box, through a mask of the same size."""
        size = (box[2] - box[0], box[3] - box[1])
        if isinstance(paint[0], int):
            self.image.paste(paint, box, mask)  # pyright: ignore[reportArgumentType] - a Colour, as just seen
        else:
            self.image.paste(vertical(size, paint), box, mask)  # pyright: ignore[reportArgumentType] - a Gradient, the only other

    def veil(self, paint: Paint, mask: Image.Image, box: Box | None = None) -> None:
        """A colour over the box (the whole canvas by default) through a mask of any size, enlarged smoothly."""
        box = box or self.box
        size = (box[2] - box[0], box[3] - box[1])
        if mask.size != size:
            mask = mask.resize(size, Image.Resampling.BICUBIC)
        self.cover(box, paint, mask)

    def mist(self, top: float, bottom: float, colour: Colour, above: float, below: float) -> None:
        """A band of mist whose density runs from `above` to `below`, both 0 to 1."""
        box = self.clipped(0, top, self.width, bottom)
        if box is not None:
            self.cover(box, colour, slope((box[2] - box[0], box[3] - box[1]), above, below))

    def bank(self, top: float, bottom: float, colour: Colour, density: float) -> None:
        """A bank of mist, densest in its middle."""
        self.mist(top, (top + bottom) / 2, colour, 0.0, density)
        self.mist(int((top + bottom) / 2) + 1, bottom, colour, density, 0.0)

    def soft(self, shapes: Iterable[Points], colour: Colour, blur: float, opacity: float) -> None:
        """Blurred polygons: shadows, beams, mist. Made small, because blurred things lose nothing by it."""
        polygons = [list(shape) for shape in shapes]
        across = [x for polygon in polygons for x, _ in polygon]
        down = [y for polygon in polygons for _, y in polygon]
        margin = blur * 2
        box = self.clipped(min(across) - margin, min(down) - margin, max(across) + margin, max(down) + margin)
        if box is None:
            return
        left, top, right, bottom = box
        scale = min(1.0, SOFT_EDGE / max(right - left, bottom - top))
        mask = Image.new("L", (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))))
        draw = ImageDraw.Draw(mask)
        for polygon in polygons:
            draw.polygon([((x - left) * scale, (y - top) * scale) for x, y in polygon], fill=round(255 * opacity))
        self.veil(colour, mask.filter(ImageFilter.GaussianBlur(blur * scale)), box)

    def glow(
        self, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0, power: float = 2.0
    ) -> None:
        """Light added around a point."""
        self.ellipse_glow(x, y, radius, radius, colour, strength, power)

    def ellipse_glow(
        self, x: float, y: float, across: float, down: float, colour: Colour, strength: float = 1.0, power: float = 2.0
    ) -> None:
        whole = (floor(x - across), floor(y - down), floor(x + across) + 1, floor(y + down) + 1)
        box = self.clipped(*whole)
        if box is None:
            return
        size = (box[2] - box[0], box[3] - box[1])
        # The visible part of a halo is cut from its small original, so that a huge sun costs no huge image.
        width, height = whole[2] - whole[0], whole[3] - whole[1]
        edges = (
            (box[0] - whole[0]) * 256 / width,
            (box[1] - whole[1]) * 256 / height,
            min(256.0, (box[2] - whole[0]) * 256 / width),
            min(256.0, (box[3] - whole[1]) * 256 / height),
        )
        light = halo((256, 256), power, strength).resize(size, Image.Resampling.BICUBIC, box=edges)
        self.image.paste(ImageChops.screen(self.image.crop(box), coloured(light, colour)), box)

    def disc(self, x: float, y: float, radius: float, paint: Paint, opacity: float = 1.0) -> None:
        self.oval(x, y, radius, radius, paint, opacity)

    def oval(self, x: float, y: float, across: float, down: float, paint: Paint, opacity: float = 1.0) -> None:
        box = self.clipped(x - across, y - down, x + across, y + down)
        if box is None:
            return
        scale = max(2, self.samples)
        left, top = box[0], box[1]
        mask = Image.new("L", ((box[2] - left) * scale, (box[3] - top) * scale))
        corners = [(x - across - left) * scale, (y - down - top) * scale]
        corners += [(x + across - left) * scale, (y + down - top) * scale]
        ImageDraw.Draw(mask).ellipse(corners, fill=255)
        self.cover(box, paint, faded(mask.reduce(scale), opacity))

    def darken(self, mask: Image.Image, low: float, high: float, amount: float) -> None:
        """Multiply the whole canvas by greys: where the mask is black it loses `amount` of its light."""
        shade = levels(mask, low, high).point([round(255 * (1 - amount) + grey * amount) for grey in range(256)])
        shade = shade.resize(self.image.size, Image.Resampling.BICUBIC)
        self.image = ImageChops.multiply(self.image, Image.merge("RGB", (shade, shade, shade)))
