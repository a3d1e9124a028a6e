"""What lives in the water and at its edge."""

from math import cos, pi, sin

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter
from .pen import Figure, Pen


def fish(pen: Pen) -> None:
    base = pen.tint((240, 140, 50), (60, 140, 200), (246, 206, 80), (220, 90, 120), (90, 180, 160))
    fin = darker(base, 0.22)
    pen.blob([(34, 50), (14, 24), (4, 22), (10, 50), (4, 80), (16, 76)], fin)
    pen.blob([(52, 28), (74, 8), (92, 14), (92, 30)], fin)
    pen.blob([(60, 72), (72, 92), (86, 90), (84, 72)], fin)
    body: list[Point] = [(28, 50), (48, 28), (80, 20), (110, 32), (126, 52), (110, 70), (80, 80), (48, 72)]
    pen.gradient(lambda: pen.blob(body, base), darker(base, 0.06), lighter(base, 0.32))
    for x in (58, 84):
        pen.blob([(x, 25), (x + 10, 23), (x + 14, 50), (x + 9, 77), (x, 76), (x + 5, 50)], lighter(base, 0.62))
    pen.blob([(76, 52), (60, 58), (64, 70), (80, 64)], fin)
    pen.dot(110, 44, 5.6, WHITE)
    pen.dot(111, 44, 3.4, (26, 22, 28))
    pen.line([(119, 58), (124, 57), (126, 53)], 1.3, darker(base, 0.5))


def whale(pen: Pen) -> None:
    skin = pen.tint((62, 96, 136), (70, 84, 110))
    pen.blob([(36, 58), (20, 44), (4, 40), (8, 52), (2, 62), (14, 64), (28, 66)], darker(skin, 0.12))
    body: list[Point] = [
        (26, 60),
        (48, 50),
        (84, 34),
        (124, 30),
        (154, 42),
        (164, 58),
        (150, 72),
        (112, 82),
        (66, 76),
        (36, 68),
    ]
    pen.gradient(lambda: pen.blob(body, skin), lighter(skin, 0.14), darker(skin, 0.2))
    pen.blob([(84, 78), (124, 66), (163, 58), (150, 73), (114, 82)], (226, 230, 232))
    for k in range(5):
        pen.line([(92 + k * 3, 78 - k * 2.6), (126, 73 - k * 2.8), (156, 66 - k * 2)], 0.7, darker(skin, 0.1))
    pen.blob([(108, 70), (96, 86), (84, 92), (90, 76)], darker(skin, 0.26))
    pen.eyes(142, 54, 0.01, 2.2)
    for s in (-1, 1):
        pen.line([(126, 30), (126 + s * 3, 18), (126 + s * 12, 12)], 2.2, (226, 242, 248), taper=0.6)
        pen.dot(126 + s * 13, 13, 2.2, (226, 242, 248))


def dolphin(pen: Pen) -> None:
    skin = pen.tint((110, 144, 172))
    pen.blob([(22, 74), (6, 72), (2, 84), (14, 84), (10, 95), (24, 86)], darker(skin, 0.14))
    body: list[Point] = [
        (16, 80),
        (36, 52),
        (68, 30),
        (100, 28),
        (120, 38),
        (138, 44),
        (136, 50),
        (118, 52),
        (94, 60),
        (60, 64),
        (34, 80),
    ]
    pen.gradient(lambda: pen.blob(body, skin), lighter(skin, 0.08), darker(skin, 0.12))
    pen.blob([(64, 62), (96, 50), (122, 48), (114, 54), (94, 60)], (236, 240, 242))
    pen.blob([(66, 32), (62, 12), (72, 16), (86, 29)], darker(skin, 0.14))
    pen.blob([(88, 56), (80, 78), (74, 72), (78, 58)], darker(skin, 0.24))
    pen.eyes(112, 41, 0.01, 1.9)


def shark(pen: Pen) -> None:
    skin = pen.tint((112, 126, 142))
    pen.shape([(24, 52), (4, 20), (14, 52), (2, 80), (22, 62)], darker(skin, 0.14))
    body: list[Point] = [(20, 56), (52, 40), (96, 32), (132, 42), (148, 54), (128, 66), (90, 72), (50, 66)]
    pen.gradient(lambda: pen.blob(body, skin), lighter(skin, 0.06), darker(skin, 0.1))
    pen.blob([(60, 68), (96, 60), (144, 58), (126, 67), (92, 73)], (234, 238, 240))
    pen.shape([(72, 38), (78, 8), (98, 34)], darker(skin, 0.1))
    pen.shape([(94, 66), (80, 92), (76, 66)], darker(skin, 0.2))
    for x in (108, 112, 116):
        pen.line([(x, 46), (x - 1, 56)], 1, darker(skin, 0.35))
    pen.dot(130, 48, 2, (24, 22, 28))
    pen.line([(122, 62), (132, 59), (138, 60)], 1.1, darker(skin, 0.5))


