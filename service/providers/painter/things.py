"""Things people make and keep."""

from math import cos, pi, sin

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, turned
from .pen import Figure, Pen, mirrored

WOOD: Colour = (158, 108, 70)
GOLD: Colour = (236, 188, 78)
STEEL: Colour = (178, 188, 200)
INK: Colour = (44, 42, 52)


def snowman(pen: Pen) -> None:
    snow: Colour = (250, 252, 255)
    scarf = pen.tint((206, 60, 56), (60, 120, 160))
    for s in (-1, 1):
        pen.line([(35 + s * 15, 50), (35 + s * 28, 42), (35 + s * 33, 34)], 1.8, (104, 76, 58))
    for y, r in ((78, 22), (49, 17), (25, 12.5)):
        pen.gradient(lambda y=y, r=r: pen.dot(35, y, r, snow), snow, (186, 204, 230))
    for y in (46, 53, 70, 78):
        pen.dot(35, y, 1.5, INK)
    pen.eyes(35, 22, 4.4, 1.6)
    pen.shape([(35, 25), (49, 28), (35, 29)], (240, 140, 50))
    pen.line([(25, 35), (35, 38.5), (45, 35)], 5, scarf)
    pen.line([(43, 36), (47, 46), (46, 54)], 4.4, darker(scarf, 0.12))
    pen.box(24, 12, 46, 15.4, INK, 1)
    pen.box(28, 0, 42, 14, INK, 1)
    pen.box(28, 9, 42, 12, scarf)


def kite(pen: Pen) -> None:
    cloth = pen.tint((226, 70, 64), (250, 190, 70), (70, 140, 200))
    other = turned(cloth, hue=0.14)
    pen.shape([(34, 2), (58, 28), (34, 34)], cloth)
    pen.shape([(34, 2), (10, 28), (34, 34)], other)
    pen.shape([(10, 28), (34, 34), (34, 66)], darker(cloth, 0.1))
    pen.shape([(58, 28), (34, 34), (34, 66)], darker(other, 0.1))
    tail: list[Point] = [(34, 66), (42, 76), (30, 86), (40, 97)]
    pen.line(tail, 0.9, (90, 80, 80))
    for k, (x, y) in enumerate(((39, 72), (36, 81), (33, 90))):
        pen.shape(
            [(x - 5, y - 2), (x + 5, y + 2), (x + 5, y - 2), (x - 5, y + 2)], (cloth, other, lighter(cloth, 0.4))[k]
        )


def umbrella(pen: Pen) -> None:
    cloth = pen.tint((206, 54, 60), (60, 110, 160), (246, 190, 80))
    pen.line([(50, 8), (50, 88)], 2, (110, 80, 60))
    pen.arc(44, 88, 6.6, 0, 180, 2.4, (110, 80, 60))
    pen.gradient(lambda: pen.pie(50, 46, 48, 42, 180, 360, cloth), lighter(cloth, 0.14), darker(cloth, 0.12))
    for k, x in enumerate((14, 38, 62, 86)):
        pen.pie(x, 46.5, 12, 6, 180, 360, darker(cloth, 0.4) if k % 1 == 0 else cloth)
    for x in (-22, 22):
        pen.line([(50, 5), (50 + x * 0.9, 22), (50 + x * 1.09, 44)], 0.8, darker(cloth, 0.25))
    pen.line([(50, 6), (50, 1)], 1.8, (110, 80, 60))


def campfire(pen: Pen) -> None:
    for scale, tint in ((1.0, (232, 84, 40)), (0.74, (255, 150, 50)), (0.48, (255, 214, 90)), (0.24, (255, 250, 214))):
        w, h = 30 * scale, 78 * scale
        right = [(50.0, 86 - h), (50 + w * 0.5, 86 - h * 0.55), (50 + w * 0.9, 86 - h * 0.62), (50 + w, 86 - h * 0.2)]
        left = [(50 - w, 86 - h * 0.25), (50 - w * 0.75, 86 - h * 0.56), (50 - w * 0.3, 86 - h * 0.5)]
        pen.blob([*right, (50 + w * 0.4, 88), (50 - w * 0.4, 88), *left], tint)
    for path in (((14, 95), (84, 84)), ((16, 84), (86, 95)), ((24, 92), (76, 92))):
        pen.line([(float(path[0][0]), float(path[0][1])), (float(path[1][0]), float(path[1][1]))], 8, (96, 64, 46))
        pen.dot(*path[1], 4, (176, 130, 88))


