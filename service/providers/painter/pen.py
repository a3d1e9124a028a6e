"""
Figures are drawn with a pen on a sheet of their own, in units of a hundredth of their height.

The sheet is drawn larger than needed and reduced, which makes every edge smooth; then it is lit as one thing.
"""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, hypot, radians, sin
from random import Random

from PIL import Image, ImageChops, ImageDraw

from .canvas import Point, Points
from .colours import Colour, darker, lighter, turned

LARGEST_SHEET = 2600  # pixels along the longer side of a sheet before it is reduced


class Pen:
    def __init__(
        self,
        width: float,
        height: float,
        chance: Random,
        colour: Colour | None,
        scale: float,
        pose: str | None,
        darkness: float,
    ) -> None:
        self.pose = pose
        self.darkness = darkness  # by how much lamps and windows are lit
        self.width = width
        self.height = height
        self.chance = chance
        self.asked = colour
        self.scale = scale
        self.sheet = Image.new("RGBA", (max(1, round(width * scale)), max(1, round(height * scale))))
        self.draw = ImageDraw.Draw(self.sheet)

    def tint(self, usual: Colour, *others: Colour) -> Colour:
        """The colour that was asked for, else one of the usual ones."""
        return self.asked or self.chance.choice((usual, *others))

    def shape(self, points: Points, colour: Colour) -> None:
        """A polygon with straight sides."""
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=colour)

    def blob(self, points: Points, colour: Colour) -> None:
        """A closed curve through the points."""
        self.shape(curve(points, closed=True), colour)

    def oval(self, x: float, y: float, across: float, down: float, colour: Colour, turn: float = 0.0) -> None:
        """An ellipse around its middle, turned clockwise by degrees."""
        if turn == 0:
            s = self.scale
            self.draw.ellipse(((x - across) * s, (y - down) * s, (x + across) * s, (y + down) * s), fill=colour)
            return
        c, s = cos(radians(turn)), sin(radians(turn))
        rim = [(cos(radians(a)) * across, sin(radians(a)) * down) for a in range(0, 360, 10)]
        self.shape([(x + u * c - v * s, y + u * s + v * c) for u, v in rim], colour)

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self.oval(x, y, radius, radius, colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, round_by: float = 0.0) -> None:
        s = self.scale
        corners = (left * s, top * s, max(left, right) * s, max(top, bottom) * s)
        self.draw.rounded_rectangle(corners, radius=round_by * s, fill=colour)

    def line(self, points: Points, width: float, colour: Colour, smooth: bool = True, taper: float = 1.0) -> None:
        """A line with round ends; `taper` is how wide its end is compared with its start."""
        path = curve(points) if smooth and len(points) > 2 else list(points)
        s, ends = self.scale, (width / 2, width / 2 * taper)
        if taper == 1.0:
            self.draw.line(
                [(x * s, y * s) for x, y in path], fill=colour, width=max(1, round(width * s)), joint="curve"
            )
        else:
            self.shape(_tapering(path, *ends), colour)
        self.dot(*path[0], ends[0], colour)
        self.dot(*path[-1], ends[1], colour)

    def arc(self, x: float, y: float, radius: float, start: float, end: float, width: float, colour: Colour) -> None:
        """Part of a circle's rim; angles in degrees, clockwise from the right."""
        s = self.scale
        corners = ((x - radius) * s, (y - radius) * s, (x + radius) * s, (y + radius) * s)
        self.draw.arc(corners, start, end, fill=colour, width=max(1, round(width * s)))

    def pie(self, x: float, y: float, across: float, down: float, start: float, end: float, colour: Colour) -> None:
        s = self.scale
        corners = ((x - across) * s, (y - down) * s, (x + across) * s, (y + down) * s)
        self.draw.pieslice(corners, start, end, fill=colour)

    def eyes(self, x: float, y: float, apart: float, size: float, colour: Colour = (30, 26, 34)) -> None:
        """Two eyes with a spark in each."""
        for side in (-1, 1):
            self.dot(x + side * apart, y, size, colour)
            self.dot(x + side * apart - size * 0.3, y - size * 0.35, size * 0.34, (255, 255, 255))

    def gradient(self, draw: Callable[[], None], light: Colour, dark: Colour, across: bool = False) -> None:
        """Whatever `draw` puts on the sheet is recoloured to run from light to dark, downwards or to the right."""
        below, self.sheet = self.sheet, Image.new("RGBA", self.sheet.size)
        self.draw = ImageDraw.Draw(self.sheet)
        draw()
        alpha = self.sheet.getchannel("A")
        extent = alpha.getbbox()
        if extent is not None:
            size = (extent[2] - extent[0], extent[3] - extent[1])
            ramp = Image.linear_gradient("L")
            ramp = (ramp.rotate(90) if across else ramp).resize(size)
            body = Image.composite(Image.new("RGB", size, dark), Image.new("RGB", size, light), ramp)
            below.paste(body, extent, alpha.crop(extent))
        self.sheet = below
        self.draw = ImageDraw.Draw(self.sheet)


