"""Putting figures into the world: how large, where, in which order, with their shadows, reflections and lights."""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from dataclasses import dataclass
from math import cos, pi, sin
from random import Random

from PIL import Image, ImageFilter

from .colours import Colour, darker, mix
from .figures import FIGURES
from .pen import Figure, drawn, lit
from .scene import Subject
from .texture import product, slope
from .view import View

PEOPLE = frozenset(
    {"woman", "man", "person", "child", "king", "queen", "knight", "wizard", "robot", "astronaut", "dancer"}
)
BOATS = frozenset({"sailboat", "rowboat", "ship"})
# Together figures shrink, but not in proportion: a crowd still fills the ground.
CROWDED = (1.0, 1.0, 0.84, 0.7, 0.6, 0.54, 0.5, 0.46, 0.42, 0.4, 0.38, 0.36, 0.35, 0.34, 0.33)


@dataclass(frozen=True)
class Standing:
    """One figure with its place: feet at (x, y) in pixels, `tall` pixels high."""

    subject: Subject
    x: float
    y: float
    tall: float
    label: str
    distance: float = 0.0


def _of(view: View, *places: str) -> list[Subject]:
    return [s for s in view.scene.subjects if FIGURES[s.noun].place in places]


def any_of(view: View, *places: str) -> bool:
    """Whether some figure of the scene belongs to one of the places."""
    return bool(_of(view, *places))


def landmarks(view: View, base: float) -> None:
    """Buildings and other tall things, in the middle distance."""
    subjects = _of(view, "land")
    chance = view.chance("landmarks")
    alone = len(subjects) == len(view.scene.subjects)
    total = sum(s.count for s in subjects)
    slots = _slots(chance, total, alone and total == 1 and view.width < view.height * 1.2)
    number = 0
    for subject in subjects:
        figure = FIGURES[subject.noun]
        for index in range(subject.count):
            tall = figure.size * view.reach * subject.size * (1.0 if alone else 0.82) * CROWDED[min(14, total)]
            tall *= chance.uniform(0.85, 1.0) if index else 1.0
            tall = min(tall, (base - view.height * 0.03) * 0.97, view.width * 0.9 / figure.aspect)
            y = base + view.short * (0.04 + 0.03 * chance.random())
            if view.scene.has("sea", "harbour", "island") and not view.scene.has("beach"):
                _islet(view, slots[number] * view.width, y, tall * max(0.55, figure.aspect * 0.8))
            stand(view, Standing(subject, slots[number] * view.width, y, tall, f"{subject.noun} {index}", 0.08))
            number += 1


def _islet(view: View, x: float, y: float, reach: float) -> None:
    """Rock under a building that would otherwise stand on water."""
    chance = view.chance(f"islet {x:.3f}")
    rock = view.lit((96, 88, 90))
    crest = [
        (x - reach + 2 * reach * k / 10, y - reach * 0.16 * (1 - abs(k - 5) / 5) * chance.uniform(0.7, 1.25))
        for k in range(11)
    ]
    view.canvas.fill(
        [[*crest, (x + reach * 1.05, y + reach * 0.1), (x - reach * 1.05, y + reach * 0.1)]], (rock, darker(rock, 0.45))
    )


def _slots(chance: Random, number: int, centred: bool) -> list[float]:
    """Places across the width: a third for one, an uneven row for more."""
    if number == 0:
        return []
    if number == 1:
        return [chance.uniform(0.46, 0.54) if centred else chance.choice((0.36, 0.64)) + chance.uniform(-0.04, 0.04)]
    margin = 0.26 if number == 2 else 0.2 if number == 3 else 0.12
    step = (1 - 2 * margin) / (number - 1)
    slots = [margin + step * i + chance.uniform(-0.2, 0.2) * step for i in range(number)]
    chance.shuffle(slots)
    return slots


def figures(view: View) -> None:
    """All other figures: those in the air, on the water, under it and on the ground, the further ones first."""
    ground = _on_ground(view)
    placed = [*_in_air(view, ground), *_on_water(view), *_in_depths(view), *ground]
    for standing in sorted(
        placed, key=lambda s: s.y if FIGURES[s.subject.noun].place == "ground" else s.y - view.height
    ):
        stand(view, standing)


