"""The painter as a provider: one image after another, each a stage at a time, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import reduce
from hashlib import blake2b
from operator import add

from PIL import Image as Pillow

from service import offload
from service.domain.card import Choice, KeyCard, ModelCard, Range, Sizes, Text
from service.domain.event import AdapterEvent, Answered, ImageReady, Outcome, PartialImage, Progress
from service.domain.image import MEDIA_TYPES, Image, Picture, TokenDetails, Traits, Usage
from service.domain.request import Parameters
from service.errors import ProviderError, Reason
from service.providers.base import Call
from service.providers.painter.paint import Brief, Stage, paint, words
from service.raster import encode

AT_ONCE = 2
"""How many pictures are painted at the same time; a canvas is large, and there are not more threads anyway."""

SEEDS = Range(-(2**63), 2**63 - 1)

CARDS = {
    "scene": ModelCard(
        parameters={
            "n": Range(1, 10),
            "size": Sizes(
                names=("auto", "1024x1024", "1536x1024", "1024x1536"),
                any_size=True,
                min_side=64,
                max_side=4096,
                max_pixels=3840 * 2160,
            ),
            "quality": Choice(
                ("auto", "low", "medium", "high"),
                {"standard": "medium", "hd": "high", "xhigh": "high", "max": "high"},
            ),
            "style": Choice(("natural", "vivid")),
            "output_format": Choice(("png", "jpeg", "webp", "gif")),
            "output_compression": Range(0, 100),
            "partial_images": Range(0, 3),
            "negative_prompt": Text(),
            "seed": SEEDS,
        },
        streams=True,
        cancellable=True,
    )
}


@dataclass(frozen=True, slots=True)
class Painter:
    easels: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def models(self) -> Mapping[str, ModelCard]:
        return CARDS

    @property
    def keys(self) -> Sequence[KeyCard]:
        return ()

    @property
    def configured(self) -> bool:
        return True

    async def close(self) -> None:
        return

    async def run(self, call: Call) -> AsyncGenerator[AdapterEvent, None]:
        parameters = call.request.parameters
        images = range(parameters.n or 1)
        used = _usage(call.request.prompt, parameters)
        for index in images:
            async with self.easels, aclosing(_one(call, index, used)) as events:
                async for event in events:
                    yield event
        yield Answered(reduce(add, (used for _ in images)), _traits(parameters))


async def _one(call: Call, index: int, used: Usage) -> AsyncGenerator[AdapterEvent, None]:
    """One image as it grows: progress at each stage, partials at some, then the finished picture."""
    parameters = call.request.parameters
    _still_wanted(call)
    brief = _brief(call.request.prompt, parameters, index)
    painting, asked, shown = paint(brief), parameters.partial_images or 0, 0
    canvas = None
    while stage := await offload.run(_next, painting):
        _still_wanted(call)
        canvas, done = stage.picture, stage.done
        yield Progress(index, round(100 * done, 1), "painting")
        if shown < asked and (shown + 1) / (asked + 1) <= done < 1:
            yield PartialImage(index, shown, await _picture(canvas, parameters))
            shown += 1
    if canvas is not None:
        picture = await _picture(canvas, parameters)
        yield ImageReady(Image(index=index, picture=picture, seed=brief.seed, usage=used))


def _next(painting: Iterator[Stage]) -> Stage | None:
    """The next stage; a StopIteration could not leave the pool."""
    return next(painting, None)


def _still_wanted(call: Call) -> None:
    if call.cancelled.is_set():
        raise ProviderError(Reason.CANCELLED, "The caller left.", Outcome.REJECTED)


def _brief(prompt: str, parameters: Parameters, index: int) -> Brief:
    """Without a seed the prompt is its own; the images of one request differ by theirs."""
    width, height = _pixels(parameters)
    own = int.from_bytes(blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=4).digest())
    return Brief(
        prompt=prompt,
        width=width,
        height=height,
        seed=SEEDS.wrapped((own if parameters.seed is None else parameters.seed) + index),
        quality=_quality(parameters),
        style=parameters.style,
        negative_prompt=parameters.negative_prompt or "",
    )


async def _picture(canvas: Pillow.Image, parameters: Parameters) -> Picture:
    name = _format(parameters)
    data = await offload.run(encode, canvas, name, parameters.output_compression)
    return Picture(
        data=data, media_type=MEDIA_TYPES[name], width=canvas.width, height=canvas.height, traits=_traits(parameters)
    )


def _pixels(parameters: Parameters) -> tuple[int, int]:
    width, _, height = ("1024x1024" if parameters.size in (None, "auto") else parameters.size).partition("x")
    return int(width), int(height)


def _quality(parameters: Parameters) -> str:
    return "medium" if parameters.quality in (None, "auto") else parameters.quality


def _format(parameters: Parameters) -> str:
    return parameters.output_format or "png"


def _traits(parameters: Parameters) -> Traits:
    width, height = _pixels(parameters)
    return Traits("opaque", _format(parameters), _quality(parameters), f"{width}x{height}")


def _usage(prompt: str, parameters: Parameters) -> Usage:
    """Tokens as an image model would count them: words in, and a picture's worth out."""
    width, height = _pixels(parameters)
    effort = {"low": 1, "medium": 4, "high": 16}[_quality(parameters)]
    text, image = words(prompt), max(1, width * height * effort // 4096)
    return Usage(text, image, text + image, TokenDetails(text, 0), TokenDetails(0, image))
