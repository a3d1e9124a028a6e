"""Everything above the horizon: the gradient, sun and moon, stars, aurora, clouds and rainbow."""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from math import cos, pi, sin
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, mix, turned
from .cosmos import world
from .texture import fractal, levels, product, slope
from .view import View

NOISE = 512  # clouds are made at most this wide


def gradient(view: View) -> None:
    top, upper, lower, horizon = view.palette.sky
    depth = min(view.height, int(view.horizon) + 2)
    view.canvas.cover((0, 0, view.width, view.height), horizon)
    view.canvas.cover(
        (0, 0, view.width, depth), (top, mix(top, upper, 0.6), upper, mix(upper, lower, 0.6), lower, horizon)
    )


def lights(view: View) -> None:
    """Whatever shines: by night the stars first, then sun or moon with its glow."""
    scene, night = view.scene, view.hour == "night"
    overcast = scene.has("storm", "rain", "fog", "snow")
    if scene.allows("stars") and (scene.has("stars", "milky way") or (night and not overcast)):
        stars(view, dense=scene.has("stars", "milky way"))
    if scene.has("milky way") or (night and scene.has("stars") and view.rich and scene.allows("milky way")):
        milky_way(view)
    if scene.has("aurora"):
        aurora(view)
    if scene.has("planets") and not scene.has("space"):
        ringed_planet(view)
    if scene.has("moonscape"):
        world(
            view, view.sun[0], view.sun[1] + view.short * 0.05, view.short * 0.12, (70, 130, 200), view.chance("earth")
        )
    elif scene.has("moon") or (
        night and scene.allows("moon") and not overcast and not scene.has("milky way", "aurora", "space")
    ):
        moon(view)
    elif not night and scene.allows("sun") and (not overcast or scene.has("sun")):
        sun(view)


def sun(view: View) -> None:
    x, y = view.sun
    light, size = view.palette.light, view.short
    low = view.hour in ("dawn", "dusk", "golden")
    view.canvas.glow(x, y, size * (1.15 if low else 0.8), light, 0.5 if low else 0.4, 2.2)
    view.canvas.glow(x, y, size * 0.32, lighter(light, 0.3), 0.6, 1.8)
    shown = low or view.scene.has("sun") or view.scene.mood == "joyful" or view.plain
    if shown:
        radius = size * (0.075 if low else 0.052)
        view.canvas.disc(x, y, radius, mix(WHITE, light, 0.35 if low else 0.2))


def moon(view: View) -> None:
    x, y = view.sun
    chance, size = view.chance("moon"), view.short
    radius = size * chance.uniform(0.05, 0.075)
    colour = view.scene.colours.get("moon", (244, 240, 220))
    view.canvas.glow(x, y, radius * 7, mix(colour, view.palette.light, 0.5), 0.38, 2.4)
    view.canvas.glow(x, y, radius * 2.2, colour, 0.4, 1.6)
    view.canvas.disc(x, y, radius, colour)
    for _ in range(7 if view.rich else 0):
        turn, reach, crater = chance.uniform(0, 2 * pi), chance.uniform(0, 0.62), chance.uniform(0.08, 0.22)
        spot = (x + cos(turn) * reach * radius, y + sin(turn) * reach * radius)
        view.canvas.disc(*spot, crater * radius, mix(colour, (150, 152, 160), 0.5), 0.5)


def stars(view: View, dense: bool) -> None:
    """Most stars faint, a few bright with a small halo; they thin out towards the horizon."""
    chance, canvas = view.chance("stars"), view.canvas
    depth = min(view.horizon, view.height)
    unit = max(1.0, view.short / 1000)
    draw = ImageDraw.Draw(canvas.image)
    number = round(
        (520 if dense else 260) * (0.4, 1, 1.3)[canvas.detail] * max(1.0, view.width * depth / view.short**2)
    )
    for _ in range(number):
        x, y = chance.random() * view.width, chance.random() ** 1.25 * depth
        power = chance.random() ** 3
        base = canvas.image.getpixel((min(int(x), view.width - 1), min(int(y), view.height - 1)))
        tint = chance.choice(((255, 255, 255), (206, 222, 255), (255, 238, 214)))
        under_it: Colour = base if isinstance(base, tuple) else (0, 0, 0)  # pyright: ignore[reportAssignmentType] - of three
        radius = unit * (0.45 + 1.1 * power)
        colour = mix(under_it, tint, (0.3 + 0.7 * power) * (1 - 0.6 * y / depth))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        if power > 0.86 and view.rich:
            canvas.glow(x, y, unit * 13, tint, 0.5, 2.6)
            draw = ImageDraw.Draw(canvas.image)


