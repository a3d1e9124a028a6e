"""POST …/images/generations, whole and streamed. Edits and variations are refused by name until they work."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import cast

from imagegen import tracing, v1
from imagegen.client import assemble, read_file
from imagegen.errors import ImagegenError, Metadata, translated
from imagegen.inprocess import taken
from imagegen.report import plain
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from rest_bridge import errors, openai_json, report, sse
from rest_bridge.asked import Asked
from rest_bridge.edge import arrival_of, errand_of, request_id_of
from rest_bridge.gateway import Errand, Gateway
from rest_bridge.headers import understood
from rest_bridge.json import Spliced, dumps
from rest_bridge.leaving import ends, has_left, left
from rest_bridge.openai_events import sse_events

MIB = 1024 * 1024
AT_ONCE = 64 * MIB
"""What the service may send inline, or in one chunk; a larger picture comes as a file, or in several."""

LARGEST_BODY = 4 * MIB

LAST_WORDS = 5.0
"""Seconds after the deadline in which a slow reader may still take what there is."""


async def generate(request: Request) -> Response:
    asked = Asked(request_id_of(request), request.path_params.get("deployment"))
    try:
        errand = errand_of(request)
        message = await _message(request, asked)
        if not asked.stream:
            return await _whole(request, errand, message)
    except ImagegenError as error:
        return asked.failed(error)
    return _streamed(request.app.state.gateway, errand, message, asked)


async def plan(request: Request) -> Response:
    """What `generate` would do with the same body, at no cost."""
    asked = Asked(request_id_of(request), None)
    gateway: Gateway = request.app.state.gateway
    try:
        errand = errand_of(request)
        message = await _message(request, asked)
        asking = v1.PlanImagesRequest(generation=message, stream=asked.stream)
        made = await gateway.read(errand, "ImageGeneration/PlanImages", lambda lane: lane.images.PlanImages, asking)
    except ImagegenError as error:
        return asked.failed(error)
    return Response(dumps(report.plan(made)), media_type="application/json")


async def edit(request: Request) -> Response:
    return errors.response(errors.not_in_this_version("Editing images"), request_id_of(request), "image_edit")


async def vary(request: Request) -> Response:
    return errors.response(errors.not_in_this_version("Varying images"), request_id_of(request), "image_variation")


async def _message(request: Request, asked: Asked) -> v1.Generation:
    """What is asked for, from the path, the headers and the body."""
    headers = arrival_of(request).headers
    members = openai_json.members(await _body(request, headers))
    asked.learn(members)
    body, extras = openai_json.typed(members)
    message = openai_json.message(body, extras, request.path_params.get("deployment"))
    understood(headers, message)
    return message


async def _body(request: Request, headers: Mapping[str, str]) -> bytes:
    # A page of any site may have its browser send a body without a type, and nobody is asked before.
    assumed = "" if "origin" in headers else "application/json"
    if headers.get("content-type") != "application/json":
        check_content_type(headers.get("content-type", assumed))
    if headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise _not_read("Content-Encoding", "absent: bodies are read as they are", headers["content-encoding"])
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > LARGEST_BODY:
                message = f"The body is larger than {LARGEST_BODY // MIB} MiB."
                raise ImagegenError(v1.REASON_PAYLOAD_TOO_LARGE, message, field="body")
            pieces.append(piece)
    except ClientDisconnect:
        raise left() from None
    return b"".join(pieces)


_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";]*)", re.IGNORECASE)


def check_content_type(value: str) -> None:
    media_type = value.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise _not_read("Content-Type", "application/json", media_type)
    for charset in _CHARSET.findall(value):
        if charset.strip().lower() not in ("utf-8", "utf8"):
            raise _not_read("Content-Type", "application/json in UTF-8", f"charset={charset.strip()}")


def _not_read(header: str, right: str, value: str) -> ImagegenError:
    message = f'{header} must be {right}, not "{plain(value)}".'
    return ImagegenError(v1.REASON_UNSUPPORTED_MEDIA_TYPE, message, field=header)


async def _whole(request: Request, errand: Errand, message: v1.Generation) -> Response:
    """One answer with every image."""
    gateway: Gateway = request.app.state.gateway
    asking = v1.GenerateImagesRequest(generation=message, max_inline_bytes=AT_ONCE, omit_sha256=True)
    with (
        translated(),
        tracing.client_call("imagegen.v1.ImageGeneration/GenerateImages", errand.trace) as span,
        gateway.lane() as lane,
    ):
        call = lane.images.GenerateImages(asking, metadata=errand.metadata(span.context), timeout=errand.seconds)
        try:
            with ends(request.scope, call.cancel):
                answer = await call
            trailers = cast(Metadata, await call.trailing_metadata())
        except asyncio.CancelledError:
            if not has_left(request.scope):
                raise
            raise left() from None
        finally:
            call.cancel()
            span.rpc_ended(await call.code(), server=False)
    inline: list[tuple[v1.Image, bytes]] = []
    if answer.response_format != "url":
        inline = [(image, await _bytes(gateway, errand, call, image)) for image in answer.images]
    return Spliced(tuple(openai_json.answer(answer, inline, request.app.state.public_url)), report.headers(trailers))


async def _bytes(gateway: Gateway, errand: Errand, call: object, image: v1.Image) -> bytes:
    """The bytes of an image, fetched where they were too large to come along."""
    if image.WhichOneof("content") == "data":
        return taken(call, image.data)
    with (
        translated(),
        tracing.client_call("imagegen.v1.ImageFiles/ReadFile", errand.trace) as span,
        gateway.lane() as lane,
    ):
        return await read_file(lane.files, image.file, errand.metadata(span.context), errand.seconds)


def _streamed(gateway: Gateway, errand: Errand, message: v1.Generation, asked: Asked) -> Response:
    """The stream as server-sent events. Closing it ends the call, and with it everything behind."""
    asking = v1.StreamGenerateImagesRequest(generation=message, omit_sha256=True, max_chunk_bytes=AT_ONCE)
    span = tracing.client_call("imagegen.v1.ImageGeneration/StreamGenerateImages", errand.trace)
    lane = gateway.lane()
    metadata = errand.metadata(span.context)
    call = lane.carry(lane.images.StreamGenerateImages(asking, metadata=metadata, timeout=errand.seconds))

    async def events() -> AsyncGenerator[sse.Pieces, None]:
        with span:
            try:
                async with aclosing(sse_events(assemble(call), asked)) as told:
                    async for each in told:
                        yield each
            finally:
                call.cancel()  # a dropped stream is not cancelled by itself in every grpcio, and goes on costing
                span.rpc_ended(await call.code(), server=False)

    return sse.EventStream(events(), asked, errand.seconds + LAST_WORDS, call.cancel)
