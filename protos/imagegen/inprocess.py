"""Calls without a wire: the same stubs and servicers, where both live in one process and on one event loop.

    server = LocalServer([interceptor])
    v1.add_ImageGenerationServicer_to_server(servicer, server)
    stub = v1.ImageGenerationStub(server.channel())

What gRPC promises holds: interceptors, metadata, deadlines, cancellation, statuses with details, trailers, limits of
size and number. A stream goes on when its caller asks for more, so a slow reader is never more than a message behind.
Nothing is serialised: the servicer gets the very message that the caller made, and neither may change it afterwards.
But a message copies the bytes that are put into it, and again when they are taken out. Where the channel says so,
pictures go beside their messages: `lend` puts them there, `taken` takes them, and over real gRPC both do nothing.
The servicer runs in its caller's task; what it awaits is awaited there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from typing import Any, NamedTuple, NoReturn, TypeVar

import grpc
import grpc.aio

from imagegen.channel import LARGEST_MESSAGE

Metadata = tuple[tuple[str, str | bytes], ...]
Code = grpc.StatusCode

AnyCall = TypeVar("AnyCall", bound="LocalCall")

LARGEST_METADATA = 16 * 1024
MOST_CALLS = 10_000
GONE = "The server is stopping."


class CallDetails(NamedTuple):
    """A grpc.HandlerCallDetails: what interceptors know of a call."""

    method: str
    invocation_metadata: Metadata


Continuation = Callable[[CallDetails], Coroutine[Any, Any, Any]]


class LocalServer:
    """Takes servicers as grpc.aio.server() does."""

    def __init__(
        self,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
        *,
        largest_request: int = LARGEST_MESSAGE,
        largest_metadata: int = LARGEST_METADATA,
        most_calls: int = MOST_CALLS,
    ) -> None:
        self.largest_request = largest_request
        self.largest_metadata = largest_metadata
        self.most_calls = most_calls
        self.calls: set[LocalCall] = set()
        self.stopping = False
        self._interceptors = tuple(reversed(interceptors))
        self._handlers: dict[str, Any] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """What the generated code hands in twice is taken once, below."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self._handlers.update({f"/{service}/{name}": handler for name, handler in handlers.items()})

    def channel(self, *, largest_message: int | None = None, lends: bool = False) -> LocalChannel:
        """With `largest_message` answers are measured, which costs as much as writing them down.

        `lends` is for callers who know `taken`.
        """
        return LocalChannel(self, largest_message, lends=lends)

    async def stop(self, grace: float | None) -> None:
        """Turns new calls away, lets the others finish within `grace`, then ends them."""
        self.stopping = True
        if self.calls and grace:
            await asyncio.wait([asyncio.ensure_future(call.ended()) for call in self.calls], timeout=grace)
        for call in tuple(self.calls):
            call.stop(Code.UNAVAILABLE, GONE)
        while self._closing:
            await asyncio.wait(self._closing)

    async def handler(self, details: CallDetails) -> Any:
        """Who answers, as the interceptors see it; None for a method that nobody has."""

        async def registered(details: CallDetails) -> Any:
            return self._handlers.get(details.method)

        continuation: Continuation = registered
        for interceptor in self._interceptors:
            continuation = _intercepted(interceptor, continuation)
        return await continuation(details)

    def close_later(self, source: AsyncGenerator[Any, None]) -> None:
        """Ends a servicer's generator that nobody reads any more."""
        task = asyncio.create_task(_close(source), name="close a stream")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _intercepted(interceptor: Any, continuation: Continuation) -> Continuation:
    def next_one(details: CallDetails) -> Coroutine[Any, Any, Any]:
        return interceptor.intercept_service(continuation, details)

    return next_one


async def _close(source: AsyncGenerator[Any, None]) -> None:
    await source.aclose()


def lend(context: Any, data: bytes) -> bytes:
    """What a servicer puts into a message for `data`: the data, or nothing where the caller takes it beside."""
    lent: list[bytes] | None = getattr(context, "lent", None)
    if lent is None:
        return data
    lent.append(data)
    return b""


def taken(call: Any, data: bytes) -> bytes:
    """What a message of the call really brought where it has `data`. To be asked once for each, in their order."""
    lent: list[bytes] | None = getattr(call, "lent", None)
    return data if lent is None else lent.pop(0)


