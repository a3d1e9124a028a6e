"""For words that name nothing: patterns, one of several kinds, in a few colours that go together."""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from collections.abc import Callable
from colorsys import hls_to_rgb
from math import cos, pi, sin
from random import Random

from PIL import ImageChops

from .canvas import Point
from .colours import Colour, darker, lighter, mix
from .texture import fractal, levels
from .view import View

GOLDEN = 2.399963  # the angle by which a sunflower sets its next seed

SETS: tuple[tuple[Colour, ...], ...] = (
    ((18, 36, 64), (36, 92, 120), (86, 160, 156), (238, 214, 166), (232, 126, 88)),
    ((44, 26, 56), (112, 44, 92), (206, 84, 96), (246, 164, 112), (252, 226, 178)),
    ((22, 48, 44), (48, 104, 82), (138, 168, 104), (236, 222, 172), (216, 136, 74)),
    ((28, 28, 52), (66, 74, 142), (124, 138, 206), (222, 206, 232), (250, 178, 150)),
    ((52, 34, 32), (140, 70, 52), (214, 132, 78), (240, 206, 148), (108, 150, 150)),
    ((12, 26, 46), (28, 74, 110), (72, 148, 186), (186, 224, 230), (250, 200, 92)),
    ((60, 22, 46), (150, 36, 74), (236, 96, 90), (250, 190, 140), (70, 110, 130)),
)


def colours_of(view: View, chance: Random) -> list[Colour]:
    """Five inks from dark to light: a tried set, or a family around the colours that were named."""
    said = view.scene.accents
    if said:
        first, last = said[0], said[-1]
        return [darker(first, 0.7), darker(first, 0.3), first, lighter(mix(first, last, 0.5), 0.3), lighter(last, 0.7)]
    if chance.random() < 0.4:
        hue, step = chance.random(), chance.choice((0.06, 0.1, 0.42))
        made: list[Colour] = []
        for n, light in enumerate((0.14, 0.3, 0.48, 0.66, 0.86)):
            r, g, b = hls_to_rgb((hue + step * n) % 1, light, 0.5)
            made.append((round(r * 255), round(g * 255), round(b * 255)))
        return made
    return list(chance.choice(SETS))


def _inks(view: View) -> tuple[list[Colour], Random]:
    chance = view.chance("pattern")
    return colours_of(view, chance), chance


def ground(view: View) -> None:
    inks, chance = _inks(view)
    down = (inks[0], mix(inks[0], inks[1], 0.7), inks[1])
    if chance.random() < 0.4:
        down = (lighter(inks[4], 0.4), inks[4], mix(inks[4], inks[3], 0.5))
    view.canvas.cover(view.canvas.box, down)


def motif(part: int, parts: int) -> Callable[[View], None]:
    """One share of the pattern, so that it too can be watched growing."""

    def layer(view: View) -> None:
        inks, _ = _inks(view)
        kinds = (ribbons, sunflower, arcs, mountains_of_noise, orbits, mosaic)
        kind = kinds[view.chance("kind of pattern").randrange(len(kinds))]
        kind(view, inks, part, parts)

    return layer


