"""What a caller asks for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, get_type_hints

from msgspec import Struct, field


class Operation(StrEnum):
    GENERATE = "generate"


class Parameters(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a picture shall be. None is unset, which is not the same as zero; the names are those of the contract."""

    n: int | None = None
    size: str | None = None
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    moderation: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    partial_images: int | None = None
    negative_prompt: str | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    user: str | None = None
    safety_identifier: str | None = None
    extras: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def named(self) -> dict[str, Any]:
        """Those that are set, by name, without the extras."""
        return {name: value for name in PARAMETER_NAMES if (value := getattr(self, name)) is not None}


WORDS = frozenset({"negative_prompt", "user", "safety_identifier"})
"""Parameters in which callers write what they like; so do they in the extras."""

WHOLE = frozenset(name for name, kind in get_type_hints(Parameters).items() if kind == int | None)
"""Parameters that are whole numbers, whatever the model."""

PARAMETER_NAMES = tuple(name for name in Parameters.__struct_fields__ if name != "extras")


class CacheUse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a caller wants of the cache; None is unset."""

    key: str = ""
    seconds: float | None = None
    """How long the answer will be found; 0 keeps the request away from the cache."""
    no_store: bool = False


class ImageRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request, as asked: no target chosen, nothing adapted."""

    model: str
    prompt: str
    operation: Operation = Operation.GENERATE
    parameters: Parameters = Parameters()
    fallbacks: tuple[str, ...] = ()
    response_format: str | None = None
    openai_defaults: bool = False
    bare_name_provider: str = ""
    stream: bool = False
    key: str = ""
    """The name of the key to ask the first target's provider with."""
    after_unknown: str | None = None
    """ "fallback" or "fail": what to do where a provider may have been billed and nobody knows."""
    idempotency_key: str = ""
    """The caller's name for it: asked again under this name, it is not carried out again."""
    cache: CacheUse = CacheUse()
    strict: bool | None = None
    """Whether what a model does not take as asked is refused rather than translated or dropped."""
