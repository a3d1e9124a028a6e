"""Things to eat and drink, and what they are served in."""

from math import cos, sin

from .canvas import Point
from .colours import WHITE, Colour, darker, lighter
from .pen import Figure, Pen, mirrored
from .solids import turned

CREAM: Colour = (252, 244, 228)


def cup(pen: Pen) -> None:
    base = pen.tint((236, 232, 224), (92, 130, 140), (206, 96, 72), (70, 84, 120))
    for x, top in ((40, 24), (54, 18), (66, 26)):
        pen.line([(x, top), (x + 3, top - 6), (x - 2, top - 12), (x + 2, top - 18)], 1.8, (246, 244, 240), taper=0.4)
    pen.oval(54, 92, 50, 7.4, darker(base, 0.2))
    pen.oval(54, 90, 50, 7, lighter(base, 0.1))
    pen.arc(92, 56, 15, 0, 360, 5.4, darker(base, 0.14))
    turned(pen, [(90, 34), (88, 56), (80, 76), (70, 88)], base, 7.4)
    pen.oval(50, 34, 36, 6, (104, 66, 44))
    pen.oval(46, 33, 20, 2.6, (150, 102, 68))


def teapot(pen: Pen) -> None:
    base = pen.tint((88, 130, 140), (196, 90, 70), (226, 214, 190))
    pen.line([(96, 66), (114, 60), (122, 36)], 9, darker(base, 0.1), taper=0.55)
    pen.arc(26, 58, 20, 70, 300, 5.4, darker(base, 0.2))
    pen.gradient(lambda: pen.oval(62, 62, 40, 34, base), lighter(base, 0.2), darker(base, 0.25))
    pen.pie(62, 36, 22, 12, 180, 360, lighter(base, 0.06))
    pen.dot(62, 21, 4.6, darker(base, 0.1))
    pen.line([(40, 36), (84, 36)], 1.6, darker(base, 0.3))
    pen.oval(44, 50, 7, 12, lighter(base, 0.42), 28)


def glass(pen: Pen) -> None:
    wine = pen.tint((150, 30, 60), (240, 200, 110))
    clear: Colour = (226, 236, 240)
    pen.oval(27, 95, 17, 3.4, clear)
    pen.line([(27, 58), (27, 94)], 2.2, clear)
    pen.gradient(
        lambda: pen.blob(mirrored([(27, 2), (44, 3), (48, 26), (42, 48), (27, 59)], 27), clear),
        lighter(clear, 0.3),
        darker(clear, 0.12),
    )
    pen.gradient(
        lambda: pen.blob(mirrored([(27, 24), (46, 24), (46, 32), (40, 48), (27, 57)], 27), wine),
        lighter(wine, 0.14),
        darker(wine, 0.25),
    )
    pen.oval(27, 24, 19.4, 3, lighter(wine, 0.2))
    pen.line([(13, 9), (11, 26), (14, 38)], 1.8, WHITE)


def bottle(pen: Pen) -> None:
    base = pen.tint((44, 96, 72), (150, 80, 50), (70, 110, 160))
    pen.box(20, 2, 30, 10, (190, 150, 104), 1.4)
    for step in range(30):
        t = step / 30
        shade = lighter(base, 0.4 - abs(t - 0.27) * 1.9) if abs(t - 0.27) < 0.2 else darker(base, abs(t - 0.27) * 0.7)
        inner, outer = 1 - 2 * t, 1 - 2 * (t + 0.04)
        edge: list[Point] = [(30, 8), (30, 28), (42, 44), (42, 94), (40, 98)]
        pen.shape(
            [*((25 - (x - 25) * inner, y) for x, y in edge), *((25 - (x - 25) * outer, y) for x, y in reversed(edge))],
            shade,
        )
    pen.box(8, 56, 42, 82, (244, 236, 214))
    pen.line([(13, 64), (37, 64)], 1.6, darker(base, 0.2))
    pen.line([(16, 71), (34, 71)], 1, (150, 140, 130))