def ribbons(view: View, inks: list[Colour], part: int, parts: int) -> None:
    """Waves laid over one another from top to bottom."""
    count = view.some(9, 16, 22)
    spread = view.chance("spread").uniform(0.5, 1.3)
    for number in range(count * part // parts, count * (part + 1) // parts):
        chance = view.chance(f"ribbon {number}")
        at = number / (count - 1)
        phase, turns = chance.uniform(0, 2 * pi), spread * chance.uniform(0.7, 1.2) * max(1, view.width / view.height)
        top: list[Point] = []
        for k in range(81):
            x = k / 80
            y = view.height * (-0.02 + 1.0 * at) + view.short * 0.09 * (
                sin(phase + x * turns * 2 * pi) + 0.5 * sin(phase * 3 + x * turns * 5)
            )
            top.append((x * view.width, y))
        ink = _between(inks, at)
        body = [*top, (view.width, view.height), (0, view.height)]
        view.canvas.soft([[(x, y - view.short * 0.004) for x, y in body]], (10, 10, 26), view.short * 0.018, 0.45)
        view.canvas.fill([body], (lighter(ink, 0.2), ink, darker(ink, 0.25)))


def _between(inks: list[Colour], at: float) -> Colour:
    place = at * (len(inks) - 1)
    low = min(len(inks) - 2, int(place))
    return mix(inks[low], inks[low + 1], place - low)


def sunflower(view: View, inks: list[Colour], part: int, parts: int) -> None:
    """Seeds set by the golden angle, growing outwards."""
    chance = view.chance("sunflower")
    x, y = view.width * chance.uniform(0.35, 0.65), view.height * chance.uniform(0.35, 0.65)
    count = view.some(320, 620, 900)
    reach = (view.width**2 + view.height**2) ** 0.5 * 0.58
    petals = chance.choice((0, 3, 5))
    for tint in range(4):
        seeds: list[list[Point]] = []
        for n in range(1 + count * part // parts, count * (part + 1) // parts):
            if n % 4 != tint:
                continue
            turn, far = n * GOLDEN, reach * (n / count) ** 0.55
            size = reach * 0.03 * (0.35 + 0.9 * (n / count) ** 0.5) * (1 + 0.35 * cos(petals * turn) if petals else 1)
            cx, cy = x + far * cos(turn), y + far * sin(turn)
            seeds.append([(cx + size * cos(a / 14 * 2 * pi), cy + size * sin(a / 14 * 2 * pi)) for a in range(14)])
        view.canvas.fill(seeds, (lighter(inks[tint + 1], 0.1), darker(inks[tint + 1], 0.12)), 0.92)


def arcs(view: View, inks: list[Colour], part: int, parts: int) -> None:
    """Quarter circles in a grid, turned by chance: a quilt."""
    chance = view.chance("arcs")
    cell = view.short / chance.choice((4, 5, 6))
    columns, rows = int(view.width / cell) + 1, int(view.height / cell) + 1
    left, top = (view.width - columns * cell) / 2, (view.height - rows * cell) / 2
    for index in range(columns * rows):
        kind, corner = chance.randrange(5), chance.randrange(4)
        a, b, c = chance.sample(inks, 3)
        if not columns * rows * part // parts <= index < columns * rows * (part + 1) // parts:
            continue
        x, y = left + index % columns * cell, top + index // columns * cell
        view.canvas.fill([[(x, y), (x + cell, y), (x + cell, y + cell), (x, y + cell)]], a)
        cx, cy = x + (corner % 2) * cell, y + (corner // 2) * cell
        start = {0: 0.0, 1: 0.5, 3: 1.0, 2: 1.5}[corner] * pi
        if kind == 4:
            for radius, ink in ((0.44, b), (0.26, c), (0.1, a)):
                view.canvas.disc(x + cell / 2, y + cell / 2, cell * radius, ink)
            continue
        for ring, radius in enumerate((1.0, 0.66, 0.33)[: kind + 1]):
            fan = [
                (cx, cy),
                *(
                    (
                        cx + cell * radius * cos(start + k / 16 * pi / 2),
                        cy + cell * radius * sin(start + k / 16 * pi / 2),
                    )
                    for k in range(17)
                ),
            ]
            view.canvas.fill([fan], (b, c, a)[ring])


def mountains_of_noise(view: View, inks: list[Colour], part: int, parts: int) -> None:
    """Marble: contour bands of one soft noise, with fine lines between."""
    chance = view.chance("marble")
    width = min(900, max(64, view.width))
    size = (width, max(8, round(width * view.height / view.width)))
    lumps = max(2, round(2.4 * view.width / view.short)), max(2, round(2.4 * view.height / view.short))
    noise = fractal(chance, size, lumps, 3, 0.32)
    bands = 15
    for band in range(bands * part // parts, bands * (part + 1) // parts):
        low = band / bands
        shape = levels(noise, low, low + 0.012)
        view.canvas.veil(_between(inks, low), shape)
        line = ImageChops.difference(levels(noise, low, low + 0.008), levels(noise, low + 0.004, low + 0.014))
        view.canvas.veil(lighter(_between(inks, low), 0.45), line.point([g * 150 // 255 for g in range(256)]))


def orbits(view: View, inks: list[Colour], part: int, parts: int) -> None:
    """Translucent discs and thin rings that overlap."""
    chance = view.chance("orbits")
    count = view.some(14, 24, 36)
    for number in range(count):
        x, y = view.width * chance.uniform(-0.05, 1.05), view.height * chance.uniform(-0.05, 1.05)
        radius = view.short * (0.42 * (1 - number / count) ** 1.4 + 0.03) * chance.uniform(0.7, 1.2)
        ink, ringed = chance.choice(inks[1:]), chance.random() < 0.35
        if not count * part // parts <= number < count * (part + 1) // parts:
            continue
        if ringed:
            rim = [(x + radius * cos(a / 60 * 2 * pi), y + radius * sin(a / 60 * 2 * pi)) for a in range(61)]
            hole = [
                (x + radius * 0.93 * cos(a / 60 * 2 * pi), y + radius * 0.93 * sin(a / 60 * 2 * pi))
                for a in range(60, -1, -1)
            ]
            view.canvas.fill([[*rim, *hole]], ink, 0.85)
        else:
            view.canvas.disc(x, y, radius, (lighter(ink, 0.15), darker(ink, 0.2)), 0.72)


def mosaic(view: View, inks: list[Colour], part: int, parts: int) -> None:
    """Triangles over a bent grid, coloured by a slow noise and shaded one by one."""
    chance = view.chance("mosaic")
    cell = view.short / view.some(8, 12, 16)
    columns, rows = int(view.width / cell) + 3, int(view.height / cell) + 3
    knots = [
        [
            ((i - 1 + chance.uniform(-0.36, 0.36)) * cell, (j - 1 + chance.uniform(-0.36, 0.36)) * cell)
            for i in range(columns)
        ]
        for j in range(rows)
    ]
    slow = fractal(chance, (columns, rows), (3, 3), 2)
    shades = [chance.uniform(-0.16, 0.16) for _ in range(columns * rows * 2)]
    for j in range((rows - 1) * part // parts, (rows - 1) * (part + 1) // parts):
        for i in range(columns - 1):
            value = slow.getpixel((i, j))
            at = value / 255 if isinstance(value, (int, float)) else 0.5
            a, b, c, d = knots[j][i], knots[j][i + 1], knots[j + 1][i + 1], knots[j + 1][i]
            for half, triangle in enumerate(([a, b, c], [a, c, d])):
                shade = shades[(j * columns + i) * 2 + half]
                ink = _between(inks, min(1.0, max(0.0, at + shade * 0.6)))
                grown = [
                    (x + (0.5 if x >= a[0] + cell / 2 else -0.5), y + (0.5 if y >= a[1] + cell / 2 else -0.5))
                    for x, y in triangle
                ]
                view.canvas.fill([grown], lighter(ink, shade) if shade > 0 else darker(ink, -shade))
