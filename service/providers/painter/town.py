"""Where people live, as scenery: skylines, streets, villages and quays."""

from random import Random

from .canvas import Point, quad
from .colours import Colour, darker, lighter, mix
from .view import View

LAMP: Colour = (255, 214, 132)
ROOFS: tuple[Colour, ...] = ((178, 84, 62), (156, 70, 58), (198, 112, 78), (120, 84, 88), (96, 98, 118))
PLASTER: tuple[Colour, ...] = ((240, 226, 200), (232, 206, 172), (246, 238, 222), (222, 190, 170), (206, 214, 208))


def skyline(view: View, base: float) -> None:
    """Rows of towers, the nearer ones darker and with windows; by night the windows are lit."""
    layers = view.some(2, 3, 3)
    dark = view.palette.darkness
    for layer in range(layers):
        chance = view.chance(f"towers {layer}")
        near = layer / max(1, layers - 1)
        tallest = min(base * 0.8, view.short * 0.6) * (0.95 - 0.3 * near)
        tone = mix((92, 104, 132), (58, 60, 84), near)
        said = view.scene.colours.get("city")
        colour = view.away(said or tone, 0.58 * (1 - near) + 0.06)
        bodies: list[list[Point]] = []
        panes: list[list[Point]] = []
        sides: list[list[Point]] = []
        x = -view.short * 0.04
        while x < view.width:
            width = view.short * chance.uniform(0.045, 0.1) * (0.8 + 0.4 * near)
            middle = 1 - abs((x / view.width) - chance.uniform(0.35, 0.65)) * 1.1
            height = tallest * max(0.2, middle) * chance.uniform(0.32, 1.0)
            top = base - height
            bodies += _tower(chance, x, top, width, base)
            sides.append(
                quad(
                    x + width * (0.62 if view.from_left else 0), top, x + width * (1 if view.from_left else 0.38), base
                )
            )
            if near > 0.3 or layers < 3:
                panes += _panes(view, chance, x, top, width, base, dark)
            x += width * chance.uniform(0.82, 1.25)
        view.canvas.fill(bodies, (colour, mix(colour, view.palette.haze, 0.3 * (1 - dark) + 0.08)))
        view.canvas.fill(sides, darker(colour, 0.25), 0.5, fade=(1.0, 0.4))
        lamp = mix(LAMP, (255, 190, 110), 0.3)
        glass = mix(view.palette.sky[3], (255, 255, 255), 0.2)
        view.canvas.fill(panes, lamp if dark > 0.3 else glass, 0.9 if dark > 0.3 else 0.34)
        view.canvas.mist(base - tallest * 0.5, base, view.palette.haze, 0.0, 0.42 * (1 - near))
    if dark > 0.4:
        view.canvas.ellipse_glow(view.width / 2, base, view.width * 0.7, view.short * 0.3, (255, 170, 120), 0.3 * dark)


def _tower(chance: Random, x: float, top: float, width: float, base: float) -> list[list[Point]]:
    """One of five outlines: plain, stepped, slanted, pointed or with a mast."""
    body = [quad(x, top, x + width, base)]
    kind = chance.randrange(6)
    middle = x + width / 2
    if kind == 0:
        body.append(quad(x + width * 0.2, top - width * 0.4, x + width * 0.8, top + 1))
        body.append(quad(x + width * 0.36, top - width * 0.8, x + width * 0.64, top - width * 0.4 + 1))
    elif kind == 1:
        body.append([(x, top + 1), (x + width, top - width * 0.5), (x + width, top + 1)])
    elif kind == 2:
        body.append([(x, top + 1), (middle, top - width * 0.9), (x + width, top + 1)])
        body.append(quad(middle - width * 0.02, top - width * 1.5, middle + width * 0.02, top))
    elif kind == 3:
        body.append(quad(middle - width * 0.03, top - width * 1.1, middle + width * 0.03, top))
        body.append(quad(x + width * 0.3, top - width * 0.15, x + width * 0.7, top + 1))
    return body


def _panes(
    view: View, chance: Random, x: float, top: float, width: float, base: float, dark: float
) -> list[list[Point]]:
    pane = max(1.6, view.short * (0.0062 if view.rich else 0.009))
    gap = pane * 1.15
    lit = 0.5 if dark > 0.3 else 0.85
    columns = max(1, int((width - gap) / (pane + gap)))
    left = x + (width - columns * (pane + gap) + gap) / 2
    found: list[list[Point]] = []
    y = top + gap
    while y < base - gap:
        row_lit = chance.random() < 0.85
        for column in range(columns):
            if row_lit and chance.random() < lit:
                px = left + column * (pane + gap)
                found.append(quad(px, y, px + pane, y + pane * 1.35))
        y += pane * 1.35 + gap
    return found


