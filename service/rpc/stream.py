"""An event as the messages of a stream: one, or for a picture its start, chunks and end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from imagegen import v1
from msgspec import Struct

from service import offload
from service.domain import event as events
from service.domain.image import Picture
from service.rpc import codec

CHUNK = 1024 * 1024 - 1024
"""The most image bytes in a message: with its envelope it stays below 1 MiB."""


class Style(Struct, frozen=True):
    """How the caller wants its pictures."""

    chunk: int
    """The most bytes in a message."""
    put: Callable[[bytes], bytes]
    """What goes into the message for the bytes of a chunk."""


async def sha256_of(event: events.Event) -> str:
    """The digest of an event's picture, of those that have one."""
    match event:
        case events.PartialImage():
            return await offload.sha256(event.picture.data)
        case events.ImageReady():
            return await offload.sha256(event.image.picture.data)
        case _:
            return ""


def messages_of(event: events.Event, sha256: str, style: Style) -> Iterator[v1.StreamGenerateImagesResponse]:
    """The messages of one event: one, or for a picture its start, chunks and end."""
    match event:
        case events.Planned(made):
            planned = v1.Planned(
                steps=[codec.step(each) for each in made.steps], skipped=[codec.skipped(each) for each in made.skipped]
            )
            yield v1.StreamGenerateImagesResponse(planned=planned)
        case events.Recalled(report):
            yield v1.StreamGenerateImagesResponse(recalled=v1.Recalled(report=codec.report(report)))
        case events.AttemptStarted(number, index, target):
            started = v1.AttemptStarted(
                number=number, step=index, provider=target.provider, kind=target.kind, model=target.model
            )
            yield v1.StreamGenerateImagesResponse(attempt_started=started)
        case events.AttemptEnded(record):
            yield v1.StreamGenerateImagesResponse(attempt_ended=v1.AttemptEnded(attempt=codec.attempt(record)))
        case events.Progress(index, percent, phase):
            progress = v1.Progress(image_index=index, percent=percent, phase=phase)
            yield v1.StreamGenerateImagesResponse(progress=progress)
        case events.PartialImage(index, partial, picture):
            yield from _picture(picture, index, partial, v1.ImageEnd(sha256=sha256), style)
        case events.ImageReady(finished):  # a stream always carries bytes: there is no file
            end = v1.ImageEnd(
                sha256=sha256,
                seed=finished.seed,
                revised_prompt=finished.revised_prompt,
                usage=codec.usage(finished.usage),
            )
            yield from _picture(finished.picture, finished.index, None, end, style)
        case events.ImageFailed():
            yield v1.StreamGenerateImagesResponse(image_failed=codec.failed(event))
        case events.Completed():
            yield v1.StreamGenerateImagesResponse(
                completed=v1.Completed(
                    create_time=codec.timestamp(event.created),
                    usage=codec.usage(event.usage),
                    failed_images=[codec.failed(each) for each in event.failed],
                    report=codec.report(event.report),
                )
            )


def _picture(
    picture: Picture, index: int, partial: int | None, end: v1.ImageEnd, style: Style
) -> Iterator[v1.StreamGenerateImagesResponse]:
    size = len(picture.data)
    yield v1.StreamGenerateImagesResponse(
        image_start=v1.ImageStart(
            image_index=index,
            partial_index=partial,
            media_type=picture.media_type,
            size_bytes=size,
            traits=codec.traits(picture.traits),
        )
    )
    for offset, data in chunks(picture.data, style.chunk):
        message = v1.StreamGenerateImagesResponse()
        message.image_chunk.offset = offset
        message.image_chunk.data = style.put(data)  # set where it stands: a message handed to another is copied
        yield message
    end.size_bytes, end.width, end.height = size, picture.width, picture.height
    yield v1.StreamGenerateImagesResponse(image_end=end)


def chunks(data: bytes, most: int) -> Iterable[tuple[int, bytes]]:
    """Pieces that fit into a message, each with its offset."""
    if len(data) <= most:
        yield 0, data
        return
    for offset in range(0, len(data), most):
        yield offset, data[offset : offset + most]