def _in_air(view: View, below: list[Standing]) -> list[Standing]:
    subjects = _of(view, "air")
    chance = view.chance("air")
    alone = len(subjects) == len(view.scene.subjects)
    total = sum(s.count for s in subjects)
    ceiling = min(view.horizon, view.height * 0.95)
    slots = _slots(chance, total, alone and total == 1)
    if total == 1 and below:
        # Opposite to what stands below it.
        slots = [min(0.75, max(0.25, 1 - below[0].x / view.width))]
    placed: list[Standing] = []
    for subject in subjects:
        figure = FIGURES[subject.noun]
        for index in range(subject.count):
            tall = figure.size * view.reach * subject.size * CROWDED[min(14, total)] * (1.0 if alone else 0.72)
            tall *= chance.uniform(0.6, 1.05) if index else 1.0
            tall = min(tall, ceiling * 0.8, view.width * 0.85 / figure.aspect)
            middle = chance.uniform(0.42, 0.56) if total == 1 and alone else chance.uniform(0.22, 0.62)
            y = min(max(ceiling * middle + tall / 2, tall * 1.06), max(tall, ceiling * 1.05))
            placed.append(
                Standing(
                    subject, slots[len(placed)] * view.width, y, tall, f"{subject.noun} {index}", 0.04 if index else 0
                )
            )
    return placed


def _on_water(view: View) -> list[Standing]:
    subjects = _of(view, "water")
    chance = view.chance("afloat")
    total = sum(s.count for s in subjects)
    slots = _slots(chance, total, False)
    top, depth = view.horizon, view.height - view.horizon
    shore = 0.4 if view.scene.has("beach") else 0.62
    placed: list[Standing] = []
    for subject in subjects:
        figure = FIGURES[subject.noun]
        for index in range(subject.count):
            near = chance.uniform(0.4, 0.62) if total == 1 else chance.uniform(0.12, 0.75)
            tall = figure.size * view.reach * subject.size * CROWDED[min(14, total)] * (0.45 + 0.75 * near)
            tall = min(tall, view.width * 0.8 / figure.aspect, view.height * 0.8)
            y = top + depth * shore * near + view.short * 0.02
            placed.append(
                Standing(
                    subject, slots[len(placed)] * view.width, y, tall, f"{subject.noun} {index}", 0.25 * (1 - near)
                )
            )
    return placed


def _in_depths(view: View) -> list[Standing]:
    """Swimmers: anywhere between surface and floor; out of their element they leap."""
    subjects = _of(view, "depths")
    chance = view.chance("depths")
    total = sum(s.count for s in subjects)
    slots = _slots(chance, total, total == 1)
    under = view.scene.has("underwater")
    placed: list[Standing] = []
    for subject in subjects:
        figure = FIGURES[subject.noun]
        for index in range(subject.count):
            tall = (
                figure.size
                * view.short
                * subject.size
                * CROWDED[min(14, total)]
                * (chance.uniform(0.7, 1.1) if index else 1.0)
            )
            tall = min(tall, view.width * 0.85 / figure.aspect)
            share = chance.uniform(0.3, 0.75) if total > 1 else chance.uniform(0.48, 0.58)
            y = (
                view.height * share + tall / 2
                if under
                else view.horizon + (view.height - view.horizon) * 0.35 * share + tall * 0.25
            )
            placed.append(
                Standing(
                    subject,
                    slots[len(placed)] * view.width,
                    y,
                    tall,
                    f"{subject.noun} {index}",
                    0.2 * chance.random() if index else 0,
                )
            )
    return placed


def _on_ground(view: View) -> list[Standing]:
    subjects = _of(view, "ground")
    if not subjects:
        return []
    chance = view.chance("footing")
    total = sum(1 if _shares_top(s) else s.count for s in subjects)
    indoors = view.scene.has("room", "studio")
    centred = indoors or view.width < view.height * 1.2
    slots = _slots(chance, total, centred)
    if total > 1 and indoors:
        slots = [0.5 + (slot - 0.5) * min(1.0, view.short / view.width * 1.25) for slot in slots]
    top, depth = view.horizon, view.height - view.horizon
    wide = sum(FIGURES[s.noun].size * FIGURES[s.noun].aspect * s.count * s.size for s in subjects)
    room = view.width / view.short * 0.95
    # Figures that would not fit side by side overlap in depth; beyond that they shrink.
    squeeze = min(1.0, (room * (1.0 if total < 4 else 1.7)) / wide)
    placed: list[Standing] = []
    for subject in subjects:
        figure = FIGURES[subject.noun]
        for index in range(1 if _shares_top(subject) else subject.count):
            near = chance.uniform(0.56, 0.7) if total == 1 else chance.uniform(0.34, 0.8)
            if view.scene.has("beach", "lake", "waterfall", "harbour"):
                near = 0.66 + 0.34 * near
            if indoors:
                near = chance.uniform(0.4, 0.5) if total == 1 else chance.uniform(0.28, 0.62)
            tall = (
                figure.size
                * view.short
                * subject.size
                * squeeze
                * max(CROWDED[min(14, total)], 0.8 if total < 4 else 0.0)
            )
            tall *= 0.72 + 0.46 * near if total > 1 else 1.0
            y = top + depth * near
            if figure.size > 0.8:
                # A portrait is cut off by the lower edge.
                y = view.height * 1.01
            tall = min(tall, y - view.height * 0.03, view.width * 0.92 / figure.aspect)
            placed.append(Standing(subject, slots[len(placed)] * view.width, y, tall, f"{subject.noun} {index}", 0.0))
    return placed