def cake(pen: Pen) -> None:
    icing = pen.tint((250, 190, 206), (246, 232, 206), (150, 96, 70))
    sponge: Colour = (226, 180, 120)
    pen.oval(60, 93, 58, 6.4, (226, 226, 230))
    for top, bottom, half in ((60, 91, 48), (34, 62, 34)):
        pen.gradient(
            lambda top=top, bottom=bottom, half=half: pen.box(60 - half, top, 60 + half, bottom, sponge, 2),
            lighter(sponge, 0.1),
            darker(sponge, 0.2),
            across=True,
        )
        pen.oval(60, bottom, half, 5, darker(sponge, 0.1))
        pen.box(60 - half, top, 60 + half, top + 9, icing)
        for k in range(int(half / 4)):
            x = 60 - half + 4 + k * 8
            pen.box(x - 4, top + 4, x + 4, top + 11 + (k * 7) % 9, icing, 4)
        pen.oval(60, top, half, 6, lighter(icing, 0.25))
    for k, x in enumerate((42, 54, 66, 78)):
        pen.box(x - 1.6, 16, x + 1.6, 33, ((230, 90, 90), (90, 160, 210), (250, 200, 80), (130, 190, 120))[k])
        pen.oval(x, 11, 2.2, 4.4, (255, 200, 90))
        pen.oval(x, 12, 1.1, 2.4, (255, 246, 200))


def ice_cream(pen: Pen) -> None:
    scoop = pen.tint((250, 186, 200), (246, 226, 180), (150, 210, 180))
    pen.gradient(lambda: pen.shape([(10, 46), (46, 46), (28, 98)], (222, 164, 94)), (236, 184, 112), (180, 120, 66))
    for k in range(5):
        pen.line([(12 + k * 8, 47), (28 + (k - 2) * 2, 90 - abs(k - 2) * 14)], 0.7, (166, 110, 60), smooth=False)
        pen.line([(44 - k * 8, 47), (28 - (k - 2) * 2, 90 - abs(k - 2) * 14)], 0.7, (166, 110, 60), smooth=False)
    for x, y, r, tone in ((17, 36, 15, scoop), (39, 36, 15, lighter(scoop, 0.35)), (28, 18, 16, darker(scoop, 0.12))):
        pen.gradient(lambda x=x, y=y, r=r, tone=tone: pen.dot(x, y, r, tone), lighter(tone, 0.25), darker(tone, 0.1))
    pen.dot(30, 4, 4, (206, 40, 60))


def pizza(pen: Pen) -> None:
    pen.oval(60, 52, 58, 46, (206, 146, 84))
    pen.oval(60, 50, 52, 40, (246, 206, 110))
    for n in range(13):
        turn, far = n * 2.4, (n / 13) ** 0.5
        pen.oval(60 + 42 * far * cos(turn), 50 + 32 * far * sin(turn), 7, 5.4, (200, 62, 48))
        pen.oval(60 + 44 * far * cos(turn + 1), 50 + 33 * far * sin(turn + 1), 4, 1.8, (84, 140, 70), n * 50)


def bread(pen: Pen) -> None:
    crust = pen.tint((206, 138, 72))
    pen.gradient(
        lambda: pen.blob([(6, 70), (16, 44), (60, 30), (110, 34), (140, 54), (142, 80), (120, 94), (30, 96)], crust),
        lighter(crust, 0.2),
        darker(crust, 0.28),
    )
    for x in (34, 60, 86, 112):
        pen.line([(x, 46), (x + 10, 64)], 5, (246, 214, 156), taper=0.4)


def burger(pen: Pen) -> None:
    bun = pen.tint((222, 154, 78))
    pen.box(10, 76, 110, 96, darker(bun, 0.06), 10)
    pen.box(8, 64, 112, 79, (104, 62, 44), 7)
    pen.shape([(10, 60), (110, 60), (96, 72), (80, 63), (62, 74), (44, 63), (24, 72)], (250, 196, 70))
    pen.blob(
        [(6, 58), (26, 52), (60, 56), (94, 52), (114, 58), (100, 64), (80, 60), (60, 65), (40, 60), (20, 65)],
        (112, 176, 80),
    )
    pen.gradient(lambda: pen.pie(60, 54, 52, 48, 180, 360, bun), lighter(bun, 0.2), darker(bun, 0.06))
    for x, y in ((40, 24), (56, 16), (74, 22), (90, 36), (30, 40), (62, 32)):
        pen.oval(x, y, 2.8, 1.6, CREAM, x)


