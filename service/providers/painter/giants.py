"""Animals that are too large or too strange for a family: elephant, giraffe, dinosaur, dragon; and antlers."""

from .canvas import Point
from .colours import Colour, darker, lighter
from .pen import Pen


def antlers(pen: Pen, x: float, y: float, colour: Colour) -> None:
    for lean in (-1, 1):
        beam: list[Point] = [(x + lean, y), (x + lean * 7, y - 9), (x + lean * 6, y - 20)]
        pen.line(beam, 1.8, colour, taper=0.5)
        pen.line([(x + lean * 6.4, y - 8), (x + lean * 13, y - 14)], 1.4, colour, taper=0.5)
        pen.line([(x + lean * 6.8, y - 13), (x + lean * 0.8, y - 19)], 1.3, colour, taper=0.5)


def elephant(pen: Pen) -> None:
    skin = pen.tint((146, 148, 158), (156, 146, 146))
    for x, shade in ((42, 0.34), (78, 0.34), (32, 0.06), (68, 0.06)):
        pen.box(x - 7, 60, x + 7, 97, darker(skin, shade), 4)
        for toe in (-4, 0, 4):
            pen.oval(x + toe, 95, 1.7, 1.9, lighter(skin, 0.35 - shade))
    pen.line([(20, 44), (14, 56), (15, 66)], 1.8, darker(skin, 0.2))
    body: list[Point] = [(19, 48), (28, 30), (48, 23), (70, 24), (86, 34), (86, 62), (72, 72), (38, 73), (22, 66)]
    pen.gradient(lambda: pen.blob(body, skin), lighter(skin, 0.12), darker(skin, 0.18))
    trunk: list[Point] = [(104, 44), (112, 58), (112, 76), (106, 88), (114, 93)]
    pen.line(trunk, 11, darker(skin, 0.03), taper=0.42)
    pen.gradient(lambda: pen.oval(94, 38, 18, 19, skin), lighter(skin, 0.12), darker(skin, 0.06))
    pen.line([(101, 52), (108, 62), (117, 62)], 3.2, (248, 242, 228), taper=0.3)
    pen.gradient(
        lambda: pen.blob([(86, 22), (72, 20), (64, 34), (68, 52), (80, 60), (88, 46)], skin),
        darker(skin, 0.05),
        darker(skin, 0.24),
    )
    pen.dot(100, 34, 1.7, (28, 26, 32))


def giraffe(pen: Pen) -> None:
    coat, spot = pen.tint((238, 196, 116)), (168, 104, 54)
    for x, shade in ((26, 0.3), (47, 0.3), (21, 0.04), (42, 0.04)):
        pen.line([(x, 66), (x, 96)], 4.4, darker(coat, shade), taper=0.8)
    pen.blob([(15, 60), (24, 54), (44, 52), (52, 56), (50, 70), (36, 73), (18, 71)], coat)
    pen.blob([(40, 58), (46, 34), (50, 12), (57, 12), (56, 36), (53, 62)], coat)
    pen.blob([(49, 13), (52, 6), (58, 6), (69, 15), (67, 19), (57, 19), (51, 18)], coat)
    for x in (52, 56):
        pen.line([(x, 8), (x - 1, 1.5)], 1.3, darker(coat, 0.3))
        pen.dot(x - 1, 1.5, 1.2, (90, 60, 44))
    for x, y, r in (
        (22, 60, 3.2), (30, 58, 3.4), (38, 60, 3.2), (26, 67, 3), (35, 67, 3.2), (44, 66, 2.8), (47, 56, 2.6),
        (48.5, 46, 2.4), (52.5, 38, 2.2), (49.5, 31, 2.1), (53.5, 24, 1.9), (51.5, 17.5, 1.6),
    ):  # fmt: skip
        pen.blob([(x - r, y - r * 0.6), (x + r * 0.4, y - r), (x + r, y + r * 0.3), (x - r * 0.2, y + r)], spot)
    pen.line([(15, 62), (11, 76)], 1.4, darker(coat, 0.2))
    pen.dot(57.5, 11, 1.2, (28, 24, 28))
    pen.shape([(50, 10), (45, 7), (51, 14)], darker(coat, 0.1))


def dinosaur(pen: Pen) -> None:
    skin = pen.tint((96, 152, 96), (90, 140, 130), (150, 120, 90))
    back: list[Point] = [(2, 76), (22, 68), (44, 50), (68, 44), (88, 50), (98, 44), (106, 22), (116, 6)]
    chin: list[Point] = [(130, 6), (137, 13), (132, 20), (121, 20), (116, 36), (110, 60), (92, 74)]
    belly: list[Point] = [(66, 78), (40, 76), (20, 80)]
    pen.gradient(lambda: pen.blob([*back, *chin, *belly], skin), lighter(skin, 0.12), darker(skin, 0.2))
    for x, shade in ((62, 0.3), (96, 0.3), (54, 0.05), (86, 0.05)):
        pen.box(x - 6.5, 66, x + 6.5, 97, darker(skin, shade), 4)
    for k in range(7):
        x = 44 + k * 8
        pen.dot(x, 52 - abs(k - 3) * -1.2, 2, darker(skin, 0.25))
    pen.dot(128, 10.5, 1.6, (26, 24, 28))
    pen.line([(126, 17), (135, 15)], 0.9, darker(skin, 0.5))


def dragon(pen: Pen) -> None:
    skin = pen.tint((176, 50, 54), (58, 130, 96), (86, 70, 140))
    wing, belly = darker(skin, 0.25), lighter(skin, 0.45)
    far: list[Point] = [(70, 46), (84, 8), (120, 2), (108, 16), (112, 26), (98, 28), (98, 38), (86, 42)]
    pen.shape(far, darker(wing, 0.3))
    pen.line([(46, 64), (24, 72), (10, 60), (16, 46)], 9, skin, taper=0.25)
    pen.shape([(10, 46), (16, 34), (22, 46)], wing)
    pen.gradient(
        lambda: pen.blob([(40, 60), (56, 46), (80, 46), (94, 54), (88, 70), (66, 78), (46, 72)], skin),
        lighter(skin, 0.1),
        darker(skin, 0.2),
    )
    pen.line([(86, 58), (102, 54), (108, 40), (116, 32)], 11, skin, taper=0.7)
    pen.line([(58, 76), (84, 72), (100, 60)], 3, belly)
    pen.blob([(110, 34), (114, 24), (124, 24), (138, 32), (136, 38), (122, 42), (112, 40)], skin)
    for x in (112, 117):
        pen.shape([(x, 26), (x - 8, 14), (x + 4, 24)], belly)
    pen.dot(123, 29, 1.9, (250, 220, 90))
    pen.dot(123.4, 29, 0.9, (20, 20, 24))
    near: list[Point] = [(64, 52), (48, 12), (10, 4), (22, 18), (14, 28), (32, 30), (30, 42), (48, 46)]
    pen.shape(near, wing)
    for end in ((10, 4), (14, 28), (30, 42)):
        pen.line([(62, 50), (46, 16), (float(end[0]), float(end[1]))], 1.4, darker(wing, 0.3))
    for x, y in ((58, 78), (80, 74)):
        pen.line([(x, y - 4), (x + 2, y + 8), (x + 9, y + 12)], 6, darker(skin, 0.1), taper=0.6)
    for k in range(6):
        x = 52 + k * 8
        pen.shape([(x, 49), (x + 2, 41), (x + 5, 49)], belly)
