"""Geometric solids and vessels: shaded from one side, in the colour that was asked for."""

from math import cos, pi, sin

from .canvas import Point
from .colours import Colour, darker, lighter
from .pen import Figure, Pen, curve, mirrored, shades


def cube(pen: Pen) -> None:
    light, base, dark = shades(pen.tint((205, 70, 60), (60, 120, 200), (240, 180, 70), (90, 160, 120)))
    top, right, bottom, left = (50.0, 4.0), (95.0, 26.0), (50.0, 98.0), (5.0, 26.0)
    middle = (50.0, 48.0)
    pen.gradient(lambda: pen.shape([left, middle, bottom, (5, 74)], base), lighter(base, 0.08), darker(base, 0.12))
    pen.gradient(lambda: pen.shape([right, middle, bottom, (95, 74)], dark), dark, darker(dark, 0.3))
    pen.gradient(lambda: pen.shape([top, right, middle, left], light), lighter(light, 0.12), light, across=True)
    pen.line([left, middle, right], 0.7, lighter(base, 0.5), smooth=False)
    pen.line([middle, bottom], 0.7, lighter(base, 0.35), smooth=False)


def sphere(pen: Pen) -> None:
    base = pen.tint((205, 70, 60), (60, 120, 200), (240, 180, 70), (120, 90, 180))
    steps = 44
    for step in range(steps):
        t = step / steps
        radius = 48 * (1 - t) ** 0.9
        shade = darker(base, 0.52 * (1 - t * 2)) if t < 0.5 else lighter(base, (t - 0.5) * 1.15)
        pen.dot(50 - 15 * t * 1.1, 50 - 17 * t * 1.1, radius, shade)
    pen.oval(33, 29, 5.5, 3.6, lighter(base, 0.86), -38)


def cone(pen: Pen) -> None:
    base = pen.tint((238, 150, 60), (205, 70, 60), (60, 120, 200))
    for step in range(40):
        t = step / 40
        shade = lighter(base, 0.35 - t * 1.2) if t < 0.3 else darker(base, (t - 0.3) * 0.75)
        left = 10 + 80 * t
        foot = 88 + 9 * sin(t * pi)
        pen.shape([(50, 2), (left, foot), (left + 2.6, 88 + 9 * sin((t + 0.028) * pi))], shade)


def cylinder(pen: Pen) -> None:
    base = pen.tint((60, 120, 200), (205, 70, 60), (90, 160, 120))
    for step in range(40):
        t = step / 40
        shade = lighter(base, 0.3 - abs(t - 0.25) * 1.1) if abs(t - 0.25) < 0.27 else darker(base, abs(t - 0.25) * 0.72)
        x = 16 + 68 * t
        drop = 9 * sin(t * pi)
        pen.shape([(x, 12), (x + 2.2, 12), (x + 2.2, 88 + drop), (x, 88 + drop)], shade)
    pen.oval(50, 12, 34, 9.5, lighter(base, 0.38))


def prism(pen: Pen) -> None:
    light, base, dark = shades(pen.tint((120, 90, 180), (205, 70, 60), (60, 150, 160)))
    pen.shape([(48, 3), (6, 84), (58, 97)], base)
    pen.shape([(48, 3), (58, 97), (95, 78)], dark)
    pen.line([(48, 3), (58, 97)], 0.8, light, smooth=False)


def torus(pen: Pen) -> None:
    base = pen.tint((222, 172, 56), (188, 194, 202), (205, 70, 60))
    for step in range(72):
        turn = step / 72 * 2 * pi - pi / 2
        x, y = 50 + 35 * cos(turn), 52 + 33 * sin(turn)
        pen.dot(x, y, 13, darker(base, 0.45 * (0.5 + 0.5 * sin(turn + 0.7))))
    for step in range(72):
        turn = step / 72 * 2 * pi
        glint = 0.5 + 0.5 * cos(turn + 2.2)
        pen.dot(50 + 36 * cos(turn) - 2, 51 + 34 * sin(turn) - 3, 5.5, lighter(base, 0.05 + 0.42 * glint))


def turned(pen: Pen, profile: list[Point], base: Colour, rim: float, middle: float = 50.0) -> None:
    """A vessel turned on a wheel: its right outline mirrored, drawn in upright strips that follow the light."""
    strips = 48
    for step in range(strips):
        t = step / strips
        bright = abs(t - 0.27)
        shade = lighter(base, 0.42 - bright * 1.9) if bright < 0.22 else darker(base, bright * 0.78)
        inner, outer = 1 - 2 * t, 1 - 2 * (t + 1.3 / strips)
        edge = [(middle - (x - middle) * inner, y) for x, y in profile]
        other = [(middle - (x - middle) * outer, y) for x, y in profile]
        pen.shape([*edge, *reversed(other)], shade)
    x, y = profile[0]
    pen.oval(middle, y, x - middle, rim, darker(base, 0.55))


def vase(pen: Pen) -> None:
    base = pen.tint((62, 112, 168), (196, 96, 72), (228, 216, 196), (88, 140, 128))
    profile = curve([(60, 6), (58, 12), (57, 20), (66, 34), (76, 50), (73, 70), (63, 88), (60, 97)])
    turned(pen, profile, base, 2.6)
    for y, reach in ((46, 24.4), (50, 25.8)):
        pen.line([(50 - reach, y), (50, y + 3.4), (50 + reach, y)], 0.9, lighter(base, 0.45))


def bowl(pen: Pen) -> None:
    base = pen.tint((196, 120, 84), (82, 130, 160), (226, 216, 196))
    half = curve([(96, 30), (90, 56), (76, 76), (62, 86), (62, 96)])
    turned(pen, half, base, 8)
    pen.shape(mirrored([(62, 92), (64, 97)], 50), darker(base, 0.5))


FIGURES = {
    "cube": Figure(cube, 1.0, base=0.2, size=0.4, habitat="studio"),
    "sphere": Figure(sphere, 1.0, base=0.03, size=0.38, habitat="studio"),
    "cone": Figure(cone, 1.0, base=0.1, size=0.42, habitat="studio"),
    "cylinder": Figure(cylinder, 1.0, base=0.1, size=0.42, habitat="studio"),
    "prism": Figure(prism, 1.0, base=0.1, size=0.44, habitat="studio"),
    "torus": Figure(torus, 1.0, base=0.02, size=0.4, habitat="studio"),
    "vase": Figure(vase, 1.0, base=0.03, size=0.5, habitat="studio"),
    "bowl": Figure(bowl, 1.0, base=0.03, size=0.34, habitat="studio", seat=0.3),
}
