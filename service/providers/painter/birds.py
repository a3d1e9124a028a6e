"""Birds and other winged things, flying and perched."""

from math import cos, pi, sin

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, mix
from .pen import Figure, Pen, mirrored

BEAK: Colour = (240, 170, 60)


def bird(pen: Pen) -> None:
    """Seen in flight, wings raised."""
    coat = pen.tint((244, 244, 246), (70, 76, 92), (110, 140, 176))
    dark = darker(coat, 0.32)
    lift = pen.chance.uniform(-6, 10)
    pen.blob([(62, 60), (74, 36 - lift), (104, 14 - lift * 0.5), (128, 12), (104, 30), (86, 56), (76, 68)], dark)
    pen.blob([(20, 70), (4, 62), (2, 68), (6, 76), (22, 76)], dark)
    pen.gradient(
        lambda: pen.blob([(16, 70), (40, 58), (76, 54), (92, 52), (100, 58), (92, 68), (70, 78), (36, 78)], coat),
        lighter(coat, 0.1),
        darker(coat, 0.14),
    )
    pen.oval(95, 56, 10, 8.4, coat)
    pen.shape([(103, 54), (115, 58.5), (103, 60)], BEAK)
    pen.dot(98, 54, 1.7, (24, 22, 28))
    pen.gradient(
        lambda: pen.blob([(80, 62), (68, 30), (44, 8), (20, 2), (34, 24), (44, 50), (58, 68)], coat),
        darker(coat, 0.05),
        darker(coat, 0.26),
    )
    for k in range(4):
        pen.line([(30 + k * 6, 14 + k * 9), (48 + k * 5, 34 + k * 8)], 0.9, darker(coat, 0.4))


def robin(pen: Pen) -> None:
    """A songbird on a twig."""
    coat = pen.tint((120, 100, 84), (86, 130, 170), (70, 150, 120))
    breast = (226, 110, 60) if pen.asked is None else lighter(coat, 0.4)
    pen.line([(2, 88), (40, 84), (98, 90)], 4, (104, 74, 54), taper=0.5)
    pen.shape([(34, 62), (4, 82), (10, 88), (42, 72)], darker(coat, 0.25))
    pen.gradient(
        lambda: pen.blob([(30, 66), (38, 40), (56, 30), (72, 40), (74, 62), (60, 78), (42, 78)], coat),
        lighter(coat, 0.1),
        darker(coat, 0.1),
    )
    pen.blob([(62, 36), (76, 44), (76, 62), (64, 76), (54, 72), (56, 52)], breast)
    pen.dot(66, 30, 16, coat)
    pen.blob([(66, 30), (80, 26), (81, 38), (70, 47), (60, 42)], breast)
    pen.shape([(80, 27), (92, 31), (80, 34)], (70, 60, 56))
    pen.eyes(70, 26, 0.01, 2.5)
    pen.blob([(32, 66), (40, 46), (56, 46), (56, 60), (44, 72)], darker(coat, 0.25))
    for x in (54, 61):
        pen.line([(x, 77), (x + 1, 85)], 1.5, (90, 64, 50))


def owl(pen: Pen) -> None:
    coat = pen.tint((140, 104, 76), (120, 112, 110), (200, 180, 156))
    pale = mix(coat, WHITE, 0.58)
    pen.line([(0, 92), (45, 89), (90, 93)], 6, (96, 70, 54))
    pen.gradient(
        lambda: pen.blob(mirrored([(45, 12), (66, 12), (74, 32), (75, 62), (66, 84), (52, 91)], 45), coat),
        lighter(coat, 0.06),
        darker(coat, 0.2),
    )
    for tuft in ([(24, 18), (18, 1), (38, 13)], [(66, 18), (72, 1), (52, 13)]):
        pen.shape([(float(x), float(y)) for x, y in tuft], darker(coat, 0.1))
    pen.blob(mirrored([(45, 48), (60, 54), (60, 74), (45, 88)], 45), pale)
    for row in range(4):
        for k in range(-2, 3):
            if abs(k) + row < 6:
                pen.arc(45 + k * 6 + (row % 2) * 3, 56 + row * 7, 2.8, 20, 160, 1.2, darker(coat, 0.1))
    for s in (-1, 1):
        pen.blob(
            [(45 + s * 24, 40), (45 + s * 31, 56), (45 + s * 28, 78), (45 + s * 19, 86), (45 + s * 17, 60)],
            darker(coat, 0.25),
        )
        pen.dot(45 + s * 13, 31, 14, pale)
        pen.dot(45 + s * 12.5, 31, 8.6, (244, 186, 66))
        pen.dot(45 + s * 12, 31, 5.4, (26, 22, 28))
        pen.dot(45 + s * 12 - 1.6, 29, 1.8, WHITE)
        pen.oval(45 + s * 8, 89, 5, 3, BEAK)
    pen.shape([(41.5, 37), (48.5, 37), (45, 47)], BEAK)


