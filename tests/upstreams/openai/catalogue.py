"""What OpenAI sells on 20 November 2026: the image models, what each takes, and what each token costs.

Prices are whole micro-dollars per token (5e-6 dollars are 5). Token counts of the standard sizes are the published
ones; for free sizes the double scales them by area, which is its own arithmetic.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SIZES: Final = ("1024x1024", "1024x1536", "1536x1024")
MAX_EDGE: Final = 3840
MAX_PIXELS: Final = 3840 * 2160
MIN_PIXELS: Final = 655_360
TOKENS_PER_PARTIAL: Final = 100

_BASIC: Final = ("low", "medium", "high")
_FINE: Final = (*_BASIC, "xhigh", "max")
_RASTER: Final = ("png", "webp", "jpeg")
_EVERY: Final = (*_RASTER, "gif", "svg")

# Output tokens of the family that began with gpt-image-1, by size and quality.
_FIRST: Final[Mapping[str, Mapping[str, int]]] = {
    "1024x1024": {"low": 272, "medium": 1056, "high": 4160},
    "1024x1536": {"low": 408, "medium": 1584, "high": 6240},
    "1536x1024": {"low": 400, "medium": 1568, "high": 6208},
}
# Output tokens of a 1024x1024 of the later family; a 1536x1024 of it costs 0.78125 of that (5488 for 7024).
_SECOND: Final[Mapping[str, int]] = {"low": 196, "medium": 1756, "high": 7024}
_SECOND_FINE: Final[Mapping[str, int]] = {"low": 196, "medium": 439, "high": 1756, "xhigh": 3122, "max": 7024}
_OBLONG: Final = 0.78125


@dataclass(frozen=True, slots=True)
class Card:
    """One model: what it takes and what it costs."""

    text_price: int
    output_price: int
    created: int
    tokens: Mapping[str, int] | None = None  # None: the first family, fixed sizes
    qualities: tuple[str, ...] = _BASIC
    formats: tuple[str, ...] = _RASTER
    extras: frozenset[str] = field(default_factory=frozenset[str])
    shutdown_date: str | None = None

    @property
    def any_size(self) -> bool:
        return self.tokens is not None

    def image_tokens(self, size: str, quality: str) -> int:
        """Output tokens of one finished image, partials not counted."""
        if self.tokens is None:
            return _FIRST[size][quality]
        width, height = (int(edge) for edge in size.split("x"))
        if width == height:
            return math.ceil(self.tokens[quality] * width * height / 1024**2)
        return math.ceil(self.tokens[quality] * _OBLONG * width * height / (1536 * 1024))


_NEWEST: Final = frozenset({"complexity", "frame_count", "frame_duration_ms", "svg"})
_TWO: Final = Card(5, 30, 1_776_700_800, tokens=_SECOND)
_TWO_FIVE: Final = Card(5, 30, 1_788_825_600, _SECOND_FINE, qualities=_FINE, formats=_EVERY, extras=_NEWEST)
_TWO_SIX: Final = Card(5, 30, 1_792_800_000, _SECOND_FINE, formats=_EVERY, extras=_NEWEST)  # prices as 2.5: assumed

MODELS: Final[Mapping[str, Card]] = {
    "gpt-image-1": Card(5, 40, 1_745_517_030, shutdown_date="2026-10-23"),
    "gpt-image-1-mini": Card(2, 8, 1_758_845_821, shutdown_date="2026-12-01"),
    "gpt-image-1.5": Card(5, 32, 1_763_600_000, shutdown_date="2026-12-01"),
    "chatgpt-image-latest": Card(5, 32, 1_765_900_000, shutdown_date="2026-12-01"),
    "gpt-image-2": _TWO,
    "gpt-image-2-2026-04-21": _TWO,
    "gpt-image-2.5-sunburst": _TWO_FIVE,
    "gpt-image-2.5-sunburst-2026-09-08": _TWO_FIVE,
    "gpt-image-2.5-flare": _TWO_FIVE,
    "gpt-image-2.5-flare-2026-09-08": _TWO_FIVE,
    "gpt-image-2.6-sunburst": _TWO_SIX,
    "gpt-image-2.6-flare": _TWO_SIX,
}

RETIRED: Final = frozenset({"dall-e-2", "dall-e-3", "gpt-image-1"})
