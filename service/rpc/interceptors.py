"""Gives every call its id and its span, and every failure its status. The one place where exceptions become answers."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio
from grpc_interceptor.server import AsyncServerInterceptor
from imagegen.identity import request_id
from msgspec import Struct

from service.errors import GatewayError, Reason
from service.rpc import codec, status
from service.rpc.trailers import trailers
from service.telemetry import Context, Span, log, server_call

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]  # generic for the type checker only
ServicerContext = grpc.aio.ServicerContext[Any, Any]


class Arrival(Struct, frozen=True):
    """What the edge found out about a call before its method runs."""

    request_id: str
    authorization: str | None
    trace: Context


_arrival: ContextVar[Arrival] = ContextVar("arrival")


def arrived() -> Arrival:
    """The arrival of the call under way: set below, once, in the call's own task, and gone with it."""
    return _arrival.get()


class Edge(AsyncServerInterceptor):
    def __init__(self) -> None:
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wraps each method once: who serves it depends on its name alone."""
        name = handler_call_details.method
        found = self._wrapped.get(name)
        if found is None:
            found = cast("Handler | None", await super().intercept_service(continuation, handler_call_details))
            if found is not None:
                self._wrapped[name] = found
        return found

    async def intercept(
        self,
        method: Callable[[Any, ServicerContext], Any],
        request_or_iterator: Any,
        context: ServicerContext,
        method_name: str,
    ) -> Any:
        if not method_name.startswith("/imagegen."):
            return await _as_it_is(method(request_or_iterator, context))
        if inspect.isasyncgenfunction(method):
            return _streamed(method(request_or_iterator, context), context, method_name)
        async with _answering(context, method_name):
            return await method(request_or_iterator, context)


async def _as_it_is(answer: Any) -> Any:
    """Health and reflection answer for themselves."""
    return answer if hasattr(answer, "__aiter__") else await cast(Awaitable[Any], answer)


async def _streamed(
    answers: AsyncGenerator[Any, None], context: ServicerContext, method_name: str
) -> AsyncGenerator[Any, None]:
    async with _answering(context, method_name), aclosing(answers):
        async for answer in answers:
            yield answer


@asynccontextmanager
async def _answering(context: ServicerContext, method_name: str) -> AsyncGenerator[None]:
    metadata = [(key, value) for key, value in context.invocation_metadata() or () if isinstance(value, str)]
    known = dict(metadata)
    given_id = request_id(known.get("x-request-id"))
    with server_call(method_name.removeprefix("/"), metadata) as span:
        _arrival.set(Arrival(given_id, known.get("authorization"), span.context))
        context.set_trailing_metadata((("x-request-id", given_id),))
        started = time.monotonic()
        error: GatewayError | None = None
        try:
            if "idempotency-key" in known:
                raise GatewayError(
                    Reason.NOT_SUPPORTED, "idempotency-key is not in this version of imagegen.", field="idempotency-key"
                )
            yield
        except GatewayError as failed:
            error = failed
        except Exception as failed:  # whatever it is, the caller gets a status and no inner word
            log("rpc").exception("unexpected failure", method=method_name, request_id=given_id, exc_info=failed)
            error = GatewayError(Reason.INTERNAL, f"The gateway failed. The request's id is {given_id}.")
        except BaseException:  # the caller has gone, or its deadline has passed: there is nobody to answer
            span.rpc_ended(grpc.StatusCode.CANCELLED, server=True)
            _line(method_name, given_id, span, started, "CANCELLED")
            raise
        code = status.code(error) if error else grpc.StatusCode.OK
        span.rpc_ended(code, server=True)
        _line(method_name, given_id, span, started, code.name, reason=error.reason.value if error else None)
        if error:
            made = status.status(error)
            told = trailers(codec.report(error.report)) if error.report else (("x-request-id", given_id),)
            await context.abort(made.code, made.details, (*made.trailing_metadata, *told))


def _line(method: str, request_id: str, span: Span, started: float, code: str, **more: str | None) -> None:
    facts = {name: value for name, value in more.items() if value is not None}
    log("rpc").info(
        "call",
        method=method,
        code=code,
        request_id=request_id,
        trace_id=span.trace_id,
        ms=round((time.monotonic() - started) * 1000, 1),
        **facts,
    )
