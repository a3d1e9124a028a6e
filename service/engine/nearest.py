"""The nearest shape to one that was asked for, among those that a model has: geometry alone.

Nearness is first that of the ratio of the sides, then that of the area, both as logarithms, so that half and double are
equally far. What is wide stays wide and what is tall stays tall: nothing else becomes a square but what nearly is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import ceil, exp, floor, gcd, inf, log, sqrt

from msgspec import Struct

from service.domain.card import Sizes

STANDARD = 1024
"""The side of the square that has the area of a picture of which nothing else is said."""

_PIXELS = re.compile("([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")
_RATIO = re.compile("([1-9][0-9]{0,3}):([1-9][0-9]{0,3})")
_CLASS = re.compile("([0-9]{1,2}(?:\\.[0-9]{1,2})?)[kK]|([1-9][0-9]{2,4})")

_SAME = 0.02
"""Ratios that are no further apart are taken for one: sides are whole numbers, and of some only multiples."""
_NEARLY_SQUARE = log(1.25)
_NEIGHBOURS = range(-2, 3)
_UNEVEN = 1.5
"""How much worse it is to be out of shape than to be larger or smaller."""
_LARGEST = 99_999


class Shape(Struct, frozen=True):
    """Two sides, not necessarily whole."""

    width: float
    height: float

    @property
    def ratio(self) -> float:
        return log(self.width / self.height)

    @property
    def area(self) -> float:
        return log(self.width * self.height)

    def __str__(self) -> str:
        return f"{self.width:.0f}x{self.height:.0f}"


def pixels(size: str) -> tuple[int, int]:
    """Width and height of a WIDTHxHEIGHT."""
    width, _, height = size.partition("x")
    return int(width), int(height)


def of_size(size: str) -> Shape | None:
    """The shape of a WIDTHxHEIGHT; None for "auto" and other words."""
    found = _PIXELS.fullmatch(size)
    return Shape(int(found[1]), int(found[2])) if found else None


def of_ratio(ratio: str, side: float = STANDARD) -> Shape | None:
    """The shape with the ratio W:H and the area of a square with this side; None for "auto" and other words."""
    found = _RATIO.fullmatch(ratio)
    if found is None:
        return None
    root = sqrt(int(found[1]) / int(found[2]))
    return Shape(side * root, side / root)


def of_resolution(resolution: str) -> float | None:
    """The side of the square of a class of size: 2048 of "2K", 512 of "512"; None for other words."""
    found = _CLASS.fullmatch(resolution)
    side = float(found[2] or float(found[1]) * STANDARD) if found else 0
    return side or None


def nearest_size(asked: Shape, sizes: Sizes) -> str | None:
    """The nearest of the sizes; None where none has its orientation."""
    named = [shape for name in sizes.names if (shape := of_size(name))]
    fitted = fit(asked, sizes) if sizes.any_size else None
    found = _nearest(asked, [*named, fitted] if fitted else named)
    return None if found is None else str(found)


def size_like(size: str, sizes: Sizes) -> str | None:
    """The size itself where the bounds let it be, else the nearest; None likewise, and for what is no size."""
    shape = of_size(size)
    if shape is None:
        return None
    if sizes.any_size and fits(*pixels(size), sizes):
        return size
    return nearest_size(shape, sizes)


def nearest_ratio(asked: Shape | None, ratios: Iterable[str]) -> str | None:
    """The nearest of ratios W:H; None likewise."""
    if asked is None:
        return None
    shapes = {each: shape for each in ratios if (shape := of_ratio(each))}
    found = _nearest(asked, list(shapes.values()), area_matters=False)
    return next((each for each, shape in shapes.items() if shape is found), None)


def nearest_resolution(side: float | None, resolutions: Iterable[str]) -> str | None:
    """The nearest class of size; None where there is none, and for what is none."""
    if side is None:
        return None
    known = {each: of for each in resolutions if (of := of_resolution(each))}
    return min(known, key=lambda each: abs(log(known[each] / side)), default=None)


def ratio_of(size: str) -> str | None:
    """A WIDTHxHEIGHT as W:H, in the smallest numbers."""
    if of_size(size) is None:
        return None
    width, height = pixels(size)
    common = gcd(width, height)
    return f"{width // common}:{height // common}"


def _nearest(asked: Shape, shapes: Sequence[Shape], *, area_matters: bool = True) -> Shape | None:
    def distance(shape: Shape) -> tuple[float, float]:
        off = abs(shape.ratio - asked.ratio)
        if not area_matters:
            return off, 0
        return (off if off > _SAME else 0), abs(shape.area - asked.area)

    return min((each for each in shapes if _keeps_orientation(asked, each)), key=distance, default=None)


def _keeps_orientation(asked: Shape, shape: Shape) -> bool:
    if abs(asked.ratio) <= _NEARLY_SQUARE:
        return True
    return abs(shape.ratio) > _SAME and (shape.ratio > 0) == (asked.ratio > 0)


def fits(width: int, height: int, sizes: Sizes) -> bool:
    """Whether a size is within the bounds."""
    short, long = min(width, height), max(width, height)
    return (
        not (width % sizes.multiple_of or height % sizes.multiple_of)
        and short >= max(1, sizes.min_side)
        and long <= (sizes.max_side or inf)
        and long <= (sizes.max_ratio or inf) * short
        and sizes.min_pixels <= width * height <= (sizes.max_pixels or inf)
    )


def fit(asked: Shape, sizes: Sizes) -> Shape | None:
    """The shape brought within the bounds: its ratio kept as well as they allow, then its area."""
    step = sizes.multiple_of
    low, high = ceil(max(1, sizes.min_side) / step) * step, _or(sizes.max_side, _LARGEST) // step * step
    least, most = max(sizes.min_pixels, low * low), min(_or(sizes.max_pixels, high * high), high * high)
    if low > high or least > most:
        return None
    # The widest that there is has the longest side, or the shortest with as many pixels as may be.
    widest = min(log(_or(sizes.max_ratio, inf)), log(high / low), log(high * high / least), log(most / (low * low)))
    ratio = exp(max(-widest, min(widest, asked.ratio)))
    narrowest = max(low * max(1, ratio), sqrt(least * ratio))
    broadest = min(high * min(1, ratio), sqrt(most * ratio))
    width = max(narrowest, min(broadest, sqrt(asked.width * asked.height * ratio)))
    return _on_grid(Shape(width, width / ratio), sizes)


def _on_grid(ideal: Shape, sizes: Sizes) -> Shape | None:
    """The nearest to it whose sides are the multiples that they have to be."""
    step = sizes.multiple_of
    short, long = sorted((ideal.width, ideal.height))
    found: list[Shape] = []
    for first in (step * (round(short / step) + each) for each in _NEIGHBOURS):
        if first <= 0:
            continue
        longest = min(_or(sizes.max_side, inf), first * _or(sizes.max_ratio, inf), _or(sizes.max_pixels, inf) / first)
        for second in (long, long * first / short):
            second = min(step * round(second / step), step * floor(min(longest, _LARGEST) / step))
            second = max(second, step * ceil(sizes.min_pixels / first / step))
            width, height = (first, second) if ideal.ratio <= 0 else (second, first)
            found += [Shape(width, height)] if fits(width, height, sizes) else []
    return min(
        found, key=lambda each: _UNEVEN * abs(each.ratio - ideal.ratio) + abs(each.area - ideal.area), default=None
    )


def _or(bound: float, otherwise: float) -> float:
    """A bound; 0 stands for none."""
    return bound or otherwise
