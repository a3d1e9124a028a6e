"""Blobs in an S3 bucket, Amazon's or anybody's. One PUT makes one thing, whatever its size: whole, or not there.

A PUT in parts would leave parts behind when it fails, and could not be told to make new things only. Keys come from
the environment, as for every tool that speaks S3, else from the role of the machine.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from service.config.s3 import S3Location, location
from service.domain.image import MEDIA_TYPES
from service.errors import GatewayError, Reason
from service.stores.blobs.outage import Outage
from service.stores.blobs.port import Blob, Shelf, checked, is_name

if TYPE_CHECKING:
    from obstore import Attributes, BytesStream
    from obstore.store import S3Config

CONNECT = timedelta(seconds=2)
ANSWER = 10.0
"""Seconds for a request, with all its retries; for the start of a thing that is read, and for each of its pieces."""

SLOWEST = 1_000_000
"""Bytes a second: what is stored gets that much more time."""

PAGE = 1000
"""How many names a sweep holds at a time: what S3 lists and deletes at once."""

SETTLE = 0.02
"""Seconds for obstore's threads to be done: one that still wants the interpreter when it ends aborts the process."""

_FAILED = (BaseError, OSError, NotImplementedError)
"""All that obstore raises; what is not there, it says with FileNotFoundError."""


def from_url(url: str) -> S3Blobs:
    return S3Blobs(location(url))


class S3Blobs:
    def __init__(self, where: S3Location) -> None:
        self._bucket = where.bucket
        self._store = _store(where)
        self._outage = Outage(f"s3://{where.bucket}/{where.prefix}")
        self._can_create = True
        """Until the server says that it does not know how to make new things only."""

    async def put(self, shelf: Shelf, name: str, data: bytes) -> None:
        key = f"{shelf}/{checked(name)}"
        async with self._asking(len(data)):
            try:
                await self._put(key, data)
            except AlreadyExistsError:  # an answer was lost, and obstore asked again
                found = await self._store.get_async(key)
                if bytes(await found.bytes_async()) != data:
                    raise ValueError("there is something else under this name") from None

    async def open(self, shelf: Shelf, name: str, piece: int) -> Blob | None:
        if not is_name(name):
            return None
        async with self._asking():
            try:
                found = await self._store.get_async(f"{shelf}/{name}")
            except FileNotFoundError as error:
                if "<Code>NoSuchKey</Code>" in str(error):
                    return None
                raise  # no bucket, or a 404 of somebody on the way
        return Blob(found.meta["size"], self._read(found.stream(min_chunk_size=piece), piece))

    async def sweep(self, shelf: Shelf, older_than: float) -> int:
        before, swept = datetime.now(UTC) - timedelta(seconds=older_than), 0
        pages = self._store.list(shelf, chunk_size=PAGE)  # pyright: ignore[reportUnknownMemberType] - Arrow is not here
        while True:
            async with self._asking():
                page = await anext(pages, None)
            if page is None:
                return swept
            old = [each["path"] for each in page if each["last_modified"] < before and _is_ours(shelf, each["path"])]
            if old:
                async with self._asking():
                    await self._store.delete_async(old)
            swept += len(old)

    async def close(self) -> None:
        await asyncio.sleep(SETTLE)
        repr(self._store)  # any call makes obstore drop what its threads were done with: they held the store, too
        del self._store  # and with it its connections

    async def _put(self, key: str, data: bytes) -> None:
        kind: Attributes = {"Content-Type": MEDIA_TYPES.get(key.rpartition(".")[2], "application/octet-stream")}
        if self._can_create:
            try:
                await self._store.put_async(key, data, attributes=kind, mode="create")
            except (BaseError, NotImplementedError) as error:
                if not _is_beyond_it(error):
                    raise
                self._can_create = False
            else:
                return
        await self._store.put_async(key, data, attributes=kind, use_multipart=False)

    async def _read(self, stream: BytesStream, piece: int) -> AsyncGenerator[bytes, None]:
        """A reader who leaves lets go of the stream, and that closes its connection."""
        while True:
            async with self._asking():
                chunk = await anext(stream, None)
            if chunk is None:
                return
            for start in range(0, len(chunk), piece):
                yield chunk[start : start + piece]

    @asynccontextmanager
    async def _asking(self, size: int = 0) -> AsyncGenerator[None]:
        """Bounds what is asked, and tells what went wrong. A request of obstore's that is cancelled ends at once."""
        try:
            async with asyncio.timeout(ANSWER + size / SLOWEST):
                yield
        except TimeoutError:
            raise self._unavailable("does not answer") from None
        except _FAILED as error:
            raise self._unavailable(self._said(str(error))) from None
        self._outage.is_over()

    def _unavailable(self, what: str) -> GatewayError:
        self._outage.goes_on(what)
        return GatewayError(Reason.UNAVAILABLE, f"The store for pictures {what}.", retry_after=10)

    def _said(self, error: str) -> str:
        """What obstore says, without addresses, names and whatever else the server wrote."""
        asked = re.search(r"Error performing [A-Z]+ (\S+)", error)
        if asked and self._bucket not in asked[1]:
            return "has no keys from us: none are in the environment, and this machine has no role"
        status, code = re.search(r"status code: (\d{3})", error), re.search(r"<Code>(\w{1,64})</Code>", error)
        if status:
            return f"answered {status[1]} {code[1] if code else ''}".rstrip()
        return "cannot be reached"


def _is_beyond_it(error: Exception) -> bool:
    """Whether a server does not know the condition (B2 answers 501), or an operator has turned it off."""
    return isinstance(error, NotImplementedError) or "status code: 501" in str(error)


def _is_ours(shelf: Shelf, path: str) -> bool:
    """Whether we stored it. Others may keep things in the same bucket."""
    return is_name(path.removeprefix(f"{shelf}/"))


def _store(where: S3Location) -> S3Store:
    """Every limit of time is ours (a whole request has no other here), so that a slow reader is not cut off."""
    endpoint = where.endpoint
    if endpoint and not where.path_style:
        scheme, _, host = endpoint.partition("://")
        endpoint = f"{scheme}://{where.bucket}.{host}"
    config: S3Config = {"virtual_hosted_style_request": not where.path_style}
    if endpoint:  # both, so that AWS_ENDPOINT_URL_S3 does not win over what the configuration says
        config |= {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint}
    if where.region:
        config |= {"region": where.region}
    return S3Store(
        where.bucket,
        prefix=where.prefix or None,
        config=config,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": CONNECT,
            "timeout": timedelta(hours=1),
        },
        retry_config={
            "max_retries": 2,
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
            "retry_timeout": timedelta(seconds=ANSWER),
        },
    )
