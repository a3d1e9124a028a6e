"""An answer that is told again, under the name of the call that asks for it now."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from msgspec.structs import replace

from service.domain.answer import Answer, Failure
from service.domain.event import Event, ImageReady, Origin, Outcome, Recalled, Report
from service.domain.request import ImageRequest
from service.engine.backlog import BACKLOG, weight
from service.engine.delivery import Delivery
from service.errors import GatewayError, ProviderError, Reason


async def tell_again(
    answer: Answer, request: ImageRequest, request_id: str, inline_limit: int | None, delivery: Delivery
) -> AsyncGenerator[Event, None]:
    """The events of a request that has only finished images; or its error."""
    if answer.failure is not None:
        raise _error(answer.failure, request_id)
    images = await delivery.fetch(answer)
    completed = answer.completed
    if images is None or completed is None:
        raise lost()
    report = _repeated(completed.report, request_id)
    yield Recalled(report)
    to_caller = delivery.for_request(request, inline_limit)
    with BACKLOG.holding(weight(images)):
        for image in images:
            yield await to_caller.deliver(ImageReady(image))
    for missing in completed.failed:
        yield missing
    yield replace(completed, report=report)


def lost() -> GatewayError:
    return GatewayError(
        Reason.OUTCOME_UNKNOWN,
        "A request with this idempotency key was sent to a provider before, and what became of it is not known any "
        "more: it may have been billed. Another key asks anew, and may be billed again.",
        field="idempotency_key",
    )


def _error(failure: Failure, request_id: str) -> GatewayError:
    reason = Reason(failure.reason)
    if failure.from_provider:
        error = ProviderError(
            reason, failure.message, Outcome.UNKNOWN, field=failure.field, retry_after=failure.retry_after
        )
    else:
        error = GatewayError(reason, failure.message, field=failure.field, retry_after=failure.retry_after)
    if failure.report is not None:
        error.report = _repeated(failure.report, request_id)
    return error


def _repeated(report: Report, request_id: str) -> Report:
    """The account of then, under this call's own name."""
    return replace(report, request_id=request_id, origin=Origin.REPEATED)
