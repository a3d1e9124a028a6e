"""Where things go: the place a scene happens in, its horizon and light, and its layers from far to near."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from . import cosmos, interior, outdoors, pattern, sky, staging, water
from .brief import Brief, Dice
from .canvas import Canvas, Detail
from .figures import FIGURES
from .palette import hour, palette_of
from .scene import Scene
from .view import View

Layer = Callable[[View], None]
DETAIL = {"low": Detail.LOW, "medium": Detail.MEDIUM, "high": Detail.HIGH}


# A window in a village is a lit window, not a room with a view.
OUT_OF_DOORS = outdoors.WATERS | {"mountains", "hills", "forest", "village", "meadow", "field", "desert"}


@dataclass(frozen=True)
class Place:
    """A kind of place: its horizon as a share of the height, lowest and highest, and its layers from far to near."""

    horizon: tuple[float, float]
    layers: tuple[Layer, ...]


def depths(view: View) -> None:
    water.seabed(view, view.height * 0.82)


LAND = Place(
    (0.54, 0.66),
    (
        sky.gradient,
        outdoors.heavens,
        outdoors.distance,
        outdoors.middle,
        outdoors.standing,
        outdoors.subjects,
        outdoors.foreground,
        outdoors.air,
    ),
)
PLACES: dict[str, Place] = {
    "land": LAND,
    "water": Place((0.46, 0.6), LAND.layers),
    "town": Place((0.56, 0.68), LAND.layers),
    "underwater": Place((0.8, 0.86), (water.below, water.shafts, depths, staging.figures, water.bubbles)),
    "space": Place((1.0, 1.0), (sky.gradient, cosmos.nebula, outdoors.heavens, cosmos.worlds, staging.figures)),
    "room": Place((0.66, 0.72), (interior.wall, interior.window, interior.curtains, interior.sill, staging.figures)),
    "studio": Place((0.64, 0.7), (interior.backdrop, interior.light, interior.table, staging.figures)),
    "pattern": Place((0.5, 0.5), (pattern.ground, *(pattern.motif(part, 6) for part in range(6)))),
}
# Layers that some scenes have nothing for: those are no stages of theirs.
WHEN: dict[Layer, Callable[[View], bool]] = {
    outdoors.distance: outdoors.has_distance,
    outdoors.standing: outdoors.has_landmarks,
    outdoors.subjects: outdoors.has_subjects,
    outdoors.foreground: outdoors.has_foreground,
    outdoors.air: outdoors.has_weather,
    staging.figures: lambda view: bool(view.scene.subjects),
    cosmos.worlds: lambda view: view.scene.allows("planet"),
}


def settled(scene: Scene) -> Scene:
    """The scene with a place to happen in and, where that is water or a skyline, ground for whoever needs it."""
    scene = at_home(scene)
    standing = any(FIGURES[(subject.riding or subject).noun].place == "ground" for subject in scene.subjects)
    if standing and scene.has("sea", "island"):
        return replace(scene, scenery=scene.scenery | {"beach"})
    if standing and scene.has("city") and not scene.has("meadow", "hills", "room"):
        return replace(scene, scenery=scene.scenery | {"street"})
    return scene


def at_home(scene: Scene) -> Scene:
    """Where no place is named, the one where the first figure feels at home."""
    if scene.scenery - {"path", "flowers", "reeds", "trees"} or not scene.subjects:
        return scene
    first = scene.subjects[0].riding or scene.subjects[0]
    home = FIGURES[first.noun].habitat
    outside = scene.sky or scene.weather - {"clear"} or scene.season or scene.scenery
    if home == "studio" and outside:
        home = "meadow"
    if home in scene.without:
        home = "studio"
    return replace(scene, scenery=scene.scenery | {home})


def place_of(scene: Scene) -> str:
    if scene.abstract:
        return "pattern"
    for name in ("underwater", "space"):
        if name in scene.scenery:
            return name
    if "room" in scene.scenery and not scene.scenery & OUT_OF_DOORS:
        return "room"
    if "studio" in scene.scenery and not scene.scenery - {"studio", "flowers"}:
        return "studio"
    if scene.scenery & {"city", "street", "village"} and not scene.scenery & {"sea", "beach"}:
        return "town"
    return "water" if scene.scenery & outdoors.WATERS else "land"


def compose(brief: Brief, scene: Scene) -> tuple[View, tuple[Layer, ...]]:
    """The view to paint into and the layers to paint, in order."""
    dice = Dice.of(brief)
    scene = settled(scene)
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
    view = View(canvas, scene, palette, dice, horizon, sun, time, scene.medium == "poster")
    return view, tuple(layer for layer in place.layers if layer not in WHEN or WHEN[layer](view))