def rooftops(view: View, base: float) -> None:
    """The near town under the skyline: a row of low roofs closing the foreground."""
    for row in range(view.some(2, 3, 3)):
        near = (row + 1) / 3
        foot = base + (view.height - base) * (0.18 + 0.42 * row)
        houses(
            view, f"roofs {row}", foot, view.short * (0.07 + 0.07 * near), 0.35 * (1 - near), 0.97, foot + view.height
        )
    if not view.plain:
        bottom = view.height * 1.0
        view.canvas.mist(view.height * 0.78, bottom, view.palette.ink, 0.0, 0.55)


def village(view: View, base: float) -> None:
    """Houses of different sizes gathered on the slope, a steeple among them."""
    for row in range(view.some(1, 2, 3)):
        houses(
            view,
            f"village {row}",
            base + view.short * 0.055 * row,
            view.short * (0.06 + 0.018 * row),
            0.3 - 0.1 * row,
            0.5,
        )


def houses(
    view: View, label: str, foot: float, size: float, distance: float, crowd: float, deep: float | None = None
) -> None:
    """A row of gabled houses; `crowd` is how much of the width they take, `deep` how far their walls go down."""
    chance = view.chance(label)
    dark = view.palette.darkness
    middle = chance.uniform(0.35, 0.65) if crowd < 0.9 else 0.5
    x, end = view.width * (middle - crowd / 2), view.width * (middle + crowd / 2)
    if crowd > 0.9:
        x, end = -size, view.width + size
    lit: list[list[Point]] = []
    said = view.scene.colours.get("village")
    while x < end:
        width, wall = size * chance.uniform(0.8, 1.5), size * chance.uniform(0.55, 1.0)
        y = foot + size * chance.uniform(-0.12, 0.12)
        plaster = view.away(said or chance.choice(PLASTER), distance)
        roof = view.away((238, 242, 250) if view.winter else chance.choice(ROOFS), distance)
        view.canvas.fill([quad(x, y - wall, x + width, deep or y)], (plaster, darker(plaster, 0.25)))
        shade = x + width * 0.6 if view.from_left else x
        view.canvas.fill([quad(shade, y - wall, shade + width * 0.4, deep or y)], darker(plaster, 0.22), 0.6)
        over, peak = width * 0.08, size * chance.uniform(0.45, 0.75)
        ridge = [
            (x - over, y - wall),
            (x + width * 0.18, y - wall - peak),
            (x + width * 0.82, y - wall - peak),
            (x + width + over, y - wall),
        ]
        view.canvas.fill([ridge], (lighter(roof, 0.1), darker(roof, 0.2)))
        stack = x + width * chance.uniform(0.3, 0.7)
        view.canvas.fill(
            [quad(stack, y - wall - peak * 1.3, stack + size * 0.1, y - wall - peak * 0.8)], darker(roof, 0.3)
        )
        pane = size * 0.13
        for column in range(max(1, int(width / (pane * 2.6)))):
            px = x + pane * 0.8 + column * pane * 2.4
            if px + pane < x + width - pane * 0.4 and chance.random() < 0.85:
                lit.append(quad(px, y - wall * 0.74, px + pane, y - wall * 0.74 + pane * 1.4))
        x += width * chance.uniform(1.0, 1.12 if crowd > 0.9 else 1.7)
    glass = (76, 92, 112)
    view.canvas.fill(lit, LAMP if dark > 0.3 else view.away(glass, distance), 0.95)
    if dark > 0.3 and view.rich:
        for pane_points in lit[::2]:
            (px, py), (_, _) = pane_points[0], pane_points[1]
            view.canvas.glow(px, py, size * 0.5, (255, 180, 90), 0.3 * dark)


