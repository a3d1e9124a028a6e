"""Textures from dice: cloud-like noise, grain, gradients; made small and resized, which keeps them smooth and quick."""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from random import Random

from PIL import Image, ImageChops, ImageOps

from .colours import Colour, ramp

Size = tuple[int, int]

GRADIENT_STEPS = 192


def speckle(chance: Random, size: Size) -> Image.Image:
    """Every pixel a grey of its own."""
    return Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))


def fractal(chance: Random, size: Size, cells: Size, octaves: int = 4, roughness: float = 0.5) -> Image.Image:
    """Cloud-like noise over the full range of greys; `cells` is how many lumps fit across and down."""
    total: Image.Image | None = None
    weight, weights = 1.0, 0.0
    across, down = cells
    for _ in range(octaves):
        if across > size[0] * 2 or down > size[1] * 2:
            break
        layer = speckle(chance, (max(2, across), max(2, down))).resize(size, Image.Resampling.BICUBIC)
        weights += weight
        total = layer if total is None else Image.blend(total, layer, weight / weights)
        weight *= roughness
        across, down = across * 2, down * 2
    return ImageOps.autocontrast(total if total is not None else speckle(chance, size), cutoff=1)


def tiled(tile: Image.Image, size: Size) -> Image.Image:
    """The tile repeated until it covers the size, by doubling: a few pastes instead of thousands."""
    sheet = Image.new(tile.mode, size)
    sheet.paste(tile, (0, 0))
    width, height = tile.size
    while width < size[0]:
        sheet.paste(sheet.crop((0, 0, width, min(height, size[1]))), (width, 0))
        width *= 2
    while height < size[1]:
        sheet.paste(sheet.crop((0, 0, size[0], height)), (0, height))
        height *= 2
    return sheet


def grain(chance: Random, size: Size) -> Image.Image:
    """Fine film grain around middle grey; two throws averaged, so that extremes are rare."""
    edge = 256
    tile = Image.blend(speckle(chance, (edge, edge)), speckle(chance, (edge, edge)), 0.5)
    return tiled(tile, size)


def levels(image: Image.Image, low: float, high: float, gain: float = 1.0) -> Image.Image:
    """Greys below `low` become black, above `high` white (both 0 to 1), then everything is scaled by `gain`."""
    low, high = low * 255, high * 255
    table = [min(255, max(0, round((grey - low) / max(high - low, 1) * 255 * gain))) for grey in range(256)]
    return image.point(table)


def faded(mask: Image.Image, opacity: float) -> Image.Image:
    return mask if opacity >= 1 else mask.point([round(grey * opacity) for grey in range(256)])


def vertical(size: Size, stops: tuple[Colour, ...]) -> Image.Image:
    """Colours running from top to bottom."""
    steps = max(2, min(GRADIENT_STEPS, size[1]))
    column = Image.new("RGB", (1, steps))
    column.putdata([ramp(stops, row / (steps - 1)) for row in range(steps)])
    return column.resize(size, Image.Resampling.BICUBIC)


def slope(size: Size, top: float, bottom: float) -> Image.Image:
    """Greys running from top to bottom, both 0 to 1."""
    steps = max(2, min(GRADIENT_STEPS, size[1]))
    column = Image.new("L", (1, steps))
    span = (bottom - top) * 255
    column.putdata([round(top * 255 + span * row / (steps - 1)) for row in range(steps)])
    return column.resize(size, Image.Resampling.BICUBIC)


def halo(size: Size, power: float = 2.0, strength: float = 1.0) -> Image.Image:
    """White in the middle, black at the rim of the inscribed ellipse."""
    table = [round(255 * strength * max(0.0, 1 - distance / 181) ** power) for distance in range(256)]
    # Pillow's radial gradient reaches 181 at the middle of each side and 255 in the corners.
    return Image.radial_gradient("L").point(table).resize(size, Image.Resampling.BICUBIC)


def coloured(grey: Image.Image, colour: Colour) -> Image.Image:
    """Light of one colour, as strong as the grey."""
    return Image.merge("RGB", [grey.point([value * part // 255 for value in range(256)]) for part in colour])


def product(first: Image.Image, second: Image.Image) -> Image.Image:
    """Where both masks let light through."""
    return ImageChops.multiply(first, second if second.size == first.size else second.resize(first.size))
