"""Animals that sit and look at you: one body, many coats, ears and tails."""

from collections.abc import Callable
from math import cos, pi, sin

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, mix
from .pen import Figure, Pen, mirrored

NOSE: Colour = (58, 42, 46)
PINK: Colour = (226, 150, 150)
MIDDLE = 45.0  # sitting animals are drawn on a sheet 90 wide


def both(points: list[Point]) -> tuple[list[Point], list[Point]]:
    """A shape and its reflection in the middle of a sitting animal."""
    return points, [(2 * MIDDLE - x, y) for x, y in points]


def seated(pen: Pen, coat: Colour, chest: Colour, slim: float = 1.0, feet: Colour | None = None) -> None:
    """The body of an animal that sits facing the viewer."""
    m, dark = MIDDLE, darker(coat, 0.16)
    side: list[Point] = [(m, 40), (m + 13 * slim, 46), (m + 21 * slim, 66), (m + 23 * slim, 88), (m + 17 * slim, 98)]
    pen.gradient(lambda: pen.blob(mirrored(side, m), coat), lighter(coat, 0.06), darker(coat, 0.2))
    for s in (-1, 1):
        pen.oval(m + s * 16 * slim, 86, 9.5, 12, dark, s * 12)
        pen.oval(m + s * 17 * slim, 96, 8.5, 3.6, feet or lighter(coat, 0.05))
    pen.blob(mirrored([(m, 44), (m + 9 * slim, 52), (m + 8 * slim, 66), (m + 2, 76)], m), chest)
    for s in (-1, 1):
        pen.line([(m + s * 6, 62), (m + s * 6.4, 80), (m + s * 6, 95)], 8.2 * slim, lighter(coat, 0.08))
        pen.oval(m + s * 6.6, 96, 5.4, 3.4, feet or lighter(coat, 0.16))
    pen.line([(m, 70), (m, 95)], 0.9, darker(coat, 0.38))


def face(pen: Pen, y: float, eye: float, apart: float, iris: Colour | None = None, whiskers: bool = False) -> None:
    m = MIDDLE
    if iris:
        for s in (-1, 1):
            pen.oval(m + s * apart, y, eye * 1.25, eye * 1.3, iris)
    pen.eyes(m, y, apart, eye if not iris else eye * 0.85)
    if whiskers:
        for s in (-1, 1):
            for n in (-1, 0, 1):
                pen.line([(m + s * 6, y + 9 + n), (m + s * 25, y + 8 + n * 4)], 0.5, (250, 248, 244))


def snout(pen: Pen, y: float, width: float, colour: Colour, nose: Colour = NOSE, size: float = 3.0) -> None:
    m = MIDDLE
    pen.oval(m, y + 2, width, width * 0.72, colour)
    pen.blob([(m - size, y - 2), (m, y - 2.6), (m + size, y - 2), (m, y + size * 0.7)], nose)
    pen.line([(m, y + 1), (m, y + 4)], 0.7, NOSE)
    for s in (-1, 1):
        pen.line([(m, y + 4), (m + s * 2.6, y + 5.6), (m + s * 5, y + 4.2)], 0.7, NOSE)


def cat(pen: Pen) -> None:
    coat = pen.tint((226, 146, 72), (120, 118, 128), (70, 66, 76), (236, 222, 204))
    pale = mix(coat, WHITE, 0.62)
    pen.line([(62, 92), (80, 94), (85, 78), (77, 66)], 7, darker(coat, 0.12), taper=0.75)
    seated(pen, coat, pale, 0.88, pale)
    for ear, inner in zip(both([(25, 24), (25.5, 2), (43, 14)]), both([(28.5, 20), (28.5, 8), (38, 15)]), strict=True):
        pen.shape(ear, darker(coat, 0.06))
        pen.shape(inner, PINK)
    pen.gradient(lambda: pen.oval(MIDDLE, 29, 22, 18.5, coat), lighter(coat, 0.1), darker(coat, 0.08))
    for x in (-5, 0, 5):
        pen.line([(MIDDLE + x, 12.5 - abs(x) * -0.2), (MIDDLE + x * 0.7, 19)], 1.8, darker(coat, 0.28), taper=0.4)
    for s in (-1, 1):
        for n in range(2):
            pen.line(
                [(MIDDLE + s * 21, 29 + n * 5), (MIDDLE + s * 14.5, 30.5 + n * 3.4)], 1.7, darker(coat, 0.28), taper=0.4
            )
    snout(pen, 36, 8.5, pale, (214, 120, 122), 2.3)
    face(pen, 28, 4.2, 9.5, (150, 196, 110), whiskers=True)


