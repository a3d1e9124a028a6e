"""The last hand on the picture: light and contrast, and the medium it is made in."""

# pyright: reportUnknownMemberType=false
# Pillow's signatures name numpy, which is not installed here.

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from .canvas import Canvas, Detail
from .colours import Colour, mix
from .texture import fractal, grain, levels, speckle, tiled
from .view import View


def grade(view: View, style: str | None) -> None:
    """Contrast and colour by style and mood, and corners a little darker."""
    canvas, mood = view.canvas, view.scene.mood
    contrast = {"vivid": 1.17, "natural": 0.9}.get(style or "", 1.03)
    colour = {"vivid": 1.3, "natural": 0.74}.get(style or "", 1.06)
    contrast *= {"dramatic": 1.12, "dreamy": 0.93, "calm": 0.96, "mysterious": 1.05}.get(mood or "", 1.0)
    colour *= {"melancholic": 0.75, "joyful": 1.1}.get(mood or "", 1.0)
    if canvas.detail is not Detail.LOW and mood == "dreamy":
        small = canvas.image.reduce(max(1, view.short // 256)).filter(ImageFilter.GaussianBlur(5))
        canvas.image = ImageChops.screen(
            canvas.image, _dimmed(small, 0.3).resize(canvas.image.size, Image.Resampling.BICUBIC)
        )
    canvas.image = ImageEnhance.Color(canvas.image).enhance(colour)
    # Around a fixed grey: ImageEnhance.Contrast turns round the mean, which lifts nights and dulls snow.
    table = [min(255, max(0, round((grey - 122) * contrast + 122))) for grey in range(256)]
    canvas.image = canvas.image.point(table * 3)
    if canvas.detail is not Detail.LOW and not view.plain:
        vignette(canvas, 0.34 if mood in ("mysterious", "dramatic", "melancholic") else 0.15)


def _dimmed(image: Image.Image, share: float) -> Image.Image:
    return image.point([round(grey * share) for grey in range(256)] * len(image.getbands()))


def vignette(canvas: Canvas, amount: float) -> None:
    centre = ImageOps.invert(Image.radial_gradient("L")).point([min(255, grey * 2) for grey in range(256)])
    canvas.darken(centre, 0.0, 1.0, amount)


def grained(canvas: Canvas, view: View, amount: float) -> None:
    """Grain hides the steps of gradients (a dither), and at high quality looks like paper."""
    noise = grain(view.chance("grain"), canvas.image.size)
    table = [round(128 + (grey - 128) * amount) for grey in range(256)]
    noise = noise.point(table)
    canvas.image = ImageChops.add(canvas.image, Image.merge("RGB", (noise, noise, noise)), 1, -128)


def finish(view: View) -> None:
    """The medium: every one of them a few filters over the whole picture."""
    canvas = view.canvas
    medium = {
        "watercolour": watercolour,
        "oil": oil,
        "pencil": pencil,
        "pixel": pixel,
        "poster": poster,
        "neon": neon,
        "monochrome": monochrome,
        "sepia": sepia,
    }.get(view.scene.medium or "")
    if medium is not None:
        medium(view)
    elif canvas.detail is Detail.LOW:
        canvas.image = ImageOps.posterize(canvas.image, 5)
    if view.scene.medium in ("pixel", "poster", "oil", "pencil"):
        return
    if canvas.detail is Detail.MEDIUM:
        grained(canvas, view, 0.035)
    elif canvas.detail is Detail.HIGH:
        paper = fractal(view.chance("paper"), (256, 256), (90, 90), 2, 0.8)
        weave = tiled(paper, canvas.image.size).point([round(128 + (grey - 128) * 0.035) for grey in range(256)])
        canvas.image = ImageChops.add(canvas.image, Image.merge("RGB", (weave, weave, weave)), 1, -128)
        grained(canvas, view, 0.045)


def watercolour(view: View) -> None:
    """Edges that wander, pigment that pools darker along them, white paper round the rim and between granules."""
    canvas, chance = view.canvas, view.chance("watercolour")
    width, height = canvas.image.size
    body = canvas.image
    # The picture is bent a little, cell by cell, as wet paper bends it.
    cells = 26
    swing = view.short * 0.007
    knots = [
        [(chance.uniform(-swing, swing), chance.uniform(-swing, swing)) for _ in range(cells + 1)]
        for _ in range(cells + 1)
    ]

    def knot(i: int, j: int) -> tuple[float, float]:
        dx, dy = knots[j][i]
        return (i * width / cells + dx, j * height / cells + dy)

    mesh: list[tuple[tuple[int, int, int, int], tuple[float, ...]]] = []
    for j in range(cells):
        for i in range(cells):
            box = (i * width // cells, j * height // cells, (i + 1) * width // cells, (j + 1) * height // cells)
            quad = (*knot(i, j), *knot(i, j + 1), *knot(i + 1, j + 1), *knot(i + 1, j))
            if box[0] < box[2] and box[1] < box[3]:
                mesh.append((box, quad))
    body = body.transform(body.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    broad = 340 if canvas.detail is Detail.LOW else 700
    small = body.resize(
        (max(1, min(width, broad)), max(1, round(height * min(width, broad) / width))), Image.Resampling.BILINEAR
    )
    flat = small.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.ModeFilter(5))
    pooled = ImageChops.difference(flat.filter(ImageFilter.GaussianBlur(4)), flat).convert("L")
    flat = flat.resize(body.size, Image.Resampling.BICUBIC)
    body = Image.blend(body, flat, 0.75)
    pale = levels(fractal(chance, (256, 256), (5, 5), 4, 0.6), 0.2, 1.0, 0.42).resize(
        body.size, Image.Resampling.BICUBIC
    )
    body.paste((252, 250, 244), (0, 0), pale)
    edges = pooled.point([min(255, grey * 5) for grey in range(256)]).resize(body.size, Image.Resampling.BICUBIC)
    pigment = edges.point([255 - grey // 3 for grey in range(256)])
    canvas.image = ImageChops.multiply(body, Image.merge("RGB", (pigment, pigment, pigment)))
    granules = tiled(fractal(chance, (256, 256), (110, 110), 2, 0.7), body.size)
    canvas.darken(granules, 0.0, 0.7, 0.07)
    _paper_rim(view, (252, 250, 244))


def _paper_rim(view: View, paper: Colour) -> None:
    """The sheet shows around the wash, whose border is uneven."""
    canvas, chance = view.canvas, view.chance("rim")
    size = (min(view.width, 512), max(1, round(min(view.width, 512) * view.height / view.width)))
    rim = Image.new("L", size, 255)
    edge = max(1, round(min(size) * 0.035))
    rim.paste(0, (edge, edge, max(edge, size[0] - edge), max(edge, size[1] - edge)))
    rim = rim.filter(ImageFilter.GaussianBlur(edge * 0.55))
    ragged = fractal(chance, size, (22, 22), 4, 0.6)
    mask = levels(ImageChops.add(rim, ragged.point([grey // 2 for grey in range(256)]), 1, -40), 0.36, 0.5)
    canvas.veil(paper, mask)


def oil(view: View) -> None:
    """Colour laid on in dabs: the picture is taken apart into strokes at two sizes, with ridges of paint on top."""
    canvas, chance = view.canvas, view.chance("oil")
    width = min(view.width, 340 if canvas.detail is Detail.LOW else 760)
    size = (width, max(1, round(width * view.height / view.width)))
    small = canvas.image.resize(size, Image.Resampling.BILINEAR)
    dabs = small.filter(ImageFilter.ModeFilter(7)).filter(ImageFilter.MedianFilter(3))
    lean = speckle(chance, (size[0] // 2 + 1, size[1] // 9 + 1)).resize(size, Image.Resampling.BICUBIC)
    across = speckle(chance, (size[0] // 9 + 1, size[1] // 2 + 1)).resize(size, Image.Resampling.BICUBIC)
    strokes = Image.composite(lean, across, levels(fractal(chance, size, (6, 6), 3), 0.42, 0.58))
    ridges = strokes.filter(ImageFilter.Kernel((3, 3), (-2, -1, 0, -1, 0, 1, 0, 1, 2), 7, 128))
    ridges = ridges.point([round(128 + (grey - 128) * 0.36) for grey in range(256)])
    # Tone varies from stroke to stroke, as pigment does on a brush.
    tone = strokes.point([round(128 + (grey - 128) * 0.14) for grey in range(256)])
    dabs = ImageChops.add(dabs, Image.merge("RGB", (tone, tone, tone)), 1, -128)
    large = Image.blend(canvas.image, dabs.resize(canvas.image.size, Image.Resampling.BICUBIC), 0.88)
    relief = ridges.resize(canvas.image.size, Image.Resampling.BICUBIC)
    canvas.image = ImageChops.add(large, Image.merge("RGB", (relief, relief, relief)), 1, -128)
    canvas.image = ImageEnhance.Color(canvas.image).enhance(1.15)


def pencil(view: View) -> None:
    """Graphite: dark lines where tones meet, and three tones of hatching on paper."""
    canvas, chance = view.canvas, view.chance("pencil")
    grey = canvas.image.convert("L")
    # Paper is bright: shadows are lifted before they are hatched.
    grey = ImageOps.autocontrast(grey, cutoff=2).point([round(255 * (value / 255) ** 0.5) for value in range(256)])
    size = grey.size
    wide = grey.filter(ImageFilter.GaussianBlur(max(1.0, view.short / 420)))
    lines = ImageChops.difference(grey, wide).point([min(255, round(value * 5.5)) for value in range(256)])
    hatch_tile = speckle(chance, (128, 128)).resize((128, 128))
    wide_enough = round(1.45 * max(size) / view.short * 420)
    strokes = fractal(chance, (wide_enough, wide_enough), (wide_enough // 30, wide_enough // 2), 2, 0.7)
    strokes = strokes.rotate(38, Image.Resampling.BICUBIC)
    reach = (round(size[0] / view.short * 420), round(size[1] / view.short * 420))
    left, top = (wide_enough - reach[0]) // 2, (wide_enough - reach[1]) // 2
    hatch = strokes.crop((left, top, left + reach[0], top + reach[1])).resize(size, Image.Resampling.BICUBIC)
    tone = ImageChops.add(grey, hatch.point([round((value - 128) * 0.75 + 128) for value in range(256)]), 1, -128)
    tone = tone.point([round(96 + value * 0.62) if value < 245 else 252 for value in range(256)])
    tone = ImageChops.subtract(tone, lines.point([round(value * 0.75) for value in range(256)]))
    tone = ImageChops.add(
        tone, tiled(hatch_tile, size).point([round((value - 128) * 0.09 + 128) for value in range(256)]), 1, -128
    )
    canvas.image = ImageOps.colorize(tone, (38, 38, 46), (250, 247, 238), mid=(140, 138, 138))
    _paper_rim(view, (250, 247, 238))


def pixel(view: View) -> None:
    """A small grid of squares in few colours."""
    canvas = view.canvas
    cell = max(1, round(view.short / (72 if canvas.detail is Detail.LOW else 112)))
    size = (max(1, round(view.width / cell)), max(1, round(view.height / cell)))
    small = ImageEnhance.Color(canvas.image.resize(size, Image.Resampling.BOX)).enhance(1.25)
    few = small.quantize(28, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    canvas.image = few.resize(canvas.image.size, Image.Resampling.NEAREST)


def poster(view: View) -> None:
    """Flat inks in few tones, on a sheet with a border."""
    canvas = view.canvas
    size = (min(view.width, 512), max(1, round(min(view.width, 512) * view.height / view.width)))
    inks = canvas.image.resize(size, Image.Resampling.BILINEAR).quantize(28, Image.Quantize.MEDIANCUT)
    canvas.image = canvas.image.quantize(palette=inks, dither=Image.Dither.NONE).convert("RGB")
    if canvas.detail is not Detail.LOW:
        canvas.image = canvas.image.filter(ImageFilter.ModeFilter(3)) if view.short <= 1100 else canvas.image
    edge = round(view.short * 0.035)
    frame = canvas.image.crop((edge, edge, view.width - edge, view.height - edge))
    canvas.image.paste(mix((250, 244, 230), view.palette.sky[3], 0.08), (0, 0, view.width, view.height))
    canvas.image.paste(frame, (edge, edge))


def neon(view: View) -> None:
    """Everything dark but its edges, which shine in two colours and light the air."""
    canvas = view.canvas
    width, height = canvas.image.size
    smooth = canvas.image.filter(ImageFilter.GaussianBlur(max(0.8, view.short / 900)))
    red, green, blue = (channel.filter(ImageFilter.FIND_EDGES) for channel in smooth.split())
    edges = ImageChops.lighter(red, ImageChops.lighter(green, blue)).crop((2, 2, max(3, width - 2), max(3, height - 2)))
    edges = edges.resize((width, height)).point([min(255, max(0, round((value - 9) * 7))) for value in range(256)])
    accents = view.scene.accents
    first = accents[0] if accents else (255, 64, 200)
    second = accents[1] if len(accents) > 1 else (60, 220, 255)
    gradient = Image.linear_gradient("L").resize((width, height))
    tints = Image.composite(
        Image.new("RGB", (width, height), first), Image.new("RGB", (width, height), second), gradient
    )
    lines = ImageChops.multiply(tints, Image.merge("RGB", (edges, edges, edges)))
    step = max(1, view.short // 256)
    haze = (
        lines.reduce(step)
        .filter(ImageFilter.GaussianBlur(3.2))
        .point([min(255, value * 2) for value in range(256)] * 3)
    )
    dark = ImageChops.multiply(canvas.image, Image.new("RGB", (width, height), (74, 60, 120)))
    lit = ImageChops.screen(dark, haze.resize((width, height), Image.Resampling.BICUBIC))
    canvas.image = ImageChops.screen(lit, lines)


def monochrome(view: View) -> None:
    grey = ImageOps.autocontrast(view.canvas.image.convert("L"), cutoff=1)
    view.canvas.image = Image.merge("RGB", (grey, grey, grey))


def sepia(view: View) -> None:
    grey = ImageOps.autocontrast(view.canvas.image.convert("L"), cutoff=1)
    view.canvas.image = ImageOps.colorize(grey, (44, 28, 18), (250, 236, 206), mid=(164, 126, 86))
