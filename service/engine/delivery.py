"""Where finished images go: to the caller as bytes, or as a file behind a signed path; and aside, for later.

A file where the caller asked for a URL, and where the bytes would burst what the answer may carry inline.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import aclosing

from msgspec.structs import replace

from service.domain.answer import Answer, KeptImage
from service.domain.event import ImageReady
from service.domain.image import FORMATS, Image, Picture
from service.domain.request import ImageRequest
from service.errors import GatewayError
from service.signing import Signer
from service.stores.blobs.port import Blobs, Shelf
from service.telemetry import log

URL_SECONDS = 3600
RECORD_SECONDS = 2.0
"""How long a caller waits for a picture to be kept that the operator wants kept."""
KEEP_SECONDS = 10.0
"""The same, where an idempotency key wants it kept."""
PIECE = 1024 * 1024
SWEEP_SECONDS = URL_SECONDS + 3600
"""When a file is swept: an hour after its URL expired."""


def wants_url(request: ImageRequest) -> bool:
    """Whether images go out as URLs. OpenAI's default depends on the model's name: the one that the caller sent."""
    if request.stream:
        return False
    if request.response_format is not None:
        return request.response_format == "url"
    if not request.openai_defaults:
        return False
    return not request.model.rpartition("/")[2].startswith(("gpt-image-", "chatgpt-image-"))


class Delivery:
    """Decides bytes or file for the images of one request after another."""

    def __init__(self, blobs: Blobs, signer: Signer) -> None:
        self._blobs = blobs
        self._signer = signer

    def for_request(self, request: ImageRequest, inline_limit: int | None) -> RequestDelivery:
        return RequestDelivery(self, as_url=wants_url(request), room=inline_limit)

    async def store(self, ready: ImageReady) -> ImageReady:
        picture = ready.image.picture
        file_id = _new_name(picture)
        await self._blobs.put(Shelf.RESULTS, file_id, picture.data)
        return replace(ready, file=self._signer.sign(file_id, int(time.time()) + URL_SECONDS))

    async def keep(self, image: Image, seconds: float) -> KeptImage | None:
        """Keeps an image of an answer that may be given again; None where the store does not take it in time."""
        name = await self.put_away(image.picture, Shelf.KEPT, seconds)
        return None if name is None else KeptImage(name, _with(image, b""))

    async def fetch(self, answer: Answer) -> list[Image] | None:
        """The images of an answer that was kept; None where one of them is there no more."""
        images: list[Image] = []
        for kept in answer.images:
            blob = await self._blobs.open(Shelf.KEPT, kept.name, PIECE)
            if blob is None:
                return None
            async with aclosing(blob.pieces) as pieces:
                images.append(_with(kept.image, b"".join([piece async for piece in pieces])))
        return images

    async def put_away(self, picture: Picture, shelf: Shelf, seconds: float) -> str | None:
        """Keeps a picture beside what is delivered; where the store fails, the caller loses nothing."""
        name = _new_name(picture)
        try:
            async with asyncio.timeout(seconds):
                await self._blobs.put(shelf, name, picture.data)
        except (GatewayError, TimeoutError) as error:
            log("delivery").warning("picture not kept", shelf=shelf, error=str(error) or "the store does not answer")
            return None
        return name


def _with(image: Image, data: bytes) -> Image:
    return replace(image, picture=replace(image.picture, data=data))


def _new_name(picture: Picture) -> str:
    return f"{secrets.token_hex(16)}.{FORMATS[picture.media_type]}"


class RequestDelivery:
    """The deliveries of one request: knows how much inline room is left (None: no limit, a stream)."""

    def __init__(self, delivery: Delivery, *, as_url: bool, room: int | None) -> None:
        self._delivery = delivery
        self._as_url = as_url
        self._room = room

    async def deliver(self, ready: ImageReady) -> ImageReady:
        size = len(ready.image.picture.data)
        if self._as_url or (self._room is not None and size > self._room):
            return await self._delivery.store(ready)
        if self._room is not None:
            self._room -= size
        return ready