def dog(pen: Pen) -> None:
    coat = pen.tint((198, 140, 84), (226, 190, 130), (112, 78, 58), (240, 232, 220))
    pale = mix(coat, WHITE, 0.6)
    pen.line([(62, 90), (76, 84), (82, 70)], 6, coat, taper=0.6)
    seated(pen, coat, pale, 1.0, pale)
    pen.gradient(
        lambda: pen.blob(mirrored([(45, 9), (60, 13), (65, 28), (59, 42), (45, 48)], 45), coat),
        lighter(coat, 0.1),
        coat,
    )
    for ear in both([(29, 13), (20, 17), (16, 36), (21, 46), (29, 36), (32, 20)]):
        pen.blob(ear, darker(coat, 0.3))
    pen.blob(mirrored([(45, 12), (47.5, 20), (54, 36), (45, 44)], 45), pale)
    pen.oval(45, 43, 3.6, 5.4, (222, 108, 112))
    snout(pen, 34, 10, pale, NOSE, 4.2)
    face(pen, 26, 3.4, 9)


def fox(pen: Pen) -> None:
    _vulpine(pen, pen.tint((222, 112, 48), (210, 96, 42)), (250, 244, 236), (70, 48, 46))


def wolf(pen: Pen) -> None:
    _vulpine(pen, pen.tint((122, 128, 140), (92, 96, 110)), (222, 224, 228), (74, 78, 90))


def _vulpine(pen: Pen, coat: Colour, pale: Colour, socks: Colour) -> None:
    tail: list[Point] = [(60, 94), (74, 97), (87, 88), (88, 70), (80, 58), (74, 66), (72, 78), (60, 84)]
    pen.blob(tail, darker(coat, 0.08))
    pen.blob([(88, 72), (84, 61), (80, 57), (75, 65), (79, 71), (84, 69)], pale)
    seated(pen, coat, pale, 0.84, socks)
    for s in (-1, 1):
        pen.line([(45 + s * 6, 80), (45 + s * 6, 95)], 7.2, socks)
    for ear, inner in zip(both([(22, 26), (22, 0), (41, 14)]), both([(26, 20), (25.5, 7), (36, 15)]), strict=True):
        pen.shape(ear, coat)
        pen.shape(inner, socks)
    pen.shape(mirrored([(45, 11), (59, 16), (70, 31), (58, 38), (49, 48)], 45), coat)
    pen.shape([(20, 31), (36, 31), (44, 46), (41, 48), (32, 38)], pale)
    pen.shape([(70, 31), (54, 31), (46, 46), (49, 48), (58, 38)], pale)
    pen.oval(45, 46.5, 3.2, 2.4, NOSE)
    face(pen, 29, 2.9, 9.2)


def bear(pen: Pen) -> None:
    _ursine(pen, pen.tint((132, 88, 58), (104, 72, 54)), None)


def polar_bear(pen: Pen) -> None:
    _ursine(pen, pen.tint((240, 238, 230)), None)


def panda(pen: Pen) -> None:
    _ursine(pen, pen.tint((246, 244, 240)), (42, 42, 50))


def koala(pen: Pen) -> None:
    _ursine(pen, pen.tint((148, 152, 162)), None, ears=12.0)
    pen.blob(mirrored([(45, 28), (49, 31), (49, 40), (45, 43)], 45), NOSE)


def _ursine(pen: Pen, coat: Colour, patch: Colour | None, ears: float = 8.0) -> None:
    limb = patch or darker(coat, 0.12)
    side: list[Point] = [(45, 38), (64, 46), (74, 66), (74, 88), (62, 98)]
    pen.gradient(lambda: pen.blob(mirrored(side, 45), coat), lighter(coat, 0.06), darker(coat, 0.2))
    pen.oval(45, 74, 18, 20, lighter(coat, 0.16))
    for s in (-1, 1):
        pen.line([(45 + s * 22, 52), (45 + s * 27, 66), (45 + s * 19, 78)], 13, limb)
        pen.oval(45 + s * 20, 93, 12, 7.5, limb)
        pen.oval(45 + s * 20, 94, 6.5, 4, lighter(limb, 0.3))
        pen.dot(45 + s * 19, 13, ears, limb)
        pen.dot(45 + s * 19, 13, ears * 0.55, lighter(limb, 0.28))
    pen.gradient(lambda: pen.oval(45, 27, 24, 20, coat), lighter(coat, 0.1), darker(coat, 0.08))
    if patch:
        for s in (-1, 1):
            pen.oval(45 + s * 10, 26, 6, 7.4, patch, s * 28)
    snout(pen, 34, 9.5, lighter(coat, 0.38), NOSE, 3.6)
    face(pen, 25, 2.9, 10)


