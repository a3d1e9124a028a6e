"""People in flat shapes: one body with many clothes, couples and crowds of it, and a portrait."""

from dataclasses import dataclass

from PIL import Image

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
        pen.line([(M + s * 4, 68), (M + s * 4.4, 93)], 6.6, look.lower)
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
    group(pen, (("man", -1, 1.0), ("woman", 23, 0.97)))


def group(pen: Pen, members: tuple[tuple[str, float, float], ...]) -> None:
    """Several people side by side: who, how far from the left, how tall; the last one stands in front."""
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


def portrait(pen: Pen) -> None:
    """Head and shoulders, three layers of hair, a light from one side."""
    look = looks(pen)
    long = pen.pose in ("woman", "queen") or (pen.pose not in ("man", "king", "wizard") and pen.chance.random() < 0.6)
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


FIGURES = {
    "man": Figure(man, 0.46, 0.46),
    "woman": Figure(woman, 0.46, 0.46),
    "person": Figure(person, 0.46, 0.42),
    "child": Figure(child, 0.46, 0.34),
    "couple": Figure(couple, 0.72, 0.44),
    "family": Figure(family, 1.15, 0.42),
    "crowd": Figure(crowd, 2.6, 0.36, habitat="street"),
    "portrait": Figure(portrait, 1.0, 0.92, habitat="studio"),
}
