"""Land, from far to near: mountain ranges, hills, dunes, fields, cliffs and islands, each paler the further away."""

from itertools import pairwise
from math import pi, sin
from random import Random

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, mix
from .texture import fractal, levels
from .view import View

SNOW: Colour = (244, 248, 255)


def jagged(chance: Random, knots: int, roughness: float) -> list[float]:
    """Heights from 0 to 1 by midpoint displacement: peaks and saddles."""
    heights = [chance.uniform(0.0, 0.5), chance.uniform(0.5, 1.0), chance.uniform(0.0, 0.5)]
    swing = 0.42
    while len(heights) < knots:
        filled: list[float] = []
        for left, right in pairwise(heights):
            filled += [left, (left + right) / 2 + chance.uniform(-swing, swing)]
        heights = [*filled, heights[-1]]
        swing *= roughness
    low, high = min(heights), max(heights)
    return [(height - low) / (high - low) for height in heights]


def rolling(chance: Random, width: int, waves: float) -> list[float]:
    """Gentle heights from 0 to 1: a few long waves on each other."""
    parts = [(chance.uniform(0, 2 * pi), waves * chance.uniform(0.6, 1.2) * 1.9**n, 0.5**n) for n in range(3)]
    heights = [
        sum(part * sin(phase + x / width * turns * 2 * pi) for phase, turns, part in parts) for x in range(width + 1)
    ]
    low, high = min(heights), max(heights)
    return [(height - low) / max(high - low, 0.001) for height in heights]


def mountains(view: View, base: float) -> None:
    """Ranges behind one another. Each peak has a lit and a shadowed flank, and snow above a wandering line."""
    layers = 2 if view.plain else view.some(2, 3, 4)
    for layer in range(layers):
        chance = view.chance(f"range {layer}")
        near = layer / max(1, layers - 1)
        distance = 0.66 - 0.48 * near
        reach = min(view.horizon * 0.82, view.short * 0.62) * (1.0 - 0.42 * near) * chance.uniform(0.8, 1.05)
        heights = jagged(chance, view.some(33, 65, 129) if near < 0.9 else view.some(33, 65, 65), 0.52)
        step = view.width / (len(heights) - 1)
        floor = base + view.short * 0.02
        ridge = [(i * step, floor - reach * (0.1 + 0.9 * height**1.25)) for i, height in enumerate(heights)]
        body = [(0.0, floor), *ridge, (float(view.width), floor)]
        said = view.scene.colours.get("mountains")
        rock = view.away(said or mix(view.palette.far, view.palette.foliage, 0.35 * near), distance)
        lower = mix(rock, view.palette.haze, 0.55)
        view.canvas.fill([body], (rock, rock, lower))
        peaks = _peaks(ridge, reach * 0.12)
        flanks = [_flank(chance, ridge, peak, floor, view.from_left) for peak in peaks]
        view.canvas.fill(flanks, (darker(rock, 0.32), darker(rock, 0.22), lower), 0.75)
        if view.rich and not view.plain:
            rough = fractal(chance, (480, 160), (60, 9), 4, 0.6)
            view.canvas.fill([body], darker(rock, 0.35), 0.3, levels(rough, 0.4, 0.95), fade=(1.0, 0.1))
        if near < 0.7 or view.winter:
            snow = view.away(SNOW, distance * 0.55)
            depth = 0.72 if view.winter else 0.34
            caps = [_cap(chance, ridge, peak, floor - reach, reach, depth) for peak in peaks]
            view.canvas.fill(caps, (snow, snow, mix(snow, rock, 0.35)), 0.94)
            shaded = [_cap(chance, ridge, peak, floor - reach, reach, depth, view.from_left) for peak in peaks]
            view.canvas.fill(shaded, mix(mix(snow, rock, 0.4), (120, 140, 190), 0.25), 0.75)
        if layer < layers - 1:
            view.canvas.mist(floor - reach * 0.45, floor, view.palette.haze, 0.0, 0.5)


def _peaks(ridge: list[Point], least: float) -> list[int]:
    """The points that stand above their surroundings."""
    found: list[int] = []
    for i in range(1, len(ridge) - 1):
        y = ridge[i][1]
        if y > ridge[i - 1][1] or y > ridge[i + 1][1]:
            continue
        around = [ridge[j][1] for j in range(max(0, i - 5), min(len(ridge), i + 6))]
        if y <= min(around) and max(around) - y > least:
            found.append(i)
    return found


