"""What a prompt says, understood: the nouns that every room of the painter draws from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .colours import Colour


@dataclass(frozen=True)
class Subject:
    """A figure that was named."""

    noun: str
    count: int = 1
    colour: Colour | None = None
    size: float = 1.0
    riding: "Subject | None" = None
    pose: str | None = None


@dataclass(frozen=True)
class Scene:
    subjects: tuple[Subject, ...] = ()
    scenery: frozenset[str] = frozenset()  # mountains, lake, city: what the world is made of
    sky: frozenset[str] = frozenset()  # moon, stars, aurora, rainbow: what hangs above it
    weather: frozenset[str] = frozenset()
    time: str | None = None
    season: str | None = None
    mood: str | None = None
    medium: str | None = None
    colours: Mapping[str, Colour] = field(default_factory=lambda: MappingProxyType({}))  # of scenery and sky
    accents: tuple[Colour, ...] = ()  # colours that belong to no noun
    without: frozenset[str] = frozenset()

    @property
    def abstract(self) -> bool:
        """Nothing in the prompt has a place in the world."""
        return not (self.subjects or self.scenery or self.sky or self.weather or self.time or self.season)

    def has(self, *names: str) -> bool:
        return any(name in self.scenery or name in self.sky or name in self.weather for name in names)

    def allows(self, name: str) -> bool:
        """Whether the painter may add this on its own."""
        return name not in self.without
