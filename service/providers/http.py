"""The only room that reaches the network: JSON out, bytes or server-sent events back, every failure with its outcome.

    NOT_SENT    no connection came about
    UNKNOWN     the request left, and what came back is nothing, too late, or half an answer
    REJECTED    a complete error answer; what it means is the adapter's to say

httpx2 is the maintained line of httpx (docs/decisions/0001-httpx2.md); it is imported here and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx2 as httpx
import orjson
from httpx_aiohttp.httpx2 import AiohttpTransport

from service import offload
from service.domain.event import Outcome
from service.errors import ProviderError, Reason
from service.providers.sse import ServerSentEvent, events_of
from service.telemetry import Context, http_span

MAX_ANSWER = 512 * 1024 * 1024
"""No answer is read beyond this."""

LAST_WORDS = 0.5
"""Seconds that a stream may still take after its last image."""

KEEPALIVE = 15
"""Seconds that an idle connection is kept: less than any provider keeps it, or a POST would be lost in its closing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to connect, between two pieces of an answer, and for the whole call."""

    connect: float
    idle: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    async def json(self) -> Any:
        """The body as JSON; raises ValueError where it is none."""
        return await offload.over(self.body, orjson.loads)


class Stream:
    """An answer that comes piece by piece."""

    def __init__(self, response: httpx.Response) -> None:
        self._pieces = response.aiter_bytes()
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    @property
    def is_events(self) -> bool:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/event-stream"

    async def events(self) -> AsyncGenerator[ServerSentEvent, None]:
        async with aclosing(events_of(self._pieces, MAX_ANSWER)) as events:
            async for event in events:
                yield event

    async def finish(self) -> None:
        """Waits a moment for the natural end, so that the connection can be used again; failures no longer matter."""
        with suppress(TimeoutError, httpx.HTTPError, httpx.StreamError, aiohttp.ClientError):
            async with asyncio.timeout(LAST_WORDS):
                async for _ in self._pieces:
                    pass

    async def whole(self) -> Answer:
        """Reads the rest at once."""
        pieces: list[bytes] = []
        size = 0
        async for piece in self._pieces:
            size += len(piece)
            if size > MAX_ANSWER:
                raise ProviderError(
                    Reason.PROVIDER_INVALID_ANSWER, "The provider's answer is too large to read.", Outcome.UNKNOWN
                )
            pieces.append(piece)
        return Answer(self.status, self.headers, b"".join(pieces))


class Http:
    """The connections to one provider."""

    def __init__(self, base_url: str, limits: Limits) -> None:
        self._limits = limits
        self._base = httpx.URL(base_url.rstrip("/") + "/")
        timeout = httpx.Timeout(limits.idle, connect=limits.connect, pool=limits.connect)
        transport = AiohttpTransport(trust_env=False)
        transport.client = lambda: aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=transport.ssl_context, keepalive_timeout=KEEPALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),  # one provider's cookies must not travel from caller to caller
        )
        self._client = httpx.AsyncClient(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str], trace: Context | None
    ) -> AsyncGenerator[Stream, None]:
        """Posts JSON. Everything that breaks inside the block becomes a ProviderError with its outcome."""
        url = self._base.join(path)
        request = self._client.build_request(
            "POST", url, content=orjson.dumps(body), headers={"content-type": "application/json", **headers}
        )
        with http_span("POST", url.host, url.port or (443 if url.scheme == "https" else 80), trace) as span:
            try:
                async with asyncio.timeout(self._limits.total):
                    response = await self._client.send(request, stream=True)
                    span.set(http__response__status_code=response.status_code)
                    if response.status_code >= 400:
                        span.fail(str(response.status_code))
                    try:
                        yield Stream(response)
                    finally:
                        await response.aclose()
            except TimeoutError:
                raise _timed_out(f"The provider took longer than {self._limits.total:g} s.") from None
            except (httpx.HTTPError, aiohttp.ClientError) as error:
                raise _translated(error) from None


def _translated(error: Exception) -> ProviderError:
    """Which failure means what. The texts are ours: the library's may hold addresses.

    The transport calls every lost connection a failed connect, so what counts is the failure underneath.
    """
    match error.__cause__ or error:
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError() | aiohttp.InvalidURL():
            return ProviderError(Reason.PROVIDER_UNREACHABLE, "The provider cannot be reached.", Outcome.NOT_SENT)
        case aiohttp.ServerTimeoutError() | httpx.TimeoutException():
            return _timed_out("The provider fell silent.")
        case _:
            return ProviderError(
                Reason.PROVIDER_CONNECTION_LOST,
                "The connection to the provider broke before its answer was complete.",
                Outcome.UNKNOWN,
            )


def _timed_out(message: str) -> ProviderError:
    return ProviderError(Reason.PROVIDER_TIMEOUT, message, Outcome.UNKNOWN)