class LocalChannel:
    """What stubs need of a channel."""

    def __init__(self, server: LocalServer, largest_message: int | None, *, lends: bool) -> None:
        self._server = server
        self._lends = lends
        self._largest_message = largest_message
        self._calls: set[LocalCall] = set()
        self._closed = False

    def unary_unary(self, method: str, *_: Any, **__: Any) -> Callable[..., LocalUnaryCall]:
        return self._method(method, LocalUnaryCall)

    def unary_stream(self, method: str, *_: Any, **__: Any) -> Callable[..., LocalStreamCall]:
        return self._method(method, LocalStreamCall)

    stream_unary, stream_stream = unary_unary, unary_stream
    """Here it makes no difference whether a request is a message or comes as an iterator of them."""

    async def close(self, grace: float | None = None) -> None:
        self._closed = True
        for call in tuple(self._calls):
            call.cancel()

    def _method(self, method: str, kind: type[AnyCall]) -> Callable[..., AnyCall]:
        def start(
            request: Any, *, timeout: float | None = None, metadata: Sequence[tuple[str, str | bytes]] = (), **_: Any
        ) -> AnyCall:
            if self._closed:
                raise grpc.aio.UsageError("Channel is closed.")
            call = kind(self._server, CallDetails(method, tuple(metadata)), request, timeout, self._largest_message)
            if self._lends:
                call.lent = []
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
            return call

        return start