def penguin(pen: Pen) -> None:
    coat = pen.tint((44, 52, 70))
    for s in (-1, 1):
        pen.oval(35 + s * 12, 96, 9, 3.6, BEAK)
        pen.blob([(35 + s * 22, 38), (35 + s * 31, 54), (35 + s * 29, 72), (35 + s * 21, 60)], darker(coat, 0.2))
    pen.gradient(
        lambda: pen.blob(mirrored([(35, 3), (48, 8), (52, 24), (59, 48), (58, 78), (46, 95)], 35), coat),
        lighter(coat, 0.1),
        darker(coat, 0.2),
    )
    pen.blob(mirrored([(35, 32), (47, 40), (50, 66), (44, 86), (35, 92)], 35), (248, 248, 246))
    for s in (-1, 1):
        pen.oval(35 + s * 7, 20, 8, 9, (248, 248, 246))
    pen.eyes(35, 18, 7, 2.6)
    pen.shape([(29, 23), (41, 23), (35, 30)], BEAK)
    pen.oval(35, 36, 10, 2.6, (246, 196, 90))


def duck(pen: Pen) -> None:
    coat = pen.tint((246, 244, 240), (250, 210, 80), (150, 120, 96))
    pen.gradient(
        lambda: pen.blob(
            [(6, 54), (22, 62), (50, 56), (84, 60), (100, 74), (86, 92), (50, 97), (22, 88), (10, 70)], coat
        ),
        lighter(coat, 0.1),
        darker(coat, 0.18),
    )
    pen.line([(84, 72), (92, 54), (84, 38), (90, 22)], 12, coat, taper=0.95)
    pen.oval(93, 20, 13, 11, coat)
    pen.blob([(102, 17), (118, 21), (118, 25), (103, 27)], BEAK)
    pen.dot(96, 16, 1.9, (26, 22, 28))
    pen.blob([(24, 66), (50, 60), (74, 70), (62, 84), (36, 82)], darker(coat, 0.1))


def chicken(pen: Pen) -> None:
    coat = pen.tint((196, 110, 60), (246, 240, 230))
    for x in (48, 56):
        pen.line([(x, 80), (x, 94)], 2, BEAK)
        pen.line([(x - 4, 97), (x, 94), (x + 5, 97)], 1.6, BEAK, smooth=False)
    for k in range(4):
        pen.blob([(28, 60), (8 + k * 2, 30 + k * 8), (4 + k * 3, 38 + k * 8), (26, 70)], darker(coat, 0.12 * k + 0.1))
    pen.gradient(
        lambda: pen.blob(
            [(22, 56), (40, 52), (58, 40), (66, 22), (78, 24), (82, 48), (76, 72), (56, 84), (34, 80)], coat
        ),
        lighter(coat, 0.1),
        darker(coat, 0.2),
    )
    for x, y in ((66, 14), (71, 11), (76, 15)):
        pen.dot(x, y + 3, 4.2, (214, 50, 48))
    pen.oval(72, 26, 9.6, 10, coat)
    pen.shape([(80, 23), (90, 27), (80, 30)], BEAK)
    pen.oval(80, 35, 2.6, 4.6, (214, 50, 48))
    pen.dot(75, 23, 1.7, (26, 22, 28))
    pen.blob([(34, 62), (52, 56), (62, 64), (50, 76)], darker(coat, 0.18))


def flamingo(pen: Pen) -> None:
    coat = pen.tint((246, 140, 160))
    pen.line([(36, 62), (36, 97)], 2, darker(coat, 0.15))
    pen.line([(42, 60), (50, 76), (38, 78)], 2, darker(coat, 0.15), smooth=False)
    pen.gradient(
        lambda: pen.blob([(6, 54), (22, 42), (44, 40), (56, 50), (48, 62), (26, 64)], coat),
        lighter(coat, 0.12),
        darker(coat, 0.16),
    )
    pen.line([(50, 50), (62, 44), (52, 28), (46, 16), (56, 8)], 5, coat, taper=0.9)
    pen.oval(57, 9, 6.4, 5.2, coat)
    pen.blob([(62, 8), (69, 13), (67, 20), (62, 14)], (250, 236, 226))
    pen.blob([(67, 14), (68, 20), (64, 18)], (40, 36, 40))
    pen.dot(58.5, 7.5, 1.1, (30, 26, 30))
    pen.blob([(10, 54), (26, 46), (44, 48), (34, 58)], darker(coat, 0.14))


