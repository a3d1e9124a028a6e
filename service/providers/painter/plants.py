"""Single plants close enough to have a shape of their own."""

from math import cos, pi, sin

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, mix, turned
from .pen import Figure, Pen, mirrored
from .solids import turned as thrown

BARK: Colour = (104, 76, 58)
LEAF: Colour = (86, 148, 78)


def trunk(pen: Pen, x: float, top: float, width: float, bark: Colour = BARK) -> None:
    left: list[Point] = [(x - width, 99), (x - width * 0.55, 80), (x - width * 0.4, top)]
    right: list[Point] = [(x + width * 0.4, top), (x + width * 0.5, 80), (x + width, 99)]
    pen.gradient(lambda: pen.blob([*left, *right], bark), lighter(bark, 0.12), darker(bark, 0.3), across=True)


def crown(
    pen: Pen, x: float, y: float, across: float, down: float, leaf: Colour, puffs: int = 70, size: float = 9.0
) -> None:
    """Leaves as puffs from dark below to light above; the light comes from the upper left, `lit` turns it."""
    chance = pen.chance
    spots: list[tuple[float, float, float]] = []
    for k in range(puffs):
        turn, far = chance.uniform(0, 2 * pi), (k / puffs) ** 0.5
        spots.append((x + across * far * cos(turn), y + down * far * sin(turn), size * chance.uniform(0.7, 1.25)))
    for px, py, r in spots:
        pen.dot(px, py, r, darker(leaf, 0.3))
    for px, py, r in sorted(spots, key=lambda spot: -spot[1]):
        height = (y + down - py) / (2 * down)
        pen.dot(
            px - r * 0.15,
            py - r * 0.2,
            r * 0.72,
            mix(darker(leaf, 0.22), lighter(leaf, 0.2), min(1.0, max(0.0, height + chance.uniform(-0.2, 0.2)))),
        )


def tree(pen: Pen) -> None:
    leaf = pen.tint(LEAF, (104, 156, 70), (70, 132, 86))
    for end in ((24, 46), (62, 44), (44, 34)):
        pen.line([(43, 76), (43 + (end[0] - 43) * 0.4, 62), (float(end[0]), float(end[1]))], 4.4, BARK, taper=0.4)
    trunk(pen, 43, 56, 7)
    crown(pen, 43, 34, 30, 24, leaf)


def blossom(pen: Pen) -> None:
    petal = pen.tint((248, 184, 206))
    for path in ([(45, 80), (36, 60), (18, 46)], [(45, 70), (56, 52), (74, 42)], [(45, 76), (46, 48), (42, 28)]):
        pen.line([(float(x), float(y)) for x, y in path], 5, darker(BARK, 0.2), taper=0.35)
    trunk(pen, 45, 66, 6.4, darker(BARK, 0.15))
    for x, y, a, d in ((24, 40, 19, 14), (66, 38, 19, 14), (45, 24, 22, 16), (45, 44, 18, 10)):
        crown(pen, x, y, a, d, petal, 34, 6)
    for _ in range(40):
        pen.dot(45 + pen.chance.gauss(0, 20), 36 + pen.chance.gauss(0, 11), 1.1, lighter(petal, 0.6))
    for _ in range(14):
        pen.oval(45 + pen.chance.uniform(-40, 40), pen.chance.uniform(62, 98), 1.2, 0.8, petal)


def pine(pen: Pen) -> None:
    leaf = pen.tint((52, 108, 84), (60, 120, 76))
    trunk(pen, 30, 80, 4)
    for k in range(6):
        y, half = 92 - k * 14.5, 27 - k * 4
        left: list[Point] = [
            (30, y - 26),
            (30 - half * 0.45, y - 10),
            (30 - half, y + 1),
            (30 - half * 0.5, y - 2),
            (30 - half * 0.2, y + 2),
            (30, y - 1),
        ]
        pen.gradient(lambda left=left: pen.shape(mirrored(left, 30), leaf), lighter(leaf, 0.12), darker(leaf, 0.3))
        pen.shape(
            [(30, y - 26), (30 - half * 0.45, y - 10), (30 - half, y + 1), (30 - half * 0.3, y - 6)], lighter(leaf, 0.1)
        )


