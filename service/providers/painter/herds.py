"""Animals that stand in profile, looking to the right: one pair of hips, many coats."""

from collections.abc import Callable

from .canvas import Point
from .colours import BLACK, WHITE, Colour, darker, lighter
from .giants import antlers, dinosaur, dragon, elephant, giraffe
from .pen import Figure, Pen

NOSE: Colour = (58, 42, 46)
PINK: Colour = (226, 150, 150)


def legs(
    pen: Pen, hips: tuple[float, float], top: float, width: float, colour: Colour, hoof: Colour, run: bool = False
) -> None:
    """Four legs, the far pair first and darker; running ones reach out."""
    for far in (True, False):
        shade = darker(colour, 0.34) if far else darker(colour, 0.05)
        for hind, x in zip((True, False), hips, strict=True):
            x = x + (5 if far else -1)
            if run:
                reach = (-20 if far else -8) if hind else (22 if far else 10)
                knee: Point = (x + reach * 0.7, top + (97 - top) * 0.42)
                foot: Point = (x + reach * (1.25 if far else 0.4), 90)
            else:
                knee, foot = (x + (-1.5 if hind else 1.2), top + (97 - top) * 0.5), (x, 95)
            pen.line([(x, top), knee], width * 1.35, shade, taper=0.66)
            pen.line([knee, foot], width * 0.86, shade, taper=0.8)
            pen.box(
                foot[0] - width * 0.5,
                foot[1],
                foot[0] + width * 0.62,
                foot[1] + 4.4,
                darker(hoof, 0.3 if far else 0),
                1,
            )


def equine(pen: Pen, coat: Colour, mane: Colour, stripes: bool = False, horn: bool = False) -> None:
    run = pen.pose == "run"
    pen.line([(27, 46), (15, 54), (12, 74)], 8, mane, taper=0.35)
    legs(pen, (35, 75), 60, 6.4, coat, (62, 52, 52), run)
    body: list[Point] = [
        (26, 46),
        (36, 40),
        (54, 43),
        (72, 38),
        (84, 44),
        (86, 56),
        (76, 66),
        (56, 66),
        (40, 66),
        (27, 60),
    ]
    pen.gradient(lambda: pen.blob(body, coat), lighter(coat, 0.12), darker(coat, 0.2))
    neck: list[Point] = [(70, 44), (80, 26), (88, 14), (97, 14), (98, 24), (91, 36), (87, 54), (76, 58)]
    pen.gradient(lambda: pen.blob(neck, coat), lighter(coat, 0.12), darker(coat, 0.04))
    pen.blob([(88, 13), (97, 11), (104, 19), (113, 30), (112, 35), (106, 36), (96, 28), (89, 24)], lighter(coat, 0.04))
    pen.blob([(107, 28), (113, 30), (112, 35), (106, 36)], darker(coat, 0.2))
    pen.shape([(90, 14), (91.5, 4), (96, 12)], coat)
    for k in range(7):
        x, y = 91 - k * 3.6, 9 + k * 5.4
        pen.blob([(x, y), (x + 3, y + 2), (x - 4, y + 12), (x - 10, y + 9)], mane if k % 2 else darker(mane, 0.12))
    pen.dot(99.5, 19, 1.5, (26, 22, 28))
    pen.dot(110, 32, 0.9, (40, 30, 34))
    if stripes:
        for k in range(8):
            x = 33 + k * 6
            pen.line([(x, 41), (x + 2, 52), (x - 1, 63)], 2.2, (44, 42, 48), taper=0.5)
        for k in range(5):
            pen.line([(80 + k * 3.4, 44 - k * 7), (90 + k * 1.6, 42 - k * 6.2)], 1.9, (44, 42, 48))
    if horn:
        pen.shape([(97, 12), (106, -4), (101, 14)], (240, 206, 110))


def horse(pen: Pen) -> None:
    coat = pen.tint((132, 84, 54), (92, 64, 50), (196, 150, 104), (224, 220, 214))
    equine(pen, coat, darker(coat, 0.5) if sum(coat) < 560 else (206, 204, 206))


def unicorn(pen: Pen) -> None:
    equine(pen, pen.tint((248, 246, 250)), (226, 150, 200), horn=True)


def zebra(pen: Pen) -> None:
    equine(pen, pen.tint((244, 242, 238)), (52, 50, 56), stripes=True)


def deer(pen: Pen) -> None:
    coat = pen.tint((176, 118, 74), (156, 104, 70))
    legs(pen, (36, 74), 62, 4.6, coat, (60, 46, 44), pen.pose == "run")
    pen.blob([(27, 50), (21, 50), (22, 58), (28, 58)], (248, 242, 232))
    body: list[Point] = [(26, 52), (36, 47), (58, 48), (76, 44), (84, 52), (80, 64), (60, 69), (38, 68), (27, 62)]
    pen.gradient(lambda: pen.blob(body, coat), lighter(coat, 0.12), darker(coat, 0.16))
    pen.blob([(70, 50), (78, 38), (83, 27), (92, 27), (91, 40), (86, 56), (78, 62)], coat)
    antlers(pen, 86, 24, darker((196, 164, 120), 0.1))
    pen.blob([(82, 28), (86, 22), (94, 22), (106, 32), (105, 36), (96, 36), (86, 34)], lighter(coat, 0.05))
    pen.blob([(85, 26), (76, 20), (80, 29)], darker(coat, 0.14))
    pen.dot(105, 33, 1.8, NOSE)
    pen.dot(93, 27, 1.5, (26, 22, 28))
    for x, y in ((40, 53), (48, 56), (56, 53), (63, 57), (45, 61)):
        pen.dot(x, y, 1.4, lighter(coat, 0.6))


