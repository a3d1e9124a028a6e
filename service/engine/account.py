"""The running account of one request: what has been tried, what has come, what is still missing."""

from __future__ import annotations

import time

from msgspec.structs import replace

from service.domain.event import AttemptRecord, Completed, ImageFailed, ImageReady, Outcome, PartialImage, Report, Shown
from service.domain.image import Traits, Usage
from service.domain.plan import Change, Plan, Skipped, Step
from service.domain.record import Ending, State
from service.domain.request import PARAMETER_NAMES, WORDS, ImageRequest
from service.engine.attempt import Attempt
from service.engine.check import MAX_NAME
from service.errors import GatewayError, Reason
from service.telemetry import counting


class Account:
    def __init__(self, request: ImageRequest, request_id: str) -> None:
        self.request = request
        self.committed = False
        """Whether image bytes are on their way to the caller: from then on nothing is tried anew."""
        self._request_id = request_id
        self._skipped: tuple[Skipped, ...] = ()
        self._attempts: list[AttemptRecord] = []
        self._step: Step | None = None
        self._step_index = 0
        self._delivered: dict[int, ImageReady] = {}
        self._usage: Usage | None = None
        self._traits = Traits()
        self._error: GatewayError | None = None
        self._recorded: list[str] = []

    @property
    def images(self) -> int:
        return len(self._delivered)

    @property
    def may_be_billed(self) -> bool:
        return any(each.cost or each.outcome in (Outcome.DONE, Outcome.UNKNOWN) for each in self._attempts)

    @property
    def labels(self) -> counting.Labels:
        """What the request counts for: the target that the account is about."""
        return (self._step.target.provider, self._step.family) if self._step else counting.NOBODY

    def planned(self, plan: Plan) -> None:
        self._skipped = plan.skipped

    def speak_of(self, index: int, step: Step) -> None:
        """The target that the account is about: the one that is being asked, or that the error is from."""
        self._step, self._step_index = step, index

    def note(self, event: Shown) -> None:
        self.committed = self.committed or isinstance(event, PartialImage | ImageReady)

    def deliver(self, ready: ImageReady) -> None:
        self._delivered[ready.image.index] = ready

    def recorded(self, name: str | None) -> None:
        """A picture was kept under this name, because the operator wants that."""
        self._recorded += [name] if name else []

    def end(self, attempt: Attempt) -> None:
        self._attempts.append(attempt.record)
        self._usage = attempt.usage
        self._traits = attempt.traits
        self._error = attempt.error

    def give_up(self, error: GatewayError) -> None:
        """Nothing more will come, and this is why."""
        self._error = error

    def failed(self) -> tuple[ImageFailed, ...]:
        """Those of the n images that did not come, while others did."""
        reason = self._error.reason if self._error else Reason.PROVIDER_NO_IMAGE
        message = self._error.message if self._error else "The provider sent fewer images than were asked for."
        asked = range(self.request.parameters.n or 1)
        return tuple(ImageFailed(index, reason, message) for index in asked if index not in self._delivered)

    def ending(self, *, over: bool, content: bool) -> Ending:
        """How the request ended, for the books; not `over` where its caller left before.

        Without `content` what callers wrote in words of their own is left out.
        """
        failed = self.failed() if over and self.images else ()
        if not over:
            state, reason = State.LEFT, Reason.CANCELLED
        elif not self.images:
            state, reason = State.FAILED, self._error.reason if self._error else Reason.PROVIDER_NO_IMAGE
        else:
            state, reason = (State.PARTIAL, Reason(failed[0].reason)) if failed else (State.DONE, None)
        return Ending(
            state=state,
            reason=reason,
            images=self.images,
            fallback_index=self._step_index,
            changes=tuple(each if content else _without_content(each) for each in self._changes),
            skipped=self._skipped,
            recorded=tuple(self._recorded),
        )

    @property
    def _changes(self) -> tuple[Change, ...]:
        return self._step.changes if self._step else ()

    def report(self) -> Report:
        return Report(
            request_id=self._request_id,
            requested_model=self.request.model[:MAX_NAME],
            step=self._step,
            fallback_index=self._step_index,
            attempts=tuple(self._attempts),
            skipped=self._skipped,
        )

    def completed(self) -> Completed:
        images = [ready.image for ready in self._delivered.values()]
        return Completed(
            created=int(time.time()),
            usage=self._usage,
            traits=images[0].picture.traits if images and self._traits == Traits() else self._traits,
            failed=self.failed(),
            report=self.report(),
        )


def _without_content(change: Change) -> Change:
    plain = change.parameter == "model" or (change.parameter in PARAMETER_NAMES and change.parameter not in WORDS)
    return change if plain else replace(change, asked="…", sent="…" if change.sent else "")
