"""The channel without a wire keeps what gRPC promises: every test runs over it and over gRPC itself."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import pytest
from imagegen import v1
from imagegen.inprocess import LocalServer, lend, taken

from tests.house import until

LARGEST = 64 * 1024
Context = Any  # grpc.aio's, or the local one
Behaviour = Callable[[Context], Awaitable[v1.GetModelResponse]]
Stream = Callable[[Context], AsyncGenerator[v1.ReadFileResponse, None]]


@dataclass(slots=True)
class Servicer(v1.ModelsServicer, v1.ImageFilesServicer):
    """Does what the test says."""

    unary: Behaviour | None = None
    stream: Stream | None = None
    seen: list[str] = field(default_factory=list[str])

    async def GetModel(self, request: v1.GetModelRequest, context: Context) -> v1.GetModelResponse:  # noqa: N802
        self.seen.append(request.name)
        if self.unary is None:
            return v1.GetModelResponse(model=v1.Model(name=request.name))
        return await self.unary(context)

    async def ListModels(self, request: v1.ListModelsRequest, context: Context) -> v1.ListModelsResponse:  # noqa: N802
        raise NotImplementedError

    async def ListProviders(  # noqa: N802
        self, request: v1.ListProvidersRequest, context: Context
    ) -> v1.ListProvidersResponse:
        raise NotImplementedError

    async def ReadFile(  # noqa: N802
        self, request: v1.ReadFileRequest, context: Context
    ) -> AsyncGenerator[v1.ReadFileResponse, None]:
        self.seen.append(request.file_id)
        assert self.stream
        async for message in self.stream(context):
            yield message


class Passing(grpc.aio.ServerInterceptor):
    """Notes who comes by."""

    def __init__(self, name: str, seen: list[str]) -> None:
        self.name, self.seen = name, seen

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        self.seen.append(f"{self.name} {handler_call_details.method}")
        return await continuation(handler_call_details)


@dataclass(slots=True)
class Line:
    """Both ends."""

    server: Any
    servicer: Servicer
    channel: Any

    @property
    def models(self) -> Any:
        return v1.ModelsStub(self.channel)

    @property
    def files(self) -> Any:
        return v1.ImageFilesStub(self.channel)


@asynccontextmanager
async def connected(kind: str, most_calls: int = 100) -> AsyncGenerator[Line]:
    servicer = Servicer()
    interceptors = [Passing("outer", servicer.seen), Passing("inner", servicer.seen)]
    if kind == "local":
        server: Any = LocalServer(interceptors, largest_request=LARGEST, most_calls=most_calls)
    else:
        options = [("grpc.max_receive_message_length", LARGEST), ("grpc.max_metadata_size", 16 * 1024)]
        server = grpc.aio.server(interceptors=interceptors, options=options, maximum_concurrent_rpcs=most_calls)
    v1.add_ModelsServicer_to_server(servicer, server)
    v1.add_ImageFilesServicer_to_server(servicer, server)
    if kind == "local":
        channel: Any = server.channel(largest_message=LARGEST)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        options = [("grpc.max_receive_message_length", LARGEST)]
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options)
    try:
        yield Line(server, servicer, channel)
    finally:
        await channel.close()
        await server.stop(None)


@pytest.fixture
def no_collector() -> Generator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
async def test_nothing_is_left_for_the_collector() -> None:
    """A call that is over is gone with its messages, which may be large, when the last who knows it forgets it."""

    async def two(_: Context) -> AsyncGenerator[v1.ReadFileResponse, None]:
        for _ in range(2):
            yield v1.ReadFileResponse()

    async with connected("local") as line:
        line.servicer.stream = two
        unary = line.models.GetModel(v1.GetModelRequest(), timeout=60)
        await unary
        stream = line.files.ReadFile(v1.ReadFileRequest(), timeout=60)
        assert len([each async for each in stream]) == 2
        calls = [weakref.ref(unary), weakref.ref(stream)]
        del unary, stream
        await asyncio.sleep(0)  # their timers are let go

        assert [call() for call in calls] == [None, None]


@pytest.fixture(params=["local", "grpc"])
async def line(request: pytest.FixtureRequest) -> AsyncGenerator[Line]:
    async with connected(request.param) as each:
        yield each


def pairs(metadata: Any) -> list[tuple[str, str | bytes]]:
    return [(key, value) for key, value in metadata or () if key not in ("user-agent", "content-type")]


async def failure(call: Awaitable[Any]) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value


async def all_of(stream: Any) -> list[bytes]:
    return [message.chunk.data async for message in stream]


def chunk(text: str) -> v1.ReadFileResponse:
    return v1.ReadFileResponse(chunk=v1.ImageChunk(data=text.encode()))


async def test_an_answer_and_its_trailers(line: Line) -> None:
    """The answer comes, metadata goes there, trailers come back, and the call says how it ended."""
    told: list[Any] = []

    async def answer(context: Context) -> v1.GetModelResponse:
        told.append(pairs(context.invocation_metadata()))
        told.append(0 < context.time_remaining() <= 5.1)  # gRPC rounds a little up
        context.set_trailing_metadata((("x-first", "no"),))
        context.set_trailing_metadata((("x-text", "yes"), ("x-bytes-bin", b"\0\1")))
        return v1.GetModelResponse(model=v1.Model(name="fox"))

    line.servicer.unary = answer
    ended: list[Any] = []
    call = line.models.GetModel(v1.GetModelRequest(name="a"), timeout=5, metadata=(("x-request-id", "7"),))
    call.add_done_callback(ended.append)

    assert (await call).model.name == "fox"
    assert told == [[("x-request-id", "7")], True]
    assert pairs(await call.trailing_metadata()) == [("x-text", "yes"), ("x-bytes-bin", b"\0\1")]
    assert (await call.code(), call.done(), call.cancelled()) == (grpc.StatusCode.OK, True, False)
    await until(lambda: len(ended) == 1)
    assert not call.cancel()


async def test_interceptors_stand_before_every_method(line: Line) -> None:
    """In their order, for answers and for streams."""

    async def nothing(_: Context) -> AsyncGenerator[v1.ReadFileResponse, None]:
        return
        yield

    line.servicer.stream = nothing
    await line.models.GetModel(v1.GetModelRequest(name="a"))
    assert await all_of(line.files.ReadFile(v1.ReadFileRequest(file_id="b"))) == []

    models, files = "/imagegen.v1.Models/GetModel", "/imagegen.v1.ImageFiles/ReadFile"
    assert line.servicer.seen == [f"outer {models}", f"inner {models}", "a", f"outer {files}", f"inner {files}", "b"]


async def test_a_status_with_its_details(line: Line) -> None:
    """What the servicer aborts with is what the caller gets."""

    async def refuse(context: Context) -> v1.GetModelResponse:
        await context.abort(grpc.StatusCode.NOT_FOUND, "There is none.", (("x-why", "because"),))
        raise AssertionError

    line.servicer.unary = refuse
    error = await failure(line.models.GetModel(v1.GetModelRequest()))

    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "There is none.")
    assert pairs(error.trailing_metadata()) == [("x-why", "because")]


async def test_a_mistake_of_the_servicer(line: Line) -> None:
    """An exception is UNKNOWN to the caller."""

    async def fail(_: Context) -> v1.GetModelResponse:
        raise ValueError("inner words")

    line.servicer.unary = fail
    assert (await failure(line.models.GetModel(v1.GetModelRequest()))).code() is grpc.StatusCode.UNKNOWN


async def test_a_method_that_nobody_has(line: Line) -> None:
    """It is UNIMPLEMENTED."""
    method = line.channel.unary_unary(
        "/imagegen.v1.Models/Nothing",
        request_serializer=v1.GetModelRequest.SerializeToString,
        response_deserializer=v1.GetModelResponse.FromString,
    )
    assert (await failure(method(v1.GetModelRequest()))).code() is grpc.StatusCode.UNIMPLEMENTED


@dataclass(slots=True)
class Waiting:
    """A servicer that waits, and knows how that ended."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: list[str] = field(default_factory=list[str])

    async def unary(self, _: Context) -> v1.GetModelResponse:
        self.began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        return v1.GetModelResponse()

    async def stream(self, context: Context) -> AsyncGenerator[v1.ReadFileResponse, None]:
        try:
            yield chunk("first")
            await self.unary(context)
        finally:
            self.ended.append("closed")

    async def endless(self, _: Context) -> AsyncGenerator[v1.ReadFileResponse, None]:
        try:
            while True:
                yield chunk("again")
                await asyncio.sleep(0)
        finally:
            self.ended.append("closed")


