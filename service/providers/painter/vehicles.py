"""What people travel in: on roads and rails, on water, in the air."""

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, mix
from .pen import Figure, Pen, mirrored

TYRE: Colour = (40, 40, 46)
GLASS: Colour = (168, 206, 226)
LAMP: Colour = (255, 226, 150)


def wheel(pen: Pen, x: float, y: float, r: float) -> None:
    pen.dot(x, y, r, TYRE)
    pen.dot(x, y, r * 0.6, (176, 182, 190))
    pen.dot(x, y, r * 0.2, (80, 84, 92))


def panes(pen: Pen) -> Colour:
    return LAMP if pen.darkness > 0.3 else GLASS


def car(pen: Pen) -> None:
    paint = pen.tint((206, 60, 54), (70, 120, 170), (240, 190, 80), (90, 150, 130))
    pen.blob([(40, 46), (58, 16), (90, 10), (122, 14), (144, 44), (120, 52), (60, 52)], darker(paint, 0.08))
    pen.shape([(52, 44), (64, 22), (88, 18), (88, 44)], panes(pen))
    pen.shape([(94, 18), (117, 21), (132, 44), (94, 44)], panes(pen))
    body: list[Point] = [
        (4, 70),
        (8, 50),
        (36, 44),
        (90, 42),
        (150, 44),
        (186, 52),
        (197, 66),
        (194, 82),
        (100, 84),
        (6, 82),
    ]
    pen.gradient(lambda: pen.blob(body, paint), lighter(paint, 0.22), darker(paint, 0.28))
    pen.line([(12, 60), (100, 56), (188, 60)], 1, lighter(paint, 0.4))
    pen.line([(91, 46), (91, 78)], 0.8, darker(paint, 0.3))
    pen.oval(190, 61, 4.4, 4.6, LAMP)
    pen.oval(8, 60, 3, 4.4, (220, 60, 50))
    pen.box(80, 54, 88, 56, lighter(paint, 0.5), 1)
    for x in (46, 152):
        pen.pie(x, 84, 22, 22, 180, 360, darker(paint, 0.5))
        wheel(pen, x, 82, 17)


def bus(pen: Pen) -> None:
    paint = pen.tint((214, 66, 56), (246, 190, 70), (70, 140, 150))
    pen.gradient(lambda: pen.box(4, 8, 186, 86, paint, 9), lighter(paint, 0.16), darker(paint, 0.24))
    pen.box(4, 54, 186, 60, lighter(paint, 0.6))
    for x in range(14, 150, 28):
        pen.box(x, 18, x + 22, 44, panes(pen), 3)
    pen.box(158, 18, 184, 52, panes(pen), 3)
    pen.oval(183, 72, 3, 4, LAMP)
    for x in (46, 142):
        wheel(pen, x, 84, 14)


def truck(pen: Pen) -> None:
    paint = pen.tint((60, 120, 170), (200, 70, 56), (90, 150, 90))
    pen.box(4, 14, 116, 80, (232, 226, 214), 2)
    pen.gradient(
        lambda: pen.blob([(120, 82), (120, 30), (150, 26), (164, 50), (184, 56), (187, 82)], paint),
        lighter(paint, 0.15),
        darker(paint, 0.25),
    )
    pen.shape([(134, 34), (148, 32), (158, 52), (134, 52)], panes(pen))
    pen.box(4, 78, 188, 84, darker(paint, 0.5))
    for x in (34, 60, 156):
        wheel(pen, x, 84, 14)


def train(pen: Pen) -> None:
    paint = pen.tint((44, 52, 62), (150, 44, 44), (40, 90, 70))
    for x, y, r in ((246, 8, 6), (232, 2, 8), (214, 0, 10), (192, -1, 11)):
        pen.dot(x, y + 8, r, (238, 238, 240))
    for k in range(2):
        x = 4 + k * 68
        coach = mix(paint, (150, 50, 46), 0.7)
        pen.gradient(
            lambda x=x, coach=coach: pen.box(x, 34, x + 62, 82, coach, 3), lighter(coach, 0.14), darker(coach, 0.2)
        )
        pen.box(x - 2, 31, x + 64, 36, darker(coach, 0.4), 2)
        for w in range(4):
            pen.box(x + 6 + w * 14, 44, x + 15 + w * 14, 58, panes(pen), 1)
        for w in (14, 48):
            wheel(pen, x + w, 86, 8)
    pen.line([(60, 80), (146, 80)], 3, (50, 48, 52))
    pen.gradient(lambda: pen.box(142, 26, 178, 82, paint, 2), lighter(paint, 0.1), darker(paint, 0.2))
    pen.box(137, 22, 184, 28, darker(paint, 0.3), 2)
    pen.box(149, 34, 170, 52, panes(pen), 2)
    pen.gradient(lambda: pen.box(172, 40, 250, 76, paint, 10), lighter(paint, 0.3), darker(paint, 0.3))
    for x in (192, 212, 232):
        pen.box(x, 40, x + 2.4, 76, (206, 164, 84))
    pen.shape([(236, 40), (238, 20), (234, 15), (253, 15), (249, 20), (251, 40)], darker(paint, 0.3))
    pen.pie(206, 41, 9, 12, 180, 360, (206, 164, 84))
    pen.shape([(246, 78), (262, 94), (240, 94)], (170, 50, 44))
    pen.dot(251, 50, 4.4, LAMP)
    for x, r in ((158, 12), (188, 14), (218, 14), (240, 8)):
        wheel(pen, x, 94 - r, r)
        pen.dot(x, 94 - r, r * 0.4, (176, 60, 50))
    pen.line([(158, 84), (188, 82), (218, 84)], 2.4, (200, 200, 204))