def rabbit(pen: Pen) -> None:
    coat = pen.tint((196, 168, 140), (240, 236, 230), (140, 124, 116))
    pale = mix(coat, WHITE, 0.6)
    for ear, inner in zip(
        both([(37, 26), (29, 16), (28, 0), (36, 2), (43, 22)]),
        both([(36.5, 22), (32, 14), (32, 5), (36, 8), (40, 20)]),
        strict=True,
    ):
        pen.blob(ear, coat)
        pen.blob(inner, PINK)
    pen.dot(66, 90, 7, pale)
    seated(pen, coat, pale, 0.86, pale)
    pen.gradient(lambda: pen.oval(45, 38, 18, 16, coat), lighter(coat, 0.1), coat)
    snout(pen, 44, 7.4, pale, PINK, 2.2)
    face(pen, 37, 3.3, 9, whiskers=True)


def mouse(pen: Pen) -> None:
    coat = pen.tint((156, 150, 152), (206, 186, 170))
    pen.line([(60, 94), (76, 96), (84, 84), (80, 72)], 2.4, PINK, taper=0.5)
    for s in (-1, 1):
        pen.dot(45 + s * 21, 18, 14, coat)
        pen.dot(45 + s * 21, 18, 9.4, PINK)
    seated(pen, coat, lighter(coat, 0.5), 0.86, PINK)
    pen.blob(mirrored([(45, 14), (61, 22), (60, 38), (45, 47)], 45), lighter(coat, 0.05))
    snout(pen, 39, 6, lighter(coat, 0.35), PINK, 2.8)
    face(pen, 30, 3, 8.5, whiskers=True)


def squirrel(pen: Pen) -> None:
    coat = pen.tint((182, 98, 52), (150, 120, 98))
    pen.blob(
        [(58, 94), (74, 90), (84, 70), (78, 44), (88, 26), (76, 16), (62, 26), (64, 48), (66, 66), (58, 78)],
        darker(coat, 0.1),
    )
    pen.blob([(64, 84), (74, 72), (70, 46), (76, 30), (70, 34), (68, 50), (70, 66)], lighter(coat, 0.22))
    seated(pen, coat, (246, 234, 218), 0.74)
    for ear in both([(30, 20), (29, 4), (40, 14)]):
        pen.shape(ear, darker(coat, 0.14))
    pen.oval(45, 28, 17.5, 16, coat)
    snout(pen, 34, 7, (246, 234, 218))
    face(pen, 27, 3.3, 8.6)
    pen.oval(45, 60, 6, 7, (140, 92, 56))
    pen.pie(45, 57, 6.6, 5.4, 180, 360, (96, 62, 44))


def otter(pen: Pen) -> None:
    coat = pen.tint((118, 82, 60), (136, 98, 72))
    pale = mix(coat, (236, 216, 190), 0.72)
    pen.line([(56, 92), (72, 97), (86, 92)], 9, darker(coat, 0.14), taper=0.4)
    pen.gradient(
        lambda: pen.blob(mirrored([(45, 10), (58, 16), (63, 30), (60, 44), (66, 66), (66, 88), (56, 98)], 45), coat),
        lighter(coat, 0.08),
        darker(coat, 0.22),
    )
    pen.blob(mirrored([(45, 42), (54, 52), (56, 76), (45, 90)], 45), pale)
    for s in (-1, 1):
        pen.dot(45 + s * 17, 17, 4.6, darker(coat, 0.15))
        pen.oval(45 + s * 13, 96, 10, 4, darker(coat, 0.3))
        pen.line([(45 + s * 18, 52), (45 + s * 14, 64), (45 + s * 5, 66)], 8, darker(coat, 0.14))
    pen.blob(mirrored([(45, 28), (56, 30), (58, 38), (45, 44)], 45), pale)
    snout(pen, 34, 8.4, lighter(pale, 0.2), NOSE, 4)
    face(pen, 25, 3.2, 9.6, whiskers=True)


def lion(pen: Pen) -> None:
    coat = pen.tint((222, 170, 96))
    mane = darker(mix(coat, (150, 78, 34), 0.7), 0.05)
    pen.line([(62, 94), (80, 92), (84, 74)], 4, coat)
    pen.oval(84, 70, 5, 7, mane)
    seated(pen, coat, lighter(coat, 0.3), 1.05)
    for k in range(18):
        turn = k / 18 * 2 * pi
        pen.oval(45 + 20 * cos(turn), 30 + 19 * sin(turn), 10, 8, mane if k % 2 else darker(mane, 0.12), k * 20)
    for s in (-1, 1):
        pen.dot(45 + s * 15, 14, 5.4, coat)
    pen.gradient(lambda: pen.oval(45, 30, 18.5, 18, coat), lighter(coat, 0.14), coat)
    snout(pen, 37, 9, lighter(coat, 0.5), NOSE, 3.8)
    face(pen, 28, 3, 8.6)


