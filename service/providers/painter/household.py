"""What stands about a house: books, furniture, lamps, instruments and machines."""

from math import cos, pi, sin

from .canvas import Point
from .colours import Colour, darker, lighter, mix
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
    "clock": Figure(clock, 1.0, 0.4, habitat="room"),
    "guitar": Figure(guitar, 0.5, 0.62, habitat="studio"),
    "piano": Figure(piano, 1.45, 0.46, habitat="studio"),
    "camera": Figure(camera, 1.36, 0.34, habitat="room"),
    "phone": Figure(phone, 0.54, 0.48, habitat="studio"),
    "computer": Figure(computer, 1.46, 0.4, habitat="room"),
    "hourglass": Figure(hourglass, 0.6, 0.48, habitat="room"),
    "telescope": Figure(telescope, 1.12, 0.42, habitat="hills"),
}