def bicycle(pen: Pen) -> None:
    paint = pen.tint((206, 60, 54), (60, 130, 150), (70, 76, 92))
    for x in (34, 126):
        pen.arc(x, 68, 29, 0, 360, 3, TYRE)
        for k in range(8):
            from math import cos, pi, sin

            pen.line([(x, 68), (x + 27 * cos(k * pi / 4), 68 + 27 * sin(k * pi / 4))], 0.6, (150, 154, 160))
        pen.dot(x, 68, 3, TYRE)
    for path in (
        [(34, 68), (62, 34), (112, 32), (76, 68), (34, 68)],
        [(62, 34), (76, 68)],
        [(126, 68), (112, 32), (108, 16)],
    ):
        pen.line([(float(x), float(y)) for x, y in path], 3.6, paint, smooth=False)
    pen.line([(62, 34), (59, 22)], 2.6, paint)
    pen.line([(50, 22), (60, 20), (70, 21)], 5, (70, 50, 42))
    pen.line([(108, 16), (118, 12), (124, 18)], 3, (70, 50, 42))
    pen.dot(76, 68, 6.4, (120, 124, 132))
    pen.line([(76, 68), (84, 80)], 2.4, TYRE)


def plane(pen: Pen) -> None:
    skin = pen.tint((240, 242, 246))
    accent: Colour = (70, 120, 190) if pen.asked is None else darker(pen.asked, 0.3)
    pen.shape([(92, 48), (66, 12), (80, 12), (122, 46)], darker(skin, 0.25))
    pen.shape([(16, 46), (4, 12), (20, 12), (42, 44)], accent)
    pen.gradient(
        lambda: pen.blob([(8, 50), (40, 40), (150, 40), (184, 48), (192, 56), (180, 64), (100, 68), (40, 64)], skin),
        lighter(skin, 0.1),
        darker(skin, 0.22),
    )
    pen.shape([(164, 46), (178, 48), (184, 53), (166, 53)], (50, 70, 100))
    for x in range(54, 154, 10):
        pen.dot(x, 50, 2, (80, 110, 150))
    pen.line([(20, 58), (188, 58)], 2, accent, smooth=False)
    pen.gradient(
        lambda: pen.shape([(84, 56), (40, 96), (58, 96), (124, 60)], skin), darker(skin, 0.06), darker(skin, 0.28)
    )
    pen.oval(92, 76, 12, 5.4, darker(skin, 0.3))


def helicopter(pen: Pen) -> None:
    paint = pen.tint((214, 120, 50), (70, 120, 160))
    pen.line([(60, 12), (160, 8)], 1.8, (90, 92, 100))
    pen.line([(110, 10), (110, 28)], 3, (70, 72, 80))
    pen.shape([(80, 46), (8, 36), (4, 24), (14, 24), (20, 32), (90, 32)], darker(paint, 0.12))
    pen.gradient(
        lambda: pen.blob([(74, 40), (92, 26), (126, 26), (150, 44), (150, 62), (124, 74), (88, 70)], paint),
        lighter(paint, 0.12),
        darker(paint, 0.2),
    )
    pen.blob([(120, 32), (130, 32), (148, 46), (146, 56), (120, 56)], GLASS)
    pen.line([(82, 90), (144, 90)], 3, (70, 72, 80))
    for x in (96, 128):
        pen.line([(x, 72), (x, 90)], 2.2, (70, 72, 80))
    pen.arc(9, 30, 9, 0, 360, 1.4, (90, 92, 100))


