"""One painting in progress: canvas, scene, colours and dice, and where the horizon and the light are."""

from dataclasses import dataclass
from random import Random

from .brief import Dice
from .canvas import Canvas, Detail
from .colours import Colour, mix, under
from .palette import Palette
from .scene import Scene


@dataclass
class View:
    canvas: Canvas
    scene: Scene
    palette: Palette
    dice: Dice
    horizon: float  # pixels from the top
    sun: tuple[float, float]  # where the light comes from, in pixels
    hour: str
    plain: bool = False  # posters leave the small things out

    @property
    def width(self) -> int:
        return self.canvas.width

    @property
    def height(self) -> int:
        return self.canvas.height

    @property
    def short(self) -> int:
        return self.canvas.short

    @property
    def reach(self) -> float:
        """What figures are measured by: the shorter side, and somewhat more where the picture stands upright."""
        return self.short * min(1.35, max(1.0, self.height / self.width) ** 0.5)

    @property
    def rich(self) -> bool:
        return self.canvas.detail >= Detail.MEDIUM

    @property
    def from_left(self) -> bool:
        return self.sun[0] < self.width / 2

    @property
    def winter(self) -> bool:
        return self.scene.season == "winter" or self.scene.has("snow")

    def chance(self, label: str) -> Random:
        return self.dice.cast(label)

    def some(self, low: int, medium: int, high: int) -> int:
        """How many of something the quality calls for."""
        return (low, medium, high)[self.canvas.detail]

    def lit(self, colour: Colour) -> Colour:
        """The colour in the light of this scene."""
        return under(colour, self.palette.ambient)

    def away(self, colour: Colour, distance: float) -> Colour:
        """The colour in this light and this far away, 0 to 1."""
        return mix(self.lit(colour), self.palette.haze, distance)
