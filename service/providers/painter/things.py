"""Things people make and keep."""

from math import cos, pi, sin

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, mix, turned
from .pen import Figure, Pen, mirrored

WOOD: Colour = (158, 108, 70)
GOLD: Colour = (236, 188, 78)
STEEL: Colour = (178, 188, 200)
INK: Colour = (44, 42, 52)


def book(pen: Pen) -> None:
    """A small pile."""
    tints = (pen.tint((160, 56, 56), (60, 90, 140)), (70, 120, 110), (220, 168, 90))
    for k, tint in enumerate(tints):
        y, left = 92 - k * 26, 8 + k * 7 + pen.chance.uniform(-3, 3)
        pen.box(left + 4, y - 20, left + 112, y, (246, 238, 220), 1)
        for line in (-15, -10, -5):
            pen.line([(left + 10, y + line), (left + 111, y + line)], 0.5, (206, 194, 170), smooth=False)
        pen.box(left, y - 23, left + 114, y - 19, tint, 2)
        pen.box(left, y - 2, left + 114, y + 2, darker(tint, 0.2), 2)
        pen.gradient(
            lambda left=left, y=y, tint=tint: pen.box(left - 3, y - 23, left + 9, y + 2, tint, 5),
            lighter(tint, 0.15),
            darker(tint, 0.25),
        )


def open_book(pen: Pen) -> None:
    cover = pen.tint((150, 60, 56), (60, 90, 140))
    pen.shape([(2, 84), (12, 24), (158, 24), (168, 84), (88, 96), (82, 96)], cover)
    for s in (-1, 1):
        page: list[Point] = [
            (85, 30),
            (85 + s * 20, 20),
            (85 + s * 52, 18),
            (85 + s * 70, 24),
            (85 + s * 78, 78),
            (85 + s * 46, 74),
            (85 + s * 18, 80),
            (85, 92),
        ]
        pen.gradient(lambda page=page: pen.shape(page, (250, 244, 230)), (252, 248, 238), (226, 214, 192))
        for k in range(5):
            pen.line(
                [(85 + s * 12, 38 + k * 9), (85 + s * 40, 33 + k * 9), (85 + s * 66, 36 + k * 9)], 1, (166, 156, 146)
            )
    pen.line([(85, 30), (85, 92)], 1.4, (170, 156, 136))


def table(pen: Pen) -> None:
    wood = pen.tint(WOOD)
    for x, shade in ((24, 0.35), (136, 0.35), (10, 0.12), (146, 0.12)):
        pen.shape([(x, 26), (x + 7, 26), (x + 5, 97), (x + 2, 97)], darker(wood, shade))
    pen.box(6, 24, 156, 34, darker(wood, 0.3))
    pen.gradient(
        lambda: pen.shape([(16, 8), (144, 8), (160, 24), (0, 24)], wood), lighter(wood, 0.1), lighter(wood, 0.3)
    )
    pen.box(0, 23, 160, 28, darker(wood, 0.08))


def chair(pen: Pen) -> None:
    paint = pen.tint(WOOD, (70, 120, 130), (200, 80, 64))
    for x, top in ((16, 6), (58, 6), (10, 58), (64, 58)):
        pen.line([(x, top), (x - 1, 97)], 4.4, darker(paint, 0.2))
    for y in (12, 24, 36):
        pen.box(14, y, 60, y + 6, paint, 2)
    pen.shape([(14, 52), (60, 52), (70, 62), (6, 62)], lighter(paint, 0.15))
    pen.box(6, 61, 70, 66, darker(paint, 0.1), 1)


def lamp(pen: Pen) -> None:
    shade = pen.tint((246, 214, 150), (206, 96, 72))
    pen.oval(36, 95, 20, 4, (90, 76, 66))
    pen.line([(36, 46), (36, 94)], 3, (110, 92, 78))
    pen.gradient(
        lambda: pen.shape([(22, 6), (50, 6), (66, 46), (6, 46)], shade),
        lighter(shade, 0.2 + 0.4 * pen.darkness),
        mix(shade, (255, 226, 150), 0.6),
    )


