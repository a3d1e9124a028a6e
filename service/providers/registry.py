"""Finds providers: a module of this package whose name is its kind, or one that another package offers by entry point.

A provider's module has a function `make(settings, allowed) -> Adapter`, and may have prices.toml beside it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import cast

from service.config.schema import Provider
from service.domain.price import Price
from service.providers import prices
from service.providers.base import Adapter
from service.providers.destinations import Allowed

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
class Found:
    """A kind of provider: how to make its adapter, and the prices shipped with it."""

    make: Callable[[Provider, Allowed], Adapter]
    prices: dict[str, Price]


def find(kind: str) -> Found | None:
    """The provider of that kind, or None where there is none."""
    module = _module(kind)
    if module is None:
        return None
    return Found(cast(Callable[[Provider, Allowed], Adapter], module.make), prices.shipped(module.__name__))


def kinds() -> list[str]:
    """Those of this package and those offered by others, by name."""
    own = [each.name for each in pkgutil.iter_modules(import_module("service.providers").__path__) if each.ispkg]
    return sorted({*own, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def _module(kind: str) -> ModuleType | None:
    for point in entry_points(group=ENTRY_POINTS, name=kind):
        return cast(ModuleType, point.load())
    if kind in kinds():
        return import_module(f"service.providers.{kind}")
    return None
