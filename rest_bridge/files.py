"""GET /v1/files/{id}/content: a finished picture, for whoever holds its signed URL."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import ImagegenError, tracing, v1
from imagegen.errors import translated
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from rest_bridge import errors
from rest_bridge.edge import errand_of, request_id_of
from rest_bridge.gateway import Errand, Gateway


async def content(request: Request) -> Response:
    try:
        errand = errand_of(request)
        parts = _parts(request.app.state.gateway, errand, _asked(request))
        start = (await anext(parts)).start
        if request.method == "HEAD":
            async for _ in parts:  # to the end, or the service would see a call that was cancelled
                pass
    except ImagegenError as error:
        return errors.response(error, request_id_of(request))
    name: str = request.path_params["file_id"]
    headers = {
        "content-length": str(start.size_bytes),
        "cache-control": "private, max-age=3600, immutable",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
        "cross-origin-resource-policy": "cross-origin",  # pages anywhere show pictures by their URL
        # A drawing may hold script: it is saved, never shown from here.
        "content-disposition": f"{'attachment' if start.media_type == 'image/svg+xml' else 'inline'}; filename={name}",
    }
    if request.method == "HEAD":
        return Response(None, 200, headers, start.media_type)
    return StreamingResponse(_pieces(parts), 200, headers, start.media_type)


def _asked(request: Request) -> v1.ReadFileRequest:
    expires = request.query_params.get("exp", "")
    if not expires.isascii() or not expires.isdigit() or len(expires) > 11:
        raise ImagegenError(v1.REASON_SIGNATURE_INVALID, "The signature of this URL is not valid.", field="exp")
    return v1.ReadFileRequest(
        file_id=request.path_params["file_id"],
        expire_time=Timestamp(seconds=int(expires)),
        key_id=request.query_params.get("kid", ""),
        signature=request.query_params.get("sig", ""),
    )


async def _parts(
    gateway: Gateway, errand: Errand, asking: v1.ReadFileRequest
) -> AsyncGenerator[v1.ReadFileResponse, None]:
    with (
        translated(),
        tracing.client_call("imagegen.v1.ImageFiles/ReadFile", errand.trace) as span,
        gateway.lane() as lane,
    ):
        call = lane.files.ReadFile(asking, metadata=errand.metadata(span.context), timeout=errand.seconds)
        try:
            async for part in call:
                yield part
        finally:
            call.cancel()


async def _pieces(parts: AsyncGenerator[v1.ReadFileResponse, None]) -> AsyncGenerator[bytes, None]:
    """The last one when the call has ended: who has it may be gone at once, and would seem to have cancelled."""
    async with aclosing(parts):
        last = b""
        async for part in parts:
            if part.WhichOneof("part") == "chunk":
                if last:
                    yield last
                last = part.chunk.data
        if last:
            yield last
