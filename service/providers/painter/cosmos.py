"""Where nobody lives: the surface of a moon, gas clouds and worlds in space."""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from math import cos, pi, sin
from random import Random

from PIL import Image

from .colours import Colour, darker, lighter, mix, turned
from .texture import fractal, levels, product
from .view import View


def moonscape(view: View, base: float) -> None:
    """Grey dust, craters and a ragged rim under a black sky."""
    chance, canvas = view.chance("moonscape"), view.canvas
    dust = view.scene.colours.get("moonscape", (150, 150, 156))
    for layer in range(3):
        near = (layer + 1) / 3
        level = base + (view.height - base) * 0.3 * layer
        tone = mix(darker(dust, 0.4), dust, near)
        edge = [
            (
                k / 24 * view.width,
                level - view.short * 0.03 * (1.4 - near) * (sin(k * 0.7 + layer * 2) + chance.random()),
            )
            for k in range(25)
        ]
        body = [*edge, (view.width, view.height), (0, view.height)]
        canvas.fill([body], (lighter(tone, 0.12), darker(tone, 0.35)))
        canvas.fill([body], darker(tone, 0.5), 0.4, levels(fractal(chance, (220, 120), (30, 24), 4, 0.6), 0.45, 0.85))
        for _ in range(5):
            x, y = chance.random() * view.width, level + (view.height - level) * chance.uniform(0.15, 0.7)
            size = view.short * chance.uniform(0.02, 0.07) * (0.4 + near)
            canvas.oval(x, y, size, size * 0.3, lighter(tone, 0.25))
            canvas.oval(x, y + size * 0.04, size * 0.94, size * 0.26, darker(tone, 0.5))


def nebula(view: View) -> None:
    """Clouds of gas in two or three colours with stars inside."""
    chance, canvas = view.chance("nebula"), view.canvas
    canvas.cover(canvas.box, ((6, 7, 24), (14, 10, 38), (8, 16, 40)))
    said = view.scene.colours.get("space") or (view.scene.accents[0] if view.scene.accents else None)
    hues = [said] if said else []
    start = chance.random()
    hues += [turned((200, 70, 130), hue=start + shift) for shift in (0.0, 0.3, 0.52)]
    size = (320, max(32, round(320 * view.height / view.width)))
    for number, hue in enumerate(hues[: view.some(2, 3, 4)]):
        lumps = fractal(chance, size, (3, 3), 6, 0.56)
        patch = fractal(chance, size, (2, 2), 2, 0.5)
        mask = product(levels(lumps, 0.38, 1.0), levels(patch, 0.35, 0.95))
        canvas.veil(darker(hue, 0.1 + 0.12 * number), mask.point([round(g * 0.85) for g in range(256)]))
        core = product(levels(lumps, 0.62, 1.0), levels(patch, 0.5, 1.0))
        canvas.veil(lighter(hue, 0.6), core.point([round(g * 0.7) for g in range(256)]))
    for _ in range(view.some(2, 5, 7)):
        x, y = chance.random() * view.width, chance.random() * view.height
        canvas.glow(x, y, view.short * chance.uniform(0.02, 0.06), (220, 230, 255), 0.9, 3.0)


def worlds(view: View) -> None:
    """One or two planets, small when something else is the subject."""
    chance = view.chance("worlds")
    named = any(subject.noun == "planet" for subject in view.scene.subjects)
    for number in range(1 if named else chance.randint(1, 2)):
        small = bool(view.scene.subjects) or number > 0
        radius = view.short * (chance.uniform(0.05, 0.1) if small else chance.uniform(0.18, 0.28))
        x, y = view.width * chance.choice((0.22, 0.78, 0.66)), view.height * chance.uniform(0.2, 0.7)
        world(view, x, y, radius, turned((196, 120, 90), hue=chance.random()), chance)


def world(view: View, x: float, y: float, radius: float, colour: Colour, chance: Random) -> None:
    """A banded globe, lit from one side."""
    canvas = view.canvas
    box = canvas.clipped(x - radius, y - radius, x + radius, y + radius)
    if box is None:
        return
    canvas.glow(x, y, radius * 1.5, lighter(colour, 0.3), 0.35)
    size = (box[2] - box[0], box[3] - box[1])
    bands = fractal(chance, (64, 64), (2, 12), 4, 0.6).resize(size, Image.Resampling.BICUBIC)
    body = Image.composite(
        Image.new("RGB", size, lighter(colour, 0.35)), Image.new("RGB", size, darker(colour, 0.25)), bands
    )
    away = 0.4 if view.from_left else -0.4
    whole = Image.radial_gradient("L").resize((512, 512))
    left = round(128 - away * 128)
    shade = whole.crop((left, 70, left + 256, 326)).resize(size, Image.Resampling.BICUBIC)
    body = Image.composite(
        Image.new("RGB", size, (8, 8, 26)), body, shade.point([min(255, round(g * 1.5)) for g in range(256)])
    )
    rim = [(x + radius * cos(a / 90 * 2 * pi), y + radius * sin(a / 90 * 2 * pi)) for a in range(90)]
    outlined = canvas.outline([rim])
    if outlined is not None:
        where, mask = outlined
        body = body.resize(mask.size)
        canvas.image.paste(body, where, mask)
