"""Geometry: the nearest size, ratio or class of size, whatever a model's bounds are."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from service.domain.card import Sizes
from service.engine.nearest import (
    Shape,
    fit,
    fits,
    nearest_ratio,
    nearest_resolution,
    nearest_size,
    of_ratio,
    of_resolution,
    of_size,
    pixels,
    size_like,
)

DALL_E_3 = Sizes(names=("1024x1024", "1792x1024", "1024x1792"))
SQUARES = Sizes(names=("auto", "256x256", "512x512", "1024x1024"))
TALL = Sizes(names=("1024x1792",))

sides = st.integers(1, 99_999)
shapes = st.builds(Shape, sides, sides)


@st.composite
def bounds(draw: st.DrawFn) -> Sizes:
    """Bounds as a provider might have them: some sizes lie within."""
    step = draw(st.sampled_from([1, 2, 8, 16, 32, 64]))
    low = draw(st.integers(1, 32)) * step
    high = low + draw(st.integers(8, 256)) * step
    least = draw(st.sampled_from([0, 0, low * low, low * high // 2]))
    most = draw(st.sampled_from([0, 2 * least + 4 * low * high, high * high]))
    ratio = draw(st.sampled_from([0.0, 2.0, 2.5, 3.0, 8.0]))
    assume(not most or most >= 4 * max(least, low * low))
    names = draw(st.sampled_from([(), ("auto",)]))
    return Sizes(
        names=names,
        any_size=True,
        multiple_of=step,
        min_side=low,
        max_side=high,
        max_ratio=ratio,
        min_pixels=least,
        max_pixels=most,
    )


@settings(max_examples=500, deadline=None)
@given(bounds(), shapes)
def test_what_is_fitted_is_within_the_bounds(sizes: Sizes, asked: Shape) -> None:
    """Whatever is asked, some size within any model's bounds is found for it."""
    found = fit(asked, sizes)

    assert found is not None
    assert fits(int(found.width), int(found.height), sizes)
    assert pixels(str(found)) == (found.width, found.height)


@settings(max_examples=500, deadline=None)
@given(bounds(), shapes)
def test_what_is_wide_stays_wide(sizes: Sizes, asked: Shape) -> None:
    """Nothing becomes a square that is not nearly one, and nothing is turned on its side."""
    found = nearest_size(asked, sizes)

    assume(found is not None)
    assert found is not None
    width, height = pixels(found)
    if asked.width > 1.25 * asked.height:
        assert width > height
    if asked.height > 1.25 * asked.width:
        assert height > width


@settings(max_examples=300, deadline=None)
@given(bounds(), shapes)
def test_what_fits_is_left_as_it_is(sizes: Sizes, asked: Shape) -> None:
    """A size within the bounds is the nearest to itself."""
    within = fit(asked, sizes)

    assert within is not None
    assert size_like(str(within), sizes) == str(within)
    assert nearest_size(within, sizes) == str(within)


@settings(max_examples=300, deadline=None)
@given(bounds(), shapes)
def test_the_ratio_is_kept_where_there_is_room_for_it(sizes: Sizes, asked: Shape) -> None:
    """Where bounds have room for the ratio, what is sent is as far from it as its multiples are, and no further."""
    found = fit(asked, replace(sizes, multiple_of=1))
    room = min(sizes.max_ratio or 100, sizes.max_side / sizes.min_side / 2)
    least = max(sizes.min_pixels, 1)
    assume(abs(asked.ratio) < log(room) and sizes.max_side**2 / least > 2 * room)

    assert found is not None
    assert abs(found.ratio - asked.ratio) <= 2 / min(found.width, found.height)


@settings(max_examples=200, deadline=None)
@given(st.builds(Sizes, names=st.just(()), any_size=st.just(True), multiple_of=st.integers(1, 64),
                 min_side=st.integers(0, 64), max_side=st.integers(0, 64), max_ratio=st.sampled_from([0.0, 1.0, 1.1]),
                 min_pixels=st.integers(0, 5000), max_pixels=st.integers(0, 5000)), shapes)  # fmt: skip
def test_bounds_that_hold_nothing_are_survived(sizes: Sizes, asked: Shape) -> None:
    """Bounds may contradict each other: then there is no size, and no mistake."""
    found = fit(asked, sizes)

    assert found is None or fits(int(found.width), int(found.height), sizes)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("256x256", "1024x1024"),
        ("1536x1024", "1792x1024"),
        ("1024x1536", "1024x1792"),
        ("1920x1080", "1792x1024"),
        ("4096x100", "1792x1024"),
        ("1100x1024", "1024x1024"),
        ("1300x1000", "1792x1024"),
        ("1000x1300", "1024x1792"),
    ],
)
def test_of_named_sizes_the_nearest_in_shape(asked: str, found: str) -> None:
    """The ratio goes before the area."""
    assert size_like(asked, DALL_E_3) == found


def test_of_equal_shapes_the_nearest_in_area() -> None:
    """Among squares it is the area that decides, half and double being equally far."""
    assert [size_like(each, SQUARES) for each in ("64x64", "300x300", "400x400", "2048x2048")] == [
        "256x256",
        "256x256",
        "512x512",
        "1024x1024",
    ]


@pytest.mark.parametrize(("asked", "sizes"), [("1536x1024", SQUARES), ("1024x1536", SQUARES), ("1536x1024", TALL)])
def test_no_size_of_that_orientation(asked: str, sizes: Sizes) -> None:
    """A model that makes squares alone, or pictures that stand, has no size for one that lies."""
    assert size_like(asked, sizes) is None


def test_what_is_nearly_square_may_become_anything() -> None:
    """Between a square and what is wider by a quarter there is no orientation to keep."""
    assert size_like("1200x1000", SQUARES) == "1024x1024"
    assert size_like("1200x1000", TALL) == "1024x1792"


@pytest.mark.parametrize("word", ["auto", "", "1024", "0x5", "1024x1024x3", "1:1"])
def test_what_is_no_size(word: str) -> None:
    """Words have no shape."""
    assert (of_size(word), size_like(word, DALL_E_3)) == (None, None)


RATIOS = ("auto", "1:1", "4:3", "3:4", "16:9", "9:16", "21:9")


@pytest.mark.parametrize(
    ("width", "height", "found"),
    [
        (1024, 1024, "1:1"),
        (1536, 1024, "4:3"),
        (1792, 1024, "16:9"),
        (1024, 1792, "9:16"),
        (3000, 1000, "21:9"),
        (1280, 1000, "4:3"),
    ],
)
def test_ratios(width: int, height: int, found: str) -> None:
    """A ratio is near in what it is, not in how it is written."""
    assert nearest_ratio(Shape(width, height), RATIOS) == found


def test_no_ratio_of_that_orientation() -> None:
    """A model with squares alone, or without ratios, has none for what is wide; what is no ratio is near to nothing."""
    assert nearest_ratio(Shape(2, 1), ("1:1", "9:16")) is None
    assert nearest_ratio(Shape(2, 1), ("auto",)) is None
    assert nearest_ratio(of_ratio("auto"), RATIOS) is None


def test_classes_of_size() -> None:
    """ "1K" is 1024 pixels square, a number is itself; the nearest of a model's is half or double as near."""
    classes = {"1K": 1024, "2k": 2048, "0.5K": 512, "512": 512, "0K": None, "1080p": None, "": None, "99": None}

    assert {word: of_resolution(word) for word in classes} == classes
    assert [nearest_resolution(side, ("1K", "2K", "4K")) for side in (1, 1100, 1500, 9000, None)] == [
        "1K",
        "1K",
        "2K",
        "4K",
        None,
    ]
