"""Inside: a room with a window on the weather and a sill or table to put things on; a studio with a soft backdrop."""

from PIL import ImageFilter

from . import flora, land, sky
from .colours import Colour, darker, lighter, mix, turned
from .texture import fractal, levels
from .view import View

WALLS: tuple[Colour, ...] = ((214, 196, 172), (168, 186, 176), (196, 172, 160), (150, 164, 184), (222, 208, 186), (128, 148, 142))
WOOD: Colour = (150, 104, 68)


def wall(view: View) -> None:
    chance, canvas = view.chance("wall"), view.canvas
    said = view.scene.colours.get("room")
    accent = view.scene.accents[0] if view.scene.accents else None
    colour = said or (mix(chance.choice(WALLS), accent, 0.5) if accent else chance.choice(WALLS))
    colour = darker(view.lit(colour), 0.25 * view.palette.darkness)
    canvas.cover(canvas.box, (lighter(colour, 0.12), colour, darker(colour, 0.18)))
    if view.rich:
        whole = [(0, 0), (view.width, 0), (view.width, view.height), (0, view.height)]
        canvas.fill([whole], darker(colour, 0.2), 0.25, levels(fractal(chance, (200, 200), (5, 5), 4), 0.3, 1.0))


def window(view: View) -> None:
    """The world outside is painted for real, a little out of focus, and framed."""
    chance, canvas = view.chance("window"), view.canvas
    width = min(view.width * 0.52, view.short * 0.62)
    height = min(view.horizon * 0.74, width * 1.3)
    left = view.width * (0.12 if chance.random() < 0.5 else 0.88) - (0 if left_side(view) else width)
    left = view.width * 0.1 if left_side(view) else view.width * 0.9 - width
    top = max(view.height * 0.06, view.horizon * 0.5 - height * 0.52)
    box = canvas.clipped(left, top, left + width, top + height)
    if box is None:
        return
    inside = canvas.image.copy()
    horizon = view.horizon
    view.horizon = top + height * 0.72
    view.sun = (left + width * 0.66, top + height * 0.34)
    sky.gradient(view)
    sky.lights(view)
    sky.clouds(view)
    if not view.scene.has("city"):
        land.hills(view, view.horizon, view.horizon + height * 0.2, 3, "outside")
        if view.winter or view.scene.season:
            flora.wood(view, view.horizon + height * 0.1, height * 0.22, 0.3, "outside wood")
    else:
        from . import town

        town.skyline(view, view.horizon + height * 0.25)
    outside = canvas.image.crop(box)
    if view.rich:
        outside = outside.filter(ImageFilter.GaussianBlur(view.short / 420))
    canvas.image = inside
    canvas.image.paste(outside, box)
    view.horizon = horizon
    frame = view.lit(mix((246, 240, 228), WOOD, 0.12))
    bar = view.short * 0.013
    l, t, r, b = box  # noqa: E741 - left, top, right, bottom
    bars = [(l - bar, t - bar, l, b + bar), (r, t - bar, r + bar, b + bar), (l - bar, t - bar, r + bar, t), (l - bar, b, r + bar, b + bar)]
    bars += [((l + r) / 2 - bar * 0.35, t, (l + r) / 2 + bar * 0.35, b), (l, t + (b - t) * 0.42, r, t + (b - t) * 0.42 + bar * 0.7)]
    canvas.soft([[(l, t), (r + bar * 2, t), (r + bar * 2, b + bar * 2), (l, b + bar * 2)]], (20, 18, 30), view.short * 0.02, 0.0)
    canvas.fill([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)] for x0, y0, x1, y1 in bars], frame)
    cloth = view.lit(turned(mix(view.palette.bloom, (220, 200, 190), 0.45), saturation=0.8))
    for side in (-1, 1):
        edge = l - bar * 1.5 if side < 0 else r + bar * 1.5
        for fold in range(4):
            x0, x1 = edge + side * fold * bar * 1.9, edge + side * (fold + 1) * bar * 2.0
            tone = lighter(cloth, 0.1) if fold % 2 else darker(cloth, 0.1)
            hem = horizon + view.short * 0.0
            canvas.fill([[(x0, t - bar * 3), (x1, t - bar * 3), (x1 + side * bar * 0.6, hem), (x0 + side * bar * 0.4, hem)]], (tone, darker(tone, 0.15)))
    if view.palette.darkness < 0.6:
        canvas.glow((l + r) / 2, (t + b) / 2, view.short * 0.7, view.palette.light, 0.22)
    view.sun = (view.width * 0.2 if left_side(view) else view.width * 0.8, top)


