"""The painter's promises, measured on its pictures: repeatable, exact in size, and made of what the prompt says."""

from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter, ImageStat

from service.providers.painter.paint import Brief, paint, words
from service.providers.painter.reading import read
from service.raster import encode


def stages(prompt: str, width: int = 96, height: int = 96, seed: int = 1, **more: str) -> list[Image.Image]:
    return [stage.picture.copy() for stage in paint(Brief(prompt, width, height, seed, **more))]


def picture(prompt: str, width: int = 96, height: int = 96, seed: int = 1, **more: str) -> Image.Image:
    return stages(prompt, width, height, seed, **more)[-1]


def mean(image: Image.Image) -> float:
    return ImageStat.Stat(image.convert("L")).mean[0]


def saturation(image: Image.Image) -> float:
    return ImageStat.Stat(image.convert("HSV").getchannel("S")).mean[0]


def edges(image: Image.Image) -> float:
    return mean(image.convert("L").filter(ImageFilter.FIND_EDGES))


def distance(one: Image.Image, other: Image.Image) -> float:
    return mean(ImageChops.difference(one, other))


def test_same_brief_same_bytes() -> None:
    """The same brief gives the same bytes."""
    first, second = picture("a lighthouse at dusk"), picture("a lighthouse at dusk")

    assert encode(first, "png") == encode(second, "png")


@pytest.mark.parametrize("prompt", ["a cat", "mountains and a lake", "a city at night", "qwxz", "three boats at sea"])
def test_every_seed_is_another_composition(prompt: str) -> None:
    """The images of one request, each with a seed of its own, all differ visibly."""
    made = [picture(prompt, seed=seed) for seed in (1, 2, 3, -(2**63), 2**63 - 1)]

    assert all(distance(one, other) > 2 for i, one in enumerate(made) for other in made[:i])


def test_prompts_differ() -> None:
    """Another prompt is another picture."""
    assert distance(picture("a red cube"), picture("a snowy forest")) > 10


@pytest.mark.parametrize("size", [(64, 64), (65, 127), (1024, 256), (1536, 1024), (64, 400), (333, 64)])
def test_exact_size(size: tuple[int, int]) -> None:
    """Every stage is RGB and exactly as large as asked, odd sizes included."""
    for stage in paint(Brief("a castle on a hill, watercolor", *size, seed=7)):
        assert (stage.picture.size, stage.picture.mode) == (size, "RGB")


