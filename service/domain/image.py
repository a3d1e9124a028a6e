"""A picture, how it came out, and what it used."""

from __future__ import annotations

from msgspec import Struct

MEDIA_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "svg": "image/svg+xml",
}
"""Every format there is, and what HTTP calls it."""

FORMATS = {media_type: name for name, media_type in MEDIA_TYPES.items()}


class TokenDetails(Struct, frozen=True):
    text_tokens: int = 0
    image_tokens: int = 0


class Usage(Struct, frozen=True):
    """Tokens, as the provider counted them."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    input_details: TokenDetails | None = None
    output_details: TokenDetails | None = None

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.total_tokens + other.total_tokens,
            _sum(self.input_details, other.input_details),
            _sum(self.output_details, other.output_details),
        )


def _sum(one: TokenDetails | None, other: TokenDetails | None) -> TokenDetails | None:
    if one is None or other is None:
        return one or other
    return TokenDetails(one.text_tokens + other.text_tokens, one.image_tokens + other.image_tokens)


class Traits(Struct, frozen=True):
    """How a picture came out; empty where the provider did not say."""

    background: str = ""
    output_format: str = ""
    quality: str = ""
    size: str = ""


class FileRef(Struct, frozen=True):
    """A picture that is fetched rather than carried: its name, and a signature that ends."""

    file_id: str
    expires: int
    key_id: str
    signature: str


class Picture(Struct, frozen=True, kw_only=True):
    """The bytes of one picture, partial or finished, as an adapter hands them in."""

    data: bytes
    media_type: str
    width: int = 0
    height: int = 0
    traits: Traits = Traits()


class Image(Struct, frozen=True, kw_only=True):
    """A finished picture: which of the n it is, and what the model said of it."""

    index: int
    picture: Picture
    seed: int | None = None
    revised_prompt: str | None = None
    usage: Usage | None = None
