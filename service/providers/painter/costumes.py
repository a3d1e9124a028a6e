"""People who are known by what they wear: dancers, astronauts, crowned heads, knights; and robots and ghosts."""

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, mix
from .pen import Figure, Pen, mirrored
from .people import Looks, M, arms, head, looks, sitting, torso, trousers


def dancer(pen: Pen) -> None:
    look = looks(pen)
    gown = pen.tint((226, 110, 140), (200, 60, 70), (120, 140, 210))
    pen.line([(40, 60), (44, 78), (44, 97)], 4.4, look.skin, taper=0.6)
    pen.line([(40, 60), (60, 66), (80, 56)], 4.4, look.skin, taper=0.55)
    pen.line([(43, 30), (58, 22), (72, 10)], 3, look.skin, taper=0.7)
    pen.line([(37, 30), (22, 26), (10, 34)], 3, look.skin, taper=0.7)
    for k in range(5):
        tone = lighter(gown, 0.3 - k * 0.06)
        pen.blob(
            [
                (38, 48),
                (44, 48),
                (64 - k * 2, 54 + k * 3),
                (52, 62 + k),
                (40, 66 - k),
                (28, 62 + k),
                (16 + k * 2, 54 + k * 3),
            ],
            tone,
        )
    pen.gradient(
        lambda: pen.blob([(34, 28), (46, 28), (46, 40), (44, 51), (37, 51), (34, 40)], gown),
        lighter(gown, 0.1),
        darker(gown, 0.15),
    )
    head(pen, look, 41, 17, 6)
    pen.dot(38, 8.6, 3.4, look.hair)


def astronaut(pen: Pen) -> None:
    suit = pen.tint((240, 242, 246))
    grey = darker(suit, 0.18)
    x = 30.0
    pen.box(x - 17, 34, x + 17, 68, grey, 5)
    if pen.pose == "ride":
        pen.line([(x, 62), (x + 8, 72), (x + 5, 92)], 11, suit, taper=0.85)
        pen.oval(x + 8, 95, 7, 3.6, grey)
    else:
        for s in (-1, 1):
            pen.line([(x + s * 6, 66), (x + s * 8, 82), (x + s * 9, 93)], 11, suit if s < 0 else darker(suit, 0.08))
            pen.oval(x + s * 10, 96, 7.4, 3.6, grey)
            pen.line([(x + s * 4, 84), (x + s * 13, 84)], 1.6, (216, 96, 70))
    for s in (-1, 1):
        hand: Point = (x + s * 21, 62) if s < 0 or pen.pose == "ride" else (x + 24, 36)
        pen.line([(x + s * 12, 42), (x + s * 20, 52), hand], 8.4, darker(suit, 0.05 if s < 0 else 0.12))
        pen.dot(*hand, 4.8, grey)
    pen.gradient(lambda: pen.box(x - 13, 36, x + 13, 70, suit, 8), lighter(suit, 0.1), darker(suit, 0.14))
    pen.box(x - 7, 48, x + 7, 57, (90, 110, 140), 1.5)
    for k, tint in enumerate(((226, 80, 70), (240, 190, 80), (90, 180, 120))):
        pen.dot(x - 4 + k * 4, 52.5, 1.2, tint)
    pen.gradient(lambda: pen.dot(x, 22, 18, suit), lighter(suit, 0.1), darker(suit, 0.12))
    pen.gradient(lambda: pen.oval(x + 1, 23, 13.5, 11.5, (40, 60, 100)), (96, 130, 180), (22, 28, 56))
    pen.blob([(x - 8, 18), (x - 2, 14.5), (x + 2, 15), (x - 5, 20)], (220, 232, 246))


def robed(pen: Pen, robe: Colour, look: Looks) -> None:
    gown = mirrored([(M, 20), (M + 8, 22), (M + 10, 40), (M + 14, 70), (M + 17, 96), (M, 98)], M)
    pen.gradient(lambda: pen.blob(gown, robe), lighter(robe, 0.1), darker(robe, 0.3))
    for s in (-1, 1):
        pen.blob([(M + s * 8, 24), (M + s * 15, 44), (M + s * 13, 56), (M + s * 7, 52)], darker(robe, 0.18))
        pen.dot(M + s * 11.5, 55, 2.4, look.skin)


def crown_at(pen: Pen, x: float, y: float, r: float) -> None:
    gold: Colour = (240, 192, 74)
    pen.shape(
        [
            (x - r, y),
            (x - r * 1.15, y - r * 1.2),
            (x - r * 0.5, y - r * 0.6),
            (x, y - r * 1.5),
            (x + r * 0.5, y - r * 0.6),
            (x + r * 1.15, y - r * 1.2),
            (x + r, y),
        ],
        gold,
    )
    pen.dot(x, y - r * 1.5, r * 0.2, (214, 60, 70))


def king(pen: Pen) -> None:
    look = looks(pen)
    robe = pen.tint((160, 36, 52), (70, 50, 130))
    robed(pen, robe, look)
    pen.blob(mirrored([(M, 22), (M + 9, 22), (M + 8, 30), (M, 32)], M), (248, 244, 238))
    pen.box(M - 2, 32, M + 2, 96, (248, 240, 226))
    head(pen, look, y=13)
    pen.blob(mirrored([(M, 16), (M + 5, 15), (M + 4.4, 22), (M, 25)], M), look.hair)
    crown_at(pen, M, 9, 5.6)