def _flank(chance: Random, ridge: list[Point], peak: int, floor: float, light_left: bool) -> list[Point]:
    """The side that the light does not reach: down the ridge away from it, and back up a zigzag below the peak."""
    step = 1 if light_left else -1
    outline = [ridge[peak]]
    i = peak
    while 0 < i + step < len(ridge) - 1 and ridge[i + step][1] >= ridge[i][1] - 4:
        i += step
        outline.append(ridge[i])
    x, y = ridge[peak]
    foot = floor - (floor - y) * 0.12
    outline.append((x + step * (floor - y) * 0.3, foot))
    zigzag = [
        (x + step * (floor - y) * (0.05 * k + chance.uniform(-0.06, 0.08)), y + (foot - y) * k / 5)
        for k in range(5, 0, -1)
    ]
    return [*outline, *zigzag]


def _cap(
    chance: Random,
    ridge: list[Point],
    peak: int,
    top: float,
    reach: float,
    depth: float,
    shade_left: bool | None = None,
) -> list[Point]:
    """Snow from a peak down to a jagged line; with `shade_left`, only its shadowed half."""
    line = top + reach * depth * chance.uniform(0.85, 1.1)
    left = right = peak
    while left > 0 and ridge[left - 1][1] < line and ridge[left - 1][1] >= ridge[left][1] - reach * 0.03:
        left -= 1
    while (
        right < len(ridge) - 1 and ridge[right + 1][1] < line and ridge[right + 1][1] >= ridge[right][1] - reach * 0.03
    ):
        right += 1
    if left == right or ridge[peak][1] > line:
        return []
    if shade_left is True:
        left = peak
    elif shade_left is False:
        right = peak
    outline = ridge[left : right + 1]
    (x0, y0), (x1, y1) = outline[-1], outline[0]
    teeth = 5
    hem: list[Point] = []
    for k in range(1, teeth):
        x = x0 + (x1 - x0) * k / teeth
        y = y0 + (y1 - y0) * k / teeth
        hem.append((x, max(y, ridge[peak][1]) + reach * (0.075 if k % 2 else 0.015) * chance.uniform(0.5, 1.5)))
    return [*outline, *hem]


def hills(view: View, top: float, bottom: float, layers: int, label: str = "hills", wooded: bool = True) -> None:
    """Rolling ground between two heights, each hill nearer, warmer and richer than the last."""
    for layer in range(layers):
        chance = view.chance(f"{label} {layer}")
        near = (layer + 1) / layers
        distance = 0.62 * (1 - near)
        level = top + (bottom - top) * layer / layers
        swell = view.short * (0.09 - 0.03 * near)
        heights = rolling(chance, 96, 0.8 + 0.5 * view.width / view.short * (1.2 - near))
        ridge = [(x / 96 * view.width, level - swell * height) for x, height in enumerate(heights)]
        body = [*ridge, (view.width, view.height), (0, view.height)]
        green = mix(view.palette.far, view.palette.ground, 0.35 + 0.65 * near)
        colour = view.away(green, distance)
        view.canvas.fill([body], (lighter(colour, 0.1), colour, darker(colour, 0.22)))
        if not view.plain and view.rich:
            rough = fractal(chance, (256, 128), (10, 26), 4, 0.6)
            view.canvas.fill([body], darker(colour, 0.25), 0.4, levels(rough, 0.4, 0.9))
            light = mix(colour, view.palette.light, 0.4)
            view.canvas.fill(
                [body], light, 0.28, levels(fractal(chance, (192, 96), (3, 6), 3), 0.5, 1.0), fade=(1.0, 0.2)
            )
        if wooded and view.scene.allows("tree") and layer < layers - 1 and not view.plain:
            _copses(view, chance, ridge, colour, distance, near)
        if layer < layers - 1:
            view.canvas.mist(level, level + (bottom - top) / layers + swell, view.palette.haze, 0.0, 0.16)