@dataclass(frozen=True)
class Figure:
    """A noun that can be drawn: how, its proportions, its size as a share of the picture, and where it belongs."""

    draw: Callable[[Pen], None]
    aspect: float = 1.0
    size: float = 0.4
    place: str = "ground"  # ground, air, water, depths, or land: the middle distance
    habitat: str = "meadow"
    seat: float = 0.03  # how far below its top another figure sits on it
    base: float = 0.02  # how far above the sheet's lower edge the middle of its footprint is


def curve(points: Points, closed: bool = False, steps: int = 8) -> list[Point]:
    """A Catmull-Rom spline: a smooth path through every point."""
    if closed:
        knots: list[Point] = [points[-1], *points, points[0], points[1]]
    else:
        knots = [points[0], *points, points[-1]]
    path: list[Point] = []
    for index in range(1, len(knots) - 2):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = knots[index - 1 : index + 3]
        for step in range(steps):
            t = step / steps
            t2, t3 = t * t, t * t * t
            p, q = -t3 + 2 * t2 - t, 3 * t3 - 5 * t2 + 2
            r, s = -3 * t3 + 4 * t2 + t, t3 - t2
            path.append(((ax * p + bx * q + cx * r + dx * s) / 2, (ay * p + by * q + cy * r + dy * s) / 2))
    if not closed:
        path.append(points[-1])
    return path


def _tapering(path: list[Point], start: float, end: float) -> list[Point]:
    """The outline of a line whose half width runs from `start` to `end`."""
    left: list[Point] = []
    right: list[Point] = []
    for index, (x, y) in enumerate(path):
        (ax, ay), (bx, by) = path[max(0, index - 1)], path[min(len(path) - 1, index + 1)]
        long = hypot(bx - ax, by - ay) or 1.0
        half = start + (end - start) * index / max(1, len(path) - 1)
        dx, dy = -(by - ay) / long * half, (bx - ax) / long * half
        left.append((x + dx, y + dy))
        right.append((x - dx, y - dy))
    return [*left, *reversed(right)]


def mirrored(points: Sequence[Point], axis: float) -> list[Point]:
    """The points and, in reverse order, their reflections in a vertical axis: one half makes the whole."""
    return [*points, *((2 * axis - x, y) for x, y in reversed(points))]


def drawn(
    figure: Figure,
    height: float,
    chance: Random,
    colour: Colour | None,
    samples: int,
    pose: str | None,
    darkness: float,
) -> Image.Image:
    """The figure on a transparent sheet of the given height, smooth-edged."""
    height = max(4.0, height)
    wanted = height * samples / 100
    scale = min(wanted, LARGEST_SHEET / (100 * max(1.0, figure.aspect)))
    pen = Pen(100 * figure.aspect, 100, chance, colour, scale, pose, darkness)
    figure.draw(pen)
    size = (max(2, round(height * figure.aspect)), max(2, round(height)))
    if pen.sheet.size == size:
        return pen.sheet
    return pen.sheet.resize(size, Image.Resampling.BOX if pen.sheet.width > size[0] else Image.Resampling.BICUBIC)


def lit(
    sheet: Image.Image, ambient: Colour, light: Colour, from_left: bool, haze: Colour, distance: float, rim: float
) -> Image.Image:
    """The sheet in the light of the scene: coloured by it, shaded away from it, its edge caught, dimmed by distance."""
    alpha = sheet.getchannel("A")
    body = sheet.convert("RGB")
    size = body.size
    body = ImageChops.multiply(body, Image.new("RGB", size, ambient))
    shining = _shining(sheet)
    side = Image.linear_gradient("L").rotate(90 if from_left else 270).resize(size, Image.Resampling.BILINEAR)
    # Shade from the far side and from below, never by more than a third: flat shapes stay flat, but turn round.
    side = Image.blend(side, Image.linear_gradient("L").resize(size, Image.Resampling.BILINEAR), 0.5)
    body = Image.composite(
        Image.new("RGB", size, darker(ambient, 0.75)), body, side.point([g * 85 // 255 for g in range(256)])
    )
    if rim > 0:
        step = max(1, round(max(size) * 0.012))
        inner = Image.new("L", size)
        inner.paste(alpha, (step if from_left else -step, step))
        edge = ImageChops.subtract(alpha, inner)
        body.paste(light, (0, 0), edge.point([round(g * rim) for g in range(256)]))
    if distance > 0:
        body = Image.blend(body, Image.new("RGB", size, haze), distance)
    body.paste(sheet.convert("RGB"), (0, 0), shining)
    body.putalpha(alpha)
    return body


def _shining(sheet: Image.Image) -> Image.Image:
    """Where a figure shines by itself, lamps and flames: those alone are painted in full red with less blue."""
    red, _, blue, alpha = sheet.split()
    warm = ImageChops.subtract(red, blue).point([255 if value > 24 else 0 for value in range(256)])
    full = red.point([255 if value > 252 else 0 for value in range(256)])
    return ImageChops.multiply(ImageChops.multiply(warm, full), alpha)


def shades(colour: Colour) -> tuple[Colour, Colour, Colour]:
    """A light, the colour itself and a shadow."""
    return lighter(colour, 0.28), colour, darker(turned(colour, saturation=1.05), 0.3)
