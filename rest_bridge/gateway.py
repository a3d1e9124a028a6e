"""The way to the service: stubs, and for each call its metadata, deadline and span."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from imagegen import connect, tracing, v1
from imagegen.channel import DEFAULT_SECONDS
from imagegen.errors import ImagegenError, translated
from imagegen.inprocess import LocalCall, LocalChannel
from imagegen.tls import Identity, Watch, credentials_of
from msgspec import Struct
from opentelemetry.context import Context

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from imagegen.v1.image_files_pb2_grpc import ImageFilesAsyncStub
    from imagegen.v1.image_generation_pb2_grpc import ImageGenerationAsyncStub
    from imagegen.v1.models_pb2_grpc import ModelsAsyncStub
    from imagegen.v1.server_info_pb2_grpc import ServerInfoAsyncStub

T = TypeVar("T")
AnyCall = TypeVar("AnyCall", bound="grpc.aio.Call | LocalCall")

SHORTEST_SECONDS, LONGEST_SECONDS = 0.001, 3600.0
LONGEST_KEY = 8192

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,20})?")


WENT_ON = "imagegen.went_on"
"""In the scope of a request: that the service was asked."""


class Errand(Struct, frozen=True):
    """What goes along with every call for one HTTP request: its id, its key, its end and its trace."""

    request_id: str
    authorization: str | None
    ends: float
    trace: Context
    scope: MutableMapping[str, Any]

    @property
    def seconds(self) -> float:
        return max(0.001, self.ends - time.monotonic())

    def metadata(self, trace: Context) -> tuple[tuple[str, str], ...]:
        self.scope[WENT_ON] = True
        key = (("authorization", self.authorization),) if self.authorization else ()
        return (("x-request-id", self.request_id), *key, *tracing.inject(trace).items())


def errand(headers: Mapping[str, str], request_id: str, trace: Context, scope: MutableMapping[str, Any]) -> Errand:
    """Reads the headers that matter to the service; raises for a timeout that makes no sense."""
    seconds = DEFAULT_SECONDS
    if (text := headers.get("x-request-timeout")) is not None:
        seconds = float(text) if _DECIMAL.fullmatch(text) else 0.0
        if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            raise ImagegenError(
                v1.REASON_INVALID_PARAMETER,
                f"X-Request-Timeout must be seconds between {SHORTEST_SECONDS:g} and {LONGEST_SECONDS:g}, "
                "as a decimal number.",
                field="X-Request-Timeout",
            )
    return Errand(request_id, _key(headers), time.monotonic() + seconds, trace, scope)


def _key(headers: Mapping[str, str]) -> str | None:
    """The caller's key, wherever its client puts it."""
    authorization = headers.get("authorization")
    key = headers.get("api-key") or headers.get("x-api-key") or headers.get("x-bf-vk")
    found = authorization or (f"Bearer {key}" if key else None)
    if found and len(found) > LONGEST_KEY:
        raise ImagegenError(v1.REASON_INVALID_KEY, "The key is not valid.")
    return found.encode("ascii", "backslashreplace").decode() if found else None  # metadata is ASCII; no key is not


Service = str | LocalChannel
"""Where the service is: an address, or this very process."""


CALLS_ON_ONE = 800
"""Calls on one connection, after which another one is opened: well below what a service takes."""


class Lane:
    """One connection to the service, with its stubs. Inside `with` it counts a call."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.calls = 0
        self.images: ImageGenerationAsyncStub = v1.ImageGenerationStub(channel)
        self.files: ImageFilesAsyncStub = v1.ImageFilesStub(channel)
        self.models: ModelsAsyncStub = v1.ModelsStub(channel)
        self.info: ServerInfoAsyncStub = v1.ServerInfoStub(channel)
        self.check_health: Any = cast(Any, health_pb2_grpc.HealthStub(channel)).Check  # its stubs know no aio
        self.channel = channel

    def __enter__(self) -> Self:
        self.calls += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.calls -= 1

    def carry(self, call: AnyCall) -> AnyCall:
        """Counts a call until it has ended, however that comes about."""
        self.calls += 1
        call.add_done_callback(self.__exit__)
        return call

    async def close_when_empty(self) -> None:
        while self.calls:  # noqa: ASYNC110 - once in the life of a certificate; an event would cost each call
            await asyncio.sleep(1)
        await self.channel.close()


class Gateway:
    """The service, over as many connections as its calls need."""

    def __init__(self, service: Service, certificates: Watch | None = None) -> None:
        """With `certificates` the service is spoken to in TLS, and over new connections when they change."""
        self.is_here = not isinstance(service, str)
        """Whether the service is in this very process."""
        self._service = service
        self._certificates = certificates
        self._left: dict[Lane, asyncio.Task[None]] = {}
        self._watching: asyncio.Task[None] | None = None
        self._lanes = [self._open()]
        if certificates is not None:
            certificates.on_change(self._connect_anew)

    async def read(
        self, errand: Errand, name: str, method: Callable[[Lane], Callable[..., Awaitable[T]]], asking: Message
    ) -> T:
        """One short question to the service; `name` is the method's, "Models/GetModel". Raises ImagegenError."""
        with translated(), tracing.client_call(f"imagegen.v1.{name}", errand.trace) as span, self.lane() as lane:
            return await method(lane)(asking, metadata=errand.metadata(span.context), timeout=errand.seconds)

    def lane(self) -> Lane:
        """Where the next call goes: the first connection with room."""
        for lane in self._lanes:
            if lane.calls < CALLS_ON_ONE:
                return lane
        if not isinstance(self._service, str):  # without a wire nothing is full
            return self._lanes[0]
        self._lanes.append(self._open())
        return self._lanes[-1]

    def _open(self) -> Lane:
        if not isinstance(self._service, str):
            return Lane(cast(Any, self._service))
        credentials = credentials_of(self._certificates.identity.pem) if self._certificates else None
        return Lane(connect(self._service, credentials=credentials, shared=False))

    def _connect_anew(self, _: Identity) -> None:
        """The calls under way end where they began."""
        old, self._lanes = self._lanes, [self._open()]
        for lane in old:
            self._left[lane] = asyncio.create_task(lane.close_when_empty(), name="leave a connection")
            self._left[lane].add_done_callback(lambda _, lane=lane: self._left.pop(lane, None))

    def watch(self) -> None:
        """Looks after the certificates, until closed."""
        if self._certificates is not None:
            self._watching = asyncio.create_task(self._certificates.run(), name="certificates of the service")

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        for lane in (*self._lanes, *self._left):
            await lane.channel.close()
        for task in tuple(self._left.values()):
            task.cancel()

    async def is_serving(self) -> bool:
        """Whether the service takes requests now."""
        try:
            request = health_pb2.HealthCheckRequest(service="imagegen.v1.ImageGeneration")
            with self.lane() as lane:
                answer = await lane.check_health(request, timeout=2)
        except (grpc.aio.AioRpcError, grpc.aio.UsageError):  # the second where the bridge has closed its connections
            return False
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return False  # not this task: its call, with the connection
        return answer.status == health_pb2.HealthCheckResponse.SERVING
