"""Money: millionths of a dollar, always whole, and what a model asks for an image."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct, field

MicroUsd = int


def micro_usd(dollars: str) -> MicroUsd:
    """Dollars as text into millionths, rounded up: what is rounded away would be lost."""
    return int((Decimal(dollars) * 1_000_000).to_integral_value(ROUND_CEILING))


class TokenPrice(Struct, frozen=True):
    """Dollars per million tokens, exact."""

    text_in: Decimal = Decimal(0)
    image_in: Decimal = Decimal(0)
    text_out: Decimal = Decimal(0)
    image_out: Decimal = Decimal(0)


class Price(Struct, frozen=True, kw_only=True):
    """What a model asks: for each image by size and quality ("*" is any), or by tokens, or both.

    With both, tokens decide what is owed once the provider has counted them, and the image prices what is held before.
    """

    per_image: Mapping[tuple[str, str], MicroUsd] = field(default_factory=dict[tuple[str, str], MicroUsd])
    per_million: TokenPrice | None = None
    as_of: str = ""
