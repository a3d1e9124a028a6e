"""What is fuzzed under coverage: each module has one function `one`, which takes any bytes and raises for a bug.

They need nothing but the product, so that the corpus can be replayed where atheris does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

NAMES = ("body", "codec", "config", "headers", "lifting", "pictures", "sse")


def target(name: str) -> Callable[[bytes], None]:
    return cast("Callable[[bytes], None]", import_module(f"tests.fuzz.targets.{name}").one)