@pytest.mark.parametrize(
    "prompt", ["a horse in a field", "a cat", "a red cube", "fish underwater", "a galaxy", "zzz", ""]
)
def test_stages_grow(prompt: str) -> None:
    """Each stage differs from the one before, and over all they come nearer to the finished picture."""
    grown = stages(prompt)
    away = [distance(stage, grown[-1]) for stage in grown]

    assert 5 <= len(grown) <= 12
    assert all(distance(one, other) > 0 for one, other in pairwise(grown))
    assert away[-1] == 0
    assert sum(away[len(away) // 2 :]) < sum(away[: len(away) // 2])


def test_first_stage_is_no_void() -> None:
    """Even the first stage is worth showing: it has more than one tone."""
    first = stages("a house on a hill at sunset")[0].convert("L").getextrema()

    assert isinstance(first[0], (int, float))
    assert first != (first[0], first[0])


@pytest.mark.parametrize(("media", "name"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP"), ("gif", "GIF")])
def test_formats(media: str, name: str) -> None:
    """Every format decodes to the same size and says its own name."""
    read = Image.open(BytesIO(encode(picture("a red fox", 90, 70), media)))

    assert (read.format, read.size) == (name, (90, 70))


def test_unknown_format() -> None:
    """A format it cannot write is refused by name."""
    with pytest.raises(ValueError, match="bmp"):
        encode(Image.new("RGB", (8, 8)), "bmp")


@pytest.mark.parametrize("media", ["jpeg", "webp"])
def test_compression(media: str) -> None:
    """More compression means fewer bytes; 100 is the best quality."""
    made = picture("autumn forest", 256, 256)

    assert len(encode(made, media, 10)) < len(encode(made, media, 60)) < len(encode(made, media, 100))
    assert len(encode(made, media)) == len(encode(made, media, 100))


def test_png_is_lossless() -> None:
    """What was painted is what a PNG holds."""
    made = picture("a rainbow")

    assert Image.open(BytesIO(encode(made, "png"))).tobytes() == made.tobytes()


@pytest.mark.parametrize("prompt", ["a village in a valley", "a beach in summer"])
def test_style_changes_saturation(prompt: str) -> None:
    """Vivid is more saturated than plain, and plain than natural."""
    vivid, plain, natural = (saturation(picture(prompt, style=style)) for style in ("vivid", "", "natural"))

    assert vivid > plain > natural


@pytest.mark.parametrize("prompt", ["mountains", "a forest", "a city"])
def test_quality_changes_detail(prompt: str) -> None:
    """High quality has more fine structure than low, in the same composition."""
    low, high = (picture(prompt, 256, 256, quality=quality) for quality in ("low", "high"))

    assert edges(high) > edges(low)
    assert distance(high, low) < distance(high, picture(prompt, 256, 256, seed=5, quality="high"))


def test_named_colour_wins() -> None:
    """A red cube is red and a blue cube is blue, where the cube is."""
    red, blue = (
        ImageStat.Stat(ImageChops.difference(picture(f"a {colour} cube"), picture("a white cube"))).mean
        for colour in ("red", "blue")
    )

    assert red[0] < red[1]
    assert red[0] < red[2]
    assert blue[2] < blue[0]
    assert blue[2] < blue[1]


def test_colour_belongs_to_its_noun() -> None:
    """In a pink sky over golden fields, what is above is pinker and what is below more golden."""
    made = picture("golden fields under a pink sky", seed=3)
    above = ImageStat.Stat(made.crop((0, 0, 96, 30))).mean
    below = ImageStat.Stat(made.crop((0, 70, 96, 96))).mean

    assert above[2] > above[1]
    assert below[1] > below[2] + 20


@pytest.mark.parametrize("subject", ["a house", "mountains", "the sea"])
def test_night_is_darker(subject: str) -> None:
    """Night is darker than noon."""
    assert mean(picture(f"{subject} at night")) < mean(picture(f"{subject} at noon")) - 30


def test_snow_is_whiter() -> None:
    """Snow makes a landscape lighter and paler."""
    summer, winter = picture("hills in summer"), picture("hills in winter, snow")

    assert mean(winter) > mean(summer)
    assert saturation(winter) < saturation(summer)


@pytest.mark.parametrize(
    ("prompt", "negative"),
    [
        ("a cat and a dog", "dog"),
        ("a village with people", "no people"),
        ("sky with clouds", "clouds"),
        ("trees by a lake", "trees"),
    ],
)
def test_negative_prompt(prompt: str, negative: str) -> None:
    """What the negative prompt names is left out."""
    assert distance(picture(prompt, negative_prompt=negative), picture(prompt)) > 0.2


def test_left_out_is_never_said() -> None:
    """Leaving out the only extra noun gives the picture of the other alone, as far as its subjects go."""
    both = picture("a lighthouse without boats")
    also = picture("a lighthouse without boats", negative_prompt="boats")

    assert distance(both, also) == 0


def test_whole_words_only() -> None:
    """A carpet is not a car: it names nothing, and becomes a pattern."""
    assert distance(picture("a carpet"), picture("a car")) > 10


@pytest.mark.parametrize(("said", "count"), [("three boats", 3), ("7 boats", 7), ("a boat", 1), ("a dozen boats", 12)])
def test_counts(said: str, count: int) -> None:
    """A number is how many there are."""
    (boats,) = read(Brief(said, 64, 64, 1)).subjects

    assert (boats.noun, boats.count) == ("rowboat", count)


def test_words() -> None:
    """Token counts are plausible, grow with the prompt and never depend on anything else."""
    assert words("") == 0
    assert words("a red cube") == words("a red cube") == 3
    assert words("a lighthouse at dusk, oil painting") in range(6, 13)
    assert words("猫" * 10) > 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    prompt=st.text(max_size=200),
    seed=st.integers(-(2**63), 2**63 - 1),
    negative=st.text(max_size=40),
    quality=st.sampled_from(["low", "medium", "high"]),
)
def test_any_text_paints(prompt: str, seed: int, negative: str, quality: str) -> None:
    """Any text at all becomes a picture."""
    last = [*paint(Brief(prompt, 64, 64, seed, quality, None, negative))][-1].picture

    assert last.size == (64, 64)
    assert words(prompt) >= 0


NOUNS = [
    "cat", "snow", "storm", "sea", "night", "city", "oil painting", "three", "red", "riding", "horse", "no", "on",
    "table", "watercolor", "neon", "12", "underwater", "forest", "boats", "moon", "room", "pixel art", "giant",
    "aurora", "poster", "fog", "people", "galaxy", "street", "king", "pencil sketch", "desert", "waterfall", "whale",
]  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(prompt=st.lists(st.sampled_from(NOUNS), max_size=9).map(" ".join), seed=st.integers(0, 99))
def test_any_combination_paints(prompt: str, seed: int) -> None:
    """Nouns, weathers and media combine in any order."""
    assert picture(prompt, 64, 80, seed).size == (64, 80)


@pytest.mark.parametrize(
    "prompt",
    [
        "x" * 32_000,
        "a boat " * 4_571,
        "🦊🌊" * 8_000,
        "قطة تحت القمر",
        "\x00\x1b[31m\u202e",
        "\ud800 lone surrogate",
        "\n\t ",
        "١٢٣ ٤",
    ],
)
def test_strange_prompts(prompt: str) -> None:
    """Very long, right-to-left, broken and blank prompts all become pictures."""
    assert picture(prompt, 64, 64).size == (64, 64)