def lantern(pen: Pen) -> None:
    paper = pen.tint((232, 90, 60), (250, 190, 90))
    pen.line([(30, 0), (30, 12)], 1.4, INK)
    pen.gradient(lambda: pen.oval(30, 50, 27, 34, paper), lighter(paper, 0.15), mix(paper, (255, 230, 150), 0.5))
    for x in (-18, -9, 0, 9, 18):
        pen.arc(30 + x * 0.1, 50, 0.1, 0, 1, 0.1, paper)
        pen.line([(30 + x * 0.4, 18), (30 + x * 1.15, 50), (30 + x * 0.4, 82)], 0.7, darker(paper, 0.2))
    pen.box(19, 10, 41, 18, darker(paper, 0.55), 2)
    pen.box(20, 81, 40, 88, darker(paper, 0.55), 2)
    pen.line([(30, 88), (30, 99)], 1.6, GOLD)


def candle(pen: Pen) -> None:
    wax = pen.tint((250, 240, 216), (196, 70, 64))
    pen.oval(30, 93, 27, 5.4, darker(GOLD, 0.2))
    pen.gradient(lambda: pen.box(19, 40, 41, 93, wax, 3), lighter(wax, 0.2), darker(wax, 0.25), across=True)
    pen.oval(30, 41, 11, 3, lighter(wax, 0.4))
    pen.line([(30, 40), (30, 32)], 1.4, INK)
    for scale, tint in ((1.0, (255, 160, 60)), (0.68, (255, 210, 90)), (0.36, (255, 250, 220))):
        pen.blob(
            [(30, 34 - 30 * scale), (30 + 7 * scale, 34 - 10 * scale), (30, 35), (30 - 7 * scale, 34 - 10 * scale)],
            tint,
        )


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
    for scale, tint in ((1.0, (232, 84, 40)), (0.74, (250, 150, 50)), (0.48, (255, 214, 90)), (0.24, (255, 250, 214))):
        w, h = 30 * scale, 78 * scale
        pen.blob([(50, 86 - h), (50 + w * 0.5, 86 - h * 0.55), (50 + w * 0.9, 86 - h * 0.62), (50 + w, 86 - h * 0.2), (50 + w * 0.4, 88), (50 - w * 0.4, 88),
                  (50 - w, 86 - h * 0.25), (50 - w * 0.75, 86 - h * 0.56), (50 - w * 0.3, 86 - h * 0.5)], tint)  # fmt: skip
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


def clock(pen: Pen) -> None:
    rim = pen.tint((190, 70, 60), (60, 90, 120), GOLD)
    for s in (-1, 1):
        pen.line([(50 + s * 24, 82), (50 + s * 32, 97)], 6, darker(rim, 0.3))
        pen.pie(50 + s * 26, 18, 15, 14, 180, 360, darker(rim, 0.1))
    pen.gradient(lambda: pen.dot(50, 54, 40, rim), lighter(rim, 0.2), darker(rim, 0.25))
    pen.dot(50, 54, 33, (250, 246, 236))
    for k in range(12):
        turn = k / 12 * 2 * pi
        pen.line([(50 + 27 * cos(turn), 54 + 27 * sin(turn)), (50 + 30 * cos(turn), 54 + 30 * sin(turn))], 2, INK)
    pen.line([(50, 54), (36, 44)], 3.2, INK)
    pen.line([(50, 54), (62, 34)], 2.2, INK)
    pen.dot(50, 54, 3, rim)


def guitar(pen: Pen) -> None:
    wood = pen.tint((206, 134, 66), (150, 70, 50))
    pen.box(22, 6, 28, 56, (84, 58, 46))
    pen.box(19.5, 1, 30.5, 12, (84, 58, 46), 2)
    body = mirrored([(25, 50), (36, 52), (39, 62), (35, 70), (42, 82), (36, 96), (25, 98)], 25)
    pen.gradient(lambda: pen.blob(body, wood), lighter(wood, 0.18), darker(wood, 0.24))
    pen.dot(25, 70, 6, (56, 40, 36))
    pen.box(19, 85, 31, 88, (84, 58, 46), 1)
    for x in (23, 25, 27):
        pen.line([(x, 5), (x, 86)], 0.4, (240, 232, 214), smooth=False)


