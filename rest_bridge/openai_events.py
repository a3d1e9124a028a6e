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
from typing import Any

from imagegen import ImagegenError, Picture, v1
from imagegen.client import Event
from imagegen.errors import translated

from rest_bridge import openai_json, report, sse
from rest_bridge.ahead import Ahead, PatienceEndedError
from rest_bridge.asked import Asked

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
        self._held_until = 0.0
        self._spoke = asyncio.get_running_loop().time()

    @property
    def patience(self) -> float:
        """Until when to wait, by the loop's clock, before something is said anyway."""
        awake = self._spoke + sse.PATIENCE
        return min(awake, self._held_until) if self._is_held_in_vain else awake

    @property
    def _is_held_in_vain(self) -> bool:
        """Whether an image is held although another may come, so that it may have to go out alone."""
        return self._held is not None and len(self._finished) < self._expected

    def said(self, pieces: list[sse.Pieces]) -> list[sse.Pieces]:
        """Notes that something leaves, if anything does."""
        if pieces:
            self._spoke = asyncio.get_running_loop().time()
        return pieces

    def nothing_came(self) -> list[sse.Pieces]:
        """What is said when patience ends: the held image, or only that somebody is there."""
        return (self.release() if self._is_held_in_vain else []) or [(sse.COMMENT,)]

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
        self._held_until = asyncio.get_running_loop().time() + HOLD

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
    """The events of one stream, and comments in its silences.

    Raises while no event has been sent; later a failure is an event like any other.
    """
    state = State(asked.n)
    ahead = Ahead(messages)
    try:
        with translated():
            while True:
                try:
                    event = await ahead.take(state.patience)
                except PatienceEndedError:
                    told = state.nothing_came()
                else:
                    if event is None:
                        return
                    told = _pieces_for(event, state, asked)
                for pieces in state.said(told):
                    yield pieces
    except ImagegenError as error:
        if state.has_image:
            for pieces in state.closing(v1.Completed(report=error.report, failed_images=state.missing(error))):
                yield pieces
        elif state.sent:
            yield asked.error_event(error, state.sent)
        else:
            raise
    finally:
        await ahead.close()


def _pieces_for(event: Event, state: State, asked: Asked) -> list[sse.Pieces]:
    """What one event of the service makes."""
    match event:
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
        case v1.Recalled():
            asked.given_before(event.report)
            return []
        case v1.Completed():
            return state.closing(event)
        case _:
            return []
