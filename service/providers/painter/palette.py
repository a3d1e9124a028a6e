"""The colours of a scene, from the hour, the season, the weather and the mood: chosen together, so that they agree."""

from dataclasses import dataclass, replace

from .brief import Dice
from .colours import WHITE, Colour, darker, lighter, luma, mix, turned
from .scene import Scene

Stops = tuple[Colour, Colour, Colour, Colour]


@dataclass(frozen=True)
class Palette:
    sky: Stops  # zenith to horizon
    light: Colour  # of sun, moon and lit edges
    ambient: Colour  # what every object's colour is multiplied with
    haze: Colour  # what distance fades into
    far: Colour  # distant land
    ground: Colour
    foliage: Colour
    water: Colour
    ink: Colour  # the darkest thing in the picture
    bloom: Colour  # small accents: flowers, roofs, sails
    darkness: float  # 0 by day, 1 by night


SKIES: dict[str, tuple[Stops, ...]] = {
    "dawn": (
        ((92, 108, 164), (178, 150, 184), (246, 188, 168), (255, 228, 186)),
        ((86, 128, 172), (158, 176, 196), (250, 208, 184), (255, 236, 204)),
        ((112, 104, 160), (208, 152, 176), (252, 190, 158), (255, 224, 170)),
    ),
    "day": (
        ((58, 128, 200), (112, 174, 226), (176, 214, 238), (226, 240, 242)),
        ((62, 148, 198), (124, 192, 216), (188, 224, 228), (238, 244, 230)),
        ((76, 120, 194), (130, 172, 224), (192, 214, 238), (244, 238, 226)),
    ),
    "golden": (
        ((104, 138, 176), (176, 176, 172), (244, 204, 142), (255, 226, 160)),
        ((122, 130, 160), (206, 170, 148), (250, 196, 122), (255, 222, 148)),
    ),
    "dusk": (
        ((42, 38, 92), (122, 66, 128), (230, 104, 98), (255, 190, 112)),
        ((34, 48, 98), (96, 84, 142), (214, 124, 124), (255, 202, 142)),
        ((58, 30, 84), (158, 58, 110), (240, 112, 82), (255, 206, 104)),
        ((30, 52, 92), (84, 104, 142), (226, 152, 116), (255, 210, 140)),
    ),
    "night": (
        ((8, 12, 34), (14, 26, 62), (30, 52, 98), (66, 92, 136)),
        ((14, 10, 38), (30, 24, 72), (62, 50, 112), (112, 86, 140)),
        ((6, 18, 34), (10, 38, 62), (22, 70, 96), (62, 118, 130)),
    ),
}
GREYED: Stops = ((112, 126, 142), (146, 158, 170), (184, 192, 198), (214, 218, 218))
STORMED: Stops = ((34, 40, 54), (58, 66, 82), (96, 106, 118), (156, 162, 160))
AMBIENT: dict[str, Colour] = {
    "dawn": (244, 226, 226),
    "day": (255, 255, 252),
    "golden": (255, 238, 212),
    "dusk": (216, 180, 184),
    "night": (126, 138, 188),
}
LIGHT: dict[str, Colour] = {
    "dawn": (255, 226, 180),
    "day": (255, 250, 228),
    "golden": (255, 226, 150),
    "dusk": (255, 202, 124),
    "night": (222, 230, 250),
}
DARKNESS = {"dawn": 0.15, "day": 0.0, "golden": 0.1, "dusk": 0.55, "night": 1.0}
GROUNDS: dict[str, tuple[Colour, Colour, Colour]] = {  # ground, foliage, bloom
    "spring": ((134, 182, 92), (98, 158, 86), (246, 172, 196)),
    "summer": ((112, 164, 74), (58, 124, 66), (250, 204, 80)),
    "autumn": ((190, 150, 74), (204, 104, 44), (178, 52, 40)),
    "winter": ((232, 238, 246), (84, 112, 116), (190, 64, 66)),
}


def hour(scene: Scene) -> str:
    """The time of day: as said, or what the things in the sky imply."""
    if scene.time:
        return scene.time
    if scene.has("stars", "milky way", "aurora", "moon", "space", "moonscape") or any(
        s.noun == "fireworks" for s in scene.subjects
    ):
        return "night"
    if scene.medium == "neon":
        return "night"
    if scene.mood == "mysterious":
        return "dusk"
    return "golden" if scene.mood in ("dreamy", "melancholic") else "day"