def street(view: View, base: float) -> None:
    """Facades on both sides running to a vanishing point, pavement between them; wet streets shine."""
    chance, canvas = view.chance("street"), view.canvas
    dark = view.palette.darkness
    vx, vy = view.width * chance.uniform(0.44, 0.56), base
    road = view.lit((118, 116, 124))
    canvas.fill([quad(0, vy, view.width, view.height)], (mix(road, view.palette.haze, 0.35), road, darker(road, 0.25)))
    windows: list[list[Point]] = []
    for side in (-1, 1):
        edge = 0.0 if side < 0 else float(view.width)
        depth = 1.18
        while depth > 0.1:
            nearer, depth = depth, depth * chance.uniform(0.66, 0.78)
            tall = view.short * chance.uniform(0.75, 1.05)
            wall = chance.choice(
                PLASTER if not view.scene.has("city") else ((112, 108, 128), (92, 98, 120), (134, 116, 116))
            )
            tone = view.away(mix(wall, (150, 110, 100), chance.random() * 0.4), 0.5 * (1 - depth))
            tone = darker(tone, 0.3 if (side > 0) == view.from_left else 0.08)

            def at(share: float, up: float, edge: float = edge) -> Point:
                """A point on this facade: how near (1 is the edge of the picture) and how high above the street."""
                return (vx + (edge - vx) * share, vy + (view.height * 0.2 - up) * share)

            face = [at(nearer, 0), at(nearer, tall), at(depth, tall), at(depth, 0)]
            canvas.fill([face], (lighter(tone, 0.06), darker(tone, 0.2)))
            cornice = [at(nearer, tall * 1.04), at(depth, tall * 1.04), at(depth, tall * 0.99), at(nearer, tall * 0.99)]
            canvas.fill([cornice], darker(tone, 0.3))
            floors = max(2, round(tall / (view.short * 0.2)))
            for floor in range(floors):
                for column in range(2 if nearer - depth > 0.12 else 1):
                    a = depth + (nearer - depth) * (0.16 + 0.44 * column)
                    b = a + (nearer - depth) * 0.26
                    low, high = tall * (floor + 0.3) / floors, tall * (floor + 0.78) / floors
                    pane = [at(a, low), at(a, high), at(b, high), at(b, low)]
                    if dark > 0.3 and chance.random() < 0.65:
                        windows.append(pane)
                    else:
                        canvas.fill([pane], darker(mix(tone, (60, 80, 110), 0.6), 0.2))
            awning = [at(nearer, tall * 0.19), at(depth, tall * 0.19), at(depth, tall * 0.13), at(nearer, tall * 0.13)]
            canvas.fill(
                [awning],
                view.away(
                    chance.choice(((186, 70, 66), (70, 120, 110), (214, 160, 80), (80, 96, 150))), 0.4 * (1 - depth)
                ),
            )
    canvas.fill(windows, LAMP, 0.92)
    kerb = darker(road, 0.18)
    for side in (-1, 1):
        edge = vx + side * view.width * 0.62
        walk = vx + side * view.width * 0.36
        canvas.fill(
            [[(vx, vy), (edge, view.height * 1.08), (walk, view.height * 1.08)]],
            lighter(mix(road, (190, 180, 170), 0.4), 0.06),
            0.6,
        )
        canvas.fill(
            [[(vx, vy), (walk, view.height * 1.08), (walk - side * view.short * 0.012, view.height * 1.08)]], kerb
        )
    lamps = view.some(3, 5, 6)
    for side in (-1, 1):
        for number in range(lamps):
            share = 0.92 * 0.62**number
            x, foot = vx + side * view.width * 0.42 * share, vy + (view.height * 0.95 - vy) * share
            tall = view.short * 0.52 * share
            post = max(0.6, view.short * 0.006 * share)
            canvas.fill([quad(x - post, foot - tall, x + post, foot)], view.away(view.palette.ink, 0.4 * (1 - share)))
            canvas.oval(x, foot - tall, post * 3, post * 3.6, LAMP if dark > 0.2 else view.lit((230, 226, 210)))
            if dark > 0.2:
                canvas.glow(x, foot - tall, tall * 0.55, (255, 196, 110), 0.55)
    if dark > 0.3 or view.scene.has("rain"):
        for number in range(14):
            y = vy + (view.height - vy) * (number + 0.5) / 14
            x = vx + chance.choice((-1, 1)) * view.width * 0.3 * (y - vy) / (view.height - vy) * chance.uniform(0.2, 1)
            canvas.ellipse_glow(x, y, view.short * 0.035, view.short * 0.13, (255, 190, 110), 0.16)


def quay(view: View, base: float) -> None:
    """A row of tall painted houses on the far side of the water."""
    houses(view, "quay", base, view.short * 0.11, 0.12, 0.97)
    stone = view.away((132, 122, 114), 0.2)
    view.canvas.fill([quad(0, base - view.short * 0.012, view.width, base + 2)], (stone, darker(stone, 0.4)))