def rocket(pen: Pen) -> None:
    skin = pen.tint((240, 240, 244))
    fin: Colour = (214, 66, 58) if pen.asked is None else darker(pen.asked, 0.35)
    for k, tint in enumerate(((250, 130, 50), (255, 200, 80), (255, 246, 210))):
        pen.blob(mirrored([(25, 76), (31 - k * 2.4, 80), (29 - k * 1.6, 90 - k * 3), (25, 99 - k * 5)], 25), tint)
    for s in (-1, 1):
        pen.shape(
            [(25 + s * 10, 52), (25 + s * 21, 66), (25 + s * 20, 80), (25 + s * 9, 72)],
            darker(fin, 0.1 if s < 0 else 0.25),
        )
    body = mirrored([(25, 1), (31, 10), (36, 28), (37, 52), (33, 76), (25, 78)], 25)
    pen.gradient(lambda: pen.blob(body, skin), lighter(skin, 0.2), darker(skin, 0.32), across=True)
    pen.blob(mirrored([(25, 1), (30, 8), (34, 20), (25, 22)], 25), fin)
    pen.dot(25, 36, 7, darker(skin, 0.35))
    pen.dot(25, 36, 5.2, (90, 160, 210))
    pen.blob([(22, 34), (25, 32), (26, 33), (23, 36)], WHITE)
    pen.box(23, 58, 27, 80, fin, 1.5)
    pen.box(17, 74, 33, 78, (90, 94, 104), 1)


def ufo(pen: Pen) -> None:
    skin = pen.tint((150, 162, 180))
    pen.pie(80, 44, 34, 38, 180, 360, (156, 224, 226))
    pen.oval(80, 36, 9, 12, (110, 190, 110))
    pen.eyes(80, 33, 4, 2.4)
    pen.gradient(lambda: pen.oval(80, 54, 76, 22, skin), lighter(skin, 0.35), darker(skin, 0.4))
    pen.oval(80, 46, 42, 9, lighter(skin, 0.25))
    for k in range(7):
        x = 20 + k * 20
        pen.dot(x, 60 + 7 - abs(k - 3) * 2.2, 4, ((255, 220, 110), (120, 240, 200), (255, 130, 150))[k % 3])


def hot_air_balloon(pen: Pen) -> None:
    base = pen.tint((222, 84, 64), (240, 170, 60), (70, 130, 170), (150, 90, 150))
    other = lighter(base, 0.72) if pen.chance.random() < 0.6 else mix(base, (250, 210, 90), 0.7)
    half: list[Point] = [(38, 2), (56, 5), (72, 20), (74, 38), (64, 56), (50, 70), (45, 78), (38, 79)]
    pen.gradient(lambda: pen.blob(mirrored(half, 38), base), lighter(base, 0.14), darker(base, 0.2))
    for share, tone in ((0.78, other), (0.5, base), (0.24, other)):
        pen.blob(mirrored([(38 + (x - 38) * share, y) for x, y in half], 38), darker(tone, 0.06 * (1 - share)))
    for s in (-1, 1):
        pen.line([(38 + s * 6.4, 78), (38 + s * 5, 89)], 0.7, (70, 56, 50), smooth=False)
    pen.gradient(lambda: pen.box(32, 88, 44, 98.5, (150, 104, 66), 1.6), (178, 128, 84), (110, 74, 50))
    pen.line([(32, 89), (44, 89)], 1.5, (96, 64, 46))


def party_balloon(pen: Pen) -> None:
    base = pen.tint((222, 60, 70), (250, 190, 70), (80, 150, 220), (120, 190, 120), (230, 120, 180))
    pen.line([(25, 64), (28, 76), (22, 88), (26, 99)], 0.8, (120, 120, 126))
    pen.gradient(
        lambda: pen.blob(mirrored([(25, 2), (41, 8), (47, 26), (39, 48), (25, 60)], 25), base),
        lighter(base, 0.2),
        darker(base, 0.16),
    )
    pen.shape([(22, 65), (28, 65), (25, 58)], darker(base, 0.2))
    pen.oval(15, 18, 3.4, 7.4, lighter(base, 0.65), 28)


def sailboat(pen: Pen) -> None:
    hull = pen.tint((150, 84, 58), (60, 84, 120), (196, 70, 60))
    sail: Colour = (250, 246, 236) if pen.asked is None else lighter(pen.asked, 0.1)
    if pen.asked is not None:
        hull = (120, 82, 58)
    pen.line([(44, 84), (44, 2)], 1.6, (110, 84, 66))
    pen.gradient(
        lambda: pen.shape([*_billow((46, 5), (47, 74), (82, 74))], sail), sail, darker(sail, 0.18), across=True
    )
    pen.gradient(
        lambda: pen.shape([*_billow((42, 10), (41, 74), (10, 76))], sail),
        darker(sail, 0.05),
        darker(sail, 0.24),
        across=True,
    )
    pen.shape([(44, 2), (56, 5), (44, 8)], (214, 66, 60))
    pen.gradient(
        lambda: pen.blob([(4, 81), (44, 83), (88, 80), (80, 94), (60, 98), (24, 98), (10, 93)], hull),
        lighter(hull, 0.15),
        darker(hull, 0.3),
    )
    pen.line([(5, 83), (44, 85), (86, 82)], 1.6, lighter(hull, 0.5))