def octopus(pen: Pen) -> None:
    skin = pen.tint((206, 96, 110), (150, 90, 160), (226, 130, 80))
    for k in range(8):
        x = 22 + k * 8
        swing = (k - 3.5) * 6
        tip = x + swing * 1.3
        path = [(50 + (x - 50) * 0.7, 54.0), (x + swing * 0.5, 72.0), (tip, 84.0), (tip + (6 if k > 3 else -6), 95.0)]
        pen.line(path, 9, darker(skin, 0.16 if k % 2 else 0.02), taper=0.3)
    pen.gradient(
        lambda: pen.blob([(50, 3), (72, 10), (80, 34), (72, 58), (50, 64), (28, 58), (20, 34), (28, 10)], skin),
        lighter(skin, 0.16),
        darker(skin, 0.1),
    )
    for x, y, r in ((32, 20, 3), (62, 14, 3.6), (68, 26, 2.4), (40, 11, 2.2)):
        pen.dot(x, y, r, lighter(skin, 0.3))
    for s in (-1, 1):
        pen.dot(50 + s * 12, 42, 7, WHITE)
    pen.eyes(50, 43, 11.5, 4)
    pen.arc(50, 52, 4, 20, 160, 1.2, darker(skin, 0.5))


def jellyfish(pen: Pen) -> None:
    skin = pen.tint((226, 150, 206), (150, 180, 240), (250, 190, 150))
    for k in range(7):
        x = 18 + k * 7.4
        pen.line(
            [(x, 40), (x + 4 * sin(k), 58), (x - 4 * cos(k), 76), (x + 3, 97 - abs(k - 3) * 5)],
            2.2,
            lighter(skin, 0.1 + 0.05 * (k % 3)),
            taper=0.3,
        )
    for k in range(3):
        x = 30 + k * 10
        pen.line([(x, 40), (x - 3, 54), (x + 3, 66), (x - 2, 78)], 5, lighter(skin, 0.35), taper=0.4)
    pen.gradient(lambda: pen.pie(40, 42, 36, 40, 180, 360, skin), lighter(skin, 0.5), skin)
    for k in range(6):
        pen.pie(10 + k * 12, 42, 6.2, 5, 0, 180, skin)
    pen.arc(40, 40, 26, 205, 275, 2, lighter(skin, 0.75))


def turtle(pen: Pen) -> None:
    shell, skin = pen.tint((96, 124, 66), (130, 100, 60)), (140, 168, 96)
    for x, y, turn in ((34, 86, -30), (96, 86, 30), (44, 90, 10), (86, 90, -10)):
        pen.oval(x, y, 13, 7, darker(skin, 0.12), turn)
    pen.line([(100, 76), (116, 62)], 14, skin)
    pen.oval(119, 58, 13, 11, skin)
    pen.eyes(123, 55, 0.01, 2.4)
    pen.gradient(lambda: pen.pie(64, 84, 48, 66, 180, 360, shell), lighter(shell, 0.16), darker(shell, 0.12))
    for x, y, r in ((64, 42, 13), (40, 58, 11), (88, 58, 11), (64, 66, 10), (24, 74, 8), (104, 74, 8)):
        pen.shape(
            [(x + r * cos(a / 6 * 2 * pi), y + r * 0.85 * sin(a / 6 * 2 * pi)) for a in range(6)], darker(shell, 0.22)
        )
    pen.box(14, 82, 114, 89, lighter(shell, 0.35), 3)


