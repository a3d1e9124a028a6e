"""What an image costs: at most, before it is asked for, and in truth, once the provider has said what it used."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from service.domain.image import Usage
from service.domain.price import MicroUsd, Price, TokenPrice
from service.domain.request import Parameters
from service.engine.nearest import pixels

_STANDARD = 1024 * 1024

PARTIAL_TOKENS = 100
"""What a partial image adds to the output of OpenAI's models, by all accounts."""


def at_most(price: Price | None, parameters: Parameters, prompt: str = "") -> MicroUsd | None:
    """The most that the request can cost. Where size or quality is left to the model, the dearest that fits.

    What a provider counts in tokens is more than its images: the prompt (at most a token for each byte) and the
    partial images (about a hundred tokens each).
    """
    if price is None:
        return None
    n = parameters.n or 1
    each = _per_image(price, parameters.size or "auto", parameters.quality or "auto")
    if each is None or price.per_million is None:
        return None if each is None else each * n
    text = price.per_million.text_in * len(prompt.encode("utf-8", "surrogatepass"))
    partials = price.per_million.image_out * PARTIAL_TOKENS * (parameters.partial_images or 0) * n
    return each * n + int((text + partials).to_integral_value(ROUND_CEILING))


def owed(price: Price | None, usage: Usage | None, parameters: Parameters, images: int) -> MicroUsd:
    """What is owed for the images that came: by tokens where the provider counted them, else by image."""
    if price is None:
        return 0
    if price.per_million is not None and usage is not None:
        return _by_tokens(price.per_million, usage)
    return (_per_image(price, parameters.size or "auto", parameters.quality or "auto") or 0) * images


def _per_image(price: Price, size: str, quality: str) -> MicroUsd | None:
    """The row that names both, else the dearest that could apply; a size without a row costs by its pixels."""
    rows = price.per_image
    if not rows:
        return None
    if (size, quality) in rows:
        return rows[size, quality]
    of_quality = {row: cost for row, cost in rows.items() if quality == "auto" or row[1] in (quality, "*")}
    of_quality = of_quality or dict(rows)
    of_size = [cost for row, cost in of_quality.items() if size == "auto" or row[0] in (size, "*")]
    if of_size:
        return max(of_size)
    width, height = pixels(size)
    dearest = max(Decimal(cost) / _area(row[0]) for row, cost in of_quality.items())
    return int((dearest * width * height).to_integral_value(ROUND_CEILING))


def _area(size: str) -> int:
    if size in ("*", "auto"):
        return _STANDARD
    width, height = pixels(size)
    return width * height


def _by_tokens(price: TokenPrice, usage: Usage) -> MicroUsd:
    """Dollars per million tokens are millionths of a dollar per token. Output of an unknown kind is image."""
    text_in = usage.input_details.text_tokens if usage.input_details else usage.input_tokens
    image_in = usage.input_details.image_tokens if usage.input_details else 0
    text_out = usage.output_details.text_tokens if usage.output_details else 0
    image_out = usage.output_details.image_tokens if usage.output_details else usage.output_tokens
    total = (
        price.text_in * text_in + price.image_in * image_in + price.text_out * text_out + price.image_out * image_out
    )
    return int(total.to_integral_value(ROUND_CEILING))
