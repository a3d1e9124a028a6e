"""The way to the service: stubs, and for each call its metadata, deadline and span."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from imagegen import connect, tracing, v1
from imagegen.channel import DEFAULT_SECONDS
from imagegen.errors import ImagegenError
from imagegen.inprocess import LocalChannel
from msgspec import Struct
from opentelemetry.context import Context

if TYPE_CHECKING:
    from imagegen.v1.image_files_pb2_grpc import ImageFilesAsyncStub
    from imagegen.v1.image_generation_pb2_grpc import ImageGenerationAsyncStub
    from imagegen.v1.models_pb2_grpc import ModelsAsyncStub
    from imagegen.v1.server_info_pb2_grpc import ServerInfoAsyncStub

SHORTEST_SECONDS, LONGEST_SECONDS = 0.001, 3600.0
LONGEST_KEY = 8192

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,20})?")


class Errand(Struct, frozen=True):
    """What goes along with every call for one HTTP request: its id, its key, its end and its trace."""

    request_id: str
    authorization: str | None
    ends: float
    trace: Context

    @property
    def seconds(self) -> float:
        return max(0.001, self.ends - time.monotonic())

    def metadata(self, trace: Context) -> tuple[tuple[str, str], ...]:
        key = (("authorization", self.authorization),) if self.authorization else ()
        return (("x-request-id", self.request_id), *key, *tracing.inject(trace).items())


def errand(headers: Mapping[str, str], request_id: str, trace: Context) -> Errand:
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
    return Errand(request_id, _key(headers), time.monotonic() + seconds, trace)


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


class Gateway:
    def __init__(self, service: Service) -> None:
        self._channel: grpc.aio.Channel = connect(service) if isinstance(service, str) else cast(Any, service)
        self.images: ImageGenerationAsyncStub = v1.ImageGenerationStub(self._channel)
        self.files: ImageFilesAsyncStub = v1.ImageFilesStub(self._channel)
        self.models: ModelsAsyncStub = v1.ModelsStub(self._channel)
        self.info: ServerInfoAsyncStub = v1.ServerInfoStub(self._channel)
        self._check_health: Any = cast(Any, health_pb2_grpc.HealthStub(self._channel)).Check  # its stubs know no aio

    async def close(self) -> None:
        await self._channel.close()

    async def is_serving(self) -> bool:
        """Whether the service takes requests now."""
        try:
            request = health_pb2.HealthCheckRequest(service="imagegen.v1.ImageGeneration")
            answer = await self._check_health(request, timeout=2)
        except grpc.aio.AioRpcError:
            return False
        return answer.status == health_pb2.HealthCheckResponse.SERVING