def cow(pen: Pen) -> None:
    coat = pen.tint((246, 242, 236), (156, 98, 66))
    patch: Colour = (54, 48, 52) if sum(coat) > 600 else (246, 240, 230)
    pen.line([(24, 44), (17, 54), (17, 74)], 2.4, darker(coat, 0.15))
    pen.oval(17, 77, 2.6, 4.4, patch)
    legs(pen, (34, 76), 64, 7.4, coat, (66, 56, 54))
    body: list[Point] = [(24, 42), (40, 38), (60, 40), (80, 38), (88, 48), (86, 64), (70, 72), (42, 73), (27, 68)]
    pen.gradient(lambda: pen.blob(body, coat), coat, darker(coat, 0.16))
    for spot in ([(32, 44), (44, 42), (46, 54), (36, 58)], [(58, 44), (70, 42), (74, 56), (62, 62), (56, 54)]):
        pen.blob([(float(x), float(y)) for x, y in spot], patch)
    pen.oval(52, 73, 7, 4, PINK)
    pen.blob([(80, 44), (86, 30), (98, 26), (106, 34), (106, 48), (98, 54), (88, 54)], coat)
    pen.oval(103, 49, 7, 5.6, PINK)
    pen.blob([(88, 30), (78, 28), (82, 36)], patch)
    pen.line([(92, 27), (91, 20), (95, 17)], 2.4, (226, 214, 190), taper=0.4)
    pen.dot(98, 37, 1.7, (30, 26, 30))
    pen.dot(106, 48, 0.9, NOSE)


def sheep(pen: Pen) -> None:
    wool = pen.tint((246, 242, 234))
    legs(pen, (40, 70), 68, 5, (66, 58, 60), (40, 36, 40))
    for x, y, r in ((34, 52, 13), (48, 45, 14), (64, 46, 14), (76, 54, 12), (70, 64, 12), (54, 66, 14), (38, 64, 12)):
        pen.dot(x, y, r, wool)
    for x, y in ((40, 52), (54, 50), (67, 53), (48, 62), (62, 62)):
        pen.arc(x, y, 5, 200, 340, 1.1, darker(wool, 0.16))
    pen.blob([(80, 42), (90, 40), (97, 50), (96, 60), (88, 62), (80, 54)], (66, 58, 60))
    pen.oval(79, 46, 6, 3, (66, 58, 60), -20)
    for x, y, r in ((78, 40, 6), (85, 38, 6)):
        pen.dot(x, y, r, wool)
    pen.dot(90, 48, 1.7, WHITE)
    pen.dot(90.4, 48, 1.0, BLACK)


def pig(pen: Pen) -> None:
    skin = pen.tint((240, 168, 164))
    pen.line([(25, 54), (18, 50), (20, 44), (24, 48)], 2, darker(skin, 0.1))
    legs(pen, (38, 74), 70, 7, skin, (120, 84, 84))
    pen.gradient(lambda: pen.oval(56, 58, 33, 21, skin), lighter(skin, 0.12), darker(skin, 0.14))
    pen.oval(86, 50, 15, 14, skin)
    pen.oval(99, 54, 5.6, 6.4, darker(skin, 0.1))
    for y in (52, 57):
        pen.dot(100, y, 1.2, NOSE)
    pen.shape([(76, 42), (78, 28), (88, 38)], darker(skin, 0.1))
    pen.dot(91, 46, 1.7, (30, 26, 30))


def camel(pen: Pen) -> None:
    coat = pen.tint((204, 160, 104))
    legs(pen, (36, 72), 60, 5.4, coat, (120, 92, 66))
    pen.line([(26, 50), (20, 62)], 2.2, darker(coat, 0.2))
    body: list[Point] = [
        (25, 50),
        (33, 42),
        (38, 26),
        (47, 26),
        (53, 40),
        (60, 26),
        (69, 26),
        (75, 42),
        (82, 50),
        (76, 64),
        (40, 65),
        (28, 60),
    ]
    pen.gradient(lambda: pen.blob(body, coat), lighter(coat, 0.12), darker(coat, 0.18))
    pen.line([(76, 52), (88, 54), (93, 40), (94, 24)], 9, coat, taper=0.8)
    pen.blob([(90, 24), (93, 17), (102, 18), (111, 25), (109, 30), (99, 30)], coat)
    pen.shape([(92, 19), (91, 13), (96, 17)], darker(coat, 0.15))
    pen.dot(99.5, 22, 1.3, (30, 26, 30))
    pen.line([(104, 28), (110, 27)], 0.8, NOSE)


def _stood(draw: Callable[[Pen], None], size: float, habitat: str = "meadow", seat: float = 0.42) -> Figure:
    return Figure(draw, 1.2, size, habitat=habitat, seat=seat)


FIGURES = {
    "horse": _stood(horse, 0.46),
    "unicorn": _stood(unicorn, 0.46),
    "zebra": _stood(zebra, 0.44),
    "deer": _stood(deer, 0.44, "forest"),
    "cow": _stood(cow, 0.4),
    "sheep": _stood(sheep, 0.34),
    "pig": _stood(pig, 0.34),
    "camel": _stood(camel, 0.48, "desert", 0.4),
    "elephant": Figure(elephant, 1.25, 0.52, habitat="meadow", seat=0.24),
    "giraffe": Figure(giraffe, 0.72, 0.66, habitat="meadow", seat=0.55),
    "dinosaur": Figure(dinosaur, 1.4, 0.5, habitat="forest", seat=0.45),
    "dragon": Figure(dragon, 1.4, 0.5, "air", "mountains", seat=0.45),
}