def peacock(pen: Pen) -> None:
    coat = pen.tint((34, 92, 168))
    for ring, reach in ((0, 62), (1, 48), (2, 34)):
        for k in range(15 - ring * 2):
            turn = pi + pi * (k + 0.5) / (15 - ring * 2)
            x, y = 65 + reach * cos(turn), 80 + reach * 1.16 * sin(turn)
            pen.line([(65, 80), (x, y)], 2.4, (52, 140, 100))
            for radius, tint in (
                (6.4, (60, 160, 110)),
                (4.4, (214, 176, 70)),
                (3.0, (36, 120, 190)),
                (1.5, (24, 40, 90)),
            ):
                pen.dot(x, y, radius, tint)
    pen.gradient(
        lambda: pen.blob([(65, 34), (72, 40), (72, 58), (80, 82), (65, 96), (50, 82), (58, 58), (58, 40)], coat),
        lighter(coat, 0.1),
        darker(coat, 0.2),
    )
    pen.dot(65, 38, 8, lighter(coat, 0.06))
    pen.shape([(62, 41), (68, 41), (65, 48)], (230, 200, 130))
    pen.eyes(65, 37, 3.6, 1.5)
    for k in (-1, 0, 1):
        pen.line([(65, 31), (65 + k * 5, 23)], 0.8, coat)
        pen.dot(65 + k * 5, 22, 1.5, (60, 170, 190))


def butterfly(pen: Pen) -> None:
    base = pen.tint((238, 140, 50), (90, 140, 220), (230, 110, 150), (248, 206, 80))
    edge = darker(base, 0.7)
    for s in (-1, 1):

        def at(x: float, y: float, s: int = s) -> Point:
            return (55 + s * x, y)

        pen.blob([at(2, 46), at(16, 14), at(40, 2), at(52, 12), at(46, 38), at(24, 52)], edge)
        pen.blob([at(2, 54), at(24, 54), at(42, 66), at(38, 88), at(22, 96), at(8, 78)], edge)
        pen.blob([at(5, 45), at(18, 20), at(38, 8), at(46, 15), at(41, 35), at(22, 48)], base)
        pen.blob([at(5, 58), at(23, 58), at(37, 68), at(33, 84), at(22, 90), at(11, 76)], lighter(base, 0.14))
        pen.oval(*at(32, 22), 6, 5, lighter(base, 0.5), s * 30)
        pen.oval(*at(25, 74), 5, 5, lighter(base, 0.55))
        for x, y in ((45, 9), (49, 15), (48, 24)):
            pen.dot(*at(x, y), 1.3, WHITE)
        pen.line([at(1, 30), at(6, 16), at(12, 10)], 1.1, edge)
        for far in ((38, 10), (44, 26), (24, 46)):
            pen.line([at(4, 46), at(float(far[0]), float(far[1]))], 0.8, edge)
    pen.oval(55, 50, 3.4, 22, (52, 42, 46))


def bee(pen: Pen) -> None:
    for x, turn in ((44, -30), (60, 24)):
        pen.oval(x, 28, 11, 24, (226, 236, 246), turn)
    pen.oval(54, 62, 38, 26, pen.tint((248, 200, 60)))
    for x in (34, 50, 66):
        pen.line([(x, 39 + abs(x - 54) * 0.28), (x - 3, 62), (x, 85 - abs(x - 54) * 0.28)], 7, (46, 38, 40))
    pen.dot(90, 60, 15, (60, 50, 48))
    pen.eyes(95, 57, 0.01, 4)
    for k in (-1, 1):
        pen.line([(92, 46), (98 + k * 4, 34)], 1.6, (46, 38, 40))
    pen.shape([(17, 58), (4, 63), (17, 67)], (46, 38, 40))


def ladybird(pen: Pen) -> None:
    shell = pen.tint((214, 48, 44))
    for x in (32, 54, 76):
        pen.line([(x, 80), (x - 4, 97)], 3, (36, 32, 38))
    pen.dot(96, 70, 15, (36, 32, 38))
    pen.pie(56, 84, 46, 62, 180, 360, shell)
    for x, y in ((32, 66), (48, 44), (62, 66), (76, 48), (84, 70)):
        pen.dot(x, y, 6, (36, 32, 38))
    pen.eyes(101, 66, 0.01, 3.4)
    pen.line([(100, 56), (108, 46)], 1.8, (36, 32, 38))


FIGURES = {
    "bird": Figure(bird, 1.3, 0.2, "air", "sea"),
    "robin": Figure(robin, 1.0, 0.42),
    "owl": Figure(owl, 0.9, 0.48, habitat="forest"),
    "penguin": Figure(penguin, 0.7, 0.44, habitat="sea"),
    "duck": Figure(duck, 1.2, 0.26, "water", "lake"),
    "chicken": Figure(chicken, 0.95, 0.34),
    "flamingo": Figure(flamingo, 0.72, 0.46, habitat="lake"),
    "peacock": Figure(peacock, 1.3, 0.5),
    "butterfly": Figure(butterfly, 1.1, 0.3, "air", "meadow"),
    "bee": Figure(bee, 1.1, 0.24, "air", "meadow"),
    "ladybird": Figure(ladybird, 1.15, 0.26),
}
