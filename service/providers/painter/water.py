"""Water: still water that mirrors what stands above it, the open sea, rivers, waterfalls and the world below."""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from math import cos, pi, sin
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from .canvas import Point, quad
from .colours import WHITE, Colour, darker, lighter, mix
from .texture import fractal, levels, slope
from .view import View


def mirror(view: View, top: float, clarity: float) -> None:
    """
    Lay water from `top` to the lower edge: what is above it upside down, rippled and tinted.

    The ripples move whole strips sideways, more and wider ones towards the viewer.
    """
    start = int(top)
    depth = view.height - start
    if depth < 4 or start < 4:
        return
    canvas = view.canvas
    squash = 0.8 if start >= depth * 0.8 else 1.0
    source = canvas.image.crop((0, max(0, start - round(depth / squash)), view.width, start))
    source = source.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((view.width, depth), Image.Resampling.BILINEAR)
    if view.rich:
        source = source.filter(ImageFilter.BoxBlur(max(0.6, view.short / 900)))
    chance = view.chance("ripples")
    phase, strips = chance.uniform(0, 2 * pi), max(2, view.short // 420)
    for y in range(0, depth, strips):
        near = y / depth
        swing = view.short * (0.0012 + 0.009 * near) * sin(phase + 95 * near**0.6 + 2.5 * sin(31 * near))
        swing += view.short * 0.002 * chance.uniform(-1, 1)
        shift = round(swing)
        if shift:
            strip = source.crop((0, y, view.width, min(depth, y + strips)))
            source.paste(strip, (shift, y))
    water = view.lit(view.palette.water)
    tint = Image.new("RGB", source.size, darker(water, 0.15))
    mask = slope(source.size, 1 - clarity, 1 - clarity * 0.45)
    canvas.image.paste(Image.composite(tint, source, mask), (0, start))
    _glints(view, top, clarity)
    canvas.mist(top - view.short * 0.01, top + view.short * 0.012, mix(view.palette.haze, WHITE, 0.2), 0.0, 0.35)


def _glints(view: View, top: float, calm: float) -> None:
    """Short bright strokes on the surface, gathered below the light."""
    chance = view.chance("glints")
    depth = view.height - top
    light = mix(view.palette.light, view.palette.sky[3], 0.35)
    strokes: list[list[Point]] = []
    path: list[list[Point]] = []
    for number in range(view.some(40, 150, 260)):
        near = chance.random() ** 1.4
        y = top + depth * (0.015 + 0.97 * near)
        half = view.short * (0.004 + 0.035 * near) * chance.uniform(0.4, 1.3)
        thick = max(0.5, view.short * (0.0007 + 0.0022 * near))
        if number % 2:
            x = view.sun[0] + chance.gauss(0, 0.03 + 0.07 * near) * view.short
            path.append([(x - half, y), (x, y - thick), (x + half, y), (x, y + thick)])
        else:
            x = chance.random() * view.width
            strokes.append([(x - half, y), (x, y - thick), (x + half, y), (x, y + thick)])
    canvas = view.canvas
    canvas.fill(strokes, lighter(view.palette.sky[2], 0.25), 0.28 * (1.2 - calm * 0.5))
    shines = not view.scene.has("storm", "rain", "fog") and view.scene.allows("sun")
    if shines:
        canvas.ellipse_glow(view.sun[0], top, view.short * 0.3, depth * 0.75, view.palette.light, 0.28, 2.0)
        canvas.fill(path, light, 0.85 if view.hour in ("dusk", "dawn", "golden", "night") else 0.5)


def waves(view: View, top: float, rough: float) -> None:
    """The open sea: swell behind swell, each lit along its crest and dark below it; when it blows the crests break."""
    chance, canvas = view.chance("waves"), view.canvas
    rows = round(view.some(9, 20, 26) * (1.0 if view.height <= view.width else 1.3))
    depth = view.height - top
    water = view.lit(view.palette.water)
    far = mix(water, view.palette.haze, 0.5)
    canvas.fill([quad(0, top, view.width, view.height)], (far, mix(far, water, 0.6), water, darker(water, 0.3)))
    bright = mix(lighter(water, 0.12), view.palette.sky[3], 0.3)
    for row in range(rows):
        near = (row + 0.4) / rows
        y = top + depth * near**1.7
        reach = view.short * (0.002 + (0.011 + 0.038 * rough) * near)
        crest = _swell(chance, view.width, y, reach, (10.0 - 7.2 * near**0.6) * view.width / view.short, rough)
        shade = mix(far, darker(water, 0.1), min(1.0, near * 1.2))
        light = mix(shade, bright, 0.3 + 0.25 * (1 - near))
        body = [*crest, (view.width, y + reach * 5), (0, y + reach * 5)]
        canvas.fill([body], (light, shade, darker(shade, 0.3)), 0.85, fade=(1.0, 0.0))
        if rough > 0.3 and near > 0.05 and view.rich:
            canvas.fill(_foam(crest, y, reach), view.lit((244, 249, 252)), 0.5 + 0.4 * near)
            veins = fractal(chance, (360, 60), (round(14 + 30 * (1 - near)), 14), 4, 0.62)
            canvas.fill([body], view.lit((232, 242, 246)), 0.45 * rough, levels(veins, 0.62, 0.85), fade=(1.0, 0.0))
    _glints(view, top, 1 - rough)
    canvas.mist(top - view.short * 0.006, top + view.short * 0.02, view.palette.haze, 0.0, 0.4)


def _swell(chance: Random, width: float, y: float, reach: float, turns: float, rough: float) -> list[Point]:
    """One crest line: long waves on which shorter ones ride, sharpened where they are high."""
    parts = [
        (chance.uniform(0, 2 * pi), turns * scale * chance.uniform(0.8, 1.2), weight)
        for scale, weight in ((0.5, 0.5), (1.0, 0.4), (2.3, 0.22))
    ]
    line: list[Point] = []
    for k in range(161):
        at = k / 160
        high = sum(weight * sin(phase + at * turn * 2 * pi) for phase, turn, weight in parts)
        peaked = high if high < 0 else high * (1 + 0.7 * rough * high)
        line.append((at * width, y - reach * peaked))
    return line


def _foam(crest: list[Point], y: float, reach: float) -> list[list[Point]]:
    """White caps: only where a crest stands high, thickest at its peak."""
    caps: list[list[Point]] = []
    top: list[Point] = []
    for point in [*crest, (0.0, y + reach)]:
        if point[1] < y - reach * 0.42:
            top.append(point)
            continue
        if len(top) > 3:
            last = len(top) - 1
            caps.append(
                [
                    *top,
                    *(
                        (x + reach * 0.1, cy + reach * 0.22 * sin(k / last * pi))
                        for k, (x, cy) in reversed(list(enumerate(top)))
                    ),
                ]
            )
        top = []
    return caps


def beach(view: View, top: float) -> None:
    """Sand in front, its edge washed by the last wave."""
    chance, canvas = view.chance("beach"), view.canvas
    sand = view.lit(view.scene.colours.get("beach", (234, 241, 250) if view.winter else (240, 216, 168)))
    lean = chance.choice((-1, 1)) * view.short * 0.07
    phase = chance.uniform(0, 2 * pi)
    edge = [
        (k / 40 * view.width, top + lean * (k / 20 - 1) + view.short * 0.018 * sin(phase + k / 40 * 7))
        for k in range(41)
    ]
    below = [(view.width, view.height), (0, view.height)]
    lift = view.short * 0.03
    canvas.fill([[*((x, y - lift) for x, y in edge), *below]], view.lit((236, 248, 248)), 0.75)
    canvas.fill([[*((x, y - lift * 0.55) for x, y in edge), *below]], mix(sand, view.lit(view.palette.water), 0.35))
    canvas.fill(
        [[*((x, y + lift * 0.5) for x, y in edge), *below]], (mix(sand, (150, 120, 90), 0.2), sand, darker(sand, 0.12))
    )
    if view.rich:
        rough = fractal(chance, (300, 160), (70, 50), 3, 0.7)
        canvas.fill([[*((x, y + lift) for x, y in edge), *below]], darker(sand, 0.3), 0.35, levels(rough, 0.5, 0.9))


def river(view: View, top: float) -> None:
    """A river that winds towards the viewer, bright with sky."""
    chance, canvas = view.chance("river"), view.canvas
    end, swing = view.width * chance.uniform(0.4, 0.6), view.short * chance.choice((-1, 1)) * 0.24
    left: list[Point] = []
    right: list[Point] = []
    for step in range(33):
        t = step / 32
        y = top + (view.height - top) * t**1.5
        middle = end + swing * sin(t * pi * 1.6) * t**0.6
        half = view.short * (0.01 + 0.3 * t**1.8)
        left.append((middle - half, y))
        right.append((middle + half, y))
    bank = view.short * 0.012
    shape = [*left, *reversed(right)]
    earth = darker(view.lit(mix(view.palette.ground, (120, 96, 70), 0.5)), 0.25)
    further = ((x + bank * 1.4, y) for x, y in reversed(right))
    canvas.fill([[*((x - bank * 1.4, y + bank * 0.4) for x, y in left), *further]], earth)
    sky = view.palette.sky
    water = view.lit(view.palette.water)
    canvas.fill(
        [shape], (mix(sky[3], water, 0.2), mix(sky[2], water, 0.4), mix(sky[1], water, 0.6), darker(water, 0.2))
    )
    flow: list[list[Point]] = []
    for _ in range(view.some(14, 50, 90)):
        t = chance.random() ** 0.8
        i = min(31, int(t * 32))
        x = left[i][0] + (right[i][0] - left[i][0]) * chance.uniform(0.08, 0.92)
        half, thick = view.short * (0.004 + 0.05 * t), max(0.5, view.short * 0.0025 * t)
        y = left[i][1]
        flow.append([(x - half, y), (x, y - thick), (x + half, y), (x, y + thick)])
    canvas.fill(flow, lighter(sky[3], 0.4), 0.4)


def waterfall(view: View, top: float, foot: float) -> None:
    """A white veil between two rock walls into a misty pool."""
    chance, canvas = view.chance("waterfall"), view.canvas
    middle, half = view.width * chance.uniform(0.42, 0.58), view.short * chance.uniform(0.075, 0.11)
    rock = view.lit(mix((92, 96, 98), view.palette.foliage, 0.25))
    for side in (-1, 1):
        wall: list[Point] = [(middle + side * half * 0.9, top)]
        x, y = middle + side * half * 0.95, top
        while -view.width * 0.1 < x < view.width * 1.1:
            x += side * view.short * chance.uniform(0.05, 0.12)
            y -= view.short * chance.uniform(-0.03, 0.06)
            wall.append((x, y))
        wall += [(x, foot + view.short * 0.05), (middle + side * half, foot + view.short * 0.02)]
        canvas.fill([wall], (lighter(rock, 0.15), rock, darker(rock, 0.45)))
        canvas.fill([wall], darker(rock, 0.55), 0.65, levels(fractal(chance, (200, 200), (26, 8), 4, 0.6), 0.42, 0.75))
        canvas.fill(
            [wall], view.lit(view.palette.foliage), 0.7, levels(fractal(chance, (200, 200), (7, 7), 4, 0.6), 0.58, 0.75)
        )
    veil = [(middle - half, top), (middle + half, top), (middle + half * 1.2, foot), (middle - half * 1.2, foot)]
    canvas.fill([veil], (view.lit((214, 232, 240)), view.lit((244, 250, 252))))
    threads = fractal(chance, (120, 90), (30, 2), 3, 0.6)
    canvas.fill([veil], view.lit(darker(view.palette.water, 0.1)), 0.55, levels(threads, 0.5, 0.85))
    for _ in range(6):
        canvas.glow(
            middle + chance.uniform(-1.2, 1.2) * half,
            foot,
            half * chance.uniform(1.0, 2.2),
            view.lit((230, 242, 246)),
            0.4,
        )


def below(view: View) -> None:
    """The world under water: bright above, deep blue below."""
    canvas = view.canvas
    said = view.scene.colours.get("underwater") or view.scene.colours.get("sea")
    dark = view.palette.darkness
    deep: tuple[Colour, ...] = ((112, 214, 222), (44, 152, 190), (18, 92, 146), (8, 46, 92))
    if said:
        deep = (lighter(said, 0.5), said, darker(said, 0.4), darker(said, 0.65))
    canvas.cover(canvas.box, tuple(darker(colour, dark * 0.6) for colour in deep))


def shafts(view: View) -> None:
    """Light falling from the surface, each shaft wider and fainter below."""
    chance, canvas = view.chance("shafts"), view.canvas
    source = view.width * chance.uniform(0.25, 0.75)
    for _ in range(view.some(4, 8, 11)):
        x, width = source + chance.gauss(0, 0.22) * view.width, view.short * chance.uniform(0.02, 0.06)
        drift = (x - source) * 0.9 + view.short * chance.uniform(-0.08, 0.08)
        reach = view.height * chance.uniform(0.55, 0.9)
        shaft = [(x, -10.0), (x + width, -10.0), (x + width * 2.4 + drift, reach), (x - width * 1.4 + drift, reach)]
        size = (max(2, view.width // 4), max(2, view.height // 4))
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([(px / 4, py / 4) for px, py in shaft], fill=70)
        mask = mask.filter(ImageFilter.GaussianBlur(view.short / 4 * 0.012))
        canvas.veil((210, 250, 246), Image.composite(mask, Image.new("L", size), slope(size, 1.0, 0.0)))
    canvas.glow(source, 0, view.short * 0.7, (220, 255, 250), 0.5)


def seabed(view: View, top: float) -> None:
    """The sea floor in three folds, with corals and weed."""
    chance, canvas = view.chance("seabed"), view.canvas
    dark = view.palette.darkness * 0.5
    sand = darker(mix((206, 196, 160), (30, 110, 150), 0.45), dark)
    for layer in range(3):
        near = (layer + 1) / 3
        level = top + (view.height - top) * layer / 3
        colour = mix((24, 96, 144), sand, 0.3 + 0.7 * near)
        edge = [(k / 30 * view.width, level - view.short * 0.04 * sin(k / 30 * 6 + layer * 2 + top)) for k in range(31)]
        canvas.fill([[*edge, (view.width, view.height), (0, view.height)]], (colour, darker(colour, 0.3)))
        corals = ((232, 110, 120), (240, 160, 90), (168, 96, 178), (244, 206, 120), (80, 170, 150))
        for _ in range(view.some(3, 6, 8)):
            x, size = chance.random() * view.width, view.short * (0.05 + 0.08 * near) * chance.uniform(0.6, 1.3)
            tint = darker(mix(chance.choice(corals), (20, 90, 140), 0.6 * (1 - near)), dark)
            base = level + view.short * 0.03
            if chance.random() < 0.4:
                weeds = [
                    _weed(chance.uniform(-0.5, 0.5) * size + x, base, size * chance.uniform(0.9, 1.7), k)
                    for k in range(5)
                ]
                canvas.fill(weeds, (lighter(mix(tint, (60, 160, 120), 0.5), 0.1), darker(tint, 0.4)))
            else:
                arms: list[list[Point]] = []
                for turn in (-0.75, -0.35, 0.0, 0.4, 0.8):
                    _coral(chance, arms, (x, base), turn - pi / 2, size * 0.42, size * 0.085, 3)
                canvas.fill(arms, (lighter(tint, 0.12), darker(tint, 0.3)))


def bubbles(view: View) -> None:
    chance, canvas = view.chance("bubbles"), view.canvas
    for _ in range(view.some(10, 26, 40)):
        x, y = chance.random() * view.width, chance.random() * view.height
        radius = view.short * chance.uniform(0.003, 0.009)
        canvas.disc(x, y, radius, (216, 246, 250), 0.35)


def _coral(
    chance: Random, arms: list[list[Point]], root: Point, turn: float, reach: float, width: float, depth: int
) -> None:
    """A branch that thickens at its tip and divides."""
    x, y = root
    tip = (x + reach * cos(turn), y + reach * sin(turn))
    across = (-sin(turn) * width * 0.5, cos(turn) * width * 0.5)
    arms.append(
        [
            (x - across[0], y - across[1]),
            (tip[0] - across[0], tip[1] - across[1]),
            (tip[0] + across[0], tip[1] + across[1]),
            (x + across[0], y + across[1]),
        ]
    )
    arms.append(
        [(tip[0] + width * 0.62 * cos(a / 8 * 2 * pi), tip[1] + width * 0.62 * sin(a / 8 * 2 * pi)) for a in range(8)]
    )
    for lean in (-0.5, 0.5) if depth else ():
        _coral(
            chance,
            arms,
            tip,
            turn + lean * chance.uniform(0.5, 1.2),
            reach * chance.uniform(0.55, 0.8),
            width * 0.8,
            depth - 1,
        )


def _weed(x: float, base: float, height: float, number: int) -> list[Point]:
    left: list[Point] = []
    right: list[Point] = []
    for k in range(9):
        t = k / 8
        sway = height * 0.13 * sin(t * 5 + number * 1.7) * t
        half = height * 0.035 * (1 - t) + 0.3
        left.append((x + sway - half, base - height * t))
        right.append((x + sway + half, base - height * t))
    return [*left, *reversed(right)]
