"""The reasons: one list, told in the contract, in the service and on the page of errors."""

from __future__ import annotations

import re
from http import HTTPStatus

import grpc
import pytest
from imagegen import v1
from imagegen.errors import columns, name

from service.errors import Reason
from tests.contract.errors_page import PAGE, comments, reasons

every_reason = pytest.mark.parametrize("reason", reasons(), ids=name)

OF_ONE_CODE = {code.value[0]: code for code in grpc.StatusCode}

AGAIN = {
    "provider_rate_limited",
    "provider_overloaded",
    "provider_unreachable",
    "rate_limited",
    "overloaded",
    "unavailable",
}
"""Where asking again cannot be billed twice: refused until later, or never sent."""


def test_both_lists_are_one() -> None:
    """The service's reasons and those of the contract are the same, name by name."""
    assert [each.value for each in Reason] == [name(reason) for reason in reasons()]
    assert [f"REASON_{each.name}" for each in Reason] == [v1.Reason.Name(reason) for reason in reasons()]


@every_reason
def test_columns_are_there(reason: v1.Reason.ValueType) -> None:
    """Each reason has a gRPC code that exists, an HTTP status of a failure, and words for OpenAI's SDKs."""
    of = columns(reason)

    assert OF_ONE_CODE[of.grpc] is not grpc.StatusCode.OK
    assert 400 <= of.http <= 599
    assert of.http == 499 or HTTPStatus(of.http)
    assert re.fullmatch("[a-z][a-z_]+", of.type)
    assert re.fullmatch("[a-z][a-z_]+", of.code)


@every_reason
def test_columns_agree(reason: v1.Reason.ValueType) -> None:
    """The columns say the same of whose fault it is: the caller's in both worlds, or ours in both."""
    of = columns(reason)
    type_of = {401: "authentication_error", 402: "insufficient_quota", 403: "permission_error", 429: "rate_limit_error"}

    assert (of.http == 401) == (OF_ONE_CODE[of.grpc] is grpc.StatusCode.UNAUTHENTICATED)
    assert (of.http == 403) == (OF_ONE_CODE[of.grpc] is grpc.StatusCode.PERMISSION_DENIED)
    assert (of.http == 404) == (OF_ONE_CODE[of.grpc] is grpc.StatusCode.NOT_FOUND)
    assert (of.http == 504) == (OF_ONE_CODE[of.grpc] is grpc.StatusCode.DEADLINE_EXCEEDED)
    assert type_of.get(of.http, of.type) == of.type
    if of.http >= 500:
        assert of.type in ("server_error", "timeout_error", "overloaded_error")


def test_again_only_where_it_is_safe() -> None:
    """Only what was refused until later, or never sent, may be asked again; a lost answer may have been billed."""
    assert {name(reason) for reason in reasons() if columns(reason).retryable} == AGAIN
    assert {columns(reason).http for reason in reasons() if name(reason) in AGAIN} <= {429, 502, 503}


def test_nothing_of_the_unset_reason_is_shown() -> None:
    """The unset reason is never sent, and has no columns."""
    assert columns(v1.REASON_UNSPECIFIED) == v1.ReasonColumns()


def test_every_reason_says_when() -> None:
    """Each reason is explained where it is declared."""
    said = comments()

    assert not [name(reason) for reason in reasons() if not said[reason].endswith(".")]


def test_every_reason_is_on_the_page() -> None:
    """Each reason has its line in docs/errors.md."""
    lines = PAGE.read_text(encoding="utf-8").split("\n")

    assert not [name(reason) for reason in reasons() if sum(f"| `{name(reason)}` |" in line for line in lines) != 1]