def frog(pen: Pen) -> None:
    skin = pen.tint((96, 168, 74))
    for s in (-1, 1):
        pen.oval(55 + s * 36, 78, 18, 16, darker(skin, 0.16), s * 20)
        pen.oval(55 + s * 40, 95, 15, 4, darker(skin, 0.22))
        pen.dot(55 + s * 20, 24, 13, skin)
        pen.dot(55 + s * 20, 22, 8.4, (248, 244, 214))
    pen.gradient(
        lambda: pen.blob([(55, 24), (82, 30), (92, 56), (84, 86), (55, 95), (26, 86), (18, 56), (28, 30)], skin),
        lighter(skin, 0.1),
        darker(skin, 0.14),
    )
    pen.oval(55, 76, 25, 18, lighter(skin, 0.5))
    pen.eyes(55, 22, 20, 4.8)
    pen.line([(30, 48), (55, 58), (80, 48)], 1.8, darker(skin, 0.55))
    for s in (-1, 1):
        pen.line([(55 + s * 18, 74), (55 + s * 18, 94)], 8, darker(skin, 0.1))
        pen.oval(55 + s * 19, 96, 9, 3.4, darker(skin, 0.2))


def snake(pen: Pen) -> None:
    skin = pen.tint((96, 150, 80), (170, 120, 60))
    path: list[Point] = [
        (6, 90),
        (26, 94),
        (44, 82),
        (60, 92),
        (80, 94),
        (94, 80),
        (84, 62),
        (66, 56),
        (62, 40),
        (78, 30),
    ]
    pen.line(path[::-1], 12, skin, taper=0.25)
    pen.blob([(72, 36), (74, 24), (88, 20), (99, 28), (92, 37)], skin)
    pen.dot(87, 26, 2, (26, 22, 26))
    pen.line([(98, 29), (106, 30), (110, 27)], 1, (210, 60, 60))
    for x, y in ((74, 58), (90, 70), (88, 88), (70, 94), (52, 86)):
        pen.dot(x, y, 2.6, lighter(skin, 0.45))


def crab(pen: Pen) -> None:
    shell = pen.tint((218, 84, 60))
    for s in (-1, 1):
        for k in range(3):
            pen.line(
                [(70 + s * 30, 66 + k * 5), (70 + s * (50 + k * 4), 66 + k * 7), (70 + s * (54 + k * 3), 88 + k * 4)],
                4,
                darker(shell, 0.16),
                taper=0.5,
            )
        pen.line([(70 + s * 34, 56), (70 + s * 54, 46), (70 + s * 52, 30)], 7, shell)
        pen.pie(70 + s * 52, 22, 15, 17, -60 if s < 0 else -70, 240, lighter(shell, 0.08))
        pen.line([(70 + s * 10, 44), (70 + s * 12, 32)], 2.6, shell)
    pen.gradient(lambda: pen.oval(70, 66, 42, 26, shell), lighter(shell, 0.12), darker(shell, 0.18))
    pen.eyes(70, 30, 12, 5)
    pen.arc(70, 66, 10, 30, 150, 1.6, darker(shell, 0.5))


def snail(pen: Pen) -> None:
    skin: Colour = (206, 178, 140)
    shell = pen.tint((190, 120, 70), (150, 110, 150))
    pen.blob([(4, 96), (20, 86), (70, 84), (96, 66), (104, 46), (116, 48), (116, 70), (104, 96)], skin)
    for x in (108, 116):
        pen.line([(x - 2, 52), (x + 2, 32)], 2.6, skin)
        pen.dot(x + 2, 31, 3, darker(skin, 0.6))
    pen.gradient(lambda: pen.dot(56, 56, 36, shell), lighter(shell, 0.14), darker(shell, 0.14))
    spiral = [(56 + (34 - k * 1.1) * cos(k * 0.55), 56 + (34 - k * 1.1) * sin(k * 0.55)) for k in range(30)]
    pen.line(spiral, 3, darker(shell, 0.4), taper=0.5)


FIGURES = {
    "fish": Figure(fish, 1.3, 0.3, "depths", "underwater"),
    "whale": Figure(whale, 1.7, 0.4, "depths", "sea", seat=0.38),
    "dolphin": Figure(dolphin, 1.42, 0.36, "depths", "sea", seat=0.3),
    "shark": Figure(shark, 1.5, 0.36, "depths", "underwater", seat=0.3),
    "octopus": Figure(octopus, 1.0, 0.5, "depths", "underwater"),
    "jellyfish": Figure(jellyfish, 0.8, 0.42, "depths", "underwater"),
    "turtle": Figure(turtle, 1.35, 0.34, habitat="beach", seat=0.2),
    "frog": Figure(frog, 1.1, 0.34, habitat="lake"),
    "snake": Figure(snake, 1.1, 0.34, habitat="desert"),
    "crab": Figure(crab, 1.4, 0.3, habitat="beach"),
    "snail": Figure(snail, 1.2, 0.28),
}