def _copses(view: View, chance: Random, ridge: list[Point], colour: Colour, distance: float, near: float) -> None:
    """Little clumps of trees along a distant ridge."""
    crowns: list[list[Point]] = []
    size = view.short * (0.008 + 0.014 * near)
    for _ in range(view.some(2, 5, 8)):
        start = chance.randrange(2, 90)
        for k in range(chance.randint(2, 7)):
            x, y = ridge[min(96, start + k)]
            x += chance.uniform(-size, size)
            r = size * chance.uniform(0.6, 1.2)
            crowns.append(
                [(x + r * sin(a / 8 * 2 * pi), y - r * 0.9 - r * 1.2 * sin(a / 8 * 2 * pi + pi / 2)) for a in range(8)]
            )
    view.canvas.fill(crowns, darker(mix(view.away(view.palette.foliage, distance), colour, 0.35), 0.18))


def ground(view: View, top: float) -> None:
    """The near ground, lighter where it meets the distance, with patches of light and tufts of texture."""
    chance = view.chance("ground")
    heights = rolling(chance, 48, 0.7)
    ridge = [(x / 48 * view.width, top - view.short * 0.018 * h) for x, h in enumerate(heights)]
    body = [*ridge, (view.width, view.height), (0, view.height)]
    colour = view.lit(view.palette.ground)
    view.canvas.fill([body], (mix(colour, view.palette.haze, 0.3), colour, darker(colour, 0.3)))
    if view.plain or not view.rich:
        return
    view.canvas.fill([body], darker(colour, 0.3), 0.5, levels(fractal(chance, (320, 200), (12, 40), 5, 0.65), 0.4, 0.9))
    light = mix(colour, view.palette.light, 0.5)
    view.canvas.fill([body], light, 0.4, levels(fractal(chance, (160, 120), (2, 7), 3), 0.5, 0.95), fade=(1.0, 0.1))


def desert(view: View, top: float) -> None:
    """Dunes: a sharp crest, the lit side smooth, the lee side in shadow."""
    sand = view.scene.colours.get("desert", (226, 172, 104))
    layers = view.some(3, 4, 5)
    for layer in range(layers):
        chance = view.chance(f"dune {layer}")
        near = (layer + 1) / layers
        level = top + (view.height * 0.86 - top) * layer / layers
        colour = view.away(mix(sand, (196, 120, 74), 0.3 * near), 0.55 * (1 - near))
        swell = view.short * (0.05 + 0.08 * near)
        heights = rolling(chance, 64, 0.55 + 0.4 * view.width / view.short * (1.2 - near))
        ridge = [(x / 64 * view.width, level - swell * h**1.5) for x, h in enumerate(heights)]
        body = [*ridge, (view.width, view.height), (0, view.height)]
        view.canvas.fill([body], (lighter(colour, 0.16), colour, darker(colour, 0.16)))
        for peak in _peaks(ridge, swell * 0.1):
            away = 1 if view.from_left else -1
            end = peak
            while 0 < end + away < 64 and ridge[end + away][1] >= ridge[end][1]:
                end += away
            crest = [ridge[i] for i in range(peak, end + away, away)]
            sweep = view.short * (0.05 + 0.16 * near)
            last = max(1, len(crest) - 1)
            # Thin at the peak and at the end, deepest a third of the way: the slip face of a dune.
            foot = [(x, y + sweep * 3.2 * (k / last) ** 0.8 * (1 - k / last) ** 1.5) for k, (x, y) in enumerate(crest)]
            view.canvas.fill([[*crest, *reversed(foot)]], darker(colour, 0.34), 0.75, fade=(1.0, 0.25))
        if view.rich and not view.plain:
            ripples = fractal(chance, (220, 220), (4, 60), 3, 0.5)
            view.canvas.fill([body], darker(colour, 0.22), 0.35 * near, levels(ripples, 0.45, 0.8))


