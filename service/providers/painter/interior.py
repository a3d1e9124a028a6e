"""Inside: a room with a window on the weather and a wooden top to put things on; a studio with a soft backdrop."""

from dataclasses import replace

from PIL import ImageFilter

from . import flora, land, sky, town, weather
from .canvas import Box, Canvas, quad
from .colours import Colour, darker, lighter, mix, turned
from .texture import fractal, levels
from .view import View

WALLS: tuple[Colour, ...] = (
    (214, 196, 172),
    (168, 186, 176),
    (196, 172, 160),
    (150, 164, 184),
    (222, 208, 186),
    (128, 148, 142),
)
WOOD: Colour = (150, 104, 68)
LAMPLIGHT: Colour = (255, 196, 120)


def wall(view: View) -> None:
    """Painted plaster in the colour of the room, or leaning towards an accent."""
    chance, canvas = view.chance("wall"), view.canvas
    colour = chance.choice(WALLS)
    if view.scene.accents:
        colour = mix(colour, view.scene.accents[0], 0.5)
    colour = darker(view.lit(view.scene.colours.get("room", colour)), 0.25 * view.palette.darkness)
    canvas.cover(canvas.box, (lighter(colour, 0.12), colour, darker(colour, 0.18)))
    if view.rich:
        mottled = levels(fractal(chance, (200, 200), (5, 5), 4), 0.3, 1.0)
        canvas.fill([quad(0, 0, view.width, view.height)], darker(colour, 0.2), 0.25, mottled)


def pane(view: View) -> Box:
    """Where the window is: to one side, as large as the wall above the table allows."""
    width = min(view.width * 0.52, view.short * 0.62)
    height = min(view.horizon * 0.74, width * 1.3)
    on_left = view.chance("window side").random() < 0.5
    left = view.width * 0.1 if on_left else view.width * 0.9 - width
    top = max(view.height * 0.06, view.horizon * 0.5 - height * 0.52)
    return (int(left), int(top), int(left + width) + 1, int(top + height) + 1)


def window(view: View) -> None:
    """The world outside is a small painting of its own, a little out of focus, in a frame."""
    canvas = view.canvas
    left, top, right, bottom = pane(view)
    width, height = right - left, bottom - top
    outside = replace(
        view, canvas=Canvas(width, height, canvas.detail), horizon=height * 0.72, sun=(width * 0.66, height * 0.34)
    )
    sky.gradient(outside)
    sky.lights(outside)
    sky.clouds(outside)
    if view.scene.has("city"):
        town.skyline(outside, height)
    else:
        land.hills(outside, outside.horizon, height * 0.92, 3, "outside")
        if view.winter or view.scene.season:
            flora.wood(outside, height * 0.82, height * 0.22, 0.3, "outside wood")
    if view.scene.has("rain", "storm"):
        weather.rain(outside)
    if view.scene.has("snow"):
        weather.snowfall(outside)
    glass = outside.canvas.image
    canvas.image.paste(glass.filter(ImageFilter.GaussianBlur(view.short / 420)) if view.rich else glass, (left, top))
    bar = view.short * 0.013
    middle, cross = (left + right) / 2, top + height * 0.42
    frame = [
        quad(left - bar, top - bar, left, bottom + bar),
        quad(right, top - bar, right + bar, bottom + bar),
        quad(left - bar, top - bar, right + bar, top),
        quad(left - bar, bottom, right + bar, bottom + bar),
        quad(middle - bar * 0.35, top, middle + bar * 0.35, bottom),
        quad(left, cross, right, cross + bar * 0.7),
    ]
    canvas.fill(frame, view.lit(mix((246, 240, 228), WOOD, 0.12)))