def palm(pen: Pen) -> None:
    leaf = pen.tint((74, 140, 84))
    pen.line([(34, 99), (38, 74), (46, 50), (52, 30)], 5.4, (140, 106, 74), taper=0.6)
    for k in range(9):
        y = 92 - k * 7
        pen.line([(32.6 + k * 1.6 + k * k * 0.06, y), (38 + k * 1.7 + k * k * 0.06, y - 1)], 0.7, (100, 74, 54))
    for turn, reach in ((-170, 34), (-145, 36), (-112, 30), (-75, 28), (-40, 34), (-12, 36), (12, 30), (168, 30)):
        c, s = cos(turn * pi / 180), sin(turn * pi / 180)
        tip = (52 + reach * c, 28 + reach * s * 0.7 + 12)
        mid = (52 + reach * 0.55 * c, 28 + reach * 0.7 * s - 3)
        shade = darker(leaf, 0.2) if s > 0 else lighter(leaf, 0.06)
        pen.blob([(52, 28), (mid[0], mid[1] - 3), tip, (mid[0], mid[1] + 4)], shade)
        pen.line([(52, 28), mid, tip], 0.7, lighter(leaf, 0.3))
    for x, y in ((50, 32), (55, 32), (52, 35)):
        pen.dot(x, y, 2.6, (112, 76, 50))


def birch(pen: Pen) -> None:
    """A bare tree: branches that divide."""
    bark = pen.tint((226, 222, 214), (92, 74, 68))

    def branch(x: float, y: float, turn: float, reach: float, width: float, depth: int) -> None:
        end = (x + reach * cos(turn), y + reach * sin(turn))
        pen.line([(x, y), end], width, bark if depth > 1 else darker(bark, 0.2), smooth=False)
        if depth:
            for lean in (-0.5, 0.42):
                branch(
                    *end,
                    turn + lean + pen.chance.uniform(-0.2, 0.2),
                    reach * pen.chance.uniform(0.62, 0.8),
                    width * 0.62,
                    depth - 1,
                )

    branch(40, 99, -pi / 2 + 0.03, 30, 5, 6)


def bonsai(pen: Pen) -> None:
    leaf = pen.tint((76, 138, 86), (96, 160, 100))
    pen.line([(44, 80), (36, 64), (52, 52), (44, 34)], 7, BARK, taper=0.5)
    pen.line([(50, 54), (66, 46)], 3.4, BARK, taper=0.6)
    for x, y, a, d in ((42, 26, 22, 10), (68, 42, 15, 7), (24, 46, 15, 7)):
        crown(pen, x, y, a, d, leaf, 30, 5)
    pen.gradient(
        lambda: pen.shape([(18, 80), (74, 80), (68, 98), (24, 98)], (170, 96, 70)), (190, 112, 84), (120, 62, 48)
    )
    pen.box(15, 77, 77, 83, (190, 112, 84), 2)


def cactus(pen: Pen) -> None:
    skin = pen.tint((86, 148, 92))
    dark = darker(skin, 0.25)
    for path in ([(32, 70), (14, 68), (13, 46)], [(32, 60), (51, 56), (51, 34)]):
        pen.line([(float(x), float(y)) for x, y in path], 10, darker(skin, 0.08))
    pen.gradient(lambda: pen.box(23, 8, 41, 98, skin, 9), lighter(skin, 0.14), dark, across=True)
    for x in (27, 32, 37):
        pen.line([(x, 14), (x, 97)], 0.8, dark, smooth=False)
    for y in range(18, 94, 11):
        for x in (24, 29.5, 34.5, 40):
            pen.line([(x - 1, y - 1), (x + 1, y + 1)], 0.5, lighter(skin, 0.6))
    for x, y in ((32, 8), (13, 44), (51, 32)):
        for k in (-1, 0, 1):
            pen.oval(x + k * 3, y - 1, 2.3, 3.4, (236, 100, 140), k * 30)


def mushroom(pen: Pen) -> None:
    cap = pen.tint((210, 56, 48), (186, 120, 70))
    pen.gradient(
        lambda: pen.blob(mirrored([(50, 46), (60, 48), (60, 74), (66, 96), (50, 98)], 50), (246, 238, 222)),
        (252, 246, 234),
        (200, 186, 166),
        across=True,
    )
    pen.oval(50, 52, 40, 9, (226, 210, 186))
    pen.gradient(
        lambda: pen.blob(mirrored([(50, 6), (74, 14), (92, 36), (94, 50), (72, 54), (50, 52)], 50), cap),
        lighter(cap, 0.16),
        darker(cap, 0.16),
    )
    for x, y, r in ((38, 22, 6), (62, 18, 4.4), (74, 36, 6), (26, 40, 5), (50, 38, 6.4)):
        pen.oval(x, y, r, r * 0.8, (252, 248, 238))


