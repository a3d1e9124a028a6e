"""The painter's door: a brief goes in, the picture comes out as it grows."""

from collections.abc import Iterator

from PIL import Image

from .brief import Brief
from .composition import compose
from .encode import encode, words
from .finish import finish, grade
from .reading import read

__all__ = ["Brief", "encode", "paint", "words"]


def paint(brief: Brief) -> Iterator[Image.Image]:
    """
    The picture in stages, background first; the last one is finished: RGB, exactly as wide and high as asked.

    All stages may be one image: encode or copy each before asking for the next. Not asking costs nothing more.
    """
    view, layers = compose(brief, read(brief))
    for layer in layers:
        layer(view)
        yield view.canvas.image
    grade(view, brief.style)
    yield view.canvas.image
    finish(view)
    yield view.canvas.image