async def test_a_deadline(line: Line) -> None:
    """When it has passed the caller is told, and the servicer ended."""
    waiting = Waiting()
    line.servicer.unary = waiting.unary
    error = await failure(line.models.GetModel(v1.GetModelRequest(), timeout=0.1))

    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await until(lambda: waiting.ended == ["cancelled"])
    await asyncio.sleep(0)  # and the caller's own task was not cancelled with it


async def test_a_deadline_in_a_stream(line: Line) -> None:
    """What came before stays; then the caller is told."""
    waiting = Waiting()
    line.servicer.stream = waiting.stream
    stream = line.files.ReadFile(v1.ReadFileRequest(), timeout=0.2)
    assert (await stream.read()).chunk.data == b"first"
    assert (await failure(stream.read())).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await until(lambda: waiting.ended == ["cancelled", "closed"])


async def test_a_deadline_that_passes_while_nobody_reads(line: Line) -> None:
    """The servicer is ended all the same."""
    waiting = Waiting()
    line.servicer.stream = waiting.endless
    stream = line.files.ReadFile(v1.ReadFileRequest(), timeout=0.2)
    await stream.read()
    await until(lambda: waiting.ended == ["closed"])
    assert await stream.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize("by", ["call", "task"])
async def test_cancelled_while_it_waits(line: Line, by: str) -> None:
    """Whether the call is cancelled or the task that waits for it: the servicer is ended, the caller is cancelled."""
    waiting = Waiting()
    line.servicer.unary = waiting.unary
    call = line.models.GetModel(v1.GetModelRequest())

    async def wait() -> None:
        await call

    task = asyncio.create_task(wait())
    await waiting.began.wait()
    (call if by == "call" else task).cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await until(lambda: waiting.ended == ["cancelled"])
    assert call.cancelled()
    assert await call.code() is grpc.StatusCode.CANCELLED