def _shares_top(subject: Subject) -> bool:
    """Three apples on a table lie on one table; three knights on horses ride three."""
    return subject.riding is not None and FIGURES[subject.riding.noun].habitat in ("room", "studio")


def stand(view: View, standing: Standing) -> None:
    """Paint one figure, and what it rides on."""
    subject, figure = standing.subject, FIGURES[standing.subject.noun]
    mount = subject.riding
    if mount is not None and mount.noun in FIGURES and mount.noun != subject.noun:
        _mounted(view, standing, mount)
        return
    place = figure.place
    sheet = _sheet(view, subject, figure, standing)
    if place == "depths" and not view.scene.has("underwater", "space"):
        sheet = _surfacing(view, sheet, standing)
    left, top = standing.x - sheet.width / 2, standing.y - sheet.height
    if place == "ground" or (place == "land" and not view.scene.has("sea", "lake")):
        _shadow(view, sheet, standing, figure.base)
    elif place == "water":
        _reflection(view, sheet, standing)
    if place in ("land", "ground") and view.palette.darkness > 0.25:
        _shine(view, subject, standing)
    view.canvas.image.paste(sheet, (round(left), round(top)), sheet)


def _sheet(view: View, subject: Subject, figure: Figure, standing: Standing) -> Image.Image:
    chance = view.chance(standing.label)
    samples = max(2, view.canvas.samples)
    sheet = drawn(figure, standing.tall, chance, subject.colour, samples, subject.pose, view.palette.darkness)
    if figure.place != "land" and view.chance(standing.label + " side").random() < 0.5:
        sheet = sheet.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    ambient = view.palette.ambient if not view.scene.has("space", "moonscape") else (240, 240, 252)
    if view.scene.has("underwater"):
        ambient = mix(ambient, (120, 200, 230), 0.35)
    if view.scene.has("room"):
        ambient = mix(ambient, (255, 232, 205), 0.6)
    haze = (36, 118, 166) if view.scene.has("underwater") else view.palette.haze
    rim = (0.5 if view.hour in ("dawn", "dusk", "golden") else 0.22) if view.rich and not view.plain else 0.0
    return lit(sheet, ambient, view.palette.light, view.from_left, haze, standing.distance, rim)


def _mounted(view: View, standing: Standing, mount: Subject) -> None:
    """A rider on a mount: the mount stands where the rider would, the rider sits on its back."""
    under, figure = FIGURES[mount.noun], FIGURES[standing.subject.noun]
    person = standing.subject.noun in PEOPLE
    tall = under.size * view.reach * mount.size * (0.86 if person else 0.9)
    y = standing.y
    if person:
        tall = min(tall, view.height * 0.5)
    stand(view, Standing(mount, standing.x, y, tall, standing.label + " mount", standing.distance))
    several = standing.subject.count > 1 and _shares_top(standing.subject)
    ratio = 0.9 if person and under.seat > 0.1 else 0.4 if several else 0.6
    high = min(tall * ratio, standing.tall * 1.1)
    rider = Subject(
        standing.subject.noun, 1, standing.subject.colour, 1.0, None, "ride" if under.seat > 0.1 and person else None
    )
    foot = y - tall * (1 - under.seat) + (high * 0.28 if rider.pose == "ride" else 0)
    if high >= foot:
        return
    riders = standing.subject.count if _shares_top(standing.subject) else 1
    for number in range(riders):
        x = standing.x + tall * under.aspect * 0.72 * ((number + 0.5) / riders - 0.5) * (riders > 1)
        sheet = _sheet(view, rider, figure, Standing(rider, x, foot, high, f"{standing.label} {number}"))
        view.canvas.image.paste(sheet, (round(x - sheet.width / 2), round(foot - sheet.height)), sheet)