def left_side(view: View) -> bool:
    return view.chance("window side").random() < 0.5


def sill(view: View) -> None:
    """A wooden table top along the lower part, lit from the window."""
    chance, canvas = view.chance("sill"), view.canvas
    wood = view.lit(view.scene.colours.get("table") or mix(WOOD, (190, 140, 96), chance.random()))
    top = view.horizon
    board = [(0.0, top), (float(view.width), top), (float(view.width), float(view.height)), (0.0, float(view.height))]
    canvas.fill([board], (lighter(wood, 0.22), wood, darker(wood, 0.35)))
    if view.rich:
        rings = fractal(chance, (120, 260), (2, 44), 4, 0.6)
        canvas.fill([board], darker(wood, 0.45), 0.5, levels(rings, 0.45, 0.8))
    canvas.fill([[(0, top), (view.width, top), (view.width, top + view.short * 0.006), (0, top + view.short * 0.006)]], lighter(wood, 0.4))
    if view.palette.darkness > 0.4:
        canvas.glow(view.width * 0.5, top - view.short * 0.1, view.short * 0.8, (255, 196, 120), 0.38)
    else:
        canvas.ellipse_glow(view.sun[0], top + view.short * 0.1, view.short * 0.7, view.short * 0.2, view.palette.light, 0.25)


BACKDROPS: tuple[tuple[Colour, Colour], ...] = (
    ((226, 220, 210), (204, 192, 176)),
    ((206, 216, 220), (176, 190, 198)),
    ((232, 214, 200), (212, 184, 166)),
    ((212, 214, 202), (182, 186, 168)),
    ((220, 210, 222), (192, 180, 200)),
)


def backdrop(view: View) -> None:
    """Seamless paper with a pool of light."""
    chance, canvas = view.chance("backdrop"), view.canvas
    wall, _ = chance.choice(BACKDROPS)
    said = view.scene.colours.get("studio") or (view.scene.accents[0] if view.scene.accents else None)
    if said:
        wall = mix(said, (235, 232, 228), 0.25)
    wall = view.lit(wall) if view.hour != "day" else wall
    canvas.cover(canvas.box, (darker(wall, 0.3), darker(wall, 0.12), wall))
    x = view.width * (0.36 if view.from_left else 0.64)
    canvas.glow(x, view.height * 0.36, view.short * 0.75, lighter(wall, 0.5), 0.42, 1.7)


def table(view: View) -> None:
    """The ground things stand on: a soft sweep, or a table where one was named."""
    chance, canvas = view.chance("backdrop"), view.canvas
    _, floor = chance.choice(BACKDROPS)
    said = view.scene.colours.get("table") or view.scene.colours.get("studio")
    if said or view.scene.accents:
        floor = said or mix(view.scene.accents[-1], floor, 0.55)
    floor = view.lit(floor) if view.hour != "day" else floor
    top = view.horizon
    board = [(0.0, top), (float(view.width), top), (float(view.width), float(view.height)), (0.0, float(view.height))]
    canvas.fill([board], (darker(floor, 0.1), floor, lighter(floor, 0.12), darker(floor, 0.12)))
    canvas.mist(top - view.short * 0.03, top + view.short * 0.001, darker(floor, 0.25), 0.0, 0.3)
    canvas.ellipse_glow(view.width * 0.5, top + (view.height - top) * 0.45, view.width * 0.6, view.height * 0.2, lighter(floor, 0.4), 0.3)
