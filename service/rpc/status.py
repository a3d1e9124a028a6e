"""A GatewayError as a google.rpc.Status: the code of its reason, the standard details, and ours."""

from __future__ import annotations

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # pyright: ignore[reportMissingTypeStubs] - it ships none
from grpc_status import rpc_status
from imagegen import v1
from imagegen.errors import columns

from service.errors import GatewayError, Reason
from service.rpc import codec

DOMAIN = "imagegen.v1"

LARGEST_DETAIL = 4096
BRIEF = 300
"""Bytes. All details together stay below the 8 KiB of trailers that a stub with default limits reads."""

QUOTA = frozenset({Reason.RATE_LIMITED, Reason.BUDGET_EXCEEDED})
CODES = {code.value[0]: code for code in grpc.StatusCode}


def number(reason: Reason) -> v1.Reason.ValueType:
    """The reason in the contract; the names are the same."""
    return v1.Reason.Value(f"REASON_{reason.name}")


def code(error: GatewayError) -> grpc.StatusCode:
    return CODES[columns(number(error.reason)).grpc]


def status(error: GatewayError) -> grpc.Status:
    made = status_pb2.Status(code=code(error).value[0], message=_brief(error.message))
    for detail in _details(error):
        packed = Any()
        packed.Pack(detail)
        made.details.append(packed)
    return rpc_status.to_status(made)  # pyright: ignore[reportUnknownMemberType] - untyped


def _details(error: GatewayError) -> list[Message]:
    after = None
    if error.retry_after is not None:
        after = Duration(seconds=int(error.retry_after), nanos=int(error.retry_after % 1 * 1e9))
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=error.reason.name, domain=DOMAIN)]
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=_brief(error.message))
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if after is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=after))
    if error.reason in QUOTA:
        quota = error_details_pb2.QuotaFailure.Violation(subject="caller", description=error.message)
        details.append(error_details_pb2.QuotaFailure(violations=[quota]))
    details.append(_ours(error, after))
    return details


def _ours(error: GatewayError, after: Duration | None) -> v1.ErrorDetail:
    detail = v1.ErrorDetail(
        reason=number(error.reason),
        message=error.message,
        field=error.field,
        retry_after=after,
        from_provider=error.from_provider,
        report=codec.report(error.report) if error.report else None,
    )
    if detail.ByteSize() > LARGEST_DETAIL:
        detail.report.ClearField("changes")
    return detail


def _brief(message: str) -> str:
    """A message for where it is repeated; in full it stands in our own detail."""
    cut = message.encode()[:BRIEF].decode("utf-8", "ignore")
    return cut if cut == message else f"{cut}…"
