"""What is asked: an image request read as strictly as OpenAI reads it, or a refusal that names the parameter."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import refusals
from .bill import Usage, usage_of
from .catalogue import MAX_EDGE, MAX_PIXELS, MIN_PIXELS, MODELS, RETIRED, Card
from .parameters import COMMON, NEVER_NULL, NEWEST

FORBIDDEN: Final = "FORBIDDEN"  # the word that the double's safety system blocks


@dataclass(frozen=True, slots=True)
class Order:
    """An accepted request. Nothing in it is 'auto' any more; `asked` keeps what was sent."""

    request: int
    request_id: str
    key: str
    created: int
    asked: Mapping[str, Any]
    model: str
    card: Card
    prompt: str
    images: int
    size: str
    quality: str
    background: str
    output_format: str
    compression: int
    stream: bool
    partials: int
    safety_identifier: str | None
    keep: Callable[[bytes], str]
    """Puts a picture on the double's shelf, and says its address."""

    @property
    def usage(self) -> Usage:
        return usage_of(self.card, self.prompt, self.size, self.quality, images=self.images, partials=self.partials)


@dataclass(frozen=True, slots=True)
class Terms:
    """What differs from account to account: retired models that still answer here, and the smallest free size."""

    revived: Collection[str] = ()
    min_pixels: int = MIN_PIXELS
    keep: Callable[[bytes], str] = lambda _: ""


def read_order(body: Any, terms: Terms, *, request: int, request_id: str, key: str, created: int) -> Order:
    """The order that `body` asks for; raises the Refusal that OpenAI would answer."""
    if not isinstance(body, dict):
        raise refusals.not_json()
    asked: dict[str, Any] = {str(name): value for name, value in body.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON
    model, card = _model(asked, terms)
    for name in asked:
        if name not in COMMON and name not in card.extras:
            raise refusals.unknown_parameter(name)
    if "prompt" not in asked:
        raise refusals.missing("prompt")
    for name, value in asked.items():
        if value is None and name not in NEVER_NULL:
            continue
        (COMMON.get(name) or NEWEST[name])(card, name, value)
    given = {name: value for name, value in asked.items() if value is not None}
    if card.any_size and given.get("size", "auto") != "auto":
        _free_size(given["size"], terms)
    _combinations(given)
    if FORBIDDEN in given["prompt"]:
        raise refusals.moderation_blocked(request_id, "sexual")
    return Order(
        request=request,
        request_id=request_id,
        key=key,
        created=created,
        asked=asked,
        model=model,
        card=card,
        prompt=given["prompt"],
        images=given.get("n", 1),
        size=_decided(given.get("size"), "1024x1024"),
        quality=_decided(given.get("quality"), "high"),
        background=_decided(given.get("background"), "opaque"),
        output_format=given.get("output_format", "png"),
        compression=given.get("output_compression", 100),
        stream=given.get("stream", False),
        partials=given.get("partial_images", 0),
        safety_identifier=given.get("safety_identifier") or given.get("user") or None,
        keep=terms.keep,
    )


def _decided(asked: str | None, otherwise: str) -> str:
    return otherwise if asked in (None, "auto") else asked


def _model(asked: Mapping[str, Any], terms: Terms) -> tuple[str, Card]:
    model = asked.get("model")
    if model is None:
        raise refusals.missing("model")
    if not isinstance(model, str):
        raise refusals.invalid_type("model", "a string", model)
    return model, find_model(model, terms)


def find_model(model: str, terms: Terms) -> Card:
    if model in RETIRED and model not in terms.revived:
        raise refusals.retired_model(model)
    if model not in MODELS:
        raise refusals.unknown_model(model)
    return MODELS[model]


def _free_size(size: str, terms: Terms) -> None:
    """Any WxH that the grid, the ratio and the pixel count allow."""
    if not (edges := re.fullmatch(r"([1-9]\d{0,5})x([1-9]\d{0,5})", size)):
        raise refusals.invalid_size(size, "Expected 'auto' or WIDTHxHEIGHT, for example '1536x864'.")
    width, height = int(edges[1]), int(edges[2])
    if width % 16 or height % 16:
        raise refusals.invalid_size(size, "Width and height must both be divisible by 16.")
    if max(width, height) > 3 * min(width, height):
        raise refusals.invalid_size(size, "The aspect ratio must be between 1:3 and 3:1.")
    if max(width, height) > MAX_EDGE or width * height > MAX_PIXELS:
        raise refusals.invalid_size(size, "The maximum supported resolution is 3840x2160.")
    if width * height < terms.min_pixels:
        raise refusals.invalid_size(size, f"The minimum is {terms.min_pixels} pixels.")


def _combinations(given: Mapping[str, Any]) -> None:
    """Parameters that are fine alone and not together."""
    form = given.get("output_format", "png")
    partials, stream = given.get("partial_images", 0), given.get("stream", False)
    if partials and not stream:
        raise refusals.conflict("partial_images", "partial_images is only supported when stream is true.")
    if given.get("background") == "transparent" and form not in ("png", "webp"):
        raise refusals.conflict("background", f"Transparent background is not supported for {form} output format.")
    if form == "png" and given.get("output_compression", 100) < 100:
        raise refusals.conflict(
            "output_compression", "Compression less than 100 is not supported for PNG output format."
        )
    if form in ("gif", "svg"):
        for name, used in (
            ("stream", stream),
            ("partial_images", partials),
            ("output_compression", "output_compression" in given),
        ):
            if used:
                raise refusals.conflict(name, f"{name} is not supported for {form} output format.")
    if form == "svg" and given.get("n", 1) != 1:
        raise refusals.conflict("n", "svg output format requires n=1.")
    for name, needs in (("frame_count", "gif"), ("frame_duration_ms", "gif"), ("svg", "svg")):
        if name in given and form != needs:
            raise refusals.conflict(name, f"{name} is only supported for {needs} output format.")
