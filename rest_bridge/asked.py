"""What has to be known of a request in order to answer it, well or badly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imagegen import ImagegenError, v1
from imagegen.report import summary
from starlette.responses import Response

from rest_bridge import errors, report, sse


@dataclass(slots=True)
class Asked:
    """It learns as it goes: first the path, then the body, then who is being asked."""

    request_id: str
    model: str | None = None
    stream: bool = False
    n: int = 1
    headers: dict[str, str] = field(default_factory=dict[str, str])
    """What is known before the first byte of a stream."""
    failure: ImagegenError | None = None
    """Why a stream failed after its first byte."""

    def learn(self, members: Mapping[str, Any]) -> None:
        """What the body says of itself, before it is known to be good."""
        model, n = members.get("model"), members.get("n")
        if self.model is None and isinstance(model, str):
            self.model = model
        self.stream = members.get("stream") is True
        self.n = n if isinstance(n, int) else 1

    def sent_to(self, started: v1.AttemptStarted, planned: v1.Planned) -> None:
        so_far = v1.Report(provider=started.provider, model=started.model, fallback_index=started.step)
        so_far.changes.extend(planned.steps[started.step].changes)
        self.headers = summary(so_far)

    def given_before(self, account: v1.Report) -> None:
        self.headers = summary(account)

    @property
    def request_type(self) -> str:
        return report.GENERATION[self.stream]

    def failed(self, error: ImagegenError) -> Response:
        return errors.response(error, self.request_id, self.request_type, self.model)

    def error_event(self, error: ImagegenError, number: int) -> sse.Pieces:
        """The envelope as a stream's last event. Its `type` is the event's, so the reason stands in `extra_fields`."""
        self.failure = error
        body = errors.envelope(error, self.request_id, self.request_type, self.model)
        body["extra_fields"]["reason"] = body["type"]
        return sse.event("error", {**body, "type": "error", "sequence_number": number})