def donut(pen: Pen) -> None:
    icing = pen.tint((244, 150, 180), (130, 80, 58))
    pen.oval(60, 54, 56, 44, (216, 158, 92))
    pen.oval(60, 50, 52, 40, icing)
    pen.oval(60, 52, 19, 13, (190, 130, 74))
    pen.oval(60, 55, 16, 10, darker((190, 130, 74), 0.5))
    for n in range(26):
        turn = n * 2.4
        far = 0.56 + 0.32 * ((n * 37) % 10) / 10
        x, y = 60 + 50 * far * cos(turn), 50 + 38 * far * sin(turn)
        pen.line(
            [(x - 2, y - 1), (x + 2, y + 1)],
            1.8,
            ((250, 230, 110), (120, 200, 230), (250, 250, 250), (160, 220, 130))[n % 4],
        )


def round_fruit(pen: Pen, skin: Colour, leaf: bool = True) -> None:
    outline = mirrored([(50, 24), (62, 18), (84, 22), (94, 46), (84, 78), (66, 96), (50, 93)], 50)
    pen.gradient(lambda: pen.blob(outline, skin), lighter(skin, 0.14), darker(skin, 0.3))
    pen.oval(34, 42, 8, 13, lighter(skin, 0.4), 24)
    pen.line([(50, 28), (51, 16), (56, 6)], 3, (104, 74, 52))
    if leaf:
        pen.blob([(53, 16), (64, 4), (82, 6), (72, 18)], (106, 164, 78))


def apple(pen: Pen) -> None:
    round_fruit(pen, pen.tint((208, 46, 48), (140, 184, 70)))


def orange(pen: Pen) -> None:
    skin = pen.tint((242, 146, 44))
    pen.gradient(lambda: pen.dot(50, 56, 42, skin), lighter(skin, 0.2), darker(skin, 0.25))
    for n in range(60):
        far = 38 * (n / 60) ** 0.5
        pen.dot(50 + far * cos(n * 2.4), 56 + far * sin(n * 2.4), 0.7, darker(skin, 0.16))
    pen.oval(36, 38, 8, 5, lighter(skin, 0.5), -35)
    pen.blob([(50, 15), (62, 2), (80, 6), (68, 16)], (96, 154, 74))
    pen.dot(50, 16, 2.6, (100, 110, 60))


def lemon(pen: Pen) -> None:
    skin = pen.tint((248, 214, 66))
    outline: list[Point] = [
        (4, 52),
        (14, 44),
        (34, 24),
        (66, 20),
        (94, 38),
        (106, 46),
        (112, 52),
        (104, 60),
        (84, 84),
        (50, 88),
        (22, 74),
    ]
    pen.gradient(lambda: pen.blob(outline, skin), lighter(skin, 0.25), darker(skin, 0.2))
    pen.oval(44, 38, 13, 5, lighter(skin, 0.6), -18)


def pear(pen: Pen) -> None:
    skin = pen.tint((186, 196, 80), (220, 180, 80))
    outline = mirrored([(40, 14), (50, 18), (54, 40), (70, 60), (68, 84), (40, 97)], 40)
    pen.gradient(lambda: pen.blob(outline, skin), lighter(skin, 0.16), darker(skin, 0.28))
    pen.oval(28, 64, 6, 12, lighter(skin, 0.4), 16)
    pen.line([(40, 16), (42, 4)], 3, (104, 74, 52))


def banana(pen: Pen) -> None:
    skin = pen.tint((248, 212, 74))
    for shift, tone in ((0, darker(skin, 0.14)), (8, skin)):
        pen.blob(
            [
                (10, 20 + shift),
                (20, 22 + shift),
                (34, 56 + shift),
                (70, 74 + shift),
                (110, 62 + shift),
                (114, 70 + shift),
                (84, 94),
                (44, 90),
                (16, 58),
            ],
            tone,
        )
    pen.line([(13, 24), (10, 12)], 6, (130, 110, 50))
    pen.dot(114, 68, 4, (110, 88, 46))


def cherry(pen: Pen) -> None:
    skin = pen.tint((190, 28, 50))
    for x, y in ((26, 74), (64, 78)):
        pen.line([(x, y - 14), (44, 28), (52, 8)], 2.2, (110, 130, 60))
        pen.gradient(lambda x=x, y=y: pen.dot(x, y, 20, skin), lighter(skin, 0.16), darker(skin, 0.3))
        pen.oval(x - 6, y - 8, 4, 5.4, lighter(skin, 0.6), 30)
    pen.blob([(52, 9), (64, 2), (86, 8), (70, 20)], (100, 160, 76))


