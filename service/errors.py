"""Why a request fails.

GatewayError           a reason and a sentence; raised anywhere, translated at the gRPC edge alone
 └ ProviderError       a provider call went wrong: also says how far it got (the outcome)

A reason is a name. Its columns (gRPC code, HTTP status, OpenAI's type and code) are options of the enum in
errors.proto; a test proves that both lists are the same.
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import TYPE_CHECKING

from service.domain.event import Outcome

if TYPE_CHECKING:
    from service.domain.event import Report


class Reason(StrEnum):
    INVALID_REQUEST = auto()
    MISSING_PARAMETER = auto()
    INVALID_PARAMETER = auto()
    NOT_SUPPORTED = auto()
    UNSUPPORTED_OPERATION = auto()
    MODEL_NOT_FOUND = auto()
    PROVIDER_NOT_CONFIGURED = auto()
    NOT_FOUND = auto()
    METHOD_NOT_ALLOWED = auto()
    PAYLOAD_TOO_LARGE = auto()
    UNSUPPORTED_MEDIA_TYPE = auto()
    SIGNATURE_INVALID = auto()
    URL_EXPIRED = auto()
    IDEMPOTENCY_KEY_REUSED = auto()
    CONTENT_REFUSED = auto()
    PROVIDER_REJECTED = auto()
    PROVIDER_ACCOUNT = auto()
    PROVIDER_RATE_LIMITED = auto()
    PROVIDER_OVERLOADED = auto()
    PROVIDER_ERROR = auto()
    PROVIDER_UNREACHABLE = auto()
    PROVIDER_TIMEOUT = auto()
    PROVIDER_CONNECTION_LOST = auto()
    PROVIDER_NO_IMAGE = auto()
    PROVIDER_INVALID_ANSWER = auto()
    INVALID_KEY = auto()
    KEY_BLOCKED = auto()
    CAPABILITY_REQUIRED = auto()
    PROVIDER_BLOCKED = auto()
    MODEL_BLOCKED = auto()
    RATE_LIMITED = auto()
    BUDGET_EXCEEDED = auto()
    MODEL_NOT_PRICED = auto()
    DEADLINE_EXCEEDED = auto()
    CANCELLED = auto()
    OVERLOADED = auto()
    UNAVAILABLE = auto()
    INTERNAL = auto()
    OUTCOME_UNKNOWN = auto()


class GatewayError(Exception):
    """A request cannot be served, and this is why."""

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.retry_after = retry_after
        self.report: Report | None = None
        """What was done until then; the pipeline adds it on the way out."""

    @property
    def from_provider(self) -> bool:
        return False


class ProviderError(GatewayError):
    """A provider call went wrong."""

    def __init__(
        self,
        reason: Reason,
        message: str,
        outcome: Outcome,
        *,
        status: int | None = None,
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason, message, field=field, retry_after=retry_after)
        self.outcome = outcome
        self.status = status
        self.credential: str | None = None
        """The name of what was used, such as "key main"."""
        self.code: str | None = None
        """The provider's own word for it, where it is one of a list and no sentence."""
        self.for_operator: str | None = None
        """The provider's sentences, which may quote a prompt."""

    @property
    def from_provider(self) -> bool:
        return self.reason not in (Reason.INTERNAL, Reason.CANCELLED)
