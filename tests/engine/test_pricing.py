"""What an image costs at most, and what is owed once the provider has counted."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from service.domain.card import ANY
from service.domain.image import TokenDetails, Usage
from service.domain.price import Price, TokenPrice, micro_usd
from service.domain.request import Parameters
from service.engine.pricing import at_most, owed
from service.providers import registry
from tests.engine.shipped import Shipped, shipped

GRID = Price(
    per_image={
        ("1024x1024", "low"): 6_000,
        ("1024x1024", "high"): 200_000,
        ("1536x1024", "low"): 9_000,
        ("1536x1024", "high"): 250_000,
    }
)
FLAT = Price(per_image={("*", "*"): 40_000})
BY_QUALITY = Price(per_image={("*", "low"): 10_000, ("*", "high"): 80_000})
TOKENS = TokenPrice(Decimal(5), Decimal(8), Decimal(10), Decimal(30))
BOTH = Price(per_image={("*", "*"): 40_000}, per_million=TOKENS)
ONLY_TOKENS = Price(per_million=TOKENS)
FREE = Price(per_image={("*", "*"): 0})


@pytest.mark.parametrize(
    ("price", "size", "quality", "n", "cost"),
    [
        (GRID, "1024x1024", "low", 1, 6_000),
        (GRID, "1024x1024", "low", 10, 60_000),
        (GRID, "1536x1024", "high", 2, 500_000),
        (GRID, None, "low", 1, 9_000),
        (GRID, "auto", "low", 1, 9_000),
        (GRID, "1024x1024", None, 1, 200_000),
        (GRID, "1024x1024", "auto", 3, 600_000),
        (GRID, None, None, None, 250_000),
        (GRID, "auto", "auto", 4, 1_000_000),
        (GRID, "1024x1024", "medium", 1, 200_000),
        (GRID, "2048x1024", "low", 1, 12_000),
        (GRID, "2048x2048", "high", 1, 800_000),
        (GRID, "512x512", "low", 1, 1_500),
        (GRID, "1000x1000", "low", 1, 5_723),
        (FLAT, None, None, None, 40_000),
        (FLAT, "4096x4096", "high", 3, 120_000),
        (BY_QUALITY, "640x480", "low", 2, 20_000),
        (BY_QUALITY, "640x480", "auto", 2, 160_000),
        (BY_QUALITY, "640x480", "medium", 1, 80_000),
        (BOTH, None, None, 2, 80_000),
        (FREE, "1024x1024", "high", 10, 0),
        (ONLY_TOKENS, None, None, 1, None),
        (None, "1024x1024", "high", 1, None),
    ],
    ids=[
        "a cell",
        "ten of a cell",
        "two of another cell",
        "no size: the dearest size",
        "any size: the dearest size",
        "no quality: the dearest quality",
        "any quality, three times",
        "nothing said: the dearest cell",
        "anything, four times",
        "a quality without a row: the dearest",
        "a size without a row: by its pixels",
        "four times the pixels",
        "a quarter of the pixels",
        "rounded up",
        "one price for all",
        "one price for every size",
        "any size of a quality",
        "any size, any quality",
        "any size, a quality without a row",
        "tokens are counted later: the image's price is held",
        "free",
        "by tokens alone: nobody knows before",
        "no price",
    ],
)
def test_at_most(price: Price | None, size: str | None, quality: str | None, n: int | None, cost: int | None) -> None:
    """What is left to the model costs at most the dearest that it may choose; without a price nobody knows."""
    assert at_most(price, Parameters(size=size, quality=quality, n=n)) == cost


USED = Usage(110, 1_000, 1_110, TokenDetails(100, 10), TokenDetails(0, 1_000))


@pytest.mark.parametrize(
    ("price", "usage", "images", "cost"),
    [
        (BOTH, USED, 2, 100 * 5 + 10 * 8 + 1_000 * 30),
        (BOTH, Usage(110, 1_000, 1_110), 1, 110 * 5 + 1_000 * 30),
        (BOTH, Usage(10, 30, 40, None, TokenDetails(20, 10)), 1, 10 * 5 + 20 * 10 + 10 * 30),
        (BOTH, None, 2, 80_000),
        (ONLY_TOKENS, USED, 1, 30_580),
        (ONLY_TOKENS, None, 3, 0),
        (FLAT, USED, 2, 80_000),
        (FLAT, None, 0, 0),
        (BOTH, Usage(), 1, 0),
        (FREE, USED, 4, 0),
        (None, USED, 4, 0),
    ],
    ids=[
        "tokens decide, not images",
        "tokens without details: text in, image out",
        "text out has its own price",
        "not counted: by image",
        "by tokens alone",
        "by tokens alone, not counted",
        "by image alone: tokens are no matter",
        "no image, nothing owed",
        "counted as nothing",
        "free",
        "no price",
    ],
)
def test_owed(price: Price | None, usage: Usage | None, images: int, cost: int) -> None:
    """What the provider counted decides; where it did not count, the images that came do."""
    assert owed(price, usage, Parameters(n=4), images) == cost


def test_parts_of_a_millionth_are_rounded_up() -> None:
    """Money is whole millionths of a dollar, and what is rounded is rounded up: the books never fall short."""
    price = Price(per_million=TokenPrice(text_in=Decimal("0.1")))

    assert owed(price, Usage(1, 0, 1), Parameters(), 1) == 1
    assert (micro_usd("0.0000001"), micro_usd("0.04"), micro_usd("0")) == (1, 40_000, 0)


UNPRICED = frozenset({"openai_compatible", "sgl", "vllm", "nebius", "together", "deepinfra"})
"""Kinds whose models have no price here: the operator's own servers, and those whose prices no table of ours says."""

PRICED = [each for each in shipped() if each.kind not in UNPRICED and each.model != ANY]

every_model = pytest.mark.parametrize("model", PRICED, ids=str)


@every_model
def test_every_shipped_model_has_a_price_of_its_own(model: Shipped) -> None:
    """Each model that is shipped has a dated price, above nothing save for the painter."""
    assert model.price is not None
    assert model.price.as_of[:2] == "20"
    assert len(model.price.as_of) == len("2026-11-20")
    amounts = [*model.price.per_image.values()]
    assert amounts
    assert all(amount == 0 for amount in amounts) if model.kind == "painter" else all(amount > 0 for amount in amounts)


@every_model
def test_every_request_to_a_shipped_model_has_a_price(model: Shipped) -> None:
    """Whatever size and quality are asked of a shipped model, its price is known; ten cost ten times that."""
    for size, quality in product((None, "auto", "1024x1024", "1536x1024", "3840x2160"), (None, "auto", "low", "high")):
        one = at_most(model.price, Parameters(size=size, quality=quality))
        assert one is not None
        assert at_most(model.price, Parameters(size=size, quality=quality, n=10)) == 10 * one
        assert (one == 0) == (model.kind == "painter")


@pytest.mark.parametrize("kind", registry.kinds())
def test_no_price_without_a_model(kind: str) -> None:
    """A price file prices models that are there: nothing in it is misspelled or left over."""
    found = registry.find(kind)

    assert found is not None
    assert set(found.prices) <= {model.model for model in shipped() if model.kind == kind}
