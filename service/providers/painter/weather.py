"""Weather between the viewer and the world: fog, rain, falling snow, lightning, wind."""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from math import sin

from PIL import Image, ImageDraw, ImageFilter

from .canvas import Point
from .colours import Colour, lighter, mix
from .texture import fractal, levels, product, slope
from .view import View


def fog(view: View, thick: float) -> None:
    """Drifting banks, densest at the foot of things."""
    chance = view.chance("fog")
    size = (320, max(32, round(320 * view.height / view.width)))
    colour = mix(view.palette.haze, (236, 240, 242), 0.35 * (1 - view.palette.darkness))
    for _ in range(view.some(1, 2, 3)):
        bank = levels(fractal(chance, size, (3, 9), 4, 0.55), 0.2, 0.95)
        middle = view.horizon / view.height
        band = Image.new("L", size)
        band.paste(slope((size[0], max(1, int(size[1] * middle))), 0.15, 0.95), (0, 0))
        rest = size[1] - int(size[1] * middle)
        band.paste(slope((size[0], max(1, rest)), 0.95, 0.2), (0, int(size[1] * middle)))
        view.canvas.veil(colour, product(bank, band).point([round(g * thick) for g in range(256)]))
    view.canvas.veil(colour, Image.new("L", (2, 2), round(255 * thick * 0.3)))


def rain(view: View) -> None:
    """Slanted streaks in two depths, and rings where the nearer drops land."""
    chance, canvas = view.chance("rain"), view.canvas
    slant = chance.choice((-1, 1)) * chance.uniform(0.08, 0.2) * (2.0 if view.scene.has("wind", "storm") else 1.0)
    colour = lighter(view.palette.sky[3], 0.25)
    area = view.width * view.height / view.short**2
    for depth, strength in ((0.5, 0.25), (1.0, 0.4)):
        streaks: list[list[Point]] = []
        for _ in range(round(view.some(120, 330, 520) * area * (1.3 - depth * 0.5))):
            x, y = chance.uniform(-0.1, 1.1) * view.width, chance.uniform(-0.1, 1.0) * view.height
            long = view.short * (0.022 + 0.045 * depth) * chance.uniform(0.6, 1.3)
            half = max(0.35, view.short * 0.0011 * depth)
            streaks.append(
                [(x - half, y), (x + half, y), (x + half + slant * long, y + long), (x - half + slant * long, y + long)]
            )
        canvas.fill(streaks, colour, strength)


def snowfall(view: View) -> None:
    """Flakes in three depths, the nearest soft and large."""
    chance, canvas = view.chance("snowfall"), view.canvas
    width = min(view.width, 1400)
    scale = width / view.width
    size = (width, max(1, round(view.height * scale)))
    area = view.width * view.height / view.short**2
    unit = view.short * scale
    for radius, number, blur, strength in (
        (0.0016, 420, 0.0, 200),
        (0.0032, 170, 0.0012, 225),
        (0.008, 24, 0.005, 170),
    ):
        flakes = Image.new("L", size)
        draw = ImageDraw.Draw(flakes)
        for _ in range(round(number * area * (0.5, 1.0, 1.25)[canvas.detail])):
            x, y = chance.random() * size[0], chance.random() * size[1]
            r = max(0.6, unit * radius * chance.uniform(0.6, 1.4))
            draw.ellipse((x - r, y - r, x + r, y + r), fill=round(strength * chance.uniform(0.6, 1.0)))
        canvas.veil(
            (252, 253, 255), flakes.filter(ImageFilter.GaussianBlur(blur * unit)) if blur and view.rich else flakes
        )


def lightning(view: View) -> None:
    """One bolt that forks on its way down, in a lit cloud."""
    chance, canvas = view.chance("lightning"), view.canvas
    x, y = view.width * chance.uniform(0.25, 0.75), view.horizon * 0.04
    canvas.glow(x, view.horizon * 0.15, view.short * 0.75, (190, 190, 255), 0.55)
    bolts: list[list[Point]] = []

    def fork(x: float, y: float, foot: float, thick: float, depth: int) -> None:
        lean = chance.uniform(-0.35, 0.35)
        left: list[Point] = []
        right: list[Point] = []
        steps = 14
        for step in range(steps + 1):
            half = thick * (1 - 0.75 * step / steps)
            left.append((x - half, y))
            right.append((x + half, y))
            if depth and 2 < step < steps - 3 and chance.random() < 0.22:
                fork(x, y, y + (foot - y) * chance.uniform(0.3, 0.6), thick * 0.5, depth - 1)
            move = (foot - y) / max(1, steps - step)
            x += move * (lean + chance.uniform(-1.1, 1.1))
            y += move * chance.uniform(0.75, 1.25)
        bolts.append([*left, *reversed(right)])

    fork(x, y, view.horizon, view.short * 0.0045, 2)
    canvas.soft(bolts, (206, 200, 255), view.short * 0.012, 0.9)
    canvas.fill(bolts, (255, 252, 255))


def wind(view: View) -> None:
    """Leaves or petals carried across the picture."""
    chance = view.chance("wind")
    tint: Colour = view.palette.bloom if view.scene.season in ("spring", None) else view.palette.foliage
    leaves: list[list[Point]] = []
    for _ in range(view.some(14, 34, 50)):
        x = chance.random() * view.width
        y = view.height * (0.25 + 0.6 * chance.random() + 0.06 * sin(x / view.width * 9))
        long, turn = view.short * chance.uniform(0.006, 0.014), chance.uniform(-0.8, 0.8)
        leaves.append(
            [(x - long, y - long * turn), (x, y - long * 0.5), (x + long, y + long * turn), (x, y + long * 0.45)]
        )
    view.canvas.fill(leaves, view.lit(tint), 0.95)