def queen(pen: Pen) -> None:
    look = looks(pen)
    robed(pen, pen.tint((214, 110, 160), (90, 120, 200), (130, 90, 170)), look)
    head(pen, look, y=13, long=True)
    crown_at(pen, M, 8.6, 5)


def knight(pen: Pen) -> None:
    steel = pen.tint((168, 178, 192))
    look = Looks(steel, steel, steel, darker(steel, 0.2))
    pen.line([(M + 14, 56), (M + 16, 8)], 1.8, (220, 226, 234))
    pen.line([(M + 10, 48), (M + 18.5, 49)], 2, (190, 150, 70))
    if pen.pose == "ride":
        sitting(pen, look)
    else:
        trousers(pen, steel)
    arms(pen, look, steel)
    torso(pen, steel, 10.5)
    pen.shape(mirrored([(M, 30), (M + 6, 32), (M + 5, 52), (M, 58)], M), (176, 48, 56))
    pen.blob(mirrored([(M, 2), (M + 6.6, 6), (M + 6.6, 17), (M, 22)], M), steel)
    pen.box(M - 5, 10, M + 5, 12.4, (38, 40, 50))
    pen.blob([(M, 3), (M - 4, -2), (M - 11, 2), (M - 9, 7), (M - 4, 4)], (204, 60, 60))
    pen.gradient(
        lambda: pen.blob([(M - 18, 38), (M - 5, 38), (M - 5, 54), (M - 11.5, 64), (M - 18, 54)], (60, 90, 150)),
        (80, 116, 180),
        (40, 60, 110),
    )


def wizard(pen: Pen) -> None:
    look = looks(pen)
    robe = pen.tint((72, 62, 140), (44, 90, 110), (96, 50, 110))
    pen.line([(M + 16, 96), (M + 14, 22)], 1.8, (110, 76, 52))
    pen.dot(M + 14, 20, 3.8, (150, 226, 240))
    robed(pen, robe, look)
    head(pen, look, y=19, r=6)
    pen.blob(mirrored([(M, 21), (M + 5.6, 20), (M + 5, 34), (M, 46)], M), (240, 238, 236))
    pen.blob([(M - 12, 16), (M, 12.5), (M + 12, 16), (M, 18)], darker(robe, 0.2))
    pen.shape([(M - 7, 15), (M + 2, -1), (M + 5, 3), (M + 7, 15)], robe)
    for x, y in ((M - 5, 60), (M + 6, 72), (M - 8, 84), (M + 2, 9)):
        pen.dot(x, y, 1, (246, 220, 130))


def robot(pen: Pen) -> None:
    shell = pen.tint((176, 190, 204), (222, 150, 80), (110, 170, 176))
    dark = darker(shell, 0.35)
    x = 33.0
    for s in (-1, 1):
        pen.box(x + s * 9 - 4, 74, x + s * 9 + 4, 92, dark, 1)
        pen.box(x + s * 9 - 7, 90, x + s * 9 + 7, 98, darker(shell, 0.2), 2)
        pen.line([(x + s * 20, 46), (x + s * 27, 58), (x + s * 25, 68)], 5.4, dark)
        pen.dot(x + s * 25, 70, 5, shell)
    pen.gradient(lambda: pen.box(x - 20, 42, x + 20, 78, shell, 5), lighter(shell, 0.2), darker(shell, 0.2))
    pen.box(x - 12, 50, x + 12, 66, darker(shell, 0.5), 2)
    for k, tint in enumerate(((230, 90, 80), (246, 200, 90), (110, 210, 150))):
        pen.dot(x - 7 + k * 7, 58, 2.3, tint)
    pen.line([(x, 12), (x, 5)], 1.6, dark)
    pen.dot(x, 4, 2.8, (236, 90, 80))
    pen.box(x - 5, 36, x + 5, 44, dark)
    pen.gradient(lambda: pen.box(x - 17, 12, x + 17, 38, shell, 7), lighter(shell, 0.25), darker(shell, 0.08))
    pen.box(x - 13, 18, x + 13, 30, (34, 42, 56), 5)
    for s in (-1, 1):
        pen.dot(x + s * 6, 24, 3.4, (120, 236, 240))
        pen.dot(x + s * 6, 24, 1.6, WHITE)
    pen.line([(x - 5, 34), (x + 5, 34)], 1.4, dark)


def ghost(pen: Pen) -> None:
    sheet = pen.tint((240, 244, 252))
    hem: list[Point] = [(64, 92), (56, 86), (48, 96), (40, 87), (32, 96), (24, 86), (16, 92)]
    pen.gradient(
        lambda: pen.blob([(16, 50), (18, 22), (40, 4), (62, 22), (64, 50), *hem], sheet),
        sheet,
        mix(sheet, (130, 150, 200), 0.5),
    )
    pen.eyes(40, 34, 9, 4.6)
    pen.oval(40, 50, 4, 6, (50, 46, 66))


FIGURES = {
    "dancer": Figure(dancer, 0.84, 0.54, habitat="studio"),
    "astronaut": Figure(astronaut, 0.6, 0.46, habitat="moonscape"),
    "king": Figure(king, 0.46, 0.52, habitat="studio"),
    "queen": Figure(queen, 0.46, 0.52, habitat="studio"),
    "knight": Figure(knight, 0.46, 0.5),
    "wizard": Figure(wizard, 0.46, 0.5, habitat="forest"),
    "robot": Figure(robot, 0.66, 0.48, habitat="studio"),
    "ghost": Figure(ghost, 0.8, 0.42, habitat="forest"),
}