def _surfacing(view: View, sheet: Image.Image, standing: Standing) -> Image.Image:
    """The part of a swimmer that shows above the water, and the foam around it."""
    shown = sheet.crop((0, 0, sheet.width, max(2, round(sheet.height * 0.74))))
    shown.putalpha(product(shown.getchannel("A"), slope(shown.size, 2.2, 0.0)))
    foam, y = view.lit((236, 246, 250)), standing.y - sheet.height + shown.height * 0.97
    view.canvas.ellipse_glow(standing.x, y, sheet.width * 0.5, sheet.height * 0.14, foam, 0.5)
    lifted = Image.new("RGBA", sheet.size)
    lifted.paste(shown, (0, 0))
    return lifted


def _shadow(view: View, sheet: Image.Image, standing: Standing, base: float) -> None:
    """A soft pool at the feet, and the silhouette laid on the ground away from the light."""
    canvas = view.canvas
    width, height = sheet.size
    foot = standing.y - height * base
    span, deep = width * 0.44, width * (0.05 + base * 0.8)
    dark: Colour = mix(view.palette.ink, (16, 18, 44), 0.5)
    rim = [(standing.x + span * cos(k / 12 * 2 * pi), foot + deep * sin(k / 12 * 2 * pi)) for k in range(12)]
    canvas.soft([rim], dark, max(1.5, span * 0.08), 0.5)
    if not view.rich or view.scene.has("rain", "fog", "storm", "snow") or view.hour == "night":
        return
    away = 1 if view.from_left else -1
    small = (max(2, width // 3), max(2, height // 14))
    alpha = sheet.getchannel("A").resize(small, Image.Resampling.BILINEAR).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    lean = small[0] * 0.55
    room = (small[0] + int(lean) + 2, small[1])
    # Sheared, so that the further from the feet the further the shadow lies from the light.
    start = 0.0 if away > 0 else room[0] - small[0]
    alpha = alpha.transform(
        room, Image.Transform.AFFINE, (1, -away * lean / small[1], -start, 0, 1, 0), Image.Resampling.BILINEAR
    )
    alpha = product(alpha.filter(ImageFilter.GaussianBlur(max(0.6, height / 240))), slope(room, 0.42, 0.05))
    alpha = alpha.resize((room[0] * 3, small[1] * 3), Image.Resampling.BICUBIC)
    left = standing.x - width / 2 - start * 3
    canvas.image.paste(dark, (round(left), round(foot - height * 0.01)), alpha)


def _reflection(view: View, sheet: Image.Image, standing: Standing) -> None:
    """The figure upside down in the water, fading and wavering."""
    height = max(2, round(sheet.height * 0.62))
    image = sheet.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((sheet.width, height), Image.Resampling.BILINEAR)
    chance = view.chance(standing.label + " reflection")
    for y in range(0, height, max(1, height // 40)):
        strip = image.crop((0, y, image.width, min(height, y + max(1, height // 40))))
        image.paste(strip, (round(chance.uniform(-1, 1) * sheet.width * 0.025 * (0.3 + y / height)), y))
    alpha = product(image.getchannel("A"), slope(image.size, 0.5, 0.0))
    view.canvas.image.paste(
        image.convert("RGB"), (round(standing.x - sheet.width / 2), round(standing.y - sheet.height * 0.05)), alpha
    )


GLOWING: dict[str, tuple[float, float, Colour]] = {
    "lighthouse": (0.94, 1.0, (255, 236, 170)),
    "campfire": (0.4, 2.2, (255, 160, 70)),
    "candle": (0.85, 2.0, (255, 200, 110)),
    "lantern": (0.5, 1.4, (255, 190, 100)),
    "lamp": (0.85, 1.2, (255, 214, 140)),
    "house": (0.25, 0.7, (255, 206, 130)),
    "tent": (0.4, 1.0, (255, 190, 100)),
    "pumpkin": (0.5, 0.9, (255, 160, 60)),
    "castle": (0.3, 0.5, (255, 206, 130)),
    "church": (0.3, 0.5, (255, 206, 130)),
}  # how far up the light sits, how far it reaches in heights of the figure, its colour


def _shine(view: View, subject: Subject, standing: Standing) -> None:
    glow = GLOWING.get(subject.noun)
    if glow is None:
        return
    up, reach, colour = glow
    x, y = standing.x, standing.y - standing.tall * up
    view.canvas.glow(x, y, standing.tall * reach * 0.6, colour, 0.6 * view.palette.darkness)
    if subject.noun == "lighthouse":
        far = view.width * 0.9
        for side, spread in ((-1, 0.06), (1, 0.06)):
            beam = [(x, y), (x + side * far, y - far * (spread + 0.05)), (x + side * far, y + far * (spread - 0.05))]
            view.canvas.soft([beam], colour, view.short * 0.012, 0.3 * view.palette.darkness)
