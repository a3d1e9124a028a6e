"""Every noun that has a figure, by name. A new one is a function and a line in its room's table."""

from types import MappingProxyType

from . import (
    aquatic,
    beasts,
    birds,
    buildings,
    costumes,
    food,
    herds,
    household,
    people,
    plants,
    solids,
    things,
    vehicles,
)
from .pen import Figure

FIGURES: MappingProxyType[str, Figure] = MappingProxyType(
    solids.FIGURES
    | beasts.FIGURES
    | herds.FIGURES
    | birds.FIGURES
    | aquatic.FIGURES
    | people.FIGURES
    | costumes.FIGURES
    | vehicles.FIGURES
    | buildings.FIGURES
    | plants.FIGURES
    | food.FIGURES
    | household.FIGURES
    | things.FIGURES
)
