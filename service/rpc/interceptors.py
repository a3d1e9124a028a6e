"""Gives every call its id and its span, and every failure its status. The one place where exceptions become answers."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
import grpc.aio
from grpc_interceptor.server import AsyncServerInterceptor
from imagegen.identity import request_id
from msgspec import Struct

from service.errors import GatewayError, Reason
from service.rpc import codec, status
from service.rpc.trailers import trailers
from service.telemetry import Context, counting, log, server_call

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
        async with _Answering(context, method_name):
            return await method(request_or_iterator, context)


async def _as_it_is(answer: Any) -> Any:
    """Health and reflection answer for themselves."""
    return answer if hasattr(answer, "__aiter__") else await cast(Awaitable[Any], answer)


async def _streamed(
    answers: AsyncGenerator[Any, None], context: ServicerContext, method_name: str
) -> AsyncGenerator[Any, None]:
    async with _Answering(context, method_name), aclosing(answers):
        async for answer in answers:
            yield answer


class _Answering:
    """A call of ours from its arrival to its status."""

    def __init__(self, context: ServicerContext, method_name: str) -> None:
        self._context = context
        self._method = method_name
        metadata = [(key, value) for key, value in context.invocation_metadata() or () if isinstance(value, str)]
        self._known = dict(metadata)
        self._id = request_id(self._known.get("x-request-id"))
        self._name = method_name.removeprefix("/")
        self._span = server_call(self._name, metadata)

    async def __aenter__(self) -> None:
        self._started = time.monotonic()
        _arrival.set(Arrival(self._id, self._known.get("authorization"), self._span.context))
        self._context.set_trailing_metadata((("x-request-id", self._id),))
        if "idempotency-key" in self._known:
            await self._tell(
                GatewayError(
                    Reason.NOT_SUPPORTED,
                    "idempotency-key is no metadata here: the field idempotency_key of the request is for it.",
                    field="idempotency-key",
                )
            )

    async def __aexit__(self, _: object, failed: BaseException | None, __: object) -> None:
        if failed is None:
            self._end(grpc.StatusCode.OK)
        elif isinstance(failed, GatewayError):
            await self._tell(failed)
        elif isinstance(failed, Exception):  # whatever it is, the caller gets a status and no inner word
            log("rpc").exception("unexpected failure", method=self._method, request_id=self._id, exc_info=failed)
            await self._tell(GatewayError(Reason.INTERNAL, f"The gateway failed. The request's id is {self._id}."))
        else:  # there is nobody to answer any more
            remaining = cast("float | None", self._context.time_remaining())
            late = remaining is not None and remaining <= 0
            self._end(grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED)

    async def _tell(self, error: GatewayError) -> NoReturn:
        self._end(status.code(error), reason=error.reason.value)
        made = status.status(error)
        told = trailers(codec.report(error.report)) if error.report else (("x-request-id", self._id),)
        await self._context.abort(made.code, made.details, (*made.trailing_metadata, *told))

    def _end(self, code: grpc.StatusCode, **more: str) -> None:
        seconds = time.monotonic() - self._started
        counting.call_ended(self._name, code.name, seconds, self._span.exemplar)
        self._span.rpc_ended(code, server=True)
        self._span.end()
        log("rpc").info(
            "call",
            method=self._method,
            code=code.name,
            request_id=self._id,
            trace_id=self._span.trace_id,
            ms=round(seconds * 1000, 1),
            **more,
        )
