"""The painter's door: a brief goes in, the picture comes out as it grows."""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from .brief import Brief
from .composition import compose
from .finish import finish, grade
from .reading import read
from .words import words

__all__ = ["Brief", "Stage", "paint", "words"]


@dataclass(frozen=True, slots=True)
class Stage:
    """The picture as far as it is, and how far that is: above 0, and 1 for the finished one."""

    picture: Image.Image
    done: float


def paint(brief: Brief) -> Iterator[Stage]:
    """
    The picture in stages, background first; the last one is finished: RGB, exactly as wide and high as asked.

    All stages may be one image: encode or copy each before asking for the next. Not asking costs nothing more.
    """
    view, layers = compose(brief, read(brief))
    total = len(layers) + 2
    for number, layer in enumerate(layers, 1):
        layer(view)
        yield Stage(view.canvas.image, number / total)
    grade(view, brief.style)
    yield Stage(view.canvas.image, (total - 1) / total)
    finish(view)
    yield Stage(view.canvas.image, 1)
