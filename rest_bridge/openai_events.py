"""The service's stream as OpenAI's events, with the seed's `index`, `sequence_number` and `extra_fields`.

The account of the request rides on the last `completed`. The newest finished image is therefore held back for a moment:
until the next event, or half a second, or, when no further image can come, until the account is there. Where images
fail after the last one has left, a closing `image_generation.failed` says so; an `error` event would make SDKs throw
away what they have.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from imagegen import ImagegenError, Picture, v1
from imagegen.client import Event
from imagegen.errors import translated

from rest_bridge import openai_json, report, sse
from rest_bridge.asked import Asked
from rest_bridge.leaving import cancel

HOLD = 0.5
"""Seconds that a finished image waits for what comes after it."""

PARTIAL = "image_generation.partial_image"
COMPLETED = "image_generation.completed"
FAILED = "image_generation.failed"


class State:
    """What has been sent so far: how many events, which images, and the one that is held back."""

    def __init__(self, expected: int) -> None:
        self.sent = 0
        self.planned = v1.Planned()
        self._expected = expected
        self._finished: set[int] = set()
        self._held: Picture | None = None

    @property
    def patience(self) -> float | None:
        """How long to wait before the held image goes out alone; None where there is no reason to hurry."""
        return HOLD if self._held is not None and len(self._finished) < self._expected else None

    @property
    def has_image(self) -> bool:
        return bool(self._finished)

    def missing(self, error: ImagegenError) -> list[v1.FailedImage]:
        lost = (index for index in range(self._expected) if index not in self._finished)
        return [v1.FailedImage(index=index, reason=error.name, message=error.message) for index in lost]

    def partial(self, picture: Picture) -> sse.Pieces:
        return sse.picture(PARTIAL, picture.data, {**self._body(picture), "partial_image_index": picture.partial})

    def hold(self, picture: Picture) -> None:
        self._finished.add(picture.index)
        self._held = picture

    def release(self, extra_fields: dict[str, Any] | None = None) -> list[sse.Pieces]:
        """The held image, if there is one; with the account if it is the last."""
        if self._held is None:
            return []
        picture, self._held = self._held, None
        body = self._body(picture)
        if picture.end.HasField("revised_prompt"):
            body["revised_prompt"] = picture.end.revised_prompt
        if picture.end.HasField("usage"):
            body["usage"] = openai_json.usage(picture.end.usage)
        if extra_fields is not None:
            body["extra_fields"] = extra_fields
        return [sse.picture(COMPLETED, picture.data, body)]

    def closing(self, of: v1.Completed) -> list[sse.Pieces]:
        """The end: the last image with the account, or the account of what failed after it."""
        fields = report.fields(of.report, report.GENERATION[True], of.failed_images)
        if self._held is not None:
            return self.release(fields)
        return [sse.event(FAILED, {**self._numbered(), "extra_fields": fields})] if of.failed_images else []

    def _body(self, picture: Picture) -> dict[str, Any]:
        return {"index": picture.index, **self._numbered(), **openai_json.traits(picture.start.traits)}

    def _numbered(self) -> dict[str, Any]:
        self.sent += 1
        return {"sequence_number": self.sent - 1, "created_at": int(time.time())}


async def sse_events(messages: AsyncGenerator[Event, None], asked: Asked) -> AsyncGenerator[sse.Pieces, None]:
    """The events of one stream. Raises while nothing has been sent; later a failure is an event like any other."""
    state = State(asked.n)
    try:
        with translated():
            async with aclosing(_patiently(messages, state)) as events:
                async for event in events:
                    for pieces in _pieces_for(event, state, asked):
                        yield pieces
    except ImagegenError as error:
        if state.has_image:
            for pieces in state.closing(v1.Completed(report=error.report, failed_images=state.missing(error))):
                yield pieces
        elif state.sent:
            yield asked.error_event(error, state.sent)
        else:
            raise


def _pieces_for(event: Event | None, state: State, asked: Asked) -> list[sse.Pieces]:
    """What one event of the service makes; None is a moment of silence."""
    match event:
        case None:
            return state.release()
        case Picture():
            before = state.release()
            if event.partial is not None:
                return [*before, state.partial(event)]
            state.hold(event)
            return before
        case v1.Planned():
            state.planned = event
            return []
        case v1.AttemptStarted():
            asked.sent_to(event, state.planned)
            return []
        case v1.Completed():
            return state.closing(event)
        case _:
            return []


async def _patiently(messages: AsyncGenerator[Event, None], state: State) -> AsyncGenerator[Event | None, None]:
    """The messages, and None wherever the held image has waited long enough."""
    upcoming = asyncio.ensure_future(anext(messages, None))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=state.patience)
            if not done:
                yield None
                continue
            event = upcoming.result()
            if event is None:
                return
            yield event
            upcoming = asyncio.ensure_future(anext(messages, None))
    finally:
        await cancel(upcoming)
        await messages.aclose()
