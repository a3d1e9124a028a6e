"""People in flat shapes: one body with many clothes, the special ones, and a portrait."""

from dataclasses import dataclass

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter, mix
from .pen import Figure, Pen, mirrored

SKINS: tuple[Colour, ...] = ((248, 214, 186), (234, 186, 148), (200, 146, 106), (150, 100, 72), (104, 70, 54))
HAIRS: tuple[Colour, ...] = ((46, 36, 38), (92, 60, 42), (150, 96, 54), (214, 170, 96), (158, 64, 40), (120, 116, 120))
CLOTHES: tuple[Colour, ...] = (
    (196, 70, 62),
    (58, 102, 150),
    (226, 168, 70),
    (76, 130, 104),
    (132, 84, 140),
    (232, 214, 190),
    (70, 80, 100),
)


@dataclass(frozen=True)
class Looks:
    skin: Colour
    hair: Colour
    top: Colour
    lower: Colour


def looks(pen: Pen) -> Looks:
    chance = pen.chance
    top = pen.asked or chance.choice(CLOTHES)
    return Looks(chance.choice(SKINS), chance.choice(HAIRS), top, darker(chance.choice(CLOTHES[1:]), 0.35))


# A standing body is drawn on a sheet 46 wide, its middle at 23: the head is a seventh of it.
M = 23.0


def head(pen: Pen, look: Looks, x: float = M, y: float = 11.0, r: float = 6.4, long: bool = False) -> None:
    if long:
        pen.blob(
            [
                (x - r * 1.05, y - r * 0.5),
                (x, y - r * 1.25),
                (x + r * 1.05, y - r * 0.5),
                (x + r * 1.25, y + r * 2.2),
                (x, y + r * 2.6),
                (x - r * 1.25, y + r * 2.2),
            ],
            look.hair,
        )
    pen.box(x - r * 0.36, y + r * 0.5, x + r * 0.36, y + r * 1.5, darker(look.skin, 0.16))
    pen.oval(x, y, r * 0.9, r, look.skin)
    pen.pie(x, y - r * 0.12, r * 1.04, r * 1.08, 178, 362, look.hair)
    pen.blob(
        [
            (x - r * 1.0, y - r * 0.2),
            (x - r * 0.2, y - r * 0.5),
            (x + r * 0.9, y - r * 0.1),
            (x + r * 0.6, y - r),
            (x - r * 0.6, y - r),
        ],
        look.hair,
    )
    for s in (-1, 1):
        pen.dot(x + s * r * 0.34, y + r * 0.14, r * 0.1, (40, 30, 34))
    pen.arc(x, y + r * 0.32, r * 0.26, 20, 160, max(0.3, r * 0.08), darker(look.skin, 0.5))


def trousers(pen: Pen, colour: Colour, stride: float = 0.0) -> None:
    for s, lean in ((-1, -stride), (1, stride)):
        foot = M + s * 4.6 + lean
        pen.line(
            [(M + s * 3.4, 54), (M + s * 4 + lean * 0.4, 74), (foot, 93)],
            6.4,
            colour if s < 0 else darker(colour, 0.14),
            taper=0.72,
        )
        pen.oval(foot + 1.2, 96.4, 4, 2.1, darker(colour, 0.55))


def sitting(pen: Pen, look: Looks) -> None:
    """Astride: the seat at 72, one leg hanging towards the viewer."""
    pen.line([(M, 66), (M + 7, 73), (M + 4, 92)], 7.4, look.lower, taper=0.74)
    pen.oval(M + 6, 95.5, 4.6, 2.3, darker(look.lower, 0.5))


def arms(pen: Pen, look: Looks, sleeve: Colour, wave: bool = False) -> None:
    for s in (-1, 1):
        if wave and s > 0:
            elbow, hand = (M + 14, 27.0), (M + 15, 13.0)
        elif pen.pose == "ride":
            elbow, hand = (M + s * 6 + 5, 40.0), (M + 14.0, 48.0)
        else:
            elbow, hand = (M + s * 11.6, 38.0), (M + s * 10.8, 51.0)
        pen.line([(M + s * 7.6, 25), elbow, hand], 4.4, darker(sleeve, 0.1 if s < 0 else 0.22), taper=0.8)
        pen.dot(*hand, 2.3, look.skin)


def torso(pen: Pen, colour: Colour, width: float = 9.4) -> None:
    shape = mirrored(
        [(M, 20), (M + width * 0.7, 21), (M + width, 25), (M + width * 0.8, 42), (M + width * 0.76, 57), (M, 58)], M
    )
    pen.gradient(lambda: pen.shape(shape, colour), lighter(colour, 0.1), darker(colour, 0.18))


