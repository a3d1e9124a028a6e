"""The running account of one request: what has been tried, what has come, what is still missing."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from functools import reduce
from operator import add

from msgspec.structs import replace

from service.domain.answer import Answer, Failure, KeptImage
from service.domain.event import AttemptRecord, Completed, ImageFailed, ImageReady, Origin, Report, may_be_billed
from service.domain.image import FORMATS, Image, Traits
from service.domain.plan import Change, Plan, Skipped, Step, Target
from service.domain.record import Ending, State
from service.domain.request import PARAMETER_NAMES, WORDS, ImageRequest
from service.engine.attempt import Attempt
from service.engine.check import MAX_NAME
from service.engine.conversion import truly
from service.engine.delivery import KEEP_SECONDS, RECORD_SECONDS
from service.errors import GatewayError, Reason
from service.telemetry import counting

_FEWER = GatewayError(Reason.PROVIDER_NO_IMAGE, "The provider sent fewer images than were asked for.")


class Account:
    def __init__(self, request: ImageRequest, request_id: str) -> None:
        self.request = request
        self._request_id = request_id
        self._skipped: tuple[Skipped, ...] = ()
        self._attempts: list[AttemptRecord] = []
        self._step: Step | None = None
        self._delivered: dict[int, ImageReady] = {}
        self._tried: dict[int, list[Attempt]] = {}
        """The attempts that are over, by the step they were for."""
        self._cached: Completed | None = None
        """The answer that the cache has, as it was told first."""
        self._error: GatewayError | None = None
        self._errors: dict[int, GatewayError | None] = {}
        """What became of the last attempt at an image, by its index."""
        self._recorded: list[str] = []
        self._kept: dict[int, KeptImage | None] = {}
        self._may_be_asked_for = bool(request.idempotency_key)
        self._elsewhere: list[tuple[float, float]] = []
        """When providers were at work, or waited for."""

    @property
    def images(self) -> int:
        return len(self._delivered)

    @property
    def attempted(self) -> bool:
        """Whether anybody has been asked."""
        return self._step is not None

    @property
    def may_be_billed(self) -> bool:
        return may_be_billed(self._attempts)

    @property
    def labels(self) -> counting.Labels:
        """What the request counts for: the target that the account is about."""
        if self._cached:
            return counting.CACHED
        return (self._step.target.provider, self._step.family) if self._step else counting.NOBODY

    def planned(self, plan: Plan) -> None:
        self._skipped = plan.skipped
        if plan.memory is not None and plan.memory.store:
            self._may_be_asked_for = True

    def speak_of(self, step: Step) -> None:
        """The target that the account is about: the one that is being asked, or that the error is from."""
        self._step = step

    def cached(self, completed: Completed, record: AttemptRecord) -> None:
        """The answer is one that was given before, and this is what it costs now."""
        self._cached = completed
        self._may_be_asked_for = bool(self.request.idempotency_key)
        self._attempts.append(record)

    def deliver(self, ready: ImageReady) -> None:
        self._delivered[ready.image.index] = ready

    @property
    def keeps(self) -> bool:
        """Whether the next image is to be kept, for whoever asks again: with those before it, or not at all."""
        return self._may_be_asked_for and None not in self._kept.values()

    @property
    def patience(self) -> float:
        """How many seconds an image may take to be kept: for the cache no longer than for the operator's pleasure."""
        return KEEP_SECONDS if self.request.idempotency_key else RECORD_SECONDS

    @property
    def is_as_asked(self) -> bool:
        """Whether the answer is the one that another request like this would be given: nothing went wrong."""
        as_it_came = any(ready.not_converted for ready in self._delivered.values())
        return not (as_it_came or (self._step and self._step.index))

    def keep(self, index: int, kept: KeptImage | None) -> None:
        self._kept[index] = kept

    def recorded(self, name: str | None) -> None:
        """A picture was kept under this name, because the operator wants that."""
        self._recorded += [name] if name else []

    def leave_out(self, target: Target, why: str) -> None:
        """A target of the plan cannot be asked after all."""
        self._skipped = (*self._skipped, Skipped(str(target), why))

    def end(self, attempt: Attempt) -> None:
        self._attempts.append(attempt.record)
        self._tried.setdefault(attempt.step.index, []).append(attempt)
        self._errors |= dict.fromkeys(attempt.images, attempt.error)
        self._elsewhere.append((attempt.started, attempt.started + attempt.record.seconds))

    def waited(self, since: float) -> None:
        """There was nothing to do since then: for a place to be free, or a pause to be over."""
        self._elsewhere.append((since, time.monotonic()))

    def fail(self, images: range, error: GatewayError) -> None:
        """Nobody is asked for these, and this is why."""
        self._errors |= dict.fromkeys(images, error)

    def give_up(self, error: GatewayError) -> None:
        """Nothing more will come, and this is why."""
        self._error = error

    @property
    def seconds_elsewhere(self) -> float:
        """How long at least one provider was at work or waited for."""
        total, until = 0.0, 0.0
        for began, ended in sorted(self._elsewhere):
            total += max(0.0, ended - max(began, until))
            until = max(until, ended)
        return total

    def _failed(self, come: Collection[int]) -> tuple[ImageFailed, ...]:
        """Those of the n images that did not come, while these did."""
        asked = range(self.request.parameters.n or 1)
        missing = [index for index in asked if index not in come]
        errors = {index: self._errors.get(index) or self._error or _FEWER for index in missing}
        return tuple(ImageFailed(index, error.reason, error.message) for index, error in errors.items())

    def ending(self, *, left: Reason | None, content: bool) -> Ending:
        """How the request ended, for the books; `left` says why its caller did not wait for that.

        Without `content` what callers wrote in words of their own is left out.
        """
        failed = self._failed(self._delivered) if not left and self.images else ()
        if left:
            state, reason = State.LEFT, left
        elif not self.images:
            state, reason = State.FAILED, self._error.reason if self._error else Reason.PROVIDER_NO_IMAGE
        else:
            state, reason = (State.PARTIAL, Reason(failed[0].reason)) if failed else (State.DONE, None)
        told = self._attempts if self._cached else [each.record for each in self._of_step]
        return Ending(
            state=state,
            reason=reason,
            images=self.images,
            fallback_index=self._fallback_index,
            told=told[-1].number if told else None,
            changes=tuple(each if content else _without_content(each) for each in self._changes),
            skipped=self._skipped,
            recorded=tuple(self._recorded),
        )

    @property
    def _of_step(self) -> list[Attempt]:
        """The attempts for the step that the account is about."""
        return self._tried.get(self._step.index, []) if self._step else []

    @property
    def _fallback_index(self) -> int:
        return self._step.index if self._step else 0

    @property
    def _changes(self) -> tuple[Change, ...]:
        if self._cached:
            return self._cached.report.changes
        step = self._step
        return truly(step.changes, step.conversion, list(self._delivered.values())) if step else ()

    @property
    def _target(self) -> Target | None:
        if self._cached:
            return self._attempts[-1].target
        return self._step.target if self._step else None

    def report(self) -> Report:
        return Report(
            request_id=self._request_id,
            requested_model=self.request.model[:MAX_NAME],
            origin=Origin.CACHED if self._cached else Origin.MADE,
            target=self._target,
            fallback_index=self._fallback_index,
            changes=self._changes,
            attempts=tuple(self._attempts),
            skipped=self._skipped,
        )

    def completed(self) -> Completed:
        return self._completed({index: ready.image for index, ready in self._delivered.items()})

    def _completed(self, come: Mapping[int, Image]) -> Completed:
        if self._cached:
            return replace(self._cached, usage=None, report=self.report())
        pictures = [image.picture for image in come.values()]
        told = [each.traits for each in (*pictures, *self._of_step) if each.traits != Traits()]
        used = [each.usage for each in self._of_step if each.usage]
        traits = told[0] if told else Traits()
        if pictures and self._step and self._step.conversion:  # what came is known; of several formats none is said
            formats = {FORMATS[each.media_type] for each in pictures}
            traits = replace(traits, output_format=formats.pop() if len(formats) == 1 else "")
        return Completed(
            created=int(time.time()),
            usage=reduce(add, used) if used else None,
            traits=traits,
            failed=self._failed(come),
            report=self.report(),
        )

    def answer(self) -> Answer | None:
        """What is given to whoever asks again. None where that may be asked anew, or where nobody can know.

        An image that could not be delivered as this caller wanted it has come all the same.
        """
        if self._kept:
            kept = {index: each for index, each in self._kept.items() if each is not None}
            if len(kept) < len(self._kept):
                return None
            completed = self._completed({index: each.image for index, each in kept.items()})
            return Answer(images=tuple(kept.values()), completed=completed)
        error = self._error
        if error is None or error.reason is Reason.DEADLINE_EXCEEDED or not self.may_be_billed:
            return None
        return Answer(failure=_failure(error))


def _failure(error: GatewayError) -> Failure:
    return Failure(
        reason=error.reason,
        message=error.message,
        field=error.field,
        retry_after=error.retry_after,
        from_provider=error.from_provider,
        report=error.report,
    )


def _without_content(change: Change) -> Change:
    plain = change.parameter == "model" or (change.parameter in PARAMETER_NAMES and change.parameter not in WORDS)
    return change if plain else replace(change, asked="…", sent="…" if change.sent else "")