async def test_cancelled_by_the_call_alone(line: Line) -> None:
    """Whoever catches that goes on: its own task was not cancelled."""
    waiting = Waiting()
    line.servicer.unary = waiting.unary
    call = line.models.GetModel(v1.GetModelRequest())

    async def wait() -> str:
        try:
            await call
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            task = asyncio.current_task()
            return f"went on, {task.cancelling() if task else None}"
        return "was answered"

    task = asyncio.create_task(wait())
    await waiting.began.wait()
    call.cancel()
    assert await task == "went on, 0"


async def test_a_stream_in_order(line: Line) -> None:
    """Every message once, then the end, the trailers, and nothing more."""

    async def count(context: Context) -> AsyncGenerator[v1.ReadFileResponse, None]:
        for i in range(100):
            yield chunk(f"{i}")
        context.set_trailing_metadata((("x-count", "100"),))

    line.servicer.stream = count
    stream = line.files.ReadFile(v1.ReadFileRequest())
    assert await all_of(stream) == [f"{i}".encode() for i in range(100)]
    assert await stream.read() is grpc.aio.EOF
    assert pairs(await stream.trailing_metadata()) == [("x-count", "100")]
    assert await stream.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("kind", ["lending", "local", "grpc"])
async def test_pictures_beside_their_messages(kind: str) -> None:
    """Where both sides know how to lend, bytes pass as they are; elsewhere the same code sends them in the message."""
    pictures = [bytes([i]) * 1000 for i in range(3)]

    async def show(context: Context) -> AsyncGenerator[v1.ReadFileResponse, None]:
        for each in pictures:
            yield v1.ReadFileResponse(chunk=v1.ImageChunk(data=lend(context, each)))

    async with connected("local" if kind == "lending" else kind) as line:
        line.servicer.stream = show
        channel: Any = line.server.channel(lends=True) if kind == "lending" else line.channel
        call: Any = v1.ImageFilesStub(channel).ReadFile(v1.ReadFileRequest())
        found = [(message.chunk.data, taken(call, message.chunk.data)) async for message in call]

    assert [data for _, data in found] == pictures
    assert [sent for sent, _ in found] == ([b"", b"", b""] if kind == "lending" else pictures)
    assert all(data is given for (_, data), given in zip(found, pictures, strict=True)) == (kind == "lending")


async def test_a_stream_that_fails_midway(line: Line) -> None:
    """What came before stays; then the status."""

    async def fail(context: Context) -> AsyncGenerator[v1.ReadFileResponse, None]:
        yield chunk("first")
        await context.abort(grpc.StatusCode.DATA_LOSS, "Torn.")

    line.servicer.stream = fail
    stream = line.files.ReadFile(v1.ReadFileRequest())
    assert (await stream.read()).chunk.data == b"first"
    error = await failure(stream.read())
    assert (error.code(), error.details()) == (grpc.StatusCode.DATA_LOSS, "Torn.")