def fireworks(pen: Pen) -> None:
    tints: tuple[Colour, ...] = (
        (pen.asked,) * 4 if pen.asked else ((255, 120, 110), (255, 220, 120), (130, 210, 255), (230, 150, 255))
    )
    for n, (x, y, r) in enumerate(((36, 34, 32), (96, 26, 24), (72, 68, 22))):
        for ring in (1.0, 0.7, 0.42):
            for k in range(22):
                turn = k / 22 * 2 * pi + ring
                a, b = r * ring * 0.7, r * ring
                tip = (x + b * cos(turn), y + b * sin(turn) + b * 0.1)
                pen.line([(x + a * cos(turn), y + a * sin(turn)), tip], 0.8, tints[n % len(tints)], smooth=False)
                pen.dot(*tip, 1.0, lighter(tints[n % len(tints)], 0.6))
        pen.dot(x, y, 2.4, WHITE)


def gift(pen: Pen) -> None:
    paper = pen.tint((206, 56, 66), (70, 140, 150), (130, 90, 160))
    ribbon: Colour = (250, 216, 110)
    pen.gradient(lambda: pen.box(12, 42, 88, 97, paper, 2), lighter(paper, 0.1), darker(paper, 0.28), across=True)
    pen.box(43, 42, 57, 97, ribbon)
    pen.box(7, 30, 93, 46, lighter(paper, 0.1), 2)
    pen.box(43, 30, 57, 46, lighter(ribbon, 0.2))
    for s in (-1, 1):
        pen.blob([(50, 29), (50 + s * 14, 12), (50 + s * 30, 8), (50 + s * 28, 22)], ribbon)
        pen.blob([(50 + s * 6, 26), (50 + s * 16, 17), (50 + s * 24, 14), (50 + s * 20, 22)], darker(ribbon, 0.25))
    pen.dot(50, 27, 6, darker(ribbon, 0.08))


def ball(pen: Pen) -> None:
    first = pen.tint((222, 66, 60), (60, 130, 200))
    pen.gradient(lambda: pen.dot(50, 50, 47, (250, 248, 244)), (255, 255, 255), (206, 206, 216))
    for k, tint in enumerate((first, (250, 200, 80), turned(first, hue=0.5))):
        turn = k * 2 * pi / 3 - 0.6
        rim = [(50 + 47 * cos(turn + a * 0.1), 50 + 47 * sin(turn + a * 0.1)) for a in range(11)]
        pen.shape([(46, 40), *rim], tint)
    pen.dot(46, 40, 7, WHITE)
    pen.oval(32, 26, 9, 5, WHITE, -35)


def heart(pen: Pen) -> None:
    red = pen.tint((216, 48, 66))
    pen.gradient(
        lambda: pen.blob(mirrored([(50, 26), (62, 8), (84, 8), (95, 30), (84, 56), (64, 80), (50, 96)], 50), red),
        lighter(red, 0.16),
        darker(red, 0.25),
    )
    pen.oval(28, 26, 8, 12, lighter(red, 0.4), 34)


def star(pen: Pen) -> None:
    gold = pen.tint((248, 200, 70))
    points = [
        (50 + r * sin(k * pi / 5), 52 - r * cos(k * pi / 5))
        for k in range(10)
        for r in ((48,) if k % 2 == 0 else (21,))
    ]
    pen.gradient(lambda: pen.shape(points, gold), lighter(gold, 0.25), darker(gold, 0.2))
    for k in range(0, 10, 2):
        pen.shape([(50, 52), points[k], points[(k + 1) % 10]], darker(gold, 0.12))


