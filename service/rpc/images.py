"""ImageGeneration: the pipeline's events, collected into one answer or told one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import cast

from imagegen import v1
from imagegen.channel import DEFAULT_SECONDS
from imagegen.inprocess import lend

from service import offload
from service.access.doorman import Doorman
from service.domain.event import Completed, ImageReady
from service.engine.complaints import invalid
from service.engine.delivery import wants_url
from service.engine.engine import Engine
from service.engine.errand import Circumstances
from service.engine.once import Once
from service.errors import GatewayError, Reason
from service.rpc import codec
from service.rpc.interceptors import ServicerContext, arrived
from service.rpc.stream import CHUNK, Style, messages_of, sha256_of
from service.rpc.trailers import trailers

MIB = 1024 * 1024
DEFAULT_INLINE = 3 * MIB
"""So that a stub with gRPC's default limit of 4 MiB can read every answer that was paid for."""
MAX_INLINE = 256 * MIB

SMALLEST_CHUNK = 64 * 1024
LARGEST_CHUNK = 256 * MIB

MARGIN = 0.05
"""Seconds before the caller's deadline in which there is still time to say why."""


class ImageGeneration(v1.ImageGenerationServicer):
    def __init__(self, engine: Engine, once: Once, doorman: Doorman) -> None:
        self._engine = engine
        self._once = once
        self._doorman = doorman

    async def GenerateImages(  # noqa: N802 - the contract's name
        self, request: v1.GenerateImagesRequest, context: ServicerContext
    ) -> v1.GenerateImagesResponse:
        limit = request.max_inline_bytes if request.HasField("max_inline_bytes") else DEFAULT_INLINE
        if not 0 <= limit <= MAX_INLINE:
            raise invalid("max_inline_bytes", f"must be between 0 and {MAX_INLINE}, not {limit}")
        asked = codec.request(request.generation, stream=False)
        permit = await self._doorman.admit(arrived().authorization)
        images: list[ImageReady] = []
        done: Completed | None = None
        async with self._once.run(asked, permit, _circumstances(context, limit)) as events:
            async for event in events:
                if isinstance(event, ImageReady):
                    images.append(event)
                elif isinstance(event, Completed):
                    done = event
        if done is None:
            raise GatewayError(Reason.INTERNAL, "The request ended without an answer.")
        report = codec.report(done.report)
        context.set_trailing_metadata(trailers(report))
        answer = v1.GenerateImagesResponse(
            create_time=codec.timestamp(done.created),
            failed_images=[codec.failed(each) for each in done.failed],
            traits=codec.traits(done.traits),
            usage=codec.usage(done.usage),
            report=report,
            response_format="url" if wants_url(asked) else "b64_json",
        )
        for ready in sorted(images, key=lambda each: each.image.index):
            data = ready.image.picture.data
            digest = "" if request.omit_sha256 else await offload.sha256(data)
            codec.image(ready, None if ready.file else lend(context, data), digest, answer)
        return answer

    async def StreamGenerateImages(  # noqa: N802 - the contract's name
        self, request: v1.StreamGenerateImagesRequest, context: ServicerContext
    ) -> AsyncGenerator[v1.StreamGenerateImagesResponse, None]:
        style = _style(request, context)
        asked = codec.request(request.generation, stream=True)
        permit = await self._doorman.admit(arrived().authorization)
        async with self._once.run(asked, permit, _circumstances(context, None)) as events:
            async for event in events:
                digest = "" if request.omit_sha256 else await sha256_of(event)
                for message in messages_of(event, digest, style):
                    if message.HasField("completed"):
                        context.set_trailing_metadata(trailers(message.completed.report))
                    yield message

    async def PlanImages(  # noqa: N802 - the contract's name
        self, request: v1.PlanImagesRequest, context: ServicerContext
    ) -> v1.PlanImagesResponse:
        asked = codec.request(request.generation, stream=request.stream)
        permit = await self._doorman.admit(arrived().authorization)
        return codec.plan(self._engine.pipeline.plan(asked, permit))


def _circumstances(context: ServicerContext, inline_limit: int | None) -> Circumstances:
    here = arrived()
    remaining = cast("float | None", context.time_remaining())  # the stubs forget that there may be no deadline
    seconds = DEFAULT_SECONDS if remaining is None else max(0.0, remaining - MARGIN)
    return Circumstances(
        request_id=here.request_id,
        deadline=asyncio.get_running_loop().time() + seconds,
        trace=here.trace,
        inline_limit=inline_limit,
    )


def _style(request: v1.StreamGenerateImagesRequest, context: ServicerContext) -> Style:
    chunk = request.max_chunk_bytes if request.HasField("max_chunk_bytes") else CHUNK
    if not SMALLEST_CHUNK <= chunk <= LARGEST_CHUNK:
        raise invalid("max_chunk_bytes", f"must be between {SMALLEST_CHUNK} and {LARGEST_CHUNK}, not {chunk}")
    return Style(chunk, put=partial(lend, context))
