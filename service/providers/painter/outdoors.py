"""The open air, layer by layer: heavens, distance, middle, landmarks, subjects, foreground and weather."""

from . import cosmos, flora, land, sky, staging, town, water, weather
from .view import View

WATERS = frozenset({"sea", "beach", "harbour", "lake", "river", "waterfall", "island", "underwater"})


def heavens(view: View) -> None:
    sky.lights(view)
    sky.clouds(view)
    if view.scene.has("rainbow"):
        sky.rainbow(view)
    if view.scene.has("lightning") or (view.scene.has("storm") and view.rich and view.scene.allows("lightning")):
        weather.lightning(view)


def has_mountains(view: View) -> bool:
    """Said, or a backdrop that the painter gives to open country."""
    scene = view.scene
    if scene.has("mountains"):
        return True
    open_country = scene.has("hills", "village", "field", "lake", "river", "forest", "meadow", "waterfall")
    if not open_country or scene.has("sea", "city", "desert", "street") or not scene.allows("mountains"):
        return False
    return view.chance("distance").random() < 0.6


def has_distance(view: View) -> bool:
    return (
        has_mountains(view)
        or view.scene.has("city", "island")
        or (view.scene.has("cliffs") and view.scene.has(*WATERS))
    )


def distance(view: View) -> None:
    """What stands on the horizon."""
    scene, chance = view.scene, view.chance("sides")
    base = view.horizon
    if has_mountains(view):
        land.mountains(view, base)
    if scene.has("city"):
        town.skyline(view, base)
    if scene.has("island"):
        land.island(view, base, view.width * chance.choice((0.3, 0.7)))
    if scene.has("cliffs") and scene.has(*WATERS):
        land.cliffs(view, base, left=chance.random() < 0.5)


def middle(view: View) -> None:
    """The land between the horizon and the viewer, or the water; most of a fog lies behind the subjects."""
    _ground(view)
    if view.scene.has("fog"):
        weather.fog(view, 0.5)


def _ground(view: View) -> None:
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
        _near_shore(view)
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
        cosmos.moonscape(view, base)
    elif scene.has("field"):
        land.hills(view, base - view.short * 0.02, base + depth * 0.1, 2)
        land.field(view, base + depth * 0.04)
    elif scene.has("waterfall"):
        _woods(view, base)
        water.waterfall(view, base - view.short * 0.22, base + depth * 0.42)
        water.mirror(view, base + depth * 0.42, 0.45)
        _near_shore(view)
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


def _near_shore(view: View) -> None:
    """Ground at this side of the water, when somebody has to stand on it."""
    if staging.any_of(view, "ground"):
        land.ground(view, view.horizon + (view.height - view.horizon) * 0.72)


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
    if scene.has("harbour"):
        _near_shore(view)
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
            plant = flora.grove if near > 0.3 else flora.wood
            plant(view, foot, view.short * (0.16 + 0.34 * near), 0.55 * (1 - near), f"wood {row}", gap)
            if row < rows - 1:
                view.canvas.bank(foot - view.short * 0.16, foot + view.short * 0.1, view.palette.haze, 0.42)
    elif scene.has("trees", "lake", "mountains") or view.winter:
        flora.wood(view, base, view.short * 0.075, 0.35, "far wood")


def has_landmarks(view: View) -> bool:
    return not view.scene.has("lake") and staging.any_of(view, "land")


def standing(view: View) -> None:
    staging.landmarks(view, view.horizon + (view.height - view.horizon) * 0.12)


def has_subjects(view: View) -> bool:
    return staging.any_of(view, "ground", "air", "water", "depths") or _is_quiet(view)


def _is_quiet(view: View) -> bool:
    """A landscape without a figure, by day and in fair weather: a few birds far off give it scale."""
    scene = view.scene
    fair = view.hour != "night" and not scene.has("storm", "rain", "fog", "snow", "moonscape", "street")
    return not scene.subjects and fair and scene.allows("bird")


def subjects(view: View) -> None:
    if _is_quiet(view):
        chance = view.chance("birds")
        x, y = view.width * chance.uniform(0.25, 0.75), view.horizon * chance.uniform(0.3, 0.6)
        sky.birds(view, view.some(5, 8, 11), x, y)
    staging.figures(view)


def has_foreground(view: View) -> bool:
    scene = view.scene
    bare = scene.has("city", "street", "sea", "beach", "harbour", "island", "moonscape", "desert")
    if view.plain or bare:
        return False
    return _by_water(view) or (not view.winter and scene.allows("grass"))


def _by_water(view: View) -> bool:
    return view.scene.has("lake", "river", "waterfall", "reeds") and view.scene.allows("reeds") and not view.winter


def foreground(view: View) -> None:
    """What frames the picture below: reeds at the water, else grass and flowers."""
    scene = view.scene
    if _by_water(view):
        flora.reeds(view, view.height * 1.01, left=view.chance("reeds side").random() < 0.5)
        return
    blooming = scene.has("flowers") or scene.season == "spring" or (scene.season == "summer" and scene.has("meadow"))
    if blooming and scene.allows("flower"):
        top = view.horizon + (view.height - view.horizon) * 0.42
        flora.flowers(view, top, view.some(60, 190, 280), scene.colours.get("flowers"))
    flora.grass(view, view.height * 0.93, view.some(60, 260, 420), view.short * 0.055)


def has_weather(view: View) -> bool:
    return view.scene.has("fog", "rain", "snow", "wind", "storm") or _has_haze(view) or _has_leaves(view)


def _has_haze(view: View) -> bool:
    return view.scene.mood == "mysterious" and view.rich and view.scene.allows("fog")


def _has_leaves(view: View) -> bool:
    """Blossom in spring and leaves in autumn fall by themselves."""
    return (
        view.scene.season in ("autumn", "spring")
        and view.rich
        and not view.plain
        and not view.scene.has("rain", "storm")
    )


def air(view: View) -> None:
    """The weather between the viewer and the world."""
    scene = view.scene
    if scene.has("fog") or _has_haze(view):
        weather.fog(view, 0.32)
    if scene.has("rain") or (scene.has("storm") and scene.allows("rain")):
        weather.rain(view)
    if scene.has("snow"):
        weather.snowfall(view)
    if scene.has("wind") or _has_leaves(view):
        weather.wind(view)
