"""Prices as data: a dated TOML file beside each provider, and what the configuration says over it."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib import resources

import msgspec

from service.config.schema import PriceTable
from service.domain.price import MicroUsd, Price, TokenPrice, micro_usd


@cache
def shipped(package: str) -> dict[str, Price]:
    """The prices that lie beside a provider, by model; none where it has no such file.

    `as_at = "other"` in it says that what that provider's file says holds here, too.
    """
    file = resources.files(package) / "prices.toml"
    if not file.is_file():
        return {}
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    as_of = str(raw.pop("as_of"))
    others = shipped(f"{package.rpartition('.')[0]}.{raw.pop('as_at')}") if "as_at" in raw else {}
    return others | {
        model: price(msgspec.convert({"as_of": as_of, **table}, PriceTable)) for model, table in raw.items()
    }


def price(table: PriceTable) -> Price:
    """A price table as the noun that the engine computes with."""
    tokens = table.per_million_tokens
    return Price(
        per_image=_rows(table),
        per_million=None
        if tokens is None
        else TokenPrice(
            Decimal(tokens.text_in), Decimal(tokens.image_in), Decimal(tokens.text_out), Decimal(tokens.image_out)
        ),
        as_of=table.as_of,
    )


def _rows(table: PriceTable) -> dict[tuple[str, str], MicroUsd]:
    if isinstance(table.per_image, str):
        return {("*", "*"): micro_usd(table.per_image)}
    return {(row.size, row.quality): micro_usd(row.price) for row in table.per_image}
