"""docs/errors.md, made from the enum of reasons: `python -m tests.contract.errors_page` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
from imagegen import v1
from imagegen.errors import columns, name

from tests.contract.sources import ENUM, HOUSE, VALUE, sources

PAGE = HOUSE / "docs" / "errors.md"

_CODES = {code.value[0]: code.name for code in grpc.StatusCode}

_INTRODUCTION = """\
# Errors

<!-- Made from protos/imagegen/v1/errors.proto by `python -m tests.contract.errors_page`; do not edit. -->

Every failure has one reason, the same over gRPC and over REST.

* **REST**: the status, and an envelope whose top-level `type` is the reason, `error.type` and `error.code` the words
  that OpenAI's SDKs know, `error.param` the parameter at fault. In a stream the envelope comes as an event `error`.
  `is_bifrost_error` says whose doing it is: true is the gateway's (and the caller's) side, false a provider's.
* **gRPC**: the status code, and in its details `google.rpc.ErrorInfo` (whose `reason` is the reason in capitals) and
  `imagegen.v1.ErrorDetail`.
* **again**: whether asking again, unchanged, can help without being billed twice. It is worth doing only after the
  delay that the answer names (`Retry-After`, `RetryInfo`); where nothing was sent, at once. `x-should-retry` says so to
  SDKs.

| reason | HTTP | gRPC | `error.type` | `error.code` | again | when |
|---|---|---|---|---|---|---|
"""


def reasons() -> list[v1.Reason.ValueType]:
    """Every reason that a server may send."""
    return [reason for reason in v1.Reason.values() if reason != v1.REASON_UNSPECIFIED]


def comments() -> dict[int, str]:
    """What errors.proto says above each reason, by number."""
    (source,) = (each for each in sources() if each.name == "errors.proto")
    found = next((i, each) for i, each in enumerate(source.file.enum_type) if each.name == "Reason")
    place, enum = found
    return {each.number: source.comment((*ENUM, place, *VALUE, i)) for i, each in enumerate(enum.value)}


def page() -> str:
    return _INTRODUCTION + "\n".join(_rows()) + "\n"


def _rows() -> Iterator[str]:
    said = comments()
    for reason in reasons():
        of = columns(reason)
        again = "yes" if of.retryable else "no"
        cells = (f"`{name(reason)}`", of.http, _CODES[of.grpc], f"`{of.type}`", f"`{of.code}`", again, said[reason])
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
