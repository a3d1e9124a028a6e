"""Where things go: the place a scene happens in, its layers from far to near, and the figures in them."""

from collections.abc import Callable
from dataclasses import dataclass

from . import flora, interior, land, pattern, sky, staging, town, water, weather
from .brief import Brief, Dice
from .canvas import Canvas, Detail
from .figures import FIGURES
from .palette import hour, palette_of
from .scene import Scene
from .view import View

Layer = Callable[[View], None]
WATER = ("sea", "beach", "harbour", "lake", "river", "waterfall", "island", "underwater")
DETAIL = {"low": Detail.LOW, "medium": Detail.MEDIUM, "high": Detail.HIGH}


@dataclass(frozen=True)
class Place:
    """A kind of place: its horizon as a share of the height, lowest and highest, and its layers from far to near."""

    horizon: tuple[float, float]
    layers: tuple[Layer, ...]


def habitat(scene: Scene) -> Scene:
    """The scene with a place to happen in: when none is named, the one where its first figure feels at home."""
    from dataclasses import replace

    named = scene.scenery - {"path", "flowers", "reeds", "trees"}
    if named or not scene.subjects:
        return scene
    first = scene.subjects[0].riding or scene.subjects[0]
    home = next((FIGURES[s.noun].habitat for s in (first, *scene.subjects) if FIGURES[s.noun].habitat != "any"), "meadow")
    outdoors = scene.sky or scene.weather - {"clear"} or scene.season
    if home in ("studio", "room") and outdoors:
        home = "meadow"
    if home in scene.without:
        home = "studio"
    return replace(scene, scenery=scene.scenery | {home})


def _skies(view: View) -> None:
    sky.gradient(view)


def _heavens(view: View) -> None:
    sky.lights(view)
    sky.clouds(view)
    if view.scene.has("rainbow"):
        sky.rainbow(view)
    if view.scene.has("lightning") or (view.scene.has("storm") and view.rich and view.scene.allows("lightning")):
        weather.lightning(view)


def _distance(view: View) -> None:
    """What stands on the horizon."""
    scene, chance = view.scene, view.chance("distance")
    base = view.horizon
    if scene.has("mountains"):
        land.mountains(view, base)
    elif scene.has("hills", "village", "field", "lake", "river", "forest", "meadow", "waterfall") and not scene.has("sea", "city"):
        if chance.random() < 0.6 and scene.allows("mountains") and not scene.has("desert"):
            land.mountains(view, base)
    if scene.has("city"):
        town.skyline(view, base)
    if scene.has("island"):
        land.island(view, base, view.width * chance.choice((0.3, 0.7)))
    if scene.has("cliffs") and scene.has(*WATER):
        land.cliffs(view, base, left=chance.random() < 0.5)


def _middle(view: View) -> None:
    """The land between the horizon and the viewer, or the water."""
    scene = view.scene
    base, depth = view.horizon, view.height - view.horizon
    if scene.has("sea", "beach", "harbour", "island"):
        _open_water(view)
        return
    if scene.has("lake"):
        shore = base + depth * 0.06
        land.hills(view, base + view.short * 0.03, shore + view.short * 0.02, view.some(1, 2, 2), wooded=False)
        _woods(view, shore)
        if scene.has("village"):
            town.village(view, shore)
        staging.landmarks(view, shore)
        water.mirror(view, shore, 0.82 if not scene.has("storm", "wind") else 0.5)
        return
    if scene.has("city") and not scene.has("street", "meadow", "hills"):
        if scene.has("river") or view.chance("waterfront").random() < 0.6:
            water.mirror(view, base, 0.7)
        else:
            town.rooftops(view, base)
        return
    if scene.has("street"):
        town.street(view, base)
        return
    if scene.has("desert"):
        if scene.has("cliffs"):
            land.cliffs(view, base + depth * 0.05, left=view.chance("cliffs side").random() < 0.5)
        land.desert(view, base)
    elif scene.has("moonscape"):
        town.moonscape(view, base)
    elif scene.has("field"):
        land.hills(view, base - view.short * 0.02, base + depth * 0.1, 2)
        land.field(view, base + depth * 0.04)
    elif scene.has("waterfall"):
        _woods(view, base)
        water.waterfall(view, base - view.short * 0.22, base + depth * 0.42)
        water.mirror(view, base + depth * 0.42, 0.45)
    else:
        layers = view.some(2, 4, 5) if scene.has("hills", "mountains", "village") else view.some(2, 3, 3)
        land.hills(view, base, base + depth * 0.55, layers)
    if scene.has("village"):
        town.village(view, base + depth * 0.16)
    _woods(view, base + depth * 0.14)
    if scene.has("river") and not scene.has("waterfall"):
        water.river(view, base + depth * 0.1)
    if scene.has("path"):
        land.path(view, base + depth * 0.1)


def _open_water(view: View) -> None:
    scene = view.scene
    base, depth = view.horizon, view.height - view.horizon
    rough = 0.9 if scene.has("storm") or scene.mood == "dramatic" else 0.45 if scene.has("wind", "rain") else 0.2
    calm = scene.mood in ("calm", "dreamy") or scene.has("harbour", "fog", "city") or view.chance("sea").random() < 0.3
    if scene.has("harbour"):
        town.quay(view, base)
    if calm and rough < 0.4:
        water.mirror(view, base, 0.62)
    else:
        water.waves(view, base, rough)
    if scene.has("beach"):
        water.beach(view, base + depth * 0.5)