def tiger(pen: Pen) -> None:
    coat = pen.tint((236, 150, 60))
    stripe: Colour = (52, 40, 42)
    pen.line([(62, 92), (80, 94), (86, 76)], 6.4, coat)
    seated(pen, coat, (250, 244, 234), 1.02)
    for s in (-1, 1):
        for y in (56, 64, 72, 80):
            pen.line([(45 + s * (15 + (y - 50) * 0.22), y), (45 + s * 10, y + 3)], 2.6, stripe, taper=0.3)
        pen.dot(45 + s * 16, 14, 6.4, coat)
        pen.dot(45 + s * 16, 14, 3.4, stripe)
    pen.oval(45, 29, 22, 19, coat)
    for s in (-1, 1):
        pen.oval(45 + s * 12, 37, 8, 7, (250, 244, 234))
        for y in (24, 30, 36):
            pen.line([(45 + s * 22, y), (45 + s * 15, y + 1.5)], 2.2, stripe, taper=0.3)
    for x in (-5, 0, 5):
        pen.line([(45 + x, 11), (45 + x * 0.6, 18)], 2.2, stripe, taper=0.3)
    snout(pen, 36, 8.4, (250, 244, 234), (206, 110, 106), 3.4)
    face(pen, 27, 3.2, 9, (226, 190, 90))


def monkey(pen: Pen) -> None:
    coat = pen.tint((122, 82, 58))
    skin: Colour = (232, 190, 152)
    pen.line([(62, 90), (80, 92), (86, 74), (78, 64)], 4.4, coat)
    seated(pen, coat, lighter(coat, 0.2), 0.9)
    for s in (-1, 1):
        pen.dot(45 + s * 22, 30, 8, coat)
        pen.dot(45 + s * 22, 30, 5, skin)
    pen.oval(45, 28, 21, 20, coat)
    pen.blob(mirrored([(45, 20), (51, 16), (60, 23), (57, 33), (58, 42), (45, 47)], 45), skin)
    pen.line([(38, 40), (45, 43), (52, 40)], 1.1, NOSE)
    pen.eyes(45, 28, 7, 2.8)
    for s in (-1, 1):
        pen.dot(45 + s * 1.6, 34.5, 0.9, NOSE)


def raccoon(pen: Pen) -> None:
    coat = pen.tint((142, 142, 150))
    dark: Colour = (58, 56, 66)
    tail: list[Point] = [(60, 94), (76, 96), (87, 84), (84, 66)]
    pen.line(tail, 13, coat)
    for x, y in ((70, 95.5), (81, 91), (86, 80), (84.5, 69)):
        pen.dot(x, y, 6.3, dark)
    seated(pen, coat, lighter(coat, 0.4), 0.92, dark)
    for ear in both([(26, 22), (27, 6), (41, 14)]):
        pen.blob(ear, dark)
    pen.blob(mirrored([(45, 12), (60, 16), (68, 32), (56, 40), (45, 47)], 45), coat)
    pen.blob(mirrored([(45, 24), (58, 23), (65, 31), (56, 37), (47, 31)], 45), dark)
    snout(pen, 39, 7, (240, 240, 240))
    face(pen, 29, 3, 9.2, (240, 240, 240))


def _sat(draw: Callable[[Pen], None], size: float, habitat: str = "meadow") -> Figure:
    return Figure(draw, 0.9, size, habitat=habitat)


FIGURES = {
    "cat": _sat(cat, 0.46, "room"),
    "dog": _sat(dog, 0.48),
    "fox": _sat(fox, 0.46, "forest"),
    "wolf": _sat(wolf, 0.5, "forest"),
    "bear": _sat(bear, 0.52, "forest"),
    "polar bear": _sat(polar_bear, 0.52),
    "panda": _sat(panda, 0.5, "forest"),
    "koala": _sat(koala, 0.44, "forest"),
    "rabbit": _sat(rabbit, 0.4),
    "mouse": _sat(mouse, 0.34),
    "squirrel": _sat(squirrel, 0.38, "forest"),
    "otter": _sat(otter, 0.44, "lake"),
    "lion": _sat(lion, 0.5, "desert"),
    "tiger": _sat(tiger, 0.5, "forest"),
    "monkey": _sat(monkey, 0.44, "forest"),
    "raccoon": _sat(raccoon, 0.4, "forest"),
}
