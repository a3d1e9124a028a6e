"""Finds providers: a module of this package whose name is its kind, one that another package offers by entry point, or
a card of a server that is compatible with OpenAI's API.

A provider's module has a function `make(settings, allowed) -> Adapter`. It may have prices.toml beside it, and
SETTINGS: those settings of its table that not every kind has; and EMBEDDED, where it asks no server.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from types import ModuleType
from typing import cast

from service.config.schema import Provider
from service.domain.card import extended
from service.domain.price import Price
from service.providers import openai_compatible, prices
from service.providers.base import Adapter
from service.providers.destinations import Allowed
from service.providers.openai_compatible import cards

ENTRY_POINTS = "imagegen.providers"

OF_THE_SEED = frozenset(
    {
        "openai",
        "azure",
        "anthropic",
        "bedrock",
        "cohere",
        "vertex",
        "mistral",
        "ollama",
        "groq",
        "sgl",
        "parasail",
        "perplexity",
        "cerebras",
        "gemini",
        "openrouter",
        "elevenlabs",
        "huggingface",
        "nebius",
        "xai",
    }
)
"""Providers that callers may name whether they are configured or not."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of provider: how to make its adapter, the prices shipped with it, and the settings that are its own."""

    make: Callable[[Provider, Allowed], Adapter]
    prices: dict[str, Price]
    settings: frozenset[str] = frozenset()
    embedded: bool = False
    """Whether it works in this process, so that address, keys and patience mean nothing to it."""

    def priced(self, settings: Provider) -> dict[str, Price]:
        """The shipped prices, also by the names that the operator gave to models."""
        known = {
            name: self.prices.get(model) or extended(self.prices, model, "-")
            for name, model in settings.deployments.items()
        }
        return {**self.prices, **{name: price for name, price in known.items() if price}}

    def foreign(self, settings: Provider) -> str | None:
        """A setting that this kind does not have, if there is one."""
        return next(
            (
                name
                for name in _SPECIAL
                if getattr(settings, name) != getattr(_PLAIN, name) and name not in self.settings
            ),
            None,
        )

    def idle(self, settings: Provider) -> frozenset[str]:
        """Settings at their defaults that this kind does nothing with."""
        without = {*_SPECIAL, *(_OF_SERVERS if self.embedded else ())} - self.settings
        return frozenset(name for name in without if getattr(settings, name) == getattr(_PLAIN, name))


_PLAIN = Provider()
_SPECIAL = ("models", "api_version", "form", "deployments", "entra")
"""Settings that not every kind has."""
_OF_SERVERS = ("base_url", "keys", "timeout", "retries", "ours")
"""Settings that every kind has that asks a server."""


def find(kind: str) -> Kind | None:
    """The provider of that kind, or None where there is none."""
    module = _module(kind)
    if module is not None:
        make = cast(Callable[[Provider, Allowed], Adapter], module.make)
        return Kind(
            make,
            prices.shipped(module.__name__) if hasattr(module, "__path__") else {},
            getattr(module, "SETTINGS", frozenset[str]()),
            getattr(module, "EMBEDDED", False),
        )
    if kind in cards.kinds():
        return Kind(partial(openai_compatible.made, kind), cards.card(kind).prices, openai_compatible.SETTINGS)
    return None


def kinds() -> list[str]:
    """Those of this package, those that there is a card for, and those offered by others, by name."""
    return sorted({*_own(), *cards.kinds(), *_offered().names})


@cache
def _own() -> frozenset[str]:
    return frozenset(
        each.name for each in pkgutil.iter_modules(import_module("service.providers").__path__) if each.ispkg
    )


@cache
def _offered() -> EntryPoints:
    """What other packages offer: to find it, the papers of every package that is installed are read."""
    return entry_points(group=ENTRY_POINTS)


def _module(kind: str) -> ModuleType | None:
    if kind in _offered().names:
        return cast(ModuleType, _offered()[kind].load())
    if kind in _own():
        return import_module(f"service.providers.{kind}")
    return None
