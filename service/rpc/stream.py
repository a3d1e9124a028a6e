"""An event as the messages of a stream: one, or for a picture its start, chunks and end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass

from imagegen import v1

from service import offload
from service.domain import event as events
from service.domain.image import Image, Picture
from service.rpc import codec

CHUNK = 1024 * 1024 - 1024
"""The most image bytes in a message: with its envelope it stays below 1 MiB."""


@dataclass(frozen=True, slots=True)
class Style:
    """How the caller wants its pictures: in how large chunks, and whether with their SHA-256."""

    chunk: int = CHUNK
    sha256: bool = True


async def messages_of(event: events.Event, style: Style) -> AsyncGenerator[v1.StreamGenerateImagesResponse, None]:
    """The messages of one event: one, or for a picture its start, chunks and end."""
    match event:
        case events.Planned(made):
            planned = v1.Planned(
                steps=[codec.step(each) for each in made.steps], skipped=[codec.skipped(each) for each in made.skipped]
            )
            yield v1.StreamGenerateImagesResponse(planned=planned)
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
            for message in _picture(picture, index, partial, await _digest(picture, style), None, style.chunk):
                yield message
        case events.ImageReady(finished):  # a stream always carries bytes: there is no file
            digest = await _digest(finished.picture, style)
            for message in _picture(finished.picture, finished.index, None, digest, finished, style.chunk):
                yield message
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


async def _digest(picture: Picture, style: Style) -> str:
    return await offload.sha256(picture.data) if style.sha256 else ""


def _picture(
    picture: Picture, index: int, partial: int | None, sha256: str, finished: Image | None, chunk: int
) -> Iterable[v1.StreamGenerateImagesResponse]:
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
    for offset, data in chunks(picture.data, chunk):
        message = v1.StreamGenerateImagesResponse()
        message.image_chunk.offset = offset
        message.image_chunk.data = data  # set where it stands: a message handed to another is copied
        yield message
    end = v1.ImageEnd(size_bytes=size, sha256=sha256, width=picture.width, height=picture.height)
    if finished:
        end.MergeFrom(
            v1.ImageEnd(
                seed=finished.seed,
                revised_prompt=finished.revised_prompt,
                usage=codec.usage(finished.usage),
            )
        )
    yield v1.StreamGenerateImagesResponse(image_end=end)


def chunks(data: bytes, most: int) -> Iterable[tuple[int, bytes]]:
    """Pieces that fit into a message, each with its offset."""
    if len(data) <= most:
        yield 0, data
        return
    for offset in range(0, len(data), most):
        yield offset, data[offset : offset + most]