def crown(pen: Pen) -> None:
    gold = pen.tint(GOLD)
    pen.gradient(
        lambda: pen.shape([(10, 92), (4, 30), (32, 58), (60, 14), (88, 58), (116, 30), (110, 92)], gold),
        lighter(gold, 0.25),
        darker(gold, 0.25),
    )
    pen.box(9, 80, 111, 95, darker(gold, 0.18), 3)
    for x, y, tint in (
        (4, 28, (210, 60, 70)),
        (60, 12, (70, 130, 210)),
        (116, 28, (210, 60, 70)),
        (60, 87, (210, 60, 70)),
        (34, 87, (70, 160, 120)),
        (86, 87, (70, 160, 120)),
    ):
        pen.dot(x + (2 if x < 10 else -2 if x > 110 else 0), y, 5, tint)


def key(pen: Pen) -> None:
    metal = pen.tint(GOLD, STEEL)
    pen.arc(30, 50, 26, 0, 360, 9, metal)
    pen.box(54, 45, 150, 55, darker(metal, 0.06), 3)
    for x, low in ((122, 78), (138, 72)):
        pen.box(x, 50, x + 9, low, darker(metal, 0.16), 2)


def gem(pen: Pen) -> None:
    tone = pen.tint((110, 200, 230), (226, 70, 110), (100, 200, 140))
    girdle = [(4.0, 34.0), (34.0, 34.0), (66.0, 34.0), (96.0, 34.0)]
    top = [(22.0, 8.0), (50.0, 8.0), (78.0, 8.0)]
    a, b, c, d = girdle
    facets = (
        ([a, top[0], b], 0.25),
        ([top[0], top[1], b], 0.55),
        ([top[1], c, b], 0.35),
        ([top[1], top[2], c], 0.6),
        ([top[2], d, c], 0.1),
    )
    for points, light in facets:
        pen.shape(points, lighter(tone, light))
    for left, right, shade in ((a, b, darker(tone, 0.1)), (b, c, lighter(tone, 0.2)), (c, d, darker(tone, 0.3))):
        pen.shape([left, right, (50, 96)], shade)


def hat(pen: Pen) -> None:
    felt = pen.tint((46, 44, 54), (130, 84, 56))
    pen.gradient(lambda: pen.box(30, 8, 100, 82, felt, 5), lighter(felt, 0.2), darker(felt, 0.2), across=True)
    pen.oval(65, 10, 35, 7, lighter(felt, 0.15))
    pen.box(30, 62, 100, 74, (196, 60, 60))
    pen.oval(65, 84, 62, 12, felt)
    pen.pie(65, 80, 36, 8, 0, 180, darker(felt, 0.3))


def shoe(pen: Pen) -> None:
    cloth = pen.tint((206, 66, 60), (60, 110, 170))
    pen.gradient(
        lambda: pen.blob([(10, 30), (38, 22), (52, 40), (80, 52), (126, 60), (136, 82), (12, 84)], cloth),
        lighter(cloth, 0.12),
        darker(cloth, 0.2),
    )
    pen.box(8, 80, 140, 95, (248, 246, 240), 6)
    for k in range(4):
        pen.line([(52 + k * 9, 42 + k * 4), (64 + k * 9, 36 + k * 5)], 2.4, (248, 246, 240))


def anchor(pen: Pen) -> None:
    iron = pen.tint((70, 80, 96))
    pen.arc(40, 12, 9, 0, 360, 4, iron)
    pen.line([(40, 20), (40, 92)], 6, iron)
    pen.line([(22, 32), (58, 32)], 5, iron)
    pen.arc(40, 60, 34, 10, 170, 6, iron)
    for s in (-1, 1):
        pen.shape([(40 + s * 38, 56), (40 + s * 24, 68), (40 + s * 38, 78)], iron)


def skull(pen: Pen) -> None:
    bone = pen.tint((240, 232, 214))
    pen.gradient(
        lambda: pen.blob(mirrored([(42, 4), (68, 10), (80, 36), (72, 60), (62, 70), (60, 90), (42, 94)], 42), bone),
        lighter(bone, 0.1),
        darker(bone, 0.2),
    )
    for s in (-1, 1):
        pen.oval(42 + s * 17, 44, 12, 13, (50, 44, 52))
    pen.shape([(42, 54), (36, 66), (48, 66)], (70, 60, 64))
    for x in (32, 39, 46, 53):
        pen.line([(x, 78), (x, 92)], 1.3, (120, 108, 100), smooth=False)


