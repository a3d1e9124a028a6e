"""Buildings and other tall landmarks, each a figure of its own; lit from within when it is dark."""

from math import cos, pi, sin

from .canvas import Point
from .colours import Colour, darker, lighter, mix
from .pen import Figure, Pen

LAMP: Colour = (255, 216, 136)
STONE: Colour = (196, 182, 164)
ROOF: Colour = (150, 74, 62)


def glass(pen: Pen) -> Colour:
    return LAMP if pen.darkness > 0.3 else (70, 88, 112)


def wall(pen: Pen, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
    pen.gradient(
        lambda: pen.box(left, top, right, bottom, colour), lighter(colour, 0.08), darker(colour, 0.28), across=True
    )


def arched(pen: Pen, x: float, top: float, width: float, height: float, colour: Colour) -> None:
    pen.box(x - width / 2, top + width / 2, x + width / 2, top + height, colour)
    pen.pie(x, top + width / 2, width / 2, width / 2, 180, 360, colour)


def lighthouse(pen: Pen) -> None:
    band = pen.tint((206, 62, 56), (46, 84, 140))
    x = 21.0
    tower: list[Point] = [(x - 5.4, 20), (x + 5.4, 20), (x + 9.6, 97), (x - 9.6, 97)]
    pen.gradient(lambda: pen.shape(tower, (248, 246, 240)), (252, 250, 246), (178, 180, 194), across=True)
    for k in range(3):
        top, low = 28 + k * 25, 40 + k * 25
        a, b = 5.4 + (top - 20) * 0.0545, 5.4 + (low - 20) * 0.0545
        pen.gradient(
            lambda top=top, low=low, a=a, b=b: pen.shape(
                [(x - a, top), (x + a, top), (x + b, low), (x - b, low)], band
            ),
            lighter(band, 0.14),
            darker(band, 0.34),
            across=True,
        )
    for y in (46, 70):
        arched(pen, x, y, 3.4, 5.4, glass(pen))
    pen.box(x - 8.4, 18, x + 8.4, 21, (70, 72, 84), 0.8)
    pen.box(x - 4.6, 9, x + 4.6, 18, mix((220, 226, 226), (255, 240, 170), 0.4 + 0.6 * pen.darkness))
    for k in (-4.4, 0, 4.4):
        pen.line([(x + k, 9), (x + k, 18)], 0.7, (70, 72, 84))
    pen.pie(x, 9.4, 6.4, 7, 180, 360, darker(band, 0.14))
    pen.line([(x, 3), (x, 0)], 0.8, (70, 72, 84))
    arched(pen, x, 86, 6, 11, darker(ROOF, 0.4))


def castle(pen: Pen) -> None:
    stone = pen.tint(STONE, (186, 178, 184), (206, 190, 160))
    cap = darker((92, 96, 140), 0.05) if pen.chance.random() < 0.5 else ROOF

    def crenels(left: float, right: float, y: float, tone: Colour) -> None:
        step = 4.2
        x = left
        while x < right - 1:
            pen.box(x, y - 3, min(right, x + 2.4), y + 1, tone)
            x += step

    def turret(x: float, top: float, width: float, roofed: bool) -> None:
        wall(pen, x - width / 2, top, x + width / 2, 97, stone)
        crenels(x - width / 2 - 1, x + width / 2 + 1, top, stone)
        if roofed:
            pen.gradient(
                lambda: pen.shape([(x - width * 0.68, top), (x, top - width * 1.7), (x + width * 0.68, top)], cap),
                lighter(cap, 0.14),
                darker(cap, 0.34),
                across=True,
            )
            pen.line([(x, top - width * 1.7), (x, top - width * 2.1)], 0.6, (70, 60, 60))
            pen.shape([(x, top - width * 2.1), (x + 6, top - width * 1.97), (x, top - width * 1.84)], (206, 64, 60))
        for y in range(int(top) + 8, 84, 18):
            arched(pen, x, y, 2.6, 5.4, glass(pen))

    turret(42, 40, 13, True)
    turret(76, 34, 15, True)
    wall(pen, 18, 62, 102, 97, darker(stone, 0.06))
    crenels(18, 102, 62, darker(stone, 0.06))
    turret(59, 46, 20, False)
    turret(15, 48, 15, True)
    turret(105, 52, 15, True)
    arched(pen, 59, 76, 13, 22, (66, 50, 44))
    for x in (36, 84):
        arched(pen, x, 74, 4, 9, glass(pen))


def church(pen: Pen) -> None:
    stone = pen.tint((232, 222, 204), (206, 190, 170))
    slate: Colour = (104, 92, 104)
    wall(pen, 34, 62, 92, 97, stone)
    pen.shape([(30, 62), (44, 42), (88, 42), (96, 62)], slate)
    wall(pen, 10, 40, 34, 97, lighter(stone, 0.06))
    pen.gradient(
        lambda: pen.shape([(7, 41), (22, 6), (37, 41)], slate), lighter(slate, 0.14), darker(slate, 0.25), across=True
    )
    pen.line([(22, 6), (22, -1)], 1, (196, 160, 80))
    pen.line([(19.4, 2), (24.6, 2)], 1, (196, 160, 80))
    arched(pen, 22, 48, 6, 11, glass(pen))
    for x in (46, 62, 78):
        arched(pen, x, 70, 6, 15, glass(pen))
    arched(pen, 22, 78, 9, 20, darker(ROOF, 0.4))


def house(pen: Pen) -> None:
    plaster = pen.tint((242, 228, 202), (226, 190, 160), (206, 216, 210))
    roof = ROOF if pen.asked is None else darker(pen.asked, 0.5)
    wall(pen, 14, 50, 106, 97, plaster)
    pen.box(82, 12, 92, 36, darker(roof, 0.25))
    pen.gradient(
        lambda: pen.shape([(4, 52), (28, 16), (92, 16), (116, 52)], roof), lighter(roof, 0.14), darker(roof, 0.2)
    )
    for k in range(3):
        pen.line([(22 - k * 6, 26 + k * 9), (98 + k * 6, 26 + k * 9)], 0.7, darker(roof, 0.25), smooth=False)
    for x in (28, 78):
        pen.box(x - 1.4, 58.6, x + 17.4, 78.4, (250, 246, 238))
        pen.box(x, 60, x + 16, 77, glass(pen))
        pen.line([(x + 8, 60), (x + 8, 77)], 1, (250, 246, 238))
        pen.line([(x, 68), (x + 16, 68)], 1, (250, 246, 238))
    arched(pen, 61, 62, 15, 35, mix((70, 112, 104), roof, 0.3))
    pen.dot(65.5, 82, 1.1, (230, 200, 120))
    for x in (6, 20, 46, 76, 96, 112):
        pen.oval(x, 96, 8, 5.4, (86, 136, 78))


def tower(pen: Pen) -> None:
    stone = pen.tint((206, 184, 150), STONE)
    x = 17.0
    wall(pen, x - 10, 34, x + 10, 97, stone)
    pen.box(x - 12, 30, x + 12, 35, darker(stone, 0.18), 1)
    wall(pen, x - 9, 16, x + 9, 31, lighter(stone, 0.06))
    pen.shape([(x - 11, 17), (x, 0), (x + 11, 17)], (96, 104, 112))
    pen.dot(x, 23.5, 6.2, (250, 246, 232))
    pen.line([(x, 23.5), (x, 19)], 0.9, (50, 46, 50))
    pen.line([(x, 23.5), (x + 3.2, 25)], 0.9, (50, 46, 50))
    for y in (44, 58, 72):
        for s in (-4, 4):
            arched(pen, x + s, y, 3.4, 8, glass(pen))
    arched(pen, x, 85, 7, 13, (74, 56, 48))


def eiffel(pen: Pen) -> None:
    iron = pen.tint((112, 92, 82), (90, 96, 110))
    x = 25.0

    def half(y: float) -> float:
        return 1.0 + 22 * ((y - 4) / 93) ** 2.3

    for y0, y1 in ((4, 34), (34, 62), (62, 97)):
        for s in (-1, 1):
            outer = [(x + s * half(y0 + (y1 - y0) * k / 8), y0 + (y1 - y0) * k / 8) for k in range(9)]
            inner = [(x + s * half(y0 + (y1 - y0) * k / 8) * 0.58, y0 + (y1 - y0) * k / 8) for k in range(8, -1, -1)]
            pen.shape([*outer, *inner], iron if s < 0 else darker(iron, 0.2))
        for k in range(9):
            ya, yb = y0 + (y1 - y0) * k / 9, y0 + (y1 - y0) * (k + 1) / 9
            pen.line(
                [(x - half(ya), ya), (x + half(yb), yb)]
                if y1 < 90
                else [(x - half(ya), ya), (x - half(yb) * 0.58, yb)],
                0.6,
                darker(iron, 0.1),
            )
            pen.line(
                [(x + half(ya), ya), (x - half(yb), yb)]
                if y1 < 90
                else [(x + half(ya), ya), (x + half(yb) * 0.58, yb)],
                0.6,
                darker(iron, 0.1),
            )
    for y in (34, 62):
        pen.box(x - half(y) - 1.6, y - 1.4, x + half(y) + 1.6, y + 1.4, darker(iron, 0.15))
    pen.arc(x, 88, 13, 180, 360, 1.6, iron)
    pen.line([(x, 6), (x, 0)], 0.8, iron)


def windmill(pen: Pen) -> None:
    plaster = pen.tint((238, 228, 210))
    pen.gradient(
        lambda: pen.shape([(30, 42), (50, 42), (57, 97), (23, 97)], plaster),
        lighter(plaster, 0.1),
        darker(plaster, 0.25),
        across=True,
    )
    pen.blob([(27, 43), (32, 32), (48, 32), (53, 43)], ROOF)
    start = pen.chance.uniform(0.2, 0.7)
    for k in range(4):
        turn = start + k * pi / 2
        c, s = cos(turn), sin(turn)
        pen.line([(40, 38), (40 + 38 * c, 38 + 38 * s)], 1.4, (104, 78, 60))
        sail = [(8.0, 1.0), (36.0, 1.0), (36.0, 9.0), (8.0, 7.0)]
        pen.shape([(40 + u * c - v * s, 38 + u * s + v * c) for u, v in sail], (250, 246, 236))
        for u in (15, 22, 29):
            pen.line([(40 + u * c, 38 + u * s), (40 + u * c - 8 * s, 38 + u * s + 8 * c)], 0.7, (150, 120, 96))
    pen.dot(40, 38, 2.6, (90, 66, 52))
    arched(pen, 40, 82, 8, 15, (96, 70, 56))
    for y in (56, 68):
        arched(pen, 40, y, 4, 6, glass(pen))


def pagoda(pen: Pen) -> None:
    red = pen.tint((186, 58, 52), (120, 70, 60))
    roof: Colour = (64, 76, 84)
    for k in range(4):
        y, half = 82 - k * 20, 26 - k * 4.4
        pen.gradient(
            lambda y=y, half=half: pen.box(40 - half, y - 2, 40 + half, y + 15, red),
            lighter(red, 0.08),
            darker(red, 0.25),
            across=True,
        )
        for s in (-0.55, 0, 0.55):
            pen.box(40 + s * half - 2.4, y + 3, 40 + s * half + 2.4, y + 13, glass(pen), 0.6)
        wide = half + 11
        pen.shape(
            [
                (40 - wide, y - 4),
                (40 - wide * 0.72, y - 6),
                (40 - half * 0.5, y - 13),
                (40 + half * 0.5, y - 13),
                (40 + wide * 0.72, y - 6),
                (40 + wide, y - 4),
                (40 + half, y),
                (40 - half, y),
            ],
            roof,
        )
        pen.line(
            [(40 - wide, y - 4), (40 - half, y - 0.4), (40 + half, y - 0.4), (40 + wide, y - 4)], 1, lighter(roof, 0.3)
        )
    pen.line([(40, 10), (40, 0)], 1.4, (206, 170, 90))
    for y in (2, 4.5, 7):
        pen.oval(40, y, 3, 0.9, (206, 170, 90))


def pyramid(pen: Pen) -> None:
    sand = pen.tint((222, 178, 112))
    pen.gradient(lambda: pen.shape([(88, 2), (2, 97), (104, 97)], sand), lighter(sand, 0.18), darker(sand, 0.06))
    pen.gradient(lambda: pen.shape([(88, 2), (104, 97), (174, 97)], sand), darker(sand, 0.26), darker(sand, 0.4))
    for k in range(1, 14):
        t = k / 14
        pen.line([(88 - 86 * t, 2 + 95 * t), (88 + 16 * t, 2 + 95 * t)], 0.4, darker(sand, 0.16), smooth=False)
        pen.line([(88 + 16 * t, 2 + 95 * t), (88 + 86 * t, 2 + 95 * t)], 0.4, darker(sand, 0.46), smooth=False)


def bridge(pen: Pen) -> None:
    paint = pen.tint((196, 78, 58), (110, 120, 134))
    deck = 72.0
    for x in (80, 220):
        pen.gradient(
            lambda x=x: pen.box(x - 5, 4, x + 5, 99, paint), lighter(paint, 0.12), darker(paint, 0.25), across=True
        )
        for y in (20, 40):
            pen.box(x - 8, y, x + 8, y + 3, darker(paint, 0.15))
    spans = (
        ((-30.0, deck), (80.0, 8.0), 30.0),
        ((80.0, 8.0), (220.0, 8.0), 112.0),
        ((220.0, 8.0), (330.0, deck), 30.0),
    )
    for (x0, y0), (x1, y1), sag in spans:
        cable = [
            (x0 + (x1 - x0) * k / 24, y0 + (y1 - y0) * k / 24 + sag * (k / 24) * (1 - k / 24) * 2) for k in range(25)
        ]
        pen.line(cable, 2, paint, smooth=False)
        for x, y in cable[1:-1]:
            pen.line([(x, y), (x, deck)], 0.6, lighter(paint, 0.1), smooth=False)
    pen.gradient(lambda: pen.box(0, deck, 300, deck + 5, paint), lighter(paint, 0.1), darker(paint, 0.3))


def ferris_wheel(pen: Pen) -> None:
    iron = pen.tint((226, 226, 232), (90, 130, 170))
    for s in (-1, 1):
        pen.line([(50, 46), (50 + s * 22, 98)], 2.4, darker(iron, 0.3))
    pen.arc(50, 46, 42, 0, 360, 1.8, iron)
    pen.arc(50, 46, 36, 0, 360, 0.9, iron)
    tints: tuple[Colour, ...] = ((220, 80, 70), (246, 190, 80), (90, 170, 150), (90, 130, 210), (220, 120, 170))
    for k in range(15):
        turn = k / 15 * 2 * pi
        x, y = 50 + 42 * cos(turn), 46 + 42 * sin(turn)
        pen.line([(50, 46), (x, y)], 0.5, iron)
        pen.box(x - 3.2, y, x + 3.2, y + 5.6, tints[k % 5], 1.6)
    pen.dot(50, 46, 3.4, darker(iron, 0.2))


def tent(pen: Pen) -> None:
    cloth = pen.tint((232, 150, 70), (90, 140, 120), (200, 80, 70))
    inside = mix(darker(cloth, 0.6), (255, 220, 140), pen.darkness)
    pen.gradient(lambda: pen.shape([(50, 8), (6, 96), (96, 96)], cloth), lighter(cloth, 0.12), darker(cloth, 0.1))
    pen.gradient(lambda: pen.shape([(50, 8), (96, 96), (140, 84)], cloth), darker(cloth, 0.14), darker(cloth, 0.34))
    pen.shape([(50, 26), (34, 96), (66, 96)], inside)
    pen.shape([(50, 26), (66, 96), (72, 96)], lighter(cloth, 0.3))
    pen.line([(50, 8), (50, 2)], 1.4, (90, 70, 56))


FIGURES = {
    "lighthouse": Figure(lighthouse, 0.42, 0.56, "land", "sea"),
    "castle": Figure(castle, 1.2, 0.48, "land", "hills"),
    "church": Figure(church, 0.98, 0.42, "land", "hills"),
    "house": Figure(house, 1.2, 0.34, "land", "hills"),
    "tower": Figure(tower, 0.34, 0.56, "land", "city"),
    "eiffel tower": Figure(eiffel, 0.5, 0.66, "land", "city"),
    "windmill": Figure(windmill, 0.8, 0.46, "land", "field"),
    "pagoda": Figure(pagoda, 0.8, 0.52, "land", "hills"),
    "pyramid": Figure(pyramid, 1.76, 0.36, "land", "desert"),
    "bridge": Figure(bridge, 3.0, 0.32, "land", "river"),
    "ferris wheel": Figure(ferris_wheel, 1.0, 0.54, "land", "city"),
    "tent": Figure(tent, 1.42, 0.26, habitat="forest"),
}
