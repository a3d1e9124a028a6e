"""Every model that the product ships with, its card and its price."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from service.config.schema import Provider
from service.domain.card import ModelCard
from service.domain.price import Price
from service.providers import registry
from service.providers.destinations import NOTHING


@dataclass(frozen=True, slots=True)
class Shipped:
    kind: str
    model: str
    card: ModelCard
    price: Price | None

    def __str__(self) -> str:
        return f"{self.kind}/{self.model}"


@cache
def shipped() -> tuple[Shipped, ...]:
    """What each kind of provider lists."""
    found: list[Shipped] = []
    for kind in registry.kinds():
        provider = registry.find(kind)
        assert provider is not None
        for model, card in provider.make(Provider(kind=kind), NOTHING).models.items():
            found.append(Shipped(kind, model, card, provider.prices.get(model)))
    return tuple(found)