def piano(pen: Pen) -> None:
    body = pen.tint((44, 42, 50), (110, 66, 46))
    for x in (14, 66, 122):
        pen.shape([(x, 60), (x + 7, 60), (x + 5, 97), (x + 2, 97)], darker(body, 0.2))
    pen.gradient(lambda: pen.blob([(30, 40), (44, 6), (92, 2), (138, 30), (134, 38)], body), lighter(body, 0.3), body)
    pen.line([(60, 42), (88, 8)], 1.2, GOLD)
    pen.gradient(
        lambda: pen.shape([(6, 44), (138, 36), (138, 62), (6, 66)], body), lighter(body, 0.14), darker(body, 0.2)
    )
    pen.shape([(2, 52), (60, 50), (60, 58), (2, 61)], (248, 246, 240))
    for k in range(14):
        pen.line([(4 + k * 4, 52), (4 + k * 4, 60)], 0.5 if k % 3 else 2.0, INK, smooth=False)


def camera(pen: Pen) -> None:
    body = pen.tint((60, 60, 70), (170, 70, 60))
    pen.box(44, 12, 92, 34, darker(body, 0.15), 5)
    pen.box(14, 18, 34, 28, STEEL, 2)
    pen.gradient(lambda: pen.box(6, 26, 130, 94, body, 9), lighter(body, 0.2), darker(body, 0.2))
    pen.box(6, 26, 130, 40, STEEL, 5)
    for r, tint in ((29, (46, 46, 54)), (24, STEEL), (20, (36, 38, 50)), (12, (60, 90, 140)), (5, (150, 190, 230))):
        pen.dot(68, 64, r, tint)
    pen.dot(112, 33, 4, (226, 70, 60))


