"""What grows on the land as scenery: woods at three distances, grass, flowers and reeds in the foreground."""

from math import cos, pi, sin
from random import Random

from PIL import Image

from . import plants
from .canvas import Point
from .colours import Colour, darker, lighter, mix
from .land import SNOW
from .pen import drawn, lit
from .view import View

AUTUMN: tuple[Colour, Colour, Colour] = ((206, 96, 40), (226, 150, 54), (164, 62, 44))


def conifer(chance: Random, x: float, y: float, height: float) -> list[list[Point]]:
    """A fir: a stack of ragged skirts."""
    tiers = 5
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers):
        low = y - height * (0.08 + 0.92 * (1 - (tier + 1) / tiers))
        half = height * 0.21 * ((tier + 1) / tiers) * chance.uniform(0.85, 1.1)
        left += [(x - half, low), (x - half * 0.55, low - height * 0.015)]
        right += [(x + half, low + height * chance.uniform(-0.01, 0.01)), (x + half * 0.55, low - height * 0.015)]
    trunk = height * 0.022
    return [
        [(x, y - height), *right, (x, y - height * 0.05), *reversed(left)],
        [(x - trunk, y - height * 0.1), (x + trunk, y - height * 0.1), (x + trunk, y), (x - trunk, y)],
    ]


def broadleaf(chance: Random, x: float, y: float, height: float) -> list[list[Point]]:
    """A round tree: overlapping puffs on a trunk."""
    shapes: list[list[Point]] = []
    for _ in range(10):
        turn, reach = chance.uniform(0, 2 * pi), chance.uniform(0.05, 0.2) * height
        cx, cy = x + cos(turn) * reach * 1.1, y - height * 0.66 + sin(turn) * reach
        radius = height * chance.uniform(0.12, 0.2)
        shapes.append([(cx + radius * cos(a / 14 * 2 * pi), cy + radius * sin(a / 14 * 2 * pi)) for a in range(14)])
    trunk = height * 0.03
    shapes.append(
        [(x - trunk * 0.6, y - height * 0.5), (x + trunk * 0.6, y - height * 0.5), (x + trunk, y), (x - trunk, y)]
    )
    return shapes


def wood(
    view: View, base: float, height: float, distance: float, label: str, gap: tuple[float, float] = (2, 2)
) -> None:
    """A row of trees dense enough to be a wood; between the shares in `gap` there is a clearing."""
    chance = view.chance(label)
    season = view.scene.season
    said = view.scene.colours.get("forest") or view.scene.colours.get("trees")
    firs = fir_wood(view)
    shapes_by_tone: tuple[list[list[Point]], ...] = ([], [], [])
    lights: list[list[Point]] = []
    count = round(view.width / height * (3.4 if firs else 2.4) * (0.6, 1, 1.25)[view.canvas.detail])
    for number in range(min(count, 160)):
        at = (number + chance.uniform(-0.5, 0.5)) / count
        if gap[0] < at < gap[1]:
            continue
        tall = height * chance.uniform(0.62, 1.05)
        shapes = (conifer if firs else broadleaf)(chance, at * view.width, base + height * 0.06 * chance.random(), tall)
        shapes_by_tone[chance.randrange(3)].extend(shapes)
        if firs and view.winter:
            lights += [_frosted(shapes[0], at * view.width)]
    tones: tuple[Colour, Colour, Colour]
    if season == "autumn" and not said:
        tones = AUTUMN
    else:
        green = said or (mix(view.palette.foliage, (30, 84, 76), 0.4) if firs else view.palette.foliage)
        tones = (green, lighter(green, 0.1), darker(green, 0.18))
    for tone, shapes in zip(tones, shapes_by_tone, strict=True):
        colour = view.away(darker(tone, 0.2), distance)
        view.canvas.fill(shapes, (lighter(colour, 0.12), darker(colour, 0.25)))
    if lights:
        view.canvas.fill(lights, view.away(SNOW, distance), 0.75)


def grove(view: View, base: float, height: float, distance: float, label: str, gap: tuple[float, float]) -> None:
    """Trees near enough to have leaves: a few are drawn, and each stands in several places."""
    chance = view.chance(label)
    season, said = view.scene.season, view.scene.colours.get("forest") or view.scene.colours.get("trees")
    firs = fir_wood(view)
    usual = (
        AUTUMN
        if season == "autumn"
        else (view.palette.foliage, lighter(view.palette.foliage, 0.12), darker(view.palette.foliage, 0.12))
    )
    if firs:
        usual = tuple(mix(tone, (40, 92, 80), 0.6) for tone in usual)
    figure = plants.FIGURES[
        "pine" if firs else "blossom tree" if season == "spring" and chance.random() < 0.3 else "tree"
    ]
    drawings: list[Image.Image] = []
    for number in range(view.some(2, 3, 4)):
        leaf = said or usual[number % 3]
        colour = None if figure is plants.FIGURES["blossom tree"] else leaf
        sheet = drawn(
            figure, height * (1.0 if number else 1.12), chance, colour, max(2, view.canvas.samples), None, 0.0
        )
        drawings.append(
            lit(
                sheet,
                view.palette.ambient,
                view.palette.light,
                view.from_left,
                view.palette.haze,
                distance,
                0.2 if view.rich else 0.0,
            )
        )
    count = max(2, round(view.width / height * (2.6 if firs else 1.7)))
    for number in range(min(count, 60)):
        at = (number + chance.uniform(-0.4, 0.4)) / (count - 1)
        sheet, foot = chance.choice(drawings), base + height * 0.09 * chance.random()
        if chance.random() < 0.5:
            sheet = sheet.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if gap[0] < at < gap[1]:
            continue
        x = at * view.width
        shade = [
            (x + sheet.width * 0.4 * cos(k / 10 * 2 * pi), foot + sheet.width * 0.05 * sin(k / 10 * 2 * pi))
            for k in range(10)
        ]
        view.canvas.soft([shade], view.palette.ink, height * 0.02, 0.35 * (1 - distance))
        view.canvas.image.paste(sheet, (round(x - sheet.width / 2), round(foot - sheet.height)), sheet)


