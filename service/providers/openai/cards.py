"""What OpenAI's models take. Those that it has retired are not here: a route may map their names."""

from __future__ import annotations

from service.domain.card import AS_FORMATS_ARE, Choice, Domain, Format, ModelCard, Range, Sizes, Text

OLDER_QUALITIES = {"standard": "medium", "hd": "high"}
"""What DALL·E called quality, in today's words."""

_COMMON: dict[str, Domain] = {
    "n": Range(1, 10),
    "background": Choice(("auto", "transparent", "opaque")),
    "moderation": Choice(("auto", "low")),
    "output_compression": Range(0, 100),
    "partial_images": Range(0, 3),
    "user": Text(),
    "safety_identifier": Text(),
}

_FIXED_SIZES = Sizes(
    names=("auto", "1024x1024", "1536x1024", "1024x1536"),
    understood={
        "256x256": "1024x1024",
        "512x512": "1024x1024",
        "1792x1024": "1536x1024",
        "1024x1792": "1024x1536",
    },
)
_ANY_SIZE = Sizes(
    names=("auto", "1024x1024", "1536x1024", "1024x1536"),
    any_size=True,
    multiple_of=16,
    min_side=16,
    max_side=3840,
    max_ratio=3,
    min_pixels=655_360,
    max_pixels=3840 * 2160,
)
_FORMATS = {
    **AS_FORMATS_ARE,
    "gif": Format(streams=False, compresses=False, transparent=False),
    "svg": Format(streams=False, compresses=False, transparent=False, most=1),
}


def _card(sizes: Sizes, qualities: tuple[str, ...], formats: tuple[str, ...]) -> ModelCard:
    return ModelCard(
        parameters={
            **_COMMON,
            "size": sizes,
            "quality": Choice(("auto", *qualities), OLDER_QUALITIES),
            "output_format": Choice(formats),
        },
        formats=_FORMATS,
        extras=True,
        streams=True,
        cancellable=False,
        family=True,
    )


_THREE, _FIVE = ("low", "medium", "high"), ("low", "medium", "high", "xhigh", "max")
_RASTER, _EVERY = ("png", "jpeg", "webp"), ("png", "jpeg", "webp", "gif", "svg")

CARDS = {
    # Whether 2.6 takes more than three qualities is said nowhere, and what it does not take it refuses.
    "gpt-image-2.6-sunburst": _card(_ANY_SIZE, _THREE, _EVERY),
    "gpt-image-2.6-flare": _card(_ANY_SIZE, _THREE, _EVERY),
    "gpt-image-2.5-sunburst": _card(_ANY_SIZE, _FIVE, _EVERY),
    "gpt-image-2.5-flare": _card(_ANY_SIZE, _FIVE, _EVERY),
    "gpt-image-2": _card(_ANY_SIZE, _THREE, _RASTER),
    "gpt-image-1.5": _card(_FIXED_SIZES, _THREE, _RASTER),
    "gpt-image-1-mini": _card(_FIXED_SIZES, _THREE, _RASTER),
    "chatgpt-image-latest": _card(_FIXED_SIZES, _THREE, _RASTER),
}