def stem(pen: Pen, x: float, top: float) -> None:
    green: Colour = (82, 140, 76)
    pen.line([(x, top), (x + 2, 72), (x - 1, 99)], 2.6, green)
    pen.blob([(x, 90), (x - 14, 76), (x - 20, 62), (x - 6, 72)], lighter(green, 0.08))
    pen.blob([(x, 84), (x + 14, 72), (x + 19, 58), (x + 5, 68)], darker(green, 0.1))


def rose(pen: Pen) -> None:
    petal = pen.tint((206, 44, 66), (240, 140, 160), (250, 226, 200))
    stem(pen, 30, 36)
    rose_head(pen, 30, 26, 20, petal)


def rose_head(pen: Pen, x: float, y: float, r: float, petal: Colour) -> None:
    for ring in range(5):
        reach = r * (0.66 - ring * 0.15)
        for k in range(6 - ring):
            turn = k / (6 - ring) * 2 * pi + ring * 0.7
            tone = mix(darker(petal, 0.36), lighter(petal, 0.14), (0.5 - 0.5 * sin(turn)) * (1 - ring * 0.12))
            pen.oval(
                x + reach * cos(turn),
                y + reach * sin(turn) * 0.92,
                r * (0.5 - ring * 0.06),
                r * (0.44 - ring * 0.05),
                tone,
                turn * 57 + 90,
            )
    pen.dot(x, y, r * 0.14, darker(petal, 0.5))


def flower_head(pen: Pen, x: float, y: float, r: float, petal: Colour, heart: Colour, number: int = 9) -> None:
    for layer, shade in ((0.5, 0.14), (0.0, 0.0)):
        for k in range(number):
            turn = (k + layer) / number * 2 * pi
            pen.oval(
                x + r * 0.62 * cos(turn),
                y + r * 0.62 * sin(turn),
                r * 0.42,
                r * 0.2 + r * 0.9 / number,
                darker(petal, shade),
                turn * 180 / pi,
            )
    pen.dot(x, y, r * 0.3, darker(heart, 0.2))
    pen.dot(x - r * 0.03, y - r * 0.04, r * 0.25, heart)


def flower(pen: Pen) -> None:
    petal = pen.tint((250, 248, 244), (240, 120, 150), (250, 190, 80), (150, 120, 210), (226, 70, 60))
    stem(pen, 30, 34)
    flower_head(pen, 30, 26, 24, petal, (246, 190, 70), 11)


def sunflower(pen: Pen) -> None:
    stem(pen, 33, 40)
    petal = pen.tint((248, 196, 56))
    for layer, r in ((0.0, 31.0), (0.5, 27.0)):
        for k in range(17):
            turn = (k + layer) / 17 * 2 * pi
            pen.oval(
                33 + r * 0.72 * cos(turn),
                33 + r * 0.72 * sin(turn),
                r * 0.34,
                3.8,
                petal if layer else darker(petal, 0.16),
                turn * 180 / pi,
            )
    pen.dot(33, 33, 15.4, (84, 54, 38))
    for n in range(90):
        far = 14.4 * (n / 90) ** 0.5
        pen.dot(
            33 + far * cos(n * 2.39996), 33 + far * sin(n * 2.39996), 0.9, (132, 84, 46) if n > 40 else (64, 44, 36)
        )


def tulip(pen: Pen) -> None:
    petal = pen.tint((222, 60, 70), (246, 180, 70), (232, 120, 170), (150, 90, 170))
    pen.line([(25, 40), (26, 70), (25, 99)], 3, (88, 146, 84))
    pen.blob([(25, 97), (10, 78), (6, 52), (16, 66), (24, 84)], (96, 156, 92))
    pen.blob([(26, 97), (40, 80), (45, 58), (34, 70), (27, 86)], (76, 132, 78))
    pen.blob([(25, 6), (34, 18), (33, 40), (17, 40), (16, 18)], darker(petal, 0.2))
    for s in (-1, 1):
        pen.gradient(
            lambda s=s: pen.blob(
                [(25 + s * 14, 6), (25 + s * 17, 26), (25 + s * 9, 44), (25 - s * 2, 45), (25 + s * 3, 22)], petal
            ),
            lighter(petal, 0.16),
            darker(petal, 0.08),
        )


