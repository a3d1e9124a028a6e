"""An answer as it is kept, so that it can be given again: of its pictures only the names under which they lie."""

from __future__ import annotations

from msgspec import Struct

from service.domain.event import Completed, Report
from service.domain.image import Image

KEPT_SECONDS = 24 * 3600
"""How long an answer can be given again, at most; and how long a name is its request's."""


class KeptImage(Struct, frozen=True):
    """A finished image without its bytes, which are in the blobs under this name."""

    name: str
    image: Image


class Failure(Struct, frozen=True, kw_only=True):
    """An error, as far as its caller is told of it."""

    reason: str
    message: str
    field: str | None = None
    retry_after: float | None = None
    from_provider: bool = False
    report: Report | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """Images and the account of them, or why there are none."""

    images: tuple[KeptImage, ...] = ()
    completed: Completed | None = None
    failure: Failure | None = None


class Order(Struct, frozen=True, kw_only=True):
    """What a process that has gone had ordered from a provider, for a request that has expired."""

    request: str
    purses: str
    number: int
    provider: str
    model: str
    key: str
    job: str


class Claim(Struct, frozen=True):
    """The name under which an answer will be found: whose it is, and for what question. Both are digests."""

    id: str
    body: str