@pytest.mark.parametrize("stream", ["stream", "endless"])
async def test_a_stream_that_is_left(line: Line, stream: str) -> None:
    """Its servicer is closed, whether it waits or has more to say."""
    waiting = Waiting()
    line.servicer.stream = getattr(waiting, stream)
    call = line.files.ReadFile(v1.ReadFileRequest())
    await call.read()
    call.cancel()
    await until(lambda: "closed" in waiting.ended)
    assert await call.code() is grpc.StatusCode.CANCELLED


@pytest.mark.parametrize("size", [LARGEST - 100, LARGEST + 100])
async def test_limits_of_size(line: Line, size: int) -> None:
    """On the way there and on the way back: what is too large is refused on arrival."""
    too_large = size > LARGEST

    async def large(_: Context) -> v1.GetModelResponse:
        return v1.GetModelResponse(model=v1.Model(name="x" * (size - 10)))

    there = line.models.GetModel(v1.GetModelRequest(name="x" * size))
    line.servicer.unary = large if size > LARGEST else None
    back = line.models.GetModel(v1.GetModelRequest(name="a"))
    for call in (there, back):
        if too_large:
            error = await failure(call)
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "larger than max" in (error.details() or "")
        else:
            assert await call


async def test_metadata_has_a_limit(line: Line) -> None:
    """Twenty kilobytes of it are refused."""
    error = await failure(line.models.GetModel(v1.GetModelRequest(), metadata=(("x-large", "x" * 40_000),)))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("kind", ["local", "grpc"])
async def test_calls_have_a_limit(kind: str) -> None:
    """One too many is turned away, and when one has ended there is room again."""
    async with connected(kind, most_calls=2) as line:
        waiting = Waiting()
        line.servicer.unary = waiting.unary
        calls = [asyncio.ensure_future(line.models.GetModel(v1.GetModelRequest())) for _ in range(2)]
        await until(lambda: line.servicer.seen.count("") == 2)
        error = await failure(line.models.GetModel(v1.GetModelRequest()))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        await until(lambda: len(waiting.ended) == 2)
        line.servicer.unary = None
        async with asyncio.timeout(5):
            while not await _has_room(line):  # noqa: ASYNC110 - the server says nothing of it
                await asyncio.sleep(0.01)


async def _has_room(line: Line) -> bool:
    try:
        return bool(await line.models.GetModel(v1.GetModelRequest(name="a")))
    except grpc.aio.AioRpcError:
        return False


async def test_stopping(line: Line) -> None:
    """A call that is under way may finish within the grace; a new one is turned away."""

    async def slow(_: Context) -> v1.GetModelResponse:
        await asyncio.sleep(0.2)
        return v1.GetModelResponse(model=v1.Model(name="late"))

    line.servicer.unary = slow
    call = asyncio.ensure_future(line.models.GetModel(v1.GetModelRequest(name="early")))
    await until(lambda: "early" in line.servicer.seen)
    stopping = asyncio.create_task(line.server.stop(5))
    await asyncio.sleep(0.05)
    error = await failure(line.models.GetModel(v1.GetModelRequest(), timeout=2))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert (await call).model.name == "late"
    await stopping


async def test_stopping_without_grace(line: Line) -> None:
    """Who is still under way is told that the server is gone, or is cancelled by it."""
    waiting = Waiting()
    line.servicer.unary = waiting.unary
    call = asyncio.ensure_future(line.models.GetModel(v1.GetModelRequest()))
    await waiting.began.wait()
    await line.server.stop(None)
    error = await failure(call)
    assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    await until(lambda: waiting.ended == ["cancelled"])


async def test_a_slow_reader_holds_the_servicer_up() -> None:
    """Without a wire the servicer is never more than one message ahead."""
    made = 0

    async def count(_: Context) -> AsyncGenerator[v1.ReadFileResponse, None]:
        nonlocal made
        for i in range(100):
            made += 1
            yield chunk(f"{i}")

    async with connected("local") as line:
        line.servicer.stream = count
        stream = line.files.ReadFile(v1.ReadFileRequest())
        for i in range(10):
            assert (await stream.read()).chunk.data == f"{i}".encode()
            await asyncio.sleep(0)
            assert made == i + 1
        stream.cancel()