def _woods(view: View, base: float) -> None:
    """A wood as a band at the far edge; a forest comes closer, row by row, with light between the rows."""
    scene = view.scene
    if not scene.allows("tree") or not scene.allows("forest"):
        return
    if scene.has("forest"):
        rows = view.some(2, 3, 4)
        for row in range(rows):
            near = row / max(1, rows - 1)
            foot = base + (view.height - base) * 0.42 * near
            gap = (0.5 - 0.24 * near, 0.5 + 0.24 * near) if near > 0.3 else (2, 2)
            flora.wood(view, foot, view.short * (0.16 + 0.34 * near), 0.55 * (1 - near), f"wood {row}", gap)
            if row < rows - 1:
                view.canvas.mist(foot - view.short * 0.16, foot + view.short * 0.02, view.palette.haze, 0.0, 0.42)
    elif scene.has("trees", "lake", "mountains") or view.winter:
        flora.wood(view, base, view.short * 0.075, 0.35, "far wood")


def _standing(view: View) -> None:
    if not view.scene.has("lake"):
        staging.landmarks(view, view.horizon + (view.height - view.horizon) * 0.12)


def _subjects(view: View) -> None:
    staging.figures(view)


def _foreground(view: View) -> None:
    scene = view.scene
    if view.plain or scene.has("city", "street", "sea", "beach", "harbour", "moonscape", "desert"):
        return
    low = view.height * 0.93
    if scene.has("lake", "river", "waterfall", "reeds"):
        flora.reeds(view, view.height * 1.01, left=view.chance("reeds side").random() < 0.5)
        return
    if view.winter or not scene.allows("grass"):
        return
    blooming = scene.has("flowers") or scene.season == "spring" or (scene.season == "summer" and scene.has("meadow"))
    if blooming and scene.allows("flower"):
        flora.flowers(view, view.horizon + (view.height - view.horizon) * 0.42, view.some(60, 190, 280), scene.colours.get("flowers"))
    if view.rich:
        flora.grass(view, low, view.some(0, 260, 420), view.short * 0.055)


def _air(view: View) -> None:
    scene = view.scene
    if scene.has("fog"):
        weather.fog(view, 0.72)
    elif scene.mood == "mysterious" and view.rich and scene.allows("fog"):
        weather.fog(view, 0.36)
    if scene.has("rain") or (scene.has("storm") and scene.allows("rain") and view.rich):
        weather.rain(view)
    if scene.has("snow"):
        weather.snowfall(view)
    if scene.has("wind") or (scene.season in ("autumn", "spring") and view.rich and not view.plain and not scene.has("rain")):
        weather.wind(view)


def _depths(view: View) -> None:
    water.below(view)


def _seabed(view: View) -> None:
    water.seabed(view, view.height * 0.82)


def _cosmos(view: View) -> None:
    town.nebula(view)


LAND = Place((0.54, 0.66), (_skies, _heavens, _distance, _middle, _standing, _subjects, _foreground, _air))
PLACES: dict[str, Place] = {
    "land": LAND,
    "water": Place((0.46, 0.6), LAND.layers),
    "town": Place((0.56, 0.68), LAND.layers),
    "underwater": Place((0.8, 0.86), (_depths, _seabed, _subjects, _air)),
    "space": Place((1.0, 1.0), (_skies, _cosmos, _heavens, _subjects)),
    "room": Place((0.66, 0.72), (interior.wall, interior.window, interior.sill, _subjects)),
    "studio": Place((0.64, 0.7), (interior.backdrop, interior.table, _subjects)),
    "pattern": Place((0.5, 0.5), (pattern.ground, *(pattern.motif(part, 6) for part in range(6)))),
}


def place_of(scene: Scene) -> str:
    if scene.abstract:
        return "pattern"
    for name in ("underwater", "space", "room"):
        if name in scene.scenery:
            return name
    if "studio" in scene.scenery and not scene.scenery - {"studio", "flowers"}:
        return "studio"
    if scene.scenery & {"city", "street", "village"} and not scene.scenery & {"sea", "beach"}:
        return "town"
    return "water" if scene.scenery & set(WATER) else "land"


def compose(brief: Brief, scene: Scene) -> tuple[View, tuple[Layer, ...]]:
    """The view to paint into and the layers to paint, in order."""
    dice = Dice.of(brief)
    scene = habitat(scene)
    place = PLACES[place_of(scene)]
    chance = dice.cast("composition")
    canvas = Canvas(brief.width, brief.height, DETAIL.get(brief.quality, Detail.MEDIUM))
    time = hour(scene)
    horizon = brief.height * chance.uniform(*place.horizon)
    if brief.height > brief.width * 1.25 and place.horizon[0] < 0.8:
        horizon += brief.height * 0.04
    side = chance.choice((chance.uniform(0.2, 0.36), chance.uniform(0.64, 0.8)))
    low = time in ("dawn", "dusk", "golden")
    rise = chance.uniform(0.72, 0.93) if low else chance.uniform(0.2, 0.42)
    sun = (side * brief.width, min(horizon, brief.height * 0.8) * rise)
    palette = palette_of(scene, dice, brief.style)
    return View(canvas, scene, palette, dice, horizon, sun, time, scene.medium == "poster"), place.layers