def palette_of(scene: Scene, dice: Dice, style: str | None) -> Palette:
    chance = dice.cast("palette")
    time = hour(scene)
    sky = chance.choice(SKIES[time])
    season = scene.season or ("winter" if scene.has("snow") else None)
    ground, foliage, bloom = GROUNDS[season or chance.choice(("spring", "summer"))]
    ambient, light, darkness = AMBIENT[time], LIGHT[time], DARKNESS[time]

    if season == "winter":
        sky = _stops(sky, mix_with=(206, 218, 234), share=0.3 * (1 - darkness))
    if season == "autumn" and time == "day":
        sky = _stops(sky, mix_with=(250, 224, 184), share=0.25)
    gloom = 0.0
    if scene.has("storm", "lightning"):
        sky, gloom = _blend(sky, STORMED, 0.8), 0.55
    elif scene.has("rain", "fog") or (scene.has("snow") and time == "day"):
        sky, gloom = _blend(sky, GREYED, 0.62 * (1 - darkness * 0.8)), 0.25
    if scene.has("storm", "rain"):
        darkness = max(darkness, 0.3)
    if scene.mood == "melancholic":
        sky, gloom = _blend(sky, GREYED, 0.3 * (1 - darkness)), max(gloom, 0.2)
    if scene.mood == "dreamy":
        sky = _stops(sky, mix_with=(240, 190, 226), share=0.22)
        ambient = mix(ambient, (250, 222, 246), 0.25)
    if scene.mood == "mysterious":
        sky = _stops(sky, mix_with=(34, 62, 70), share=0.35)
    ambient = mix(ambient, (150, 162, 180), gloom)
    foliage = turned(foliage, hue=chance.uniform(-0.02, 0.03))

    said = scene.colours.get("sky")
    if said is not None:
        sky = (darker(said, 0.45), darker(said, 0.12), lighter(said, 0.18), lighter(said, 0.48))
        if time == "night":
            sky = (darker(said, 0.8), darker(said, 0.6), darker(said, 0.3), said)
    elif scene.accents:
        accent = scene.accents[0]
        strength = 0.42 if luma(accent) > 25 else 0.3
        sky = _stops(sky, mix_with=accent, share=strength)
        bloom = scene.accents[-1]
        ground, foliage = mix(ground, accent, 0.25), mix(foliage, accent, 0.2)

    if scene.has("moonscape"):
        sky = ((4, 5, 14), (8, 9, 24), (14, 16, 36), (30, 34, 60))
    haze = mix(sky[3], sky[2], 0.45)
    water_said = next((scene.colours[name] for name in ("sea", "lake", "river") if name in scene.colours), None)
    water = water_said or mix(mix((24, 104, 132), (16, 84, 142), chance.random()), sky[1], 0.3)
    green = next((scene.colours[name] for name in ("meadow", "hills") if name in scene.colours), None)
    palette = Palette(
        sky=sky,
        light=light,
        ambient=ambient,
        haze=haze,
        far=mix(mix((74, 96, 128), foliage, 0.18), sky[1], 0.35),
        ground=green or ground,
        foliage=scene.colours.get("forest") or scene.colours.get("trees") or foliage,
        water=water,
        ink=mix((26, 26, 40), sky[0], 0.18),
        bloom=scene.colours.get("flowers") or bloom,
        darkness=darkness,
    )
    return _dressed(palette, style, scene)


def _dressed(palette: Palette, style: str | None, scene: Scene) -> Palette:
    """`vivid` and `natural` reach into the palette itself; `finish` grades the picture in the same direction."""
    saturation = {"vivid": 1.3, "natural": 0.78}.get(style or "", 1.0)
    saturation *= {"joyful": 1.18, "melancholic": 0.72, "dramatic": 1.1, "calm": 0.94}.get(scene.mood or "", 1.0)
    if saturation == 1.0:
        return palette
    a, b, c, d = (turned(stop, saturation=saturation) for stop in palette.sky)
    return replace(
        palette,
        sky=(a, b, c, d),
        haze=turned(palette.haze, saturation=saturation),
        far=turned(palette.far, saturation=saturation),
        ground=turned(palette.ground, saturation=saturation),
        foliage=turned(palette.foliage, saturation=saturation),
        water=turned(palette.water, saturation=saturation),
    )


def _stops(sky: Stops, mix_with: Colour, share: float) -> Stops:
    a, b, c, d = (mix(stop, mix_with, share) for stop in sky)
    return (a, b, mix(c, WHITE, share * 0.1), mix(d, WHITE, share * 0.2))


def _blend(sky: Stops, other: Stops, share: float) -> Stops:
    return (
        mix(sky[0], other[0], share),
        mix(sky[1], other[1], share),
        mix(sky[2], other[2], share),
        mix(sky[3], other[3], share),
    )
