"""ImageFiles: finished pictures as files, for whoever holds a good signature."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from imagegen import v1

from service.domain.image import MEDIA_TYPES
from service.errors import GatewayError, Reason
from service.rpc import codec
from service.rpc.interceptors import ServicerContext
from service.rpc.stream import CHUNK
from service.signing import Signer
from service.stores.blobs.port import Blob, Blobs, Shelf


class ImageFiles(v1.ImageFilesServicer):
    def __init__(self, blobs: Blobs, signer: Signer) -> None:
        self._blobs = blobs
        self._signer = signer

    async def ReadFile(  # noqa: N802 - the contract's name
        self, request: v1.ReadFileRequest, context: ServicerContext
    ) -> AsyncGenerator[v1.ReadFileResponse, None]:
        file = codec.file_ref(request)
        self._signer.verify(file, time.time())
        blob = await self._open(file.file_id)
        media_type = MEDIA_TYPES[file.file_id.rpartition(".")[2]]
        yield v1.ReadFileResponse(start=v1.FileStart(media_type=media_type, size_bytes=blob.size))
        digest, offset = hashlib.sha256(), 0
        async with aclosing(blob.pieces) as pieces:
            async for piece in pieces:
                digest.update(piece)
                yield v1.ReadFileResponse(chunk=v1.ImageChunk(offset=offset, data=piece))
                offset += len(piece)
        yield v1.ReadFileResponse(end=v1.FileEnd(sha256=digest.hexdigest()))

    async def _open(self, file_id: str) -> Blob:
        """A result, or a picture that the operator keeps: names are random, so it can only be one of them."""
        for shelf in (Shelf.RESULTS, Shelf.RECORDED):
            blob = await self._blobs.open(shelf, file_id, CHUNK)
            if blob is not None:
                return blob
        raise GatewayError(Reason.NOT_FOUND, "There is no such file, or its time is over.", field="file_id")