def man(pen: Pen) -> None:
    look = looks(pen)
    if pen.pose == "ride":
        sitting(pen, look)
    else:
        trousers(pen, look.lower, pen.chance.choice((0.0, 2.2)))
    arms(pen, look, look.top)
    torso(pen, look.top)
    pen.shape([(M - 2.4, 20), (M + 2.4, 20), (M, 28)], lighter(look.top, 0.6))
    head(pen, look)


def woman(pen: Pen) -> None:
    look = looks(pen)
    if pen.pose == "ride":
        sitting(pen, look)
        arms(pen, look, look.top)
        torso(pen, look.top, 8)
    else:
        for s in (-1, 1):
            pen.line([(M + s * 3, 74), (M + s * 3, 94)], 3.6, look.skin, taper=0.7)
            pen.oval(M + s * 3.6, 96.6, 3.4, 1.8, darker(look.top, 0.5))
        arms(pen, look, look.skin)
        dress = mirrored([(M, 21), (M + 6, 21), (M + 8, 25), (M + 5.4, 42), (M + 9, 60), (M + 15, 80), (M, 83)], M)
        pen.gradient(lambda: pen.blob(dress, look.top), lighter(look.top, 0.12), darker(look.top, 0.2))
        pen.line([(M - 5.4, 43), (M + 5.4, 43)], 1.6, darker(look.top, 0.3))
        for x in (-6, 0, 6):
            pen.line([(M + x * 0.5, 50), (M + x * 1.3, 79)], 0.6, darker(look.top, 0.22))
    head(pen, look, long=True)


def person(pen: Pen) -> None:
    (man if pen.chance.random() < 0.5 else woman)(pen)


def child(pen: Pen) -> None:
    look = looks(pen)
    for s in (-1, 1):
        pen.line([(M + s * 4, 68), (M + s * 4.4, 93)], 6.6, look.lower if pen.pose != "ride" else look.lower)
        pen.oval(M + s * 5, 96, 5, 2.6, darker(look.lower, 0.5))
        pen.line([(M + s * 8, 44), (M + s * 14, 54), (M + s * 15, 62)], 5, darker(look.top, 0.14))
        pen.dot(M + s * 15, 63, 2.8, look.skin)
    pen.gradient(
        lambda: pen.blob(mirrored([(M, 38), (M + 8, 40), (M + 11, 56), (M + 12, 74), (M, 76)], M), look.top),
        lighter(look.top, 0.1),
        darker(look.top, 0.16),
    )
    head(pen, look, M, 23, 13, long=pen.chance.random() < 0.5)


def couple(pen: Pen) -> None:
    """Two, hand in hand."""
    first, second = looks(pen), looks(pen)
    for draw, shift, look in ((man, -13.0, first), (woman, 11.0, second)):
        apart = Pen(
            pen.width,
            pen.height,
            pen.chance,
            look.top if draw is man else pen.asked or look.top,
            pen.scale,
            None,
            pen.darkness,
        )
        draw(apart)
        pen.sheet.alpha_composite(_shifted(apart, shift + 12, pen))


def _shifted(drawn: Pen, by: float, onto: Pen):  # noqa: ANN202 - a Pillow image
    from PIL import Image

    sheet = Image.new("RGBA", onto.sheet.size)
    sheet.paste(drawn.sheet, (round(by * onto.scale), 0))
    return sheet


def group(pen: Pen, members: tuple[tuple[str, float, float], ...]) -> None:
    from PIL import Image

    draws = {"man": man, "woman": woman, "child": child}
    for kind, x, size in members:
        each = Pen(46, 100, pen.chance, None, pen.scale * size, None, pen.darkness)
        draws[kind](each)
        sheet = Image.new("RGBA", pen.sheet.size)
        sheet.paste(each.sheet, (round(x * pen.scale), pen.sheet.height - each.sheet.height))
        pen.sheet.alpha_composite(sheet)


def family(pen: Pen) -> None:
    group(pen, (("man", 0, 1.0), ("woman", 58, 0.95), ("child", 34, 0.62), ("child", 92, 0.5)))


def crowd(pen: Pen) -> None:
    chance = pen.chance
    rows: list[tuple[str, float, float]] = []
    for row in range(3):
        size = 0.6 + 0.14 * row
        rows += [
            (
                chance.choice(("man", "woman", "woman", "man", "child")),
                k * 27 - 10 + row * 9 + chance.uniform(-4, 4),
                size,
            )
            for k in range(10)
        ]
    group(pen, tuple(rows))


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