def milky_way(view: View) -> None:
    chance, canvas = view.chance("milky way"), view.canvas
    size = (NOISE, max(64, NOISE * view.height // view.width))
    span = max(size)
    band = Image.new("L", (span * 2, span * 2))
    spine = span * chance.uniform(0.9, 1.1)
    ImageDraw.Draw(band).rectangle((0, spine - span * 0.11, span * 2, spine + span * 0.11), fill=255)
    band = band.filter(ImageFilter.GaussianBlur(span * 0.07)).rotate(chance.choice((-1, 1)) * chance.uniform(35, 65))
    left, top = span - size[0] // 2, span - size[1] // 2
    band = band.crop((left, top, left + size[0], top + size[1]))
    dust = fractal(chance, size, (9, 9), 5, 0.62)
    glow = product(levels(product(band, dust), 0.05, 0.85), slope(size, 1.0, 0.45))
    canvas.veil((176, 172, 214), glow.point([grey * 150 // 255 for grey in range(256)]))
    core = levels(product(product(band, band), fractal(chance, size, (6, 6), 5, 0.6)), 0.25, 0.9)
    canvas.veil((255, 226, 202), core.point([grey * 150 // 255 for grey in range(256)]))
    rift = levels(product(product(band, band), fractal(chance, size, (8, 8), 4, 0.6)), 0.52, 0.8)
    canvas.veil(view.palette.sky[0], rift.point([grey * 130 // 255 for grey in range(256)]))


def aurora(view: View) -> None:
    """Curtains: thin columns of light of different heights hanging on a wandering line, softly blurred."""
    chance, canvas = view.chance("aurora"), view.canvas
    width = 360
    height = max(48, round(width * view.horizon / view.width))
    said = view.scene.colours.get("aurora")
    tints = (said,) if said else ((84, 240, 160), (98, 220, 220), (170, 110, 230))
    for number in range(view.some(2, 3, 4)):
        veil = Image.new("L", (width, height))
        draw = ImageDraw.Draw(veil)
        middle, swing = height * chance.uniform(0.5, 0.8), height * chance.uniform(0.1, 0.22)
        phase, turns = chance.uniform(0, 2 * pi), chance.uniform(0.7, 1.8)
        rays = [chance.random() for _ in range(48)]
        for x in range(width):
            foot = (
                middle + swing * sin(phase + x / width * turns * 2 * pi) + swing * 0.4 * sin(phase * 2 + x / width * 17)
            )
            place = x / width * 46
            ray = rays[int(place)] * (1 - place % 1) + rays[int(place) + 1] * (place % 1)
            reach = height * (0.3 + 0.5 * ray)
            for step in range(10):
                low = foot - reach * step / 10
                draw.line((x, low - reach / 10, x, low), fill=round((60 + 130 * ray) * (1 - step / 10) ** 1.6))
        veil = veil.filter(ImageFilter.GaussianBlur(2.2))
        box = canvas.clipped(0, 0, view.width, view.horizon)
        if box is None:
            return
        size = (box[2] - box[0], box[3] - box[1])
        tint = tints[number % len(tints)]
        light = Image.merge("RGB", [veil.point([g * part // 255 for g in range(256)]) for part in tint])
        light = light.resize(size, Image.Resampling.BICUBIC)
        canvas.image.paste(ImageChops.screen(canvas.image.crop(box), light), box)


def ringed_planet(view: View) -> None:
    chance = view.chance("planets")
    x, y = view.width * chance.uniform(0.2, 0.8), view.horizon * chance.uniform(0.2, 0.4)
    radius = view.short * chance.uniform(0.08, 0.14)
    colour = turned((210, 150, 120), hue=chance.random())
    view.canvas.glow(x, y, radius * 2.4, colour, 0.3)
    view.canvas.disc(x, y, radius, (lighter(colour, 0.3), colour, darker(colour, 0.6)))


def rainbow(view: View) -> None:
    canvas = view.canvas
    chance = view.chance("rainbow")
    bands = ((226, 70, 70), (240, 148, 60), (248, 220, 90), (96, 190, 100), (74, 144, 222), (140, 92, 200))
    x, y = view.width * chance.choice((0.36, 0.64)), view.horizon * 1.1
    radius = min(view.horizon * 0.92, view.width * 0.62)
    thick = radius * 0.024
    size = (min(view.width, 900), round(min(view.width, 900) * view.height / view.width))
    scale = size[0] / view.width
    mask_fade = slope((size[0], max(1, round(view.horizon * scale))), 0.62, 0.2)
    for number, band in enumerate(bands):
        mask = Image.new("L", (size[0], mask_fade.height))
        reach = (radius - number * thick) * scale
        corners = (x * scale - reach, y * scale - reach, x * scale + reach, y * scale + reach)
        ImageDraw.Draw(mask).arc(corners, 180, 360, fill=255, width=max(1, round(thick * scale * 1.15)))
        mask = product(mask.filter(ImageFilter.GaussianBlur(thick * scale * 0.35)), mask_fade)
        box = canvas.clipped(0, 0, view.width, view.horizon)
        if box is not None:
            canvas.veil(band, mask, box)


def clouds(view: View) -> None:
    scene = view.scene
    if not scene.allows("clouds") or scene.has("clear", "milky way", "moonscape", "space", "aurora"):
        return
    chance = view.chance("clouds")
    if scene.has("storm", "lightning"):
        overcast(view, chance, 0.28, 0.75, darker(view.palette.sky[0], 0.2), view.palette.sky[2])
    elif scene.has("rain", "fog", "snow"):
        overcast(view, chance, 0.35, 1.0, view.palette.sky[0], lighter(view.palette.sky[3], 0.2))
    else:
        low = view.hour in ("dawn", "dusk", "golden")
        base = mix(view.palette.sky[2], WHITE, 0.72 * (1 - view.palette.darkness))
        light = mix(base, view.palette.light, 0.55) if low else base
        if view.hour == "night":
            base = light = mix(view.palette.sky[2], view.palette.sky[3], 0.5)
        shade = mix(view.palette.sky[1], view.palette.sky[2], 0.6)
        amount = 0.42 if scene.has("clouds") else chance.uniform(0.5, 0.6)
        if not view.plain and view.rich:
            overcast(view, chance, amount, amount + 0.42, shade, light, strength=0.8)
        if scene.has("clouds") or (view.hour == "day" and chance.random() < 0.75) or view.plain:
            for _ in range(chance.randint(5, 8) if scene.has("clouds") else chance.randint(2, 4)):
                cumulus(view, chance, light, shade)


def overcast(
    view: View, chance: Random, low: float, high: float, shade: Colour, light: Colour, strength: float = 1.0
) -> None:
    """A layer of cloud from noise, flattened towards the horizon; lit where it is thicker than just above."""
    box = view.canvas.clipped(0, 0, view.width, view.horizon)
    if box is None:
        return
    width = min(NOISE, max(96, view.width))
    size = (width, max(24, round(width * view.horizon / view.width)))
    lumps = max(2, round(3.2 * view.width / view.short))
    noise = fractal(chance, size, (lumps, max(3, round(lumps * 2.6 * size[1] / size[0]))), 5, 0.55)
    relief = ImageChops.subtract(ImageChops.offset(noise, 0, -5), noise, scale=0.28, offset=118)
    colours = Image.composite(Image.new("RGB", size, shade), Image.new("RGB", size, light), relief)
    mask = product(levels(noise, low, high, strength), slope(size, 1.0, 0.55))
    target = (box[2] - box[0], box[3] - box[1])
    view.canvas.image.paste(colours.resize(target), box, mask.resize(target, Image.Resampling.BICUBIC))


def cumulus(view: View, chance: Random, light: Colour, shade: Colour) -> None:
    """A heap of round puffs on a flat base, each lit from above; smaller and paler near the horizon."""
    low = chance.random() ** 0.8
    y = view.horizon * (0.12 + 0.68 * low)
    x = chance.random() * view.width
    width = view.short * (0.44 - 0.28 * low) * chance.uniform(0.75, 1.35)
    across = max(24, round(min(width * 1.2, 420)))
    down = max(12, round(across * 0.46))
    pale, dim = mix(light, view.palette.haze, low * 0.45), mix(mix(light, shade, 0.5), view.palette.haze, low * 0.45)
    body, mask = Image.new("RGB", (across, down), dim), Image.new("L", (across, down))
    inside, outline = ImageDraw.Draw(body), ImageDraw.Draw(mask)
    floor = down * 0.8
    peak = chance.uniform(0.36, 0.64)
    puffs: list[tuple[float, float, float]] = []
    for row in range(3):
        number = view.some(5, 8, 9) - row * 2
        for k in range(number):
            place = (k + chance.uniform(0.25, 0.75)) / number
            heap = max(0.15, 1 - abs(place - peak) * 1.7)
            radius = down * (0.1 + 0.13 * heap) * chance.uniform(0.8, 1.25)
            cx = across * (0.1 + 0.8 * (0.5 + (place - 0.5) * (1 - 0.24 * row)))
            puffs.append((cx, max(radius + 1, floor - radius * 0.6 - down * 0.2 * row * heap), radius))
    side = -1 if view.from_left else 1
    for cx, cy, r in sorted(puffs, key=lambda puff: puff[1]):
        outline.ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)
        for share in (1.0, 0.82, 0.6):
            tone = mix(dim, pale, min(1.0, (1.15 - share * 0.75) * (1.2 - 0.55 * cy / floor)))
            px, py, pr = cx + side * r * (1 - share) * 0.5, cy - r * (1 - share) * 0.75, r * share
            inside.ellipse((px - pr, py - pr, px + pr, py + pr), fill=tone)
    outline.rectangle((0, floor + down * 0.03, across, down), fill=0)
    body = body.filter(ImageFilter.GaussianBlur(across * 0.014))
    mask = mask.filter(ImageFilter.GaussianBlur(across * 0.008))
    size = (max(2, round(width)), max(2, round(width * 0.46)))
    mask = mask.resize(size, Image.Resampling.BICUBIC).point([round(grey * (0.95 - 0.35 * low)) for grey in range(256)])
    left, top = round(x - width / 2), round(y - width * 0.25)
    view.canvas.image.paste(body.resize(size, Image.Resampling.BICUBIC), (left, top), mask)


def birds(view: View, number: int, x: float, y: float) -> None:
    """A distant flock: small strokes bent like wings."""
    chance = view.chance("flock")
    wings: list[list[Point]] = []
    for _ in range(number):
        cx, cy = x + chance.gauss(0, 0.1) * view.short, y + chance.gauss(0, 0.045) * view.short
        span = view.short * chance.uniform(0.008, 0.018)
        lift, thick = span * chance.uniform(0.25, 0.55), span * 0.16
        upper = [(cx - span, cy - lift * 0.6), (cx - span * 0.45, cy - lift), (cx, cy), (cx + span * 0.45, cy - lift)]
        lower = [(cx + span, cy - lift * 0.6), (cx + span * 0.42, cy - lift + thick), (cx, cy + thick * 1.4)]
        wings.append([*upper, *lower, (cx - span * 0.42, cy - lift + thick)])
    view.canvas.fill(wings, mix(view.palette.ink, view.palette.haze, 0.25))
