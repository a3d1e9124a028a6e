"""POST …/images/generations, whole and streamed. Edits and variations are refused by name until their issue."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

import grpc
from imagegen import tracing, v1
from imagegen.client import assemble, read_file
from imagegen.errors import ImagegenError, Metadata, translated
from starlette.requests import Request
from starlette.responses import Response

from rest_bridge import errors, openai_json, report, sse
from rest_bridge.edge import Pieces, errand_of, request_id_of, while_connected
from rest_bridge.gateway import Errand, Gateway
from rest_bridge.openai_events import told

MIB = 1024 * 1024
INLINE = 64 * MIB
"""What the service may send inline; larger pictures come as files and are fetched."""

LARGEST_BODY = 4 * MIB

REQUEST_TYPE = {False: "image_generation", True: "image_generation_stream"}

LATER_HEADERS = ("idempotency-key", "x-bf-async", "x-bf-async-id", "x-bf-async-job-result-ttl")


@dataclass(slots=True)
class Asked:
    """What the edge has to know of a request to answer it, well or badly."""

    request_id: str
    model: str | None = None
    stream: bool = False
    n: int = 1

    def learn(self, members: Mapping[str, Any]) -> None:
        """What the body says of itself, before it is known to be good."""
        model, n = members.get("model"), members.get("n")
        if self.model is None and isinstance(model, str):
            self.model = model
        self.stream = members.get("stream") is True
        self.n = n if isinstance(n, int) else 1

    @property
    def request_type(self) -> str:
        return REQUEST_TYPE[self.stream]

    def failed(self, error: ImagegenError) -> Response:
        return errors.response(error, self.request_id, self.request_type, self.model)

    def error_event(self, error: ImagegenError, number: int) -> sse.Pieces:
        body = errors.envelope(error, self.request_id, self.request_type, self.model)
        return sse.event("error", {**body, "type": "error", "sequence_number": number})


async def generate(request: Request) -> Response:
    deployment: str | None = request.path_params.get("deployment")
    asked = Asked(request_id_of(request), deployment)
    try:
        for name in LATER_HEADERS:
            if name in request.headers:
                raise errors.not_in_this_version(name, field=name)
        errand = errand_of(request)
        members = openai_json.members(await _body(request))
        asked.learn(members)
        body, extras = openai_json.typed(members)
        message = openai_json.message(body, extras, deployment)
        if not asked.stream:
            return await _whole(request, errand, message)
    except ImagegenError as error:
        return asked.failed(error)
    gateway: Gateway = request.app.state.gateway
    headers: dict[str, str] = {}
    return sse.EventStream(
        _streamed(gateway, errand, message, asked, headers), headers, asked.failed, asked.error_event
    )


async def edit(request: Request) -> Response:
    return errors.response(errors.not_in_this_version("Editing images"), request_id_of(request), "image_edit")


async def vary(request: Request) -> Response:
    return errors.response(errors.not_in_this_version("Varying images"), request_id_of(request), "image_variation")


async def _body(request: Request) -> bytes:
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise ImagegenError(
            v1.REASON_UNSUPPORTED_MEDIA_TYPE,
            f'Content-Type must be application/json, not "{report.plain(media_type)}".',
            field="Content-Type",
        )
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > LARGEST_BODY:
            raise ImagegenError(
                v1.REASON_PAYLOAD_TOO_LARGE, f"The body is larger than {LARGEST_BODY // MIB} MiB.", field="body"
            )
        pieces.append(piece)
    return b"".join(pieces)


async def _whole(request: Request, errand: Errand, message: v1.Generation) -> Response:
    """One answer with every image."""
    gateway: Gateway = request.app.state.gateway
    asking = v1.GenerateImagesRequest(generation=message, max_inline_bytes=INLINE)
    with translated(), tracing.client_call("imagegen.v1.ImageGeneration/GenerateImages", errand.trace) as span:
        call = gateway.images.GenerateImages(asking, metadata=errand.metadata(span.context), timeout=errand.seconds)
        try:
            answer = await while_connected(request, call)
            trailers = cast(Metadata, await call.trailing_metadata())
        finally:
            call.cancel()
        span.rpc_ended(grpc.StatusCode.OK, server=False)
        by_url = answer.response_format == "url"
        inline = [] if by_url else [(image, await _bytes(gateway, errand, image)) for image in answer.images]
    pieces = openai_json.answer(answer, inline, request.app.state.public_url)
    return Pieces(tuple(pieces), report.headers(trailers))


async def _bytes(gateway: Gateway, errand: Errand, image: v1.Image) -> bytes:
    if image.WhichOneof("content") == "data":
        return image.data
    return await read_file(gateway.files, image.file, errand.metadata(errand.trace), errand.seconds)


async def _streamed(
    gateway: Gateway, errand: Errand, message: v1.Generation, asked: Asked, headers: dict[str, str]
) -> AsyncGenerator[sse.Pieces, None]:
    """The stream's events as server-sent events; `headers` learns who is being asked before the first of them."""
    asking = v1.StreamGenerateImagesRequest(generation=message)
    with tracing.client_call("imagegen.v1.ImageGeneration/StreamGenerateImages", errand.trace) as span:
        call = gateway.images.StreamGenerateImages(
            asking, metadata=errand.metadata(span.context), timeout=errand.seconds
        )
        try:
            async with aclosing(told(assemble(call), asked.n, headers, asked.error_event)) as events:
                async for event in events:
                    yield event
            span.rpc_ended(await call.code(), server=False)
        finally:
            call.cancel()  # a dropped stream is not cancelled by itself in every grpcio, and goes on costing