def planet(pen: Pen) -> None:
    base = pen.tint((222, 160, 96), (96, 150, 210), (206, 110, 80))
    pen.arc(70, 50, 0.1, 0, 1, 0.1, base)
    ring = [(70 + 66 * cos(a / 40 * 2 * pi), 52 + 16 * sin(a / 40 * 2 * pi)) for a in range(41)]
    pen.line(ring[19:], 4, lighter(base, 0.45), smooth=False)
    pen.gradient(lambda: pen.dot(70, 50, 38, base), lighter(base, 0.3), darker(base, 0.55))
    for y, w, tone in (
        (30, 32, lighter(base, 0.2)),
        (42, 37, darker(base, 0.1)),
        (58, 36, lighter(base, 0.12)),
        (70, 31, darker(base, 0.3)),
    ):
        pen.line([(70 - w + 3, y), (70, y + 4), (70 + w - 3, y)], 3, tone)
    pen.line(ring[:22], 4, lighter(base, 0.55), smooth=False)


def treasure(pen: Pen) -> None:
    wood = pen.tint((130, 82, 52))
    pen.gradient(lambda: pen.pie(65, 44, 58, 40, 180, 360, wood), lighter(wood, 0.16), darker(wood, 0.1))
    for n in range(22):
        pen.oval(14 + (n * 29) % 104, 45 + (n * 7) % 9, 6.4, 4.4, GOLD if n % 3 else lighter(GOLD, 0.4))
    pen.gradient(lambda: pen.box(7, 54, 123, 96, wood, 3), lighter(wood, 0.08), darker(wood, 0.25))
    for x in (18, 60, 104):
        pen.box(x, 54, x + 9, 96, darker(GOLD, 0.12))
    pen.box(56, 52, 74, 68, GOLD, 2)
    pen.dot(65, 59, 2.6, INK)


def sword(pen: Pen) -> None:
    pen.gradient(
        lambda: pen.shape([(22, 2), (27, 10), (27, 72), (17, 72), (17, 10)], STEEL),
        lighter(STEEL, 0.3),
        darker(STEEL, 0.1),
    )
    pen.shape([(22, 4), (27, 10), (27, 72), (22, 72)], darker(STEEL, 0.2))
    pen.box(5, 71, 39, 76, pen.tint(GOLD), 2)
    pen.box(19, 76, 25, 92, (104, 66, 50), 1)
    pen.dot(22, 95, 4, pen.tint(GOLD))


FIGURES = {
    "snowman": Figure(snowman, 0.7, 0.42, habitat="meadow"),
    "kite": Figure(kite, 0.68, 0.34, "air", "meadow"),
    "umbrella": Figure(umbrella, 1.0, 0.42, habitat="street"),
    "campfire": Figure(campfire, 1.0, 0.3, habitat="forest"),
    "fireworks": Figure(fireworks, 1.3, 0.6, "air", "city"),
    "gift": Figure(gift, 1.0, 0.36, habitat="room"),
    "ball": Figure(ball, 1.0, 0.24, habitat="beach"),
    "heart": Figure(heart, 1.0, 0.44, habitat="studio"),
    "star": Figure(star, 1.0, 0.36, habitat="studio"),
    "crown": Figure(crown, 1.2, 0.36, habitat="studio"),
    "key": Figure(key, 1.55, 0.28, habitat="studio"),
    "gem": Figure(gem, 1.0, 0.36, habitat="studio"),
    "hat": Figure(hat, 1.3, 0.38, habitat="studio"),
    "shoe": Figure(shoe, 1.48, 0.34, habitat="studio"),
    "anchor": Figure(anchor, 0.8, 0.48, habitat="studio"),
    "skull": Figure(skull, 0.84, 0.44, habitat="studio"),
    "planet": Figure(planet, 1.4, 0.5, "air", "space"),
    "treasure": Figure(treasure, 1.3, 0.34, habitat="beach"),
    "sword": Figure(sword, 0.44, 0.6, habitat="studio"),
}