def fir_wood(view: View) -> bool:
    """Whether the woods of this picture are firs: always in winter, never in autumn."""
    return view.winter or (view.scene.season != "autumn" and view.chance("kind of wood").random() < 0.5)


def _frosted(outline: list[Point], x: float) -> list[Point]:
    """The upper left of a fir, where snow lies."""
    return [(px - (px - x) * (0.15 if px < x else 1.0), py) for px, py in outline]


def grass(view: View, top: float, number: int, tall: float) -> None:
    """Blades in the foreground, bent by one wind."""
    chance = view.chance("grass")
    lean = chance.choice((-1, 1)) * (0.55 if view.scene.has("wind", "storm") else 0.2)
    groups: tuple[list[list[Point]], ...] = ([], [], [])
    for _ in range(number):
        near = chance.random() ** 0.6
        x, y = chance.random() * view.width, top + (view.height * 1.03 - top) * near
        height = tall * (0.25 + 0.75 * near) * chance.uniform(0.5, 1.2)
        half, bend = height * 0.035, height * (lean + chance.uniform(-0.25, 0.25))
        blade = [(x - half, y), (x + bend * 0.35 - half * 0.6, y - height * 0.6), (x + bend, y - height)]
        groups[chance.randrange(3)].append([*blade, (x + bend * 0.35 + half * 0.6, y - height * 0.6), (x + half, y)])
    base = view.lit(mix(view.palette.ground, view.palette.foliage, 0.5))
    for blades, colour in zip(groups, (darker(base, 0.3), base, lighter(base, 0.22)), strict=True):
        view.canvas.fill(blades, colour)


def flowers(view: View, top: float, number: int, colour: Colour | None = None) -> None:
    """Small blossoms strewn over the ground, larger towards the viewer."""
    chance = view.chance("flowers")
    usual: tuple[Colour, ...] = (view.palette.bloom, (250, 246, 236), (232, 90, 96), (252, 210, 90), (168, 120, 200))
    tints = (colour, lighter(colour, 0.25), darker(colour, 0.15)) if colour else usual
    for tint in tints:
        petals: list[list[Point]] = []
        hearts: list[list[Point]] = []
        for _ in range(number // len(tints)):
            near = chance.random() ** 0.7
            x, y = chance.random() * view.width, top + (view.height - top) * near
            radius = view.short * (0.0028 + 0.0105 * near**1.5) * chance.uniform(0.7, 1.2)
            for k in range(5):
                turn = k / 5 * 2 * pi + near
                px, py = x + cos(turn) * radius * 0.6, y + sin(turn) * radius * 0.5
                petals.append(
                    [
                        (px + radius * 0.5 * cos(a / 6 * 2 * pi), py + radius * 0.42 * sin(a / 6 * 2 * pi))
                        for a in range(6)
                    ]
                )
            hearts.append(
                [(x + radius * 0.32 * cos(a / 6 * 2 * pi), y + radius * 0.3 * sin(a / 6 * 2 * pi)) for a in range(6)]
            )
        view.canvas.fill(petals, view.lit(tint))
        view.canvas.fill(hearts, view.lit(mix(tint, (250, 210, 80), 0.8)))


def reeds(view: View, base: float, left: bool) -> None:
    """A tuft of reeds that frames one side."""
    chance = view.chance("reeds")
    stalks: list[list[Point]] = []
    heads: list[list[Point]] = []
    for _ in range(view.some(8, 16, 24)):
        x = view.width * abs((0.0 if left else 1.0) - chance.random() ** 1.5 * 0.2)
        height, bend = view.short * chance.uniform(0.12, 0.3), view.short * chance.uniform(-0.03, 0.05)
        half = view.short * 0.0022
        stalks.append(
            [
                (x - half, base),
                (x + bend - half * 0.4, base - height),
                (x + bend + half * 0.4, base - height),
                (x + half, base),
            ]
        )
        if chance.random() < 0.5:
            hx, hy = x + bend, base - height
            heads.append(
                [(hx + half * 2.2 * cos(a / 8 * 2 * pi), hy + half * 9 * sin(a / 8 * 2 * pi)) for a in range(8)]
            )
    view.canvas.fill(stalks, darker(view.lit(mix(view.palette.foliage, view.palette.ground, 0.4)), 0.3))
    view.canvas.fill(heads, darker(view.lit((126, 84, 54)), 0.2))