def phone(pen: Pen) -> None:
    case = pen.tint((44, 46, 56), (220, 110, 130))
    pen.box(4, 2, 50, 98, case, 8)
    pen.gradient(lambda: pen.box(7, 7, 47, 93, (110, 150, 220), 5), (246, 170, 150), (80, 90, 180))
    for k in range(8):
        pen.box(
            12 + (k % 3) * 11,
            26 + (k // 3) * 14,
            20 + (k % 3) * 11,
            35 + (k // 3) * 14,
            ((250, 250, 250), (250, 210, 110), (130, 220, 170))[k % 3],
            2.4,
        )
    pen.box(20, 4, 34, 5.6, (20, 20, 26), 0.8)


def computer(pen: Pen) -> None:
    case = pen.tint((196, 200, 208), (60, 62, 72))
    pen.box(18, 8, 128, 74, (40, 42, 50), 5)
    pen.gradient(lambda: pen.box(23, 13, 123, 69, (70, 120, 190)), (120, 190, 220), (70, 60, 150))
    for k, w in enumerate((42, 60, 30, 52, 38)):
        pen.box(32 + (k % 2) * 8, 21 + k * 9, 32 + (k % 2) * 8 + w, 24 + k * 9, (240, 246, 250), 1)
    pen.gradient(
        lambda: pen.shape([(18, 74), (128, 74), (144, 94), (2, 94)], case), lighter(case, 0.1), darker(case, 0.16)
    )
    pen.shape([(26, 77), (120, 77), (128, 86), (18, 86)], darker(case, 0.4))
    pen.box(2, 93, 144, 97, darker(case, 0.25), 1.5)


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
    facets = [
        ([girdle[0], top[0], girdle[1]], 0.25), ([top[0], top[1], girdle[1]], 0.55), ([top[1], girdle[2], girdle[1]], 0.35),
        ([top[1], top[2], girdle[2]], 0.6), ([top[2], girdle[3], girdle[2]], 0.1),
    ]  # fmt: skip
    for points, light in facets:
        pen.shape(points, lighter(tone, light))
    for a, b, shade in ((0, 1, 0.1), (1, 2, -0.2), (2, 3, 0.3)):
        pen.shape([girdle[a], girdle[b], (50, 96)], darker(tone, shade) if shade > 0 else lighter(tone, -shade))


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


def hourglass(pen: Pen) -> None:
    wood = pen.tint(WOOD)
    sand: Colour = (236, 196, 110)
    glass: Colour = (214, 230, 236)
    pen.blob(mirrored([(30, 10), (52, 10), (52, 28), (34, 50), (52, 72), (52, 90), (30, 90)], 30), glass)
    pen.shape([(13, 26), (47, 26), (31, 50), (29, 50)], sand)
    pen.shape([(30, 64), (50, 88), (10, 88)], sand)
    pen.line([(30, 48), (30, 74)], 1, sand)
    for y in (3, 89):
        pen.gradient(lambda y=y: pen.box(3, y, 57, y + 9, wood, 3), lighter(wood, 0.14), darker(wood, 0.2))
    for x in (6, 52):
        pen.box(x, 10, x + 3, 90, darker(wood, 0.2))


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


def telescope(pen: Pen) -> None:
    tube = pen.tint((176, 128, 70), (70, 90, 130))
    for x in (30, 56, 80):
        pen.line([(56, 54), (x, 97)], 3.4, (96, 72, 56))
    for a, b, w in (((20, 74), (46, 60), 10), ((40, 64), (76, 42), 14), ((70, 46), (104, 24), 19)):
        pen.line([(float(a[0]), float(a[1])), (float(b[0]), float(b[1]))], w, darker(tube, 0.1))
    pen.oval(106, 23, 5, 10.4, (190, 220, 236), -30)


FIGURES = {
    "book": Figure(book, 1.36, 0.32, habitat="room"),
    "open book": Figure(open_book, 1.7, 0.32, habitat="room"),
    "table": Figure(table, 1.62, 0.38, habitat="studio", seat=0.17),
    "chair": Figure(chair, 0.76, 0.46, habitat="studio", seat=0.57),
    "lamp": Figure(lamp, 0.72, 0.48, habitat="room"),
    "lantern": Figure(lantern, 0.6, 0.28, "air", "lake"),
    "candle": Figure(candle, 0.6, 0.42, habitat="room"),
    "snowman": Figure(snowman, 0.7, 0.42, habitat="meadow"),
    "kite": Figure(kite, 0.68, 0.34, "air", "meadow"),
    "umbrella": Figure(umbrella, 1.0, 0.42, habitat="street"),
    "campfire": Figure(campfire, 1.0, 0.3, habitat="forest"),
    "fireworks": Figure(fireworks, 1.3, 0.6, "air", "city"),
    "clock": Figure(clock, 1.0, 0.4, habitat="room"),
    "guitar": Figure(guitar, 0.5, 0.62, habitat="studio"),
    "piano": Figure(piano, 1.45, 0.46, habitat="studio"),
    "camera": Figure(camera, 1.36, 0.34, habitat="room"),
    "phone": Figure(phone, 0.54, 0.48, habitat="studio"),
    "computer": Figure(computer, 1.46, 0.4, habitat="room"),
    "gift": Figure(gift, 1.0, 0.36, habitat="room"),
    "ball": Figure(ball, 1.0, 0.24, habitat="beach"),
    "heart": Figure(heart, 1.0, 0.44, habitat="studio"),
    "star": Figure(star, 1.0, 0.36, habitat="studio"),
    "crown": Figure(crown, 1.2, 0.36, habitat="studio"),
    "key": Figure(key, 1.55, 0.28, habitat="studio"),
    "gem": Figure(gem, 1.0, 0.36, habitat="studio"),
    "hat": Figure(hat, 1.3, 0.38, habitat="studio"),
    "shoe": Figure(shoe, 1.48, 0.34, habitat="studio"),
    "hourglass": Figure(hourglass, 0.6, 0.48, habitat="room"),
    "anchor": Figure(anchor, 0.8, 0.48, habitat="studio"),
    "skull": Figure(skull, 0.84, 0.44, habitat="studio"),
    "planet": Figure(planet, 1.4, 0.5, "air", "space"),
    "treasure": Figure(treasure, 1.3, 0.34, habitat="beach"),
    "sword": Figure(sword, 0.44, 0.6, habitat="studio"),
    "telescope": Figure(telescope, 1.12, 0.42, habitat="hills"),
}
