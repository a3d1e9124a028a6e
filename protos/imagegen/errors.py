"""From a gRPC status to a reason.

ImagegenError
 ├ reason     one of imagegen.v1.Reason
 ├ message    one sentence for a person
 ├ field      the parameter at fault, if one is
 ├ retry_after  seconds, if asking again may help
 ├ from_provider  whether a provider said so
 ├ report     what was done until then
 └ trailers   what else the server said

The columns of a reason (gRPC code, HTTP status, OpenAI's type and code) are options of the enum in errors.proto.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import grpc
import grpc.aio
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

from imagegen import v1
from imagegen.v1 import errors_pb2

Metadata = Sequence[tuple[str, str | bytes]]

DETAILS_KEY = "grpc-status-details-bin"


_MAYBE_BILLED = (v1.OUTCOME_DONE, v1.OUTCOME_UNKNOWN)


def columns(reason: v1.Reason.ValueType) -> v1.ReasonColumns:
    """How a reason looks at the two edges."""
    options = v1.Reason.DESCRIPTOR.values_by_number[reason].GetOptions()
    return options.Extensions[errors_pb2.columns]


def name(reason: v1.Reason.ValueType) -> str:
    """The reason in lower case and without prefix, as REST and the reports write it."""
    return v1.Reason.Name(reason).removeprefix("REASON_").lower()


class ImagegenError(Exception):
    """A call failed, and this is why."""

    def __init__(
        self,
        reason: v1.Reason.ValueType,
        message: str,
        *,
        field: str | None = None,
        retry_after: float | None = None,
        from_provider: bool = False,
        report: v1.Report | None = None,
        trailers: Metadata = (),
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.retry_after = retry_after
        self.from_provider = from_provider
        self.report = report if report is not None else v1.Report()
        self.trailers = trailers

    @property
    def name(self) -> str:
        return name(self.reason)

    @property
    def columns(self) -> v1.ReasonColumns:
        return columns(self.reason)

    @property
    def should_retry(self) -> bool:
        """Whether asking again cannot be billed twice: nothing was sent, or it was refused until later."""
        if any(each.cost_micro_usd or each.outcome in _MAYBE_BILLED for each in self.report.attempts):
            return False
        unsent = self.reason == v1.REASON_PROVIDER_UNREACHABLE
        return self.columns.retryable and (unsent or self.retry_after is not None)


# What a status says that carries no detail of ours: a proxy, a dead server, the gRPC library itself.
_WITHOUT_DETAIL = {
    grpc.StatusCode.CANCELLED: v1.REASON_CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED: v1.REASON_DEADLINE_EXCEEDED,
    grpc.StatusCode.UNAVAILABLE: v1.REASON_UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED: v1.REASON_OVERLOADED,
    grpc.StatusCode.UNIMPLEMENTED: v1.REASON_NOT_SUPPORTED,
    grpc.StatusCode.UNAUTHENTICATED: v1.REASON_INVALID_KEY,
}


def from_rpc_error(error: grpc.aio.AioRpcError) -> ImagegenError:
    """The reason behind a failed call, also where it carries no detail of ours."""
    trailers = cast(Metadata, tuple(error.trailing_metadata() or ()))
    detail = _detail(trailers)
    if detail is None:
        reason = _WITHOUT_DETAIL.get(error.code(), v1.REASON_INTERNAL)
        if reason == v1.REASON_OVERLOADED and "larger than max" in (error.details() or ""):
            reason = v1.REASON_PAYLOAD_TOO_LARGE  # gRPC has one code for both
        return ImagegenError(reason, _SENTENCES.get(reason, "The image service failed without saying why."))
    return ImagegenError(
        detail.reason,
        detail.message,
        field=detail.field if detail.HasField("field") else None,
        retry_after=detail.retry_after.ToTimedelta().total_seconds() if detail.HasField("retry_after") else None,
        from_provider=detail.from_provider,
        report=detail.report,
        trailers=trailers,
    )


@contextmanager
def translated() -> Generator[None]:
    """Inside, a failed call raises ImagegenError instead of the library's own error."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from None
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # Nobody cancelled this task: its channel was closed under it.
        raise ImagegenError(v1.REASON_UNAVAILABLE, "The connection to the image service was closed.") from None


_SENTENCES = {
    v1.REASON_CANCELLED: "The call was cancelled.",
    v1.REASON_DEADLINE_EXCEEDED: "The deadline of this request has passed.",
    v1.REASON_UNAVAILABLE: "The image service cannot be reached.",
    v1.REASON_OVERLOADED: "The image service has no room for this call now.",
    v1.REASON_PAYLOAD_TOO_LARGE: "The message is larger than the other side reads.",
    v1.REASON_NOT_SUPPORTED: "The image service does not know this call.",
    v1.REASON_INVALID_KEY: "The key is not valid.",
}
"""The library's own words may hold addresses and inner names."""


def _detail(metadata: Metadata) -> v1.ErrorDetail | None:
    for key, value in metadata:
        if key == DETAILS_KEY and isinstance(value, bytes):
            for packed in _status_details(value):
                detail = v1.ErrorDetail()
                if packed.Unpack(detail):
                    return detail
    return None


def _status_details(wire: bytes) -> list[any_pb2.Any]:
    # google.rpc.Status, declared anew in a pool of its own: this package needs protobuf and nothing besides.
    status = _STATUS()
    status.ParseFromString(wire)
    return [any_pb2.Any(type_url=packed.type_url, value=packed.value) for packed in status.details]


def _status_class() -> Any:  # a message class made at run time has no static type
    file = descriptor_pb2.FileDescriptorProto(
        name="google/rpc/status.proto", package="google.rpc", syntax="proto3", dependency=["google/protobuf/any.proto"]
    )
    message, field = file.message_type.add(name="Status"), descriptor_pb2.FieldDescriptorProto
    message.field.add(name="code", number=1, label=field.LABEL_OPTIONAL, type=field.TYPE_INT32)
    message.field.add(name="message", number=2, label=field.LABEL_OPTIONAL, type=field.TYPE_STRING)
    message.field.add(
        name="details",
        number=3,
        label=field.LABEL_REPEATED,
        type=field.TYPE_MESSAGE,
        type_name=".google.protobuf.Any",
    )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return cast(Any, message_factory.GetMessageClass(pool.FindMessageTypeByName("google.rpc.Status")))


_STATUS = _status_class()
