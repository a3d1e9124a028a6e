"""A small client for Python callers: what to ask, and pictures in one piece.

    async with Client("127.0.0.1:50051") as client:
        answer = await client.generate("a lighthouse at dusk", model="painter/scene")
        Path("dusk.png").write_bytes(answer.pictures[0])

The bridge and the terminal are built on the same `generation`, `assemble` and `read_file`.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import grpc

from imagegen import v1
from imagegen.channel import DEFAULT_SECONDS, connect
from imagegen.errors import ImagegenError, Metadata, translated
from imagegen.inprocess import taken

if TYPE_CHECKING:
    from imagegen.v1.image_files_pb2_grpc import ImageFilesAsyncStub  # exists for the type checker only


READ_SECONDS = 30.0
"""How long plans and lists may take: they ask nobody else."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in one piece, partial or finished, with what the stream said around it."""

    start: v1.ImageStart
    end: v1.ImageEnd
    data: bytes

    @property
    def index(self) -> int:
        return self.start.image_index

    @property
    def partial(self) -> int | None:
        """Which partial of its image this is; None for the finished picture."""
        return self.start.partial_index if self.start.HasField("partial_index") else None


Event = (
    v1.Planned
    | v1.Recalled
    | v1.AttemptStarted
    | v1.AttemptEnded
    | v1.Progress
    | Picture
    | v1.FailedImage
    | v1.Completed
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What GenerateImages answered, its pictures in memory."""

    pictures: tuple[bytes, ...]
    message: v1.GenerateImagesResponse


def generation(
    prompt: str,
    *,
    model: str,
    fallbacks: Sequence[str] = (),
    response_format: str | None = None,
    provider_key: str = "",
    idempotency_key: str = "",
    cache: v1.CacheUse | None = None,
    after_unknown: str | None = None,
    strict: bool | None = None,
    **parameters: Any,
) -> v1.Generation:
    """What to make, from plain keywords: every field of ImageParameters by its name; None means unset."""
    chosen = {name: value for name, value in parameters.items() if value is not None}
    return v1.Generation(
        model=model,
        prompt=prompt,
        fallbacks=fallbacks,
        response_format=response_format,
        provider_key=provider_key,
        idempotency_key=idempotency_key,
        cache=cache,
        after_unknown=after_unknown,
        strict=strict,
        parameters=v1.ImageParameters(**chosen),
    )


async def assemble(
    messages: AsyncIterable[v1.StreamGenerateImagesResponse],
) -> AsyncGenerator[Event, None]:
    """The events of a stream, each picture put together from its chunks and checked against what was announced."""
    start = v1.ImageStart()
    chunks: list[bytes] = []
    async for message in messages:
        match message.WhichOneof("event"):
            case "image_start":
                start, chunks = message.image_start, []
            case "image_chunk":
                chunks.append(taken(messages, message.image_chunk.data))
            case "image_end":
                end = message.image_end
                yield Picture(start, end, _whole(chunks, end.size_bytes, end.sha256))
                chunks = []
            case "planned":
                yield message.planned
            case "recalled":
                yield message.recalled
            case "attempt_started":
                yield message.attempt_started
            case "attempt_ended":
                yield message.attempt_ended
            case "progress":
                yield message.progress
            case "image_failed":
                yield message.image_failed
            case "completed":
                yield message.completed
            case _:
                pass  # an event of a newer server


def _whole(chunks: list[bytes], size: int, sha256: str) -> bytes:
    data = b"".join(chunks)
    if len(data) != size:
        raise ImagegenError(v1.REASON_INTERNAL, "A picture arrived damaged: its size is not the one announced.")
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise ImagegenError(v1.REASON_INTERNAL, "A picture arrived damaged: its SHA-256 is not the one announced.")
    return data


async def read_file(
    files: ImageFilesAsyncStub, file: v1.FileRef, metadata: Metadata = (), timeout: float | None = None
) -> bytes:
    """The bytes behind a file reference."""
    request = v1.ReadFileRequest(
        file_id=file.file_id, expire_time=file.expire_time, key_id=file.key_id, signature=file.signature
    )
    call = files.ReadFile(request, metadata=tuple(metadata), timeout=timeout)
    chunks: list[bytes] = []
    size = 0
    whole: bytes | None = None
    try:
        async for part in call:  # to its end, or the other side would see a call that was cancelled
            match part.WhichOneof("part"):
                case "start":
                    size = part.start.size_bytes
                case "chunk":
                    chunks.append(part.chunk.data)
                case "end":
                    whole = _whole(chunks, size, part.end.sha256)
                case _:
                    pass
    finally:
        call.cancel()
    if whole is None:
        raise ImagegenError(v1.REASON_INTERNAL, "A file ended before its end was said.")
    return whole


class Client:
    """Speaks to one imagegen service."""

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        key: str | None = None,
        traced: bool = False,
    ) -> None:
        """`traced` makes a client span of every call, a child of the current one (needs `imagegen[tracing]`)."""
        self._channel = connect(target, credentials=credentials)
        self._traced = traced
        self._metadata: Metadata = (("authorization", f"Bearer {key}"),) if key else ()
        self._images = v1.ImageGenerationStub(self._channel)
        self._files = v1.ImageFilesStub(self._channel)
        self._models = v1.ModelsStub(self._channel)
        self._usage = v1.UsageStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._channel.close()

    @contextmanager
    def _call(self, method: str) -> Generator[tuple[tuple[str, str | bytes], ...]]:
        """The metadata of a call; its span is open inside, where calls are traced."""
        if not self._traced:
            yield tuple(self._metadata)
            return
        from imagegen import tracing  # the extra that only traced clients need

        with tracing.client_call(method, tracing.current()) as span:
            yield (*self._metadata, *tracing.inject(span.context).items())

    async def generate(self, prompt: str, *, model: str, timeout: float = DEFAULT_SECONDS, **parameters: Any) -> Answer:
        """Makes images; those too large for the answer are fetched, so every picture is here in full."""
        request = v1.GenerateImagesRequest(generation=generation(prompt, model=model, **parameters))
        with translated(), self._call("imagegen.v1.ImageGeneration/GenerateImages") as metadata:
            message = await self._images.GenerateImages(request, metadata=metadata, timeout=timeout)
        with translated():
            pictures = [await self._bytes(image) for image in message.images]
        return Answer(tuple(pictures), message)

    async def _bytes(self, image: v1.Image) -> bytes:
        if image.WhichOneof("content") == "data":
            return image.data
        return await read_file(self._files, image.file, self._metadata, DEFAULT_SECONDS)

    async def stream(
        self, prompt: str, *, model: str, timeout: float = DEFAULT_SECONDS, **parameters: Any
    ) -> AsyncGenerator[Event, None]:
        """Makes images and yields what happens. Close the generator (`aclosing`) to stop the work."""
        request = v1.StreamGenerateImagesRequest(generation=generation(prompt, model=model, **parameters))
        with translated(), self._call("imagegen.v1.ImageGeneration/StreamGenerateImages") as metadata:
            call = self._images.StreamGenerateImages(request, metadata=metadata, timeout=timeout)
            try:
                async with aclosing(assemble(call)) as events:
                    async for event in events:
                        yield event
            finally:
                call.cancel()  # a dropped stream is not cancelled by itself in every grpcio, and goes on costing

    async def plan(self, prompt: str, *, model: str, stream: bool = False, **parameters: Any) -> v1.PlanImagesResponse:
        """What `generate` would do, or `stream`, without doing it."""
        request = v1.PlanImagesRequest(generation=generation(prompt, model=model, **parameters), stream=stream)
        with translated(), self._call("imagegen.v1.ImageGeneration/PlanImages") as metadata:
            return await self._images.PlanImages(request, metadata=metadata, timeout=READ_SECONDS)

    async def providers(self) -> Sequence[v1.Provider]:
        """Every provider, and what of it is asked last for the time being."""
        with translated(), self._call("imagegen.v1.Models/ListProviders") as metadata:
            answer = await self._models.ListProviders(
                v1.ListProvidersRequest(), metadata=metadata, timeout=READ_SECONDS
            )
        return answer.providers

    async def models(self) -> Mapping[str, v1.Model]:
        """Every model that may be asked for, by name."""
        with translated(), self._call("imagegen.v1.Models/ListModels") as metadata:
            answer = await self._models.ListModels(v1.ListModelsRequest(), metadata=metadata, timeout=READ_SECONDS)
        return {model.name: model for model in answer.models}

    async def requests(
        self, wanted: v1.RequestFilter | None = None, *, page_size: int | None = None, page_token: str = ""
    ) -> v1.ListRequestsResponse:
        """A page of what the books have, the newest first."""
        request = v1.ListRequestsRequest(page_size=page_size, page_token=page_token, filter=wanted)
        with translated(), self._call("imagegen.v1.Usage/ListRequests") as metadata:
            return await self._usage.ListRequests(request, metadata=metadata, timeout=READ_SECONDS)

    async def request(self, name: str) -> v1.GetRequestResponse:
        """All that the books know of one request, by its id or by what it was called."""
        with translated(), self._call("imagegen.v1.Usage/GetRequest") as metadata:
            return await self._usage.GetRequest(v1.GetRequestRequest(id=name), metadata=metadata, timeout=READ_SECONDS)

    async def usage(
        self, wanted: v1.RequestFilter | None = None, by: Sequence[v1.UsageGrouping.ValueType] = ()
    ) -> v1.SumUsageResponse:
        """Sums over what the books have."""
        request = v1.SumUsageRequest(filter=wanted, group_by=by)
        with translated(), self._call("imagegen.v1.Usage/SumUsage") as metadata:
            return await self._usage.SumUsage(request, metadata=metadata, timeout=READ_SECONDS)

    async def read(self, file: v1.FileRef) -> bytes:
        """The bytes behind a file reference."""
        with translated(), self._call("imagegen.v1.ImageFiles/ReadFile") as metadata:
            return await read_file(self._files, file, metadata, DEFAULT_SECONDS)
