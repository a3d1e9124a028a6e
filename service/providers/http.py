"""The only room that reaches the network: JSON out, bytes or server-sent events back, every failure with its outcome.

`post` speaks to the operator's own base_url, `fetch` gets a picture from an address that a provider named: through
sessions of its own, which carry no key and open no socket that `destinations` has not allowed.

    NOT_SENT    no connection came about
    UNKNOWN     the request left, and what came back is nothing, too late, or half an answer
    REJECTED    a complete error answer; what it means is the adapter's to say

The client is aiohttp, without httpx over it (docs/decisions/0009-aiohttp.md); it is imported here and nowhere else.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from msgspec import Struct
from yarl import URL

from service.domain.event import Outcome
from service.errors import ProviderError, Reason
from service.providers.data_urls import data_of
from service.providers.destinations import NOTHING, Allowed, Destination, Destinations, Forbidden
from service.providers.lifting import Document, Lifter, too_large
from service.providers.sse import ServerSentEvent, events_of
from service.telemetry import Context, http_span, inject, log

MAX_ANSWER = 512 * 1024 * 1024
"""No answer is read beyond this."""

LAST_WORDS = 0.5
"""Seconds that a stream may still take after its last image."""

BUFFER = 2 * 1024 * 1024
"""How much of an answer may wait to be read. The larger, the fewer turns a large picture takes."""

KEEPALIVE = 15
"""Seconds that an idle connection is kept: less than any provider keeps it, or a POST would be lost in its closing."""

MAX_PICTURE = 64 * 1024 * 1024
"""No picture is fetched beyond this."""

FETCHING = 60.0
"""Seconds for a picture in all, redirects included, even where the provider may take longer to make it."""

SILENT = 15.0
"""Seconds without a byte of it."""

MOST_REDIRECTS = 3

MOST_FETCHES = 64
"""Connections for pictures of one provider at once; more of them wait, within their time."""

_REDIRECTS = (301, 302, 303, 307, 308)

_ENCODER = msgspec.json.Encoder()  # orjson's bytes keep four kilobytes, and a body waits as long as its answer


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to connect, between two pieces of an answer, for the whole call; for its first byte, if not as idle."""

    connect: float
    idle: float
    total: float
    first_byte: float | None = None


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

    def __init__(
        self,
        base_url: str,
        limits: Limits,
        allowed: Allowed = NOTHING,
        resolver: AbstractResolver | None = None,
        *,
        ours: bool = False,
    ) -> None:
        """Where the provider is `ours` it is told of the trace that a call belongs to.

        For `fetch`: `allowed` is what the operator lists in outgoing.allow, `resolver` is who looks names up.
        """
        self._ours = ours
        self._limits = limits
        self._tls = verified()  # read from disk, so at the start
        self._base = base_url.rstrip("/") + "/"
        self._destinations = Destinations(base_url, allowed)
        self._allowed = allowed
        self.resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self._fetchers: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        for session in self._fetchers.values():
            await session.close()

    @asynccontextmanager
    async def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str], trace: Context | None
    ) -> AsyncGenerator[Stream, None]:
        """Posts JSON. Everything that breaks inside the block becomes a ProviderError with its outcome."""
        sent = {"content-type": "application/json", **headers}
        async with self._posted(path, _ENCODER.encode(body), sent, trace) as stream:
            yield stream

    async def form(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Posts a form and reads the answer whole: how tokens are asked for, which no request waits for alone."""
        sent = {"content-type": "application/x-www-form-urlencoded"}
        async with self._posted(path, urlencode(fields).encode(), sent, None) as stream:
            return await stream.whole()

    @asynccontextmanager
    async def _posted(
        self, path: str, data: bytes, headers: Mapping[str, str], trace: Context | None
    ) -> AsyncGenerator[Stream, None]:
        url = _url(self._base + path)
        with http_span("POST", url.host or "", url.port or 0, trace) as span:
            if self._ours:
                headers = {**headers, **inject(span.context)}
            try:
                try:
                    response = await self._open().post(url, data=data, headers=headers, allow_redirects=False)
                except ValueError as error:
                    if isinstance(error, aiohttp.ClientError) or all(map(str.isprintable, headers.values())):
                        raise
                    raise _unsendable() from None
                span.set(http__response__status_code=response.status)
                if response.status >= 400:
                    span.fail(str(response.status))
                self._begun(response)
                try:
                    yield Stream(response)
                finally:
                    response.release()  # for the next call if it was read to its end, else it is closed
            except aiohttp.ClientError as error:
                raise _translated(error) from None
            except TimeoutError:
                raise _timed_out(f"The provider took longer than {self._limits.total:g} s.") from None

    def _begun(self, response: aiohttp.ClientResponse) -> None:
        """From now on silence is measured between two pieces: the first byte, which may take longest, is there."""
        protocol = response.connection.protocol if response.connection else None
        if protocol is not None and self._limits.first_byte is not None:
            protocol.read_timeout = self._limits.idle
            protocol.start_timeout()

    async def fetch(self, url: str, trace: Context | None) -> bytes:
        """Gets a picture from an address that a provider named: absolute, relative to base_url, or a data: URL.

        Whatever goes wrong, the picture was made and is owed. No word of the address gets into an error or the log, the
        host alone into the latter: such addresses are signed.
        """
        if url[:5].lower() == "data:":
            return await data_of(url)
        host = ""
        try:
            async with asyncio.timeout(self._patience):
                there = self._destinations.find(url)
                for _ in range(1 + MOST_REDIRECTS):
                    host = there.host
                    found = await self._get(there, trace)
                    if isinstance(found, bytes):
                        return found
                    there = self._destinations.follow(there, found)
                raise Forbidden(f"it redirects more than {MOST_REDIRECTS} times")
        except ProviderError as error:
            failure = error
        except (Forbidden, aiohttp.ClientError, TimeoutError) as error:
            failure = _not_fetched(error)
            host = error.host if isinstance(error, Forbidden) and error.host else host
        log("providers.http").warning("picture not fetched", host=host, reason=failure.reason, why=failure.message)
        raise failure

    async def _get(self, there: Destination, trace: Context | None) -> bytes | str:
        """The picture, or where its address redirects to."""
        with http_span("GET", there.host, there.port, trace) as span:
            response = await self._fetcher(there.vouched).get(there.url, allow_redirects=False)
            try:
                span.set(http__response__status_code=response.status)
                if response.status in _REDIRECTS:
                    return response.headers.get("location", "")
                if response.status != 200:
                    span.fail(str(response.status))
                    raise _refused_picture(response.status)
                return await _picture(response)
            finally:
                response.release()

    @property
    def _patience(self) -> float:
        """How long a picture may take to be fetched."""
        return min(self._limits.total, FETCHING)

    def _open(self) -> aiohttp.ClientSession:
        """The session for `post`, made when there is a loop for it."""
        if self._session is None:
            self._session = self._made(
                aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE, ssl=self._tls),
                self._limits,
                {"user-agent": "imagegen"},
            )
        return self._session

    def _fetcher(self, vouched: bool) -> aiohttp.ClientSession:
        """A session for `fetch`. Only one whose hosts the operator vouches for opens sockets to any address."""
        session = self._fetchers.get(vouched)
        if session is None:
            connector = aiohttp.TCPConnector(
                limit=MOST_FETCHES,
                keepalive_timeout=KEEPALIVE,
                ssl=self._tls,
                resolver=self.resolver,
                use_dns_cache=False,
                socket_factory=None if vouched else self._socket,
                timeout_ceil_threshold=math.inf,
            )
            limits = Limits(self._limits.connect, min(self._limits.idle, SILENT), self._patience)
            headers = {"user-agent": "imagegen", "accept": "image/*", "accept-encoding": "identity"}
            session = self._fetchers[vouched] = self._made(connector, limits, headers, unpack=False)
        return session

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        """The last word on every connection: whatever the name and its resolution said, this is where it would go."""
        family, kind, protocol, _, end = address
        if not self._allowed.may_connect(str(end[0])):
            raise Forbidden("it leads to an address that is not public, and not listed in outgoing.allow")
        return socket.socket(family, kind, protocol)

    @staticmethod
    def _made(
        connector: aiohttp.TCPConnector, limits: Limits, headers: Mapping[str, str], *, unpack: bool = True
    ) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),  # one provider's cookies must not travel from caller to caller
            timeout=aiohttp.ClientTimeout(
                total=limits.total,
                sock_connect=limits.connect,
                sock_read=limits.idle if limits.first_byte is None else limits.first_byte,
                ceil_threshold=math.inf,  # exactly, not to the next whole second
            ),
            read_bufsize=BUFFER,
            trust_env=False,
            auto_decompress=unpack,
            headers=headers,
        )


async def _picture(response: aiohttp.ClientResponse) -> bytes:
    """The body of a good answer, as it is: nothing is unpacked, so nothing can swell."""
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _bad_picture("The picture that the provider named an address for comes packed, which was not asked.")
    if (response.content_length or 0) > MAX_PICTURE:
        raise _large_picture()
    pieces: list[bytes] = []
    size = 0
    while piece := await response.content.readany():
        size += len(piece)
        if size > MAX_PICTURE:
            raise _large_picture()
        pieces.append(piece)
    return b"".join(pieces)


@lru_cache(maxsize=1)
def verified() -> ssl.SSLContext:
    """Certificates are checked against the system's roots, always: nothing switches that off."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(("http/1.1",))
    return context


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


def _unsendable() -> ProviderError:
    """A header that would end too early is found before the first byte of a request is written."""
    message = "A key or token for the provider holds what cannot stand in a header; the operator has to look into it."
    return ProviderError(Reason.PROVIDER_ACCOUNT, message, Outcome.NOT_SENT)


def _timed_out(message: str) -> ProviderError:
    return ProviderError(Reason.PROVIDER_TIMEOUT, message, Outcome.UNKNOWN)


def _not_fetched(error: Exception) -> ProviderError:
    """Why a picture could not be fetched. All of it is unknown: the provider made one, and bills it."""
    match error:
        case Forbidden():
            return _forbidden(error)
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, Forbidden):
            return _forbidden(error.os_error)
        case aiohttp.InvalidURL():
            return _forbidden(Forbidden("it cannot be read"))
        case TimeoutError():
            return _timed_out("The picture that the provider named an address for took too long to fetch.")
        case aiohttp.ClientConnectorCertificateError():
            return _lost_picture("has a certificate that is not trusted")
        case _:
            return _lost_picture("cannot be reached, or broke off")


def _forbidden(why: Forbidden) -> ProviderError:
    return _bad_picture(f"The provider named an address for its picture that is not gone to: {why}.")


def _refused_picture(status: int) -> ProviderError:
    if status >= 500:
        return _lost_picture(f"answered with status {status}")
    return _bad_picture(f"The address that the provider named for its picture answered with status {status}.")


def _large_picture() -> ProviderError:
    most = MAX_PICTURE // (1024 * 1024)
    return _bad_picture(f"The picture that the provider named an address for is larger than {most} MiB.")


def _bad_picture(message: str) -> ProviderError:
    return ProviderError(Reason.PROVIDER_INVALID_ANSWER, message, Outcome.UNKNOWN)


def _lost_picture(how: str) -> ProviderError:
    message = f"The address that the provider named for its picture {how}."
    return ProviderError(Reason.PROVIDER_CONNECTION_LOST, message, Outcome.UNKNOWN)