def _billow(top: Point, foot: Point, clew: Point) -> list[Point]:
    """A triangle whose outer edge is full of wind."""
    out: list[Point] = [top, foot, clew]
    for k in range(1, 8):
        t = k / 8
        swell = 4.5 * (t * (1 - t)) * 4 * (1 if clew[0] > foot[0] else -1)
        out.append((clew[0] + (top[0] - clew[0]) * t + swell, clew[1] + (top[1] - clew[1]) * t))
    return out


def rowboat(pen: Pen) -> None:
    hull = pen.tint((150, 92, 60), (70, 112, 136), (186, 74, 60))
    pen.blob([(8, 40), (60, 48), (120, 50), (180, 46), (214, 34), (180, 60), (40, 60)], darker(hull, 0.55))
    for x in (70, 130):
        pen.box(x, 48, x + 16, 54, lighter(hull, 0.3), 1)
    pen.line([(110, 46), (60, 98)], 3, (206, 168, 120))
    pen.gradient(
        lambda: pen.blob(
            [(6, 38), (50, 52), (120, 56), (180, 51), (216, 32), (206, 68), (176, 90), (60, 92), (22, 76)], hull
        ),
        lighter(hull, 0.16),
        darker(hull, 0.3),
    )
    pen.line([(6, 39), (50, 53), (120, 57), (180, 52), (216, 33)], 3, lighter(hull, 0.45))
    pen.line([(16, 62), (60, 74), (130, 76), (206, 60)], 1.2, darker(hull, 0.3))


def ship(pen: Pen) -> None:
    hull = pen.tint((48, 58, 78), (140, 50, 48))
    pen.box(60, 38, 160, 62, (244, 242, 236), 3)
    pen.box(76, 24, 140, 42, (232, 230, 224), 3)
    for x in (88, 116):
        pen.gradient(
            lambda x=x: pen.shape([(x, 28), (x + 3, 4), (x + 19, 4), (x + 19, 28)], (206, 84, 60)),
            (222, 100, 72),
            (170, 60, 46),
        )
        pen.box(x + 2, 4, x + 20, 9, (44, 44, 50))
    for x in range(68, 156, 11):
        pen.box(x, 46, x + 6, 52, panes(pen), 1)
    for x in range(84, 134, 11):
        pen.box(x, 31, x + 6, 36, panes(pen), 1)
    pen.gradient(
        lambda: pen.shape([(6, 56), (214, 52), (196, 98), (30, 98)], hull), lighter(hull, 0.14), darker(hull, 0.25)
    )
    pen.shape([(18, 82), (204, 80), (197, 98), (30, 98)], (160, 54, 48))
    for x in range(36, 190, 15):
        pen.dot(x, 68, 2.3, panes(pen))
    pen.line([(186, 54), (190, 20)], 1.4, (90, 84, 84))


FIGURES = {
    "car": Figure(car, 2.0, 0.26, habitat="street", seat=0.14),
    "bus": Figure(bus, 1.9, 0.32, habitat="street"),
    "truck": Figure(truck, 1.92, 0.3, habitat="street"),
    "train": Figure(train, 2.66, 0.26, habitat="meadow"),
    "bicycle": Figure(bicycle, 1.6, 0.3, habitat="street", seat=0.22),
    "plane": Figure(plane, 1.95, 0.24, "air", "hills", seat=0.4),
    "helicopter": Figure(helicopter, 1.62, 0.26, "air", "city"),
    "rocket": Figure(rocket, 0.5, 0.56, "air", "space", seat=0.3),
    "ufo": Figure(ufo, 1.6, 0.22, "air", "field"),
    "balloon": Figure(hot_air_balloon, 0.76, 0.44, "air", "hills"),
    "party balloon": Figure(party_balloon, 0.5, 0.34, "air", "meadow"),
    "sailboat": Figure(sailboat, 0.92, 0.4, "water", "sea", seat=0.8),
    "rowboat": Figure(rowboat, 2.2, 0.13, "water", "lake", seat=0.5),
    "ship": Figure(ship, 2.2, 0.26, "water", "sea", seat=0.4),
}