def lotus(pen: Pen) -> None:
    petal = pen.tint((246, 160, 190), (250, 240, 246))
    pen.oval(70, 84, 66, 13, (70, 130, 96))
    pen.oval(70, 82, 62, 11, (92, 156, 112))
    for ring, number, reach in ((0, 7, 46), (1, 5, 38), (2, 3, 30)):
        for k in range(number):
            lean = (k - (number - 1) / 2) / number * 2.0
            tip = (70 + reach * lean * 0.95, 76 - reach * (1.45 - abs(lean) * 0.85))
            pen.blob(
                [
                    (70 + lean * 8, 82),
                    (tip[0] - 8 + lean * 8, (tip[1] + 84) / 2),
                    tip,
                    (tip[0] + 8 + lean * 8, (tip[1] + 84) / 2),
                ],
                mix(petal, WHITE, 0.2 * ring) if k % 2 else darker(petal, 0.1),
            )
    pen.oval(70, 76, 7, 4, (250, 214, 110))


def bouquet(pen: Pen) -> None:
    chance = pen.chance
    for _ in range(16):
        x, y = 40 + chance.uniform(-28, 28), chance.uniform(12, 44)
        pen.line([(40, 62), ((40 + x) / 2, 48), (x, y)], 1, (84, 138, 80))
        pen.oval(x * 0.9 + 4, y + 8, 4, 9, (96, 150, 90), (x - 40) * 2)
    base = pen.asked
    tints: tuple[Colour, ...] = (
        (base, lighter(base, 0.3), darker(base, 0.2))
        if base
        else ((232, 96, 120), (250, 190, 90), (250, 244, 236), (160, 120, 200), (240, 140, 100))
    )
    spots = sorted(
        ((40 + chance.uniform(-29, 29), 26 + chance.uniform(-19, 19)) for _ in range(17)), key=lambda spot: spot[1]
    )
    for n, (x, y) in enumerate(spots):
        tint = tints[n % len(tints)]
        if n % 3:
            flower_head(pen, x, y, chance.uniform(6.4, 9), tint, (246, 196, 80), 8)
        else:
            rose_head(pen, x, y, chance.uniform(6, 8), tint)
    thrown(
        pen,
        [(49, 56), (48, 62), (56, 74), (57, 86), (48, 98)],
        turned((120, 160, 170), hue=chance.random(), saturation=0.8),
        1.6,
        40.0,
    )


def pumpkin(pen: Pen) -> None:
    skin = pen.tint((236, 136, 44))
    pen.blob([(52, 24), (54, 8), (64, 4), (66, 10), (61, 24)], (110, 120, 60))
    for x, a, shade in ((24, 20, 0.25), (92, 20, 0.25), (38, 22, 0.12), (78, 22, 0.12), (58, 23, 0.0)):
        tone = darker(skin, shade)
        pen.gradient(lambda x=x, a=a, tone=tone: pen.oval(x, 60, a, 38, tone), lighter(tone, 0.12), darker(tone, 0.2))


FIGURES = {
    "tree": Figure(tree, 0.86, 0.54, "ground", "meadow"),
    "blossom tree": Figure(blossom, 0.9, 0.56, "ground", "meadow"),
    "pine": Figure(pine, 0.6, 0.54, "ground", "hills"),
    "palm": Figure(palm, 0.92, 0.54, "ground", "beach"),
    "birch": Figure(birch, 0.8, 0.56, "ground", "meadow"),
    "bonsai": Figure(bonsai, 0.9, 0.46, habitat="room"),
    "cactus": Figure(cactus, 0.64, 0.42, habitat="desert"),
    "mushroom": Figure(mushroom, 1.0, 0.36, habitat="forest"),
    "rose": Figure(rose, 0.6, 0.6, habitat="studio"),
    "sunflower": Figure(sunflower, 0.66, 0.58, habitat="field"),
    "tulip": Figure(tulip, 0.5, 0.46, habitat="meadow"),
    "lotus": Figure(lotus, 1.4, 0.26, "water", "lake"),
    "flower": Figure(flower, 0.6, 0.5, habitat="meadow"),
    "bouquet": Figure(bouquet, 0.8, 0.6, habitat="room"),
    "pumpkin": Figure(pumpkin, 1.16, 0.34, habitat="field"),
}