class LocalCall:
    """One call: what both of its sides know of it."""

    lent: list[bytes] | None = None
    """Bytes on their way beside the messages, where the caller takes them so."""

    def __init__(
        self, server: LocalServer, details: CallDetails, request: Any, timeout: float | None, largest_answer: int | None
    ) -> None:
        self._server = server
        self._details = details
        self._request = request
        self._largest_answer = largest_answer
        self._loop = asyncio.get_running_loop()
        self._deadline = None if timeout is None else self._loop.time() + timeout
        self._timer: asyncio.TimerHandle | None = None
        self._runner: asyncio.Task[Any] | None = None
        self._woken = False
        self._code: Code | None = None
        self._message = ""
        self._trailers: Metadata = ()
        self.told = _Told()
        self._callbacks: list[Callable[[Any], object]] = []
        self._ended: asyncio.Event | None = None

    @property
    def metadata(self) -> Metadata:
        return self._details.invocation_metadata

    # --- what callers ask ---

    def cancel(self) -> bool:
        return self.stop(Code.CANCELLED, "Locally cancelled by application!")

    def cancelled(self) -> bool:
        return self._code is Code.CANCELLED

    def done(self) -> bool:
        return self._code is not None

    def time_remaining(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - self._loop.time())

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        callback(self) if self.done() else self._callbacks.append(callback)

    async def initial_metadata(self) -> Metadata:
        return ()

    async def trailing_metadata(self) -> Metadata:
        await self.ended()
        return self._trailers

    async def code(self) -> Code:
        await self.ended()
        return self._code or Code.UNKNOWN

    async def details(self) -> str:
        await self.ended()
        return self._message

    async def ended(self) -> None:
        if self._code is None:
            self._ended = self._ended or asyncio.Event()
            await self._ended.wait()

    # --- how it goes ---

    def stop(self, code: Code, message: str) -> bool:
        """Ends the call from outside: whoever waits in it is woken. False if it had ended before."""
        if self._code is not None:
            return False
        self._end(code, message)
        if self._runner is not None:
            self._woken = True
            self._runner.cancel()
        else:
            self._abandon()
        return True

    def _abandon(self) -> None:
        """The call has ended while nobody waits in it: what the servicer left open is closed."""

    def _end(self, code: Code, message: str = "", trailers: Metadata = ()) -> None:
        self._code, self._message, self._trailers = code, message, trailers
        self._server.calls.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None  # it knows this call
        if self._ended is not None:
            self._ended.set()
        for callback in self._callbacks:
            callback(self)

    async def _begin(self) -> Any:
        """The handler of the call's method; raises where it is not let in."""
        if self._code is not None:
            self._raise()
        server, details = self._server, self._details
        metadata_size = sum(len(key) + len(value) + 32 for key, value in details.invocation_metadata)
        if server.stopping:
            self._refuse(Code.UNAVAILABLE, GONE)
        if len(server.calls) >= server.most_calls:
            self._refuse(Code.RESOURCE_EXHAUSTED, "Concurrent RPC limit exceeded!")
        if metadata_size > server.largest_metadata:
            self._refuse(Code.RESOURCE_EXHAUSTED, f"received metadata size exceeds limit of {server.largest_metadata}")
        self._measure(self._request, server.largest_request)
        server.calls.add(self)
        if self._deadline is not None:
            self._timer = self._loop.call_at(self._deadline, self.stop, Code.DEADLINE_EXCEEDED, "Deadline Exceeded")
        handler = await server.handler(details)
        if handler is None:
            self._refuse(Code.UNIMPLEMENTED, "Method not found!")
        return handler

    def _measure(self, message: Any, most: int | None) -> None:
        if most is None:
            return
        size = message.ByteSize() if hasattr(message, "ByteSize") else 0  # a stream of requests has none
        if size > most:
            self._refuse(Code.RESOURCE_EXHAUSTED, f"Received message larger than max ({size} vs. {most})")

    def _refuse(self, code: Code, message: str) -> NoReturn:
        self._end(code, message)
        self._abandon()
        self._raise()

    def _raise(self) -> NoReturn:
        if self._code is None or (self._code is Code.CANCELLED and not self._trailers):
            raise asyncio.CancelledError
        raise grpc.aio.AioRpcError(self._code, grpc.aio.Metadata(), grpc.aio.Metadata(*self._trailers), self._message)

    async def _inside(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Does what the servicer does, in the caller's task, until the call is stopped."""
        self._runner = asyncio.current_task()
        try:
            return await work
        except asyncio.CancelledError:
            if not self._woken:  # the caller's own task is cancelled, and the call with it
                self._end(Code.CANCELLED, "Locally cancelled by application!")
                raise
            if self._runner is not None:
                self._runner.uncancel()
            self._raise()
        except grpc.aio.AbortError:
            self._end(self.told.code, self.told.message, self.told.trailers)
            self._raise()
        except StopAsyncIteration:
            raise
        except Exception as error:
            if self._code is None:
                self._end(Code.UNKNOWN, f"Unexpected {type(error)}: {error}", self.told.trailers)
            self._raise()
        finally:
            self._runner = None


class LocalUnaryCall(LocalCall):
    """A call with one answer: await it."""

    def __await__(self) -> Generator[Any, None, Any]:
        return self._answer().__await__()

    async def _answer(self) -> Any:
        handler = await self._begin()
        method = handler.unary_unary or handler.stream_unary
        answer = await self._inside(method(self._request, LocalContext(self)))
        self._measure(answer, self._largest_answer)
        self._end(Code.OK, trailers=self.told.trailers)
        return answer


class LocalStreamCall(LocalCall):
    """A call with many answers: iterate over it, or read it."""

    _source: AsyncGenerator[Any, None] | None = None

    def __aiter__(self) -> LocalStreamCall:
        return self

    async def __anext__(self) -> Any:
        if self._code is Code.OK:
            raise StopAsyncIteration
        source = self._source
        if source is None:
            handler = await self._begin()
            method = handler.unary_stream or handler.stream_stream
            source = self._source = method(self._request, LocalContext(self))
        if self._code is not None:
            self._raise()
        try:
            message = await self._inside(source.__anext__())
        except StopAsyncIteration:
            self._end(Code.OK, trailers=self.told.trailers)
            self._source = None  # it knows its context, which knows this call
            raise
        self._measure(message, self._largest_answer)
        return message

    async def read(self) -> Any:
        try:
            return await anext(self)
        except StopAsyncIteration:
            return grpc.aio.EOF

    def _abandon(self) -> None:
        if self._source is not None:
            self._server.close_later(self._source)


class _Told:
    """What the servicer has said so far of how its call will end."""

    __slots__ = ("code", "message", "trailers")

    def __init__(self) -> None:
        self.code = Code.UNKNOWN
        self.message = ""
        self.trailers: Metadata = ()


class LocalContext:
    """What the servicer knows of the call: a grpc.aio.ServicerContext in all but its base class."""

    def __init__(self, call: LocalCall) -> None:
        self._call = call

    async def abort(
        self, code: Code, details: str = "", trailing_metadata: Sequence[tuple[str, str | bytes]] = ()
    ) -> NoReturn:
        told = self._call.told
        told.code, told.message = code, details
        if trailing_metadata:
            told.trailers = tuple(trailing_metadata)
        raise grpc.aio.AbortError("Locally aborted.")

    @property
    def lent(self) -> list[bytes] | None:
        return self._call.lent

    def invocation_metadata(self) -> Metadata:
        return self._call.metadata

    def set_trailing_metadata(self, trailing_metadata: Sequence[tuple[str, str | bytes]]) -> None:
        self._call.told.trailers = tuple(trailing_metadata)

    def trailing_metadata(self) -> Metadata:
        return self._call.told.trailers

    def set_code(self, code: Code) -> None:
        self._call.told.code = code

    def set_details(self, details: str) -> None:
        self._call.told.message = details

    def code(self) -> Code:
        return self._call.told.code

    def details(self) -> str:
        return self._call.told.message

    def time_remaining(self) -> float | None:
        return self._call.time_remaining()

    def cancelled(self) -> bool:
        return self._call.cancelled()

    def done(self) -> bool:
        return self._call.done()

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        self._call.add_done_callback(lambda _: callback(self))

    def peer(self) -> str:
        return "inprocess"

    def peer_identities(self) -> None:
        return None

    def peer_identity_key(self) -> None:
        return None

    def auth_context(self) -> dict[str, Sequence[bytes]]:
        return {}

    async def send_initial_metadata(self, initial_metadata: Sequence[tuple[str, str | bytes]]) -> None:
        """Nobody reads it here."""

    def set_compression(self, compression: grpc.Compression) -> None:
        """There is nothing to compress."""

    def disable_next_message_compression(self) -> None:
        """There is nothing to compress."""

    async def read(self) -> NoReturn:
        raise grpc.aio.UsageError("In one process requests are iterated over.")

    async def write(self, message: Any) -> NoReturn:
        raise grpc.aio.UsageError("In one process answers are yielded.")