def strawberry(pen: Pen) -> None:
    skin = pen.tint((216, 44, 56))
    pen.gradient(
        lambda: pen.blob(mirrored([(42, 20), (66, 22), (76, 42), (60, 78), (42, 97)], 42), skin),
        lighter(skin, 0.12),
        darker(skin, 0.22),
    )
    for row in range(6):
        for k in range(-3, 4):
            x, y = 42 + k * 10 + (row % 2) * 5, 32 + row * 10
            if abs(x - 42) < 30 - row * 4:
                pen.oval(x, y, 1.2, 2, (250, 214, 120))
    for k in range(-2, 3):
        pen.blob(
            [(42, 16), (42 + k * 9 - 5, 16 + abs(k)), (42 + k * 14, 30 - abs(k) * 4), (42 + k * 9 + 5, 16)],
            (92, 154, 70),
        )


def watermelon(pen: Pen) -> None:
    pen.pie(75, 20, 72, 76, 0, 180, (58, 126, 66))
    pen.pie(75, 20, 66, 69, 0, 180, (232, 240, 200))
    pen.pie(75, 20, 61, 63, 0, 180, pen.tint((232, 70, 76)))
    for x, y in ((42, 36), (60, 50), (78, 36), (96, 48), (110, 34), (70, 66), (90, 68)):
        pen.oval(x, y, 2.2, 3.6, (44, 34, 34), (x - 75) * 0.5)


def fruit_bowl(pen: Pen) -> None:
    for x, y, r, tone in (
        (44, 36, 19, (208, 46, 48)),
        (84, 34, 19, (242, 146, 44)),
        (64, 26, 18, (150, 186, 70)),
        (106, 44, 14, (246, 190, 120)),
        (26, 46, 13, (232, 90, 90)),
    ):
        pen.gradient(lambda x=x, y=y, r=r, tone=tone: pen.dot(x, y, r, tone), lighter(tone, 0.16), darker(tone, 0.25))
        pen.oval(x - r * 0.36, y - r * 0.4, r * 0.2, r * 0.3, lighter(tone, 0.55), 30)
    for x, y in ((44, 18), (64, 9)):
        pen.line([(x, y + 2), (x + 2, y - 6)], 1.8, (96, 70, 50))
    for n in range(11):
        pen.dot(92 + (n % 4) * 8 - (n // 4) * 1.5, 46 + (n // 4) * 7, 5, (112, 56, 128) if n % 2 else (134, 74, 150))
    base = pen.tint((88, 122, 150), (214, 196, 166))
    half: list[Point] = [(120, 46), (114, 66), (98, 82), (80, 89), (84, 98)]
    left = [(128 - x, y) for x, y in half]
    pen.gradient(lambda: pen.shape([*left, *reversed(half)], base), lighter(base, 0.24), darker(base, 0.3), across=True)
    pen.line([(9, 48), (64, 54), (119, 48)], 2, lighter(base, 0.4))


FIGURES = {
    "cup": Figure(cup, 1.1, 0.36, habitat="room"),
    "teapot": Figure(teapot, 1.28, 0.36, habitat="room"),
    "glass": Figure(glass, 0.54, 0.46, habitat="room"),
    "bottle": Figure(bottle, 0.5, 0.52, habitat="studio"),
    "cake": Figure(cake, 1.2, 0.44, habitat="room"),
    "ice cream": Figure(ice_cream, 0.56, 0.46, habitat="studio"),
    "pizza": Figure(pizza, 1.2, 0.34, habitat="room"),
    "bread": Figure(bread, 1.48, 0.28, habitat="room"),
    "burger": Figure(burger, 1.2, 0.38, habitat="studio"),
    "donut": Figure(donut, 1.2, 0.34, habitat="studio"),
    "apple": Figure(apple, 1.0, 0.34, habitat="studio"),
    "pear": Figure(pear, 0.8, 0.36, habitat="studio"),
    "orange": Figure(orange, 1.0, 0.32, habitat="studio"),
    "lemon": Figure(lemon, 1.16, 0.28, habitat="studio"),
    "banana": Figure(banana, 1.24, 0.32, habitat="studio"),
    "cherry": Figure(cherry, 0.9, 0.32, habitat="studio"),
    "strawberry": Figure(strawberry, 0.84, 0.34, habitat="studio"),
    "watermelon": Figure(watermelon, 1.5, 0.32, habitat="studio"),
    "fruit bowl": Figure(fruit_bowl, 1.3, 0.46, habitat="room", seat=0.4),
}