def portrait(pen: Pen) -> None:
    """Head and shoulders, three layers of hair, a light from one side."""
    look = looks(pen)
    long = pen.chance.random() < 0.6
    shade = darker(look.skin, 0.2)
    if long:
        pen.gradient(
            lambda: pen.blob(
                mirrored([(50, 8), (70, 13), (79, 36), (78, 66), (84, 90), (66, 94), (50, 80)], 50), look.hair
            ),
            lighter(look.hair, 0.08),
            darker(look.hair, 0.3),
        )
    pen.gradient(
        lambda: pen.blob(mirrored([(50, 76), (66, 79), (86, 86), (97, 102), (50, 110)], 50), look.top),
        lighter(look.top, 0.1),
        darker(look.top, 0.25),
    )
    pen.shape([(42, 60), (58, 60), (60, 80), (50, 88), (40, 80)], shade)
    pen.blob([(39, 78), (50, 90), (61, 78), (58, 92), (50, 97), (42, 92)], lighter(look.top, 0.4))
    outline = mirrored([(50, 17), (64, 22), (69, 40), (66, 56), (58, 67), (50, 70)], 50)
    pen.gradient(lambda: pen.blob(outline, look.skin), lighter(look.skin, 0.16), shade, across=True)
    for s in (-1, 1):
        pen.oval(50 + s * 18.8, 44, 3, 5.4, look.skin if s < 0 else shade)
        pen.oval(50 + s * 8, 43, 4.4, 2.5, (250, 248, 244))
        pen.dot(50 + s * 8, 43, 2.2, mix(look.hair, (70, 100, 120), 0.4))
        pen.dot(50 + s * 8, 43, 1.1, (24, 20, 26))
        pen.dot(50 + s * 8 - 0.7, 42.3, 0.6, WHITE)
        pen.line([(50 + s * 3.6, 41.8), (50 + s * 8, 40), (50 + s * 12.4, 42)], 0.9, darker(look.hair, 0.2))
        pen.line([(50 + s * 4, 36.6), (50 + s * 9, 35), (50 + s * 13, 37)], 1.5, look.hair)
        pen.oval(50 + s * 11, 52, 4.6, 3.2, mix(look.skin, (232, 110, 100), 0.26))
    pen.line([(50.5, 43), (52.6, 51), (49, 52.4)], 1.0, darker(look.skin, 0.3))
    lips = mix(look.skin, (190, 60, 70), 0.6)
    pen.blob([(43.6, 59), (48, 57.4), (50, 58.2), (52, 57.4), (56.4, 59), (50, 62.6)], lips)
    pen.line([(43.6, 59), (50, 59.6), (56.4, 59)], 0.6, darker(lips, 0.4))
    fringe = [
        (31.0, 44.0),
        (30.0, 22.0),
        (44.0, 8.0),
        (62.0, 9.0),
        (71.0, 26.0),
        (70.0, 44.0),
        (66.0, 30.0),
        (52.0, 22.0),
        (40.0, 28.0),
        (34.0, 34.0),
    ]
    pen.gradient(lambda: pen.blob(fringe, look.hair), lighter(look.hair, 0.16), look.hair)
    for k in range(5):
        pen.line(
            [(40 + k * 4, 11 + abs(k - 2) * 0.6), (36 + k * 6, 20), (34 + k * 7, 27)], 0.5, lighter(look.hair, 0.24)
        )


def _stands(size: float = 0.5) -> tuple[float, float]:
    return (0.46, size)


FIGURES = {
    "man": Figure(man, 0.46, 0.46),
    "woman": Figure(woman, 0.46, 0.46),
    "person": Figure(person, 0.46, 0.42),
    "child": Figure(child, 0.46, 0.34),
    "couple": Figure(couple, 0.72, 0.44),
    "family": Figure(family, 1.15, 0.42),
    "crowd": Figure(crowd, 2.6, 0.36, habitat="street"),
    "dancer": Figure(dancer, 0.84, 0.54, habitat="studio"),
    "astronaut": Figure(astronaut, 0.6, 0.46, habitat="moonscape"),
    "king": Figure(king, 0.46, 0.52, habitat="studio"),
    "queen": Figure(queen, 0.46, 0.52, habitat="studio"),
    "knight": Figure(knight, 0.46, 0.5),
    "wizard": Figure(wizard, 0.46, 0.5, habitat="forest"),
    "robot": Figure(robot, 0.66, 0.48, habitat="studio"),
    "ghost": Figure(ghost, 0.8, 0.42, habitat="forest"),
    "portrait": Figure(portrait, 1.0, 0.92, habitat="studio"),
}
