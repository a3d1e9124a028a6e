"""The provider's own books: tokens used, what they cost, and the charges that a gateway's ledger is compared with."""

from dataclasses import dataclass
from typing import Any

from .catalogue import TOKENS_PER_PARTIAL, Card


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request, or one image's share of them. Nothing here takes image input yet."""

    text_tokens: int
    output_tokens: int

    def share(self, image: int, of: int) -> "Usage":
        """What the `image`th of `of` images reports in a stream; all shares together are the whole."""

        def part(tokens: int) -> int:
            return tokens // of + (image < tokens % of)

        return Usage(part(self.text_tokens), part(self.output_tokens))

    def streamed(self) -> dict[str, Any]:
        """As the completed event says it: without output_tokens_details."""
        return {
            "total_tokens": self.text_tokens + self.output_tokens,
            "input_tokens": self.text_tokens,
            "output_tokens": self.output_tokens,
            "input_tokens_details": {"text_tokens": self.text_tokens, "image_tokens": 0},
        }

    def unary(self) -> dict[str, Any]:
        """As the JSON answer says it."""
        return {**self.streamed(), "output_tokens_details": {"image_tokens": self.output_tokens, "text_tokens": 0}}

    def micro_usd(self, card: Card) -> int:
        return self.text_tokens * card.text_price + self.output_tokens * card.output_price


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of the bill. `request` is the index into `requests`."""

    request: int
    model: str
    size: str
    quality: str
    images: int
    usage: Usage
    micro_usd: int


def usage_of(card: Card, prompt: str, size: str, quality: str, *, images: int, partials: int) -> Usage:
    """About four characters a token for the text, and each partial image on top of its image."""
    each = card.image_tokens(size, quality) + partials * TOKENS_PER_PARTIAL
    return Usage(text_tokens=max(1, -(-len(prompt) // 4)), output_tokens=images * each)
