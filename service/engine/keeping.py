"""Answers that can be given again: their pictures are put away as they come, and fetched when they are asked for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec.structs import replace

from service.domain.answer import Answer, Failure, KeptImage
from service.domain.event import Event, ImageReady, Origin, Outcome, Report
from service.domain.image import Image
from service.domain.request import ImageRequest
from service.engine.delivery import Delivery
from service.engine.pipeline import Circumstances
from service.errors import GatewayError, ProviderError, Reason
from service.stores.blobs.port import Blobs, Shelf

KEEP_SECONDS = 10.0
"""How long a caller waits for a picture to be kept."""
PIECE = 1024 * 1024


class Keeping:
    def __init__(self, blobs: Blobs, delivery: Delivery) -> None:
        self._blobs = blobs
        self._delivery = delivery

    async def put_away(self, image: Image) -> KeptImage | None:
        """None where the place for pictures does not take it: then the answer can be given only once."""
        name = await self._delivery.put_away(image.picture, Shelf.KEPT, KEEP_SECONDS)
        return None if name is None else KeptImage(name, _with(image, b""))

    async def tell(self, answer: Answer, request: ImageRequest, around: Circumstances) -> AsyncGenerator[Event, None]:
        """The answer once more, as the events of a request that has only finished images; or its error."""
        if answer.failure is not None:
            raise _error(answer.failure, around)
        images = [await self._fetch(each) for each in answer.images]  # all of them, before anything is told
        delivery = self._delivery.for_request(request, around.inline_limit)
        for image in images:
            yield await delivery.deliver(ImageReady(image))
        completed = answer.completed
        if completed is not None:
            for missing in completed.failed:
                yield missing
            yield replace(completed, report=_repeated(completed.report, around))

    async def _fetch(self, kept: KeptImage) -> Image:
        blob = await self._blobs.open(Shelf.KEPT, kept.name, PIECE)
        if blob is None:
            raise lost()
        async with aclosing(blob.pieces) as pieces:
            data = b"".join([piece async for piece in pieces])
        return _with(kept.image, data)


def _with(image: Image, data: bytes) -> Image:
    return replace(image, picture=replace(image.picture, data=data))


def failed(error: GatewayError) -> Answer:
    """The answer that an error is, as far as its caller is told of it."""
    return Answer(
        failure=Failure(
            reason=error.reason,
            message=error.message,
            field=error.field,
            retry_after=error.retry_after,
            from_provider=error.from_provider,
            report=error.report,
        )
    )


def lost() -> GatewayError:
    return GatewayError(
        Reason.OUTCOME_UNKNOWN,
        "A request with this idempotency key was sent to a provider before, and what became of it is not known any "
        "more: it may have been billed. Another key asks anew, and may be billed again.",
        field="idempotency_key",
    )


def _error(failure: Failure, around: Circumstances) -> GatewayError:
    reason = Reason(failure.reason)
    if failure.from_provider:
        error = ProviderError(
            reason, failure.message, Outcome.UNKNOWN, field=failure.field, retry_after=failure.retry_after
        )
    else:
        error = GatewayError(reason, failure.message, field=failure.field, retry_after=failure.retry_after)
    if failure.report is not None:
        error.report = _repeated(failure.report, around)
    return error


def _repeated(report: Report, around: Circumstances) -> Report:
    """The account of then, under this call's own name."""
    return replace(report, request_id=around.request_id, origin=Origin.REPEATED)