def curtains(view: View) -> None:
    """Folds of cloth on both sides of the window, and the daylight that comes in between them."""
    canvas = view.canvas
    left, top, right, bottom = pane(view)
    bar, hem = view.short * 0.013, view.horizon
    cloth = view.lit(turned(mix(view.palette.bloom, (220, 200, 190), 0.45), saturation=0.8))
    for side, edge in ((-1, left - bar * 1.5), (1, right + bar * 1.5)):
        for fold in range(4):
            inner, outer = edge + side * fold * bar * 1.9, edge + side * (fold + 1) * bar * 2.0
            tone = lighter(cloth, 0.1) if fold % 2 else darker(cloth, 0.1)
            cut = [
                (inner, top - bar * 3),
                (outer, top - bar * 3),
                (outer + side * bar * 0.6, hem),
                (inner + side * bar * 0.4, hem),
            ]
            canvas.fill([cut], (tone, darker(tone, 0.15)))
    if view.palette.darkness < 0.6:
        canvas.glow((left + right) / 2, (top + bottom) / 2, view.short * 0.7, view.palette.light, 0.22)


def sill(view: View) -> None:
    """A wooden table top along the lower part, lit from the window or, by night, by a lamp."""
    chance, canvas = view.chance("sill"), view.canvas
    wood = view.lit(view.scene.colours.get("table") or mix(WOOD, (190, 140, 96), chance.random()))
    top = view.horizon
    board = quad(0, top, view.width, view.height)
    canvas.fill([board], (lighter(wood, 0.22), wood, darker(wood, 0.35)))
    if view.rich:
        rings = fractal(chance, (120, 260), (2, 44), 4, 0.6)
        canvas.fill([board], darker(wood, 0.45), 0.5, levels(rings, 0.45, 0.8))
    canvas.fill([quad(0, top, view.width, top + view.short * 0.006)], lighter(wood, 0.4))
    left, _, right, _ = pane(view)
    middle = (left + right) / 2
    view.sun = (middle, view.sun[1])
    if view.palette.darkness > 0.4:
        canvas.glow(view.width * 0.5, top - view.short * 0.1, view.short * 0.8, LAMPLIGHT, 0.38)
    else:
        canvas.ellipse_glow(
            middle, top + view.short * 0.1, view.short * 0.7, view.short * 0.2, view.palette.light, 0.25
        )


PAPERS: tuple[tuple[Colour, Colour], ...] = (  # backdrop and floor
    ((226, 220, 210), (204, 192, 176)),
    ((206, 216, 220), (176, 190, 198)),
    ((232, 214, 200), (212, 184, 166)),
    ((212, 214, 202), (182, 186, 168)),
    ((220, 210, 222), (192, 180, 200)),
)


def paper(view: View) -> tuple[Colour, Colour]:
    """The colours of backdrop and floor: a quiet pair, or what was asked for."""
    scene = view.scene
    behind, floor = view.chance("backdrop").choice(PAPERS)
    said = scene.colours.get("studio") or (scene.accents[0] if scene.accents else None)
    if said:
        behind, floor = mix(said, (235, 232, 228), 0.25), mix(scene.accents[-1] if scene.accents else said, floor, 0.55)
    floor = scene.colours.get("table", floor)
    return (behind, floor) if view.hour == "day" else (view.lit(behind), view.lit(floor))


def backdrop(view: View) -> None:
    """Seamless paper, darker above."""
    behind, _ = paper(view)
    view.canvas.cover(view.canvas.box, (darker(behind, 0.3), darker(behind, 0.12), behind))


def light(view: View) -> None:
    """A pool of light on the backdrop, behind what stands there."""
    behind, _ = paper(view)
    x = view.width * (0.36 if view.from_left else 0.64)
    view.canvas.glow(x, view.height * 0.36, view.short * 0.75, lighter(behind, 0.5), 0.42, 1.7)


def table(view: View) -> None:
    """The floor that things stand on, with a soft edge towards the backdrop."""
    canvas = view.canvas
    _, floor = paper(view)
    top = view.horizon
    canvas.fill(
        [quad(0, top, view.width, view.height)], (darker(floor, 0.1), floor, lighter(floor, 0.12), darker(floor, 0.12))
    )
    canvas.mist(top - view.short * 0.03, top + view.short * 0.001, darker(floor, 0.25), 0.0, 0.3)
    middle, depth = top + (view.height - top) * 0.45, view.height * 0.2
    canvas.ellipse_glow(view.width * 0.5, middle, view.width * 0.6, depth, lighter(floor, 0.4), 0.3)
