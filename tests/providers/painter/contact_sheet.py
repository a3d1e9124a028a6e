"""
Twenty-four prompts in three shapes on one sheet, to be looked at: what the painter can do, and what it cannot.

    PYTHONPATH=.:protos python tests/providers/painter/contact_sheet.py docs/painter.jpg docs/banner.jpg

The second file, if named, is the README's banner.
"""

import sys

from PIL import Image, ImageDraw, ImageFont

from service.providers.painter.paint import Brief, paint

PROMPTS = (
    "a lighthouse at dusk",
    "snowy mountains reflected in a lake at sunrise",
    "a city skyline at night",
    "three sailing boats on a calm sea",
    "a ginger cat on a windowsill, rain outside",
    "an astronaut riding a white horse on the moon",
    "a red cube",
    "golden fields under a pink sky",
    "autumn forest in fog with a deer",
    "aurora over a snowy cabin at night",
    "hot air balloons over rolling hills at dawn",
    "a stormy sea with lightning and a ship",
    "clownfish and a turtle underwater",
    "a rainy street at night",
    "camels in the desert at sunset",
    "a bouquet of flowers in a vase, oil painting",
    "a village by a river in spring, watercolor",
    "a castle on a hill, pixel art",
    "a fox in the snow, poster",
    "a neon city with a sports car",
    "a portrait of a woman, pencil sketch",
    "a rocket in space with planets",
    "a knight and a dragon, dramatic mountains",
    "supercalifragilistic",
)
SHAPES = ((300, 300), (450, 300), (200, 300))  # how large each is shown
FINER = 2  # and how many times larger it is painted
GAP, LABEL = 14, 30
BANNER = Brief("a lighthouse on an island at sunset with three sailing boats", 1200, 500, seed=8, quality="high")
PAPER, INK = (250, 248, 244), (60, 58, 66)


def finished(brief: Brief) -> Image.Image:
    return [*paint(brief)][-1].picture


def painted(prompt: str, size: tuple[int, int], seed: int) -> Image.Image:
    return finished(Brief(prompt, size[0] * FINER, size[1] * FINER, seed, "high")).reduce(FINER)


def contact_sheet() -> Image.Image:
    width = sum(shape[0] for shape in SHAPES) + GAP * (len(SHAPES) + 1)
    height = SHAPES[0][1] + LABEL + GAP
    columns = 2
    sheet = Image.new("RGB", (width * columns, height * len(PROMPTS) // columns + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(17)
    for number, prompt in enumerate(PROMPTS):
        x = number % columns * width + GAP
        y = number // columns * height + GAP
        draw.text((x, y), prompt, fill=INK, font=font)
        for seed, shape in enumerate(SHAPES, start=1):
            sheet.paste(painted(prompt, shape, seed), (x, y + LABEL - 4))
            x += shape[0] + GAP
    return sheet


if __name__ == "__main__":
    contact_sheet().save(sys.argv[1], quality=86, optimize=True)
    if len(sys.argv) > 2:
        finished(BANNER).save(sys.argv[2], quality=90, optimize=True)