def field(view: View, top: float) -> None:
    """Rows of a crop running to a vanishing point."""
    chance = view.chance("field")
    usual = {"spring": (158, 190, 84), "summer": (228, 186, 84), "autumn": (210, 156, 70), "winter": (226, 232, 240)}
    crop = view.scene.colours.get("field") or usual[view.scene.season or ("winter" if view.winter else "summer")]
    colour = view.lit(crop)
    bottom = float(view.height)
    view.canvas.fill(
        [[(0, top), (view.width, top), (view.width, bottom), (0, bottom)]],
        (mix(colour, view.palette.haze, 0.35), lighter(colour, 0.08), colour, darker(colour, 0.2)),
    )
    vanishing = view.width * chance.uniform(0.25, 0.75)
    rows = round(view.some(10, 18, 24) * max(1.0, view.width / view.height))
    spread = view.width * 3.2
    furrows: list[list[Point]] = []
    for row in range(rows):
        left = vanishing + spread * ((row + 0.0) / rows - 0.5)
        right = vanishing + spread * ((row + 0.45) / rows - 0.5)
        near = 0.05
        furrows.append(
            [
                (vanishing + (left - vanishing) * near, top),
                (vanishing + (right - vanishing) * near, top),
                (right, bottom),
                (left, bottom),
            ]
        )
    view.canvas.fill(furrows, darker(colour, 0.26), 0.6, fade=(0.25, 1.0))
    if view.rich and not view.plain:
        whole = [(0.0, top), (float(view.width), top), (float(view.width), bottom), (0.0, bottom)]
        rough = fractal(chance, (360, 220), (60, 34), 3, 0.7)
        view.canvas.fill([whole], darker(colour, 0.3), 0.5, levels(rough, 0.45, 0.9), fade=(0.3, 1.0))
        view.canvas.fill([whole], lighter(colour, 0.4), 0.4, levels(rough, 0.5, 0.1), fade=(0.2, 0.8))


def cliffs(view: View, base: float, left: bool) -> None:
    """A headland that steps down towards the middle, with ledges and a grassy top."""
    chance = view.chance("cliffs")
    width, reach = view.width * chance.uniform(0.34, 0.46), min(view.height * 0.36, view.short * 0.5)
    rock = view.lit(view.scene.colours.get("cliffs", (148, 124, 104)))
    edge: list[Point] = [(0.0, base - reach)]
    x, y = 0.0, base - reach
    while x < width:
        x += width * chance.uniform(0.06, 0.14)
        y += reach * chance.uniform(-0.01, 0.05) if x < width * 0.72 else reach * chance.uniform(0.12, 0.3)
        edge.append((x, min(y, base)))
    edge.append((x + width * 0.06, base + view.short * 0.02))
    outline = [*edge, (0.0, base + view.short * 0.02)]
    turf = [*edge, *((px, py + reach * 0.07 * chance.uniform(0.6, 1.4)) for px, py in reversed(edge[:-1]))]
    if not left:
        outline = [(view.width - px, py) for px, py in outline]
        turf = [(view.width - px, py) for px, py in turf]
    view.canvas.fill([outline], (lighter(rock, 0.12), rock, darker(rock, 0.35)))
    strata = fractal(chance, (160, 160), (24, 10), 4, 0.6)
    view.canvas.fill([outline], darker(rock, 0.5), 0.6, levels(strata, 0.45, 0.75))
    view.canvas.fill([turf], view.lit(mix(view.palette.ground, view.palette.foliage, 0.4)))


def island(view: View, base: float, x: float) -> None:
    """A wooded hump in the sea with a strip of sand."""
    chance = view.chance("island")
    width, reach = view.short * chance.uniform(0.42, 0.6), view.short * chance.uniform(0.1, 0.16)
    hump = [
        (x - width / 2 + width * k / 24, base - reach * sin(k / 24 * pi) ** 0.7 * chance.uniform(0.82, 1.0))
        for k in range(25)
    ]
    sand = [(x - width * 0.56, base + 1), *hump[1:-1:4], (x + width * 0.56, base + 1), (x, base + view.short * 0.014)]
    view.canvas.fill([sand], view.away((240, 218, 170), 0.15))
    green = view.away(view.palette.foliage, 0.2)
    view.canvas.fill([hump], (lighter(green, 0.15), darker(green, 0.3)))


def path(view: View, top: float) -> None:
    """A path that winds from the lower edge to the distance."""
    chance = view.chance("path")
    colour = view.lit(mix((226, 204, 166), view.palette.ground, 0.2))
    end, swing = view.width * chance.uniform(0.35, 0.65), view.short * chance.choice((-1, 1)) * 0.22
    left: list[Point] = []
    right: list[Point] = []
    for step in range(25):
        t = step / 24
        y = top + (view.height - top) * t**1.6
        middle = end + swing * sin(t * pi * 1.7) * t**0.7
        half = view.short * (0.006 + 0.15 * t**1.7)
        left.append((middle - half, y))
        right.append((middle + half, y))
    view.canvas.fill(
        [[*left, *reversed(right)]], (mix(colour, view.palette.haze, 0.3), colour, mix(colour, WHITE, 0.1))
    )
