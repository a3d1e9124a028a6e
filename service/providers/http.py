"""The only room that reaches the network: JSON out, bytes or server-sent events back, every failure with its outcome.

    NOT_SENT    no connection came about
    UNKNOWN     the request left, and what came back is nothing, too late, or half an answer
    REJECTED    a complete error answer; what it means is the adapter's to say

The client is aiohttp, without httpx over it (docs/decisions/0009-aiohttp.md); it is imported here and nowhere else.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct
from yarl import URL

from service.domain.event import Outcome
from service.errors import ProviderError, Reason
from service.providers.lifting import Document, Lifter, too_large
from service.providers.sse import ServerSentEvent, events_of
from service.telemetry import Context, http_span

MAX_ANSWER = 512 * 1024 * 1024
"""No answer is read beyond this."""

LAST_WORDS = 0.5
"""Seconds that a stream may still take after its last image."""

BUFFER = 2 * 1024 * 1024
"""How much of an answer may wait to be read. The larger, the fewer turns a large picture takes."""

KEEPALIVE = 15
"""Seconds that an idle connection is kept: less than any provider keeps it, or a POST would be lost in its closing."""


_ENCODER = msgspec.json.Encoder()  # orjson's bytes keep four kilobytes, and a body waits as long as its answer


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to connect, between two pieces of an answer, and for the whole call."""

    connect: float
    idle: float
    total: float


class Answer(Struct, frozen=True):
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    document: Document | None
    """The body as JSON, None where it is none."""


class Stream:
    """An answer that comes piece by piece; its pictures are lifted out of it on the way."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._lifter = Lifter(MAX_ANSWER)
        self._texts = _Texts(response, self._lifter)
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    @property
    def is_events(self) -> bool:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/event-stream"

    async def events(self) -> AsyncGenerator[ServerSentEvent, None]:
        async with aclosing(events_of(self._texts, MAX_ANSWER)) as events:
            async for event in events:
                yield event

    async def document(self, text: bytes) -> Document:
        """A text of this answer as JSON, with its pictures. Raises ValueError where it is none."""
        return await self._lifter.document(text)

    async def finish(self) -> None:
        """Waits a moment for the natural end, so that the connection can be used again; failures no longer matter."""
        with suppress(TimeoutError, aiohttp.ClientError, ProviderError):
            async with asyncio.timeout(LAST_WORDS):
                async for _ in self._texts:
                    pass

    async def whole(self) -> Answer:
        """Reads the rest at once."""
        texts: list[bytes] = []
        size = 0
        async for text in self._texts:
            size += len(text)
            if size > MAX_ANSWER:
                raise too_large()
            texts.append(text)
        try:
            document = await self.document(b"".join(texts))
        except ValueError:
            document = None
        return Answer(self.status, self.headers, document)


class _Texts:
    """An answer's body without its pictures, as it comes from the socket.

    aiohttp joins all that has come whenever it is asked, except for single chunks; and where an answer is chunked, a
    chunk may be a few bytes. So a body of known length is taken piece by piece, and a chunked one as it has gathered.
    """

    def __init__(self, response: aiohttp.ClientResponse, lifter: Lifter) -> None:
        self._content = response.content
        self._chunked = "transfer-encoding" in response.headers
        self._lifter = lifter

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            piece = await self._content.readany() if self._chunked else (await self._content.readchunk())[0]
            at_end = not piece and self._content.at_eof()
            text = self._lifter.rest() if at_end else await self._lifter.feed(piece)
            if text:
                return text
            if at_end:
                raise StopAsyncIteration


class Http:
    """The connections to one provider."""

    def __init__(self, base_url: str, limits: Limits) -> None:
        self._limits = limits
        self._base = base_url.rstrip("/") + "/"
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str], trace: Context | None
    ) -> AsyncGenerator[Stream, None]:
        """Posts JSON. Everything that breaks inside the block becomes a ProviderError with its outcome."""
        url = _url(self._base + path)
        sent = {"content-type": "application/json", **headers}
        with http_span("POST", url.host or "", url.port or 0, trace) as span:
            try:
                response = await self._open().post(url, data=_ENCODER.encode(body), headers=sent, allow_redirects=False)
                span.set(http__response__status_code=response.status)
                if response.status >= 400:
                    span.fail(str(response.status))
                try:
                    yield Stream(response)
                finally:
                    response.release()  # for the next call if it was read to its end, else it is closed
            except aiohttp.ClientError as error:
                raise _translated(error) from None
            except TimeoutError:
                raise _timed_out(f"The provider took longer than {self._limits.total:g} s.") from None

    def _open(self) -> aiohttp.ClientSession:
        """The session, made when there is a loop for it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE),
                cookie_jar=aiohttp.DummyCookieJar(),  # one provider's cookies must not travel from caller to caller
                timeout=aiohttp.ClientTimeout(
                    total=self._limits.total,
                    sock_connect=self._limits.connect,
                    sock_read=self._limits.idle,
                    ceil_threshold=math.inf,  # exactly, not to the next whole second
                ),
                read_bufsize=BUFFER,
                trust_env=False,
                headers={"user-agent": "imagegen"},
            )
        return self._session


@lru_cache(maxsize=1024)
def _url(url: str) -> URL:
    return URL(url)


def _translated(error: aiohttp.ClientError) -> ProviderError:
    """Which failure means what. The texts are ours: the library's may hold addresses."""
    match error:
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError() | aiohttp.InvalidURL():
            return ProviderError(Reason.PROVIDER_UNREACHABLE, "The provider cannot be reached.", Outcome.NOT_SENT)
        case aiohttp.ServerTimeoutError():
            return _timed_out("The provider fell silent.")
        case _:
            return ProviderError(
                Reason.PROVIDER_CONNECTION_LOST,
                "The connection to the provider broke before its answer was complete.",
                Outcome.UNKNOWN,
            )


def _timed_out(message: str) -> ProviderError:
    return ProviderError(Reason.PROVIDER_TIMEOUT, message, Outcome.UNKNOWN)
