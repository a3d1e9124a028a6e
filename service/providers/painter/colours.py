"""Colours as plain triples, how they mix, and the names that people give them."""

from colorsys import hls_to_rgb, rgb_to_hls

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)

NAMED: dict[str, Colour] = {
    "red": (205, 45, 45),
    "scarlet": (210, 38, 30),
    "crimson": (170, 24, 56),
    "maroon": (116, 28, 40),
    "burgundy": (110, 24, 48),
    "pink": (244, 150, 180),
    "magenta": (212, 44, 148),
    "fuchsia": (220, 50, 160),
    "purple": (122, 62, 156),
    "violet": (128, 84, 190),
    "lavender": (182, 160, 220),
    "lilac": (196, 164, 214),
    "mauve": (178, 136, 176),
    "indigo": (66, 56, 150),
    "blue": (42, 98, 196),
    "navy": (28, 42, 92),
    "azure": (60, 146, 224),
    "sapphire": (26, 76, 178),
    "cyan": (52, 186, 210),
    "turquoise": (56, 190, 178),
    "aqua": (90, 200, 208),
    "teal": (24, 126, 128),
    "green": (62, 148, 74),
    "emerald": (20, 142, 98),
    "lime": (150, 204, 60),
    "olive": (124, 128, 56),
    "mint": (156, 216, 184),
    "yellow": (248, 208, 60),
    "gold": (222, 172, 56),
    "amber": (240, 166, 40),
    "orange": (238, 132, 42),
    "peach": (250, 190, 154),
    "coral": (244, 120, 102),
    "salmon": (242, 142, 122),
    "brown": (126, 84, 54),
    "chestnut": (130, 72, 46),
    "copper": (190, 112, 66),
    "bronze": (164, 118, 66),
    "beige": (224, 206, 176),
    "cream": (246, 236, 210),
    "ivory": (248, 242, 226),
    "tan": (208, 174, 130),
    "black": (34, 34, 40),
    "white": (246, 246, 244),
    "grey": (138, 142, 148),
    "silver": (188, 194, 202),
    "rose": (226, 104, 132),
}


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`share` of b in a, from 0 to 1."""
    keep = 1 - share
    return (round(a[0] * keep + b[0] * share), round(a[1] * keep + b[1] * share), round(a[2] * keep + b[2] * share))


def lighter(colour: Colour, share: float) -> Colour:
    return mix(colour, WHITE, share)


def darker(colour: Colour, share: float) -> Colour:
    """Shadows lean towards blue; pure black looks dead."""
    return mix(colour, (12, 14, 34), share)


def under(colour: Colour, light: Colour) -> Colour:
    """The colour as it appears in coloured light."""
    return (colour[0] * light[0] // 255, colour[1] * light[1] // 255, colour[2] * light[2] // 255)


def turned(colour: Colour, hue: float = 0.0, saturation: float = 1.0, lightness: float = 1.0) -> Colour:
    """The colour with its hue turned (1.0 is the whole wheel) and its saturation and lightness scaled."""
    h, l, s = rgb_to_hls(colour[0] / 255, colour[1] / 255, colour[2] / 255)  # noqa: E741 - the usual letters
    r, g, b = hls_to_rgb((h + hue) % 1.0, min(1.0, l * lightness), min(1.0, s * saturation))
    return (round(r * 255), round(g * 255), round(b * 255))


def luma(colour: Colour) -> float:
    """How bright the eye finds it, from 0 to 255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def ramp(stops: tuple[Colour, ...], share: float) -> Colour:
    """The colour at `share` of the way along evenly spaced stops."""
    if len(stops) == 1:
        return stops[0]
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    return mix(stops[index], stops[index + 1], place - index)
