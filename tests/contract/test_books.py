"""What the service says of its books: as the ledger wrote them, and nothing of what is asked is lost or misread."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import ImagegenError, v1
from imagegen.errors import translated

from service.access import usage
from service.domain.record import Filter, State
from service.rpc import codec, usage_codec
from tests.contract import books as some
from tests.contract.reflection import filled
from tests.contract.scripted import Spoken, spoken_to

if TYPE_CHECKING:
    from imagegen.v1.usage_pb2_grpc import UsageAsyncStub  # exists for the type checker only


@pytest.fixture
async def there(tmp_path: Path) -> AsyncGenerator[Spoken]:
    async with spoken_to(tmp_path) as spoken:
        spoken.records.at_once(some.entries)
        yield spoken


def stub(there: Spoken) -> UsageAsyncStub:
    return v1.UsageStub(there.channel)


async def test_list_is_whole(there: Spoken) -> None:
    """The list says of each request what the ledger wrote, the newest first."""
    assert await stub(there).ListRequests(v1.ListRequestsRequest()) == v1.ListRequestsResponse(
        requests=[some.RUNNING, some.OVER]
    )


async def test_request_is_whole(there: Spoken) -> None:
    """One request comes with its account, its prices, its prompt, and its pictures behind signatures for an hour."""
    answer = await stub(there).GetRequest(v1.GetRequestRequest(id=some.FIRST))
    images = [(each.file_id, each.expire_time.seconds) for each in answer.images]
    expires = images[0][1]
    signed = [codec.file(there.signer.sign(name, expires)) for name in some.KEPT]

    assert abs(expires - time.time() - 3600) < 60
    assert answer == v1.GetRequestResponse(
        request=some.OVER, report=some.REPORT, prices=some.PRICES, prompt=some.PURPOSE.prompt, images=signed
    )


async def test_request_under_way_is_told(there: Spoken) -> None:
    """What is under way has an attempt whose outcome is unknown so far, and no ending; it is found by its name."""
    answer = await stub(there).GetRequest(v1.GetRequestRequest(id="request-2"))

    assert (answer.request, len(answer.images), answer.HasField("prompt")) == (some.RUNNING, 0, False)
    assert [(each.outcome, each.cost_micro_usd) for each in answer.report.attempts] == [(v1.OUTCOME_UNKNOWN, 0)]
    assert (answer.report.provider, answer.report.model) == ("north", "gpt-image-2")


async def test_sums_are_whole(there: Spoken) -> None:
    """The sums by everything say each group's values and sums, and the total counts each request once."""
    every = list(usage_codec.GROUPINGS)

    assert await stub(there).SumUsage(v1.SumUsageRequest(group_by=every)) == v1.SumUsageResponse(
        rows=[some.OTHERS, some.NORTH, some.SOUTH], total=some.TOTAL
    )


async def test_total_alone(there: Spoken) -> None:
    """Split by nothing there is the total and no row."""
    assert await stub(there).SumUsage(v1.SumUsageRequest()) == v1.SumUsageResponse(total=some.TOTAL)


def names() -> list[str]:
    return [field.name for field in cast("list[FieldDescriptor]", v1.RequestFilter.DESCRIPTOR.fields)]


def full() -> v1.RequestFilter:
    message = filled(v1.RequestFilter())
    message.until.seconds = message.since.seconds + 1
    return message


@pytest.mark.parametrize("name", names())
def test_no_field_of_a_filter_is_lost(name: str) -> None:
    """Take any one field away, and other requests are meant."""
    without = full()
    without.ClearField(cast(Any, name))

    assert usage_codec.wanted(without) != usage_codec.wanted(full())


def test_each_value_arrives_under_its_name() -> None:
    """Every value arrives where its name says; a moment between two milliseconds is the later of them."""
    message = full()
    message.since.nanos = 1
    message.until.nanos = 5_000_000

    assert usage_codec.wanted(message) == Filter(
        request_id=message.request_id,
        key_id=message.key_id,
        team_id=message.team_id,
        customer_id=message.customer_id,
        model=message.model,
        provider=message.provider,
        state=State.LOST,
        since=message.since.seconds * 1000 + 1,
        until=message.until.seconds * 1000 + 5,
    )


def test_unset_means_everything() -> None:
    """A filter in which nothing is set, and one that is not there, mean every request."""
    assert usage_codec.wanted(v1.RequestFilter()) == usage_codec.wanted(v1.ListRequestsRequest().filter) == Filter()


RANGE = "page_size must be between 1 and 1000, not "

BAD: dict[str, tuple[v1.ListRequestsRequest, str, str]] = {
    "no page": (v1.ListRequestsRequest(page_size=0), "page_size", RANGE + "0."),
    "less than no page": (v1.ListRequestsRequest(page_size=-1), "page_size", RANGE + "-1."),
    "too large a page": (v1.ListRequestsRequest(page_size=1001), "page_size", RANGE + "1001."),
    "a word as token": (v1.ListRequestsRequest(page_token="next"), "page_token", "next_page_token"),
    "a long token": (v1.ListRequestsRequest(page_token=some.FIRST + "0"), "page_token", "next_page_token"),
    "a token in capitals": (v1.ListRequestsRequest(page_token="A" * 32), "page_token", "next_page_token"),
    "a statement as token": (v1.ListRequestsRequest(page_token="' OR 1 = 1 --"), "page_token", "next_page_token"),
    "a state that is none": (
        v1.ListRequestsRequest(filter=v1.RequestFilter(state=v1.REQUEST_STATE_UNSPECIFIED)),
        "filter.state",
        "REQUEST_STATE_RUNNING",
    ),
    "a state of a later version": (
        v1.ListRequestsRequest(filter=v1.RequestFilter(state=cast(Any, 99))),
        "filter.state",
        "REQUEST_STATE_LOST",
    ),
    "a time that runs backwards": (
        v1.ListRequestsRequest(filter=v1.RequestFilter(since=Timestamp(seconds=2), until=Timestamp(seconds=1))),
        "filter.until",
        "filter.since",
    ),
    "a zero in a name": (
        v1.ListRequestsRequest(filter=v1.RequestFilter(model="a\0b")),
        "filter.model",
        "code 0",
    ),
}


@pytest.mark.parametrize(("request_", "field", "said"), BAD.values(), ids=BAD)
async def test_what_cannot_be_asked_is_refused(
    there: Spoken, request_: v1.ListRequestsRequest, field: str, said: str
) -> None:
    """What is out of range or makes no sense is refused, naming the field and what would be right."""
    with pytest.raises(ImagegenError) as refused, translated():
        await stub(there).ListRequests(request_)

    assert (refused.value.reason, refused.value.field) == (v1.REASON_INVALID_PARAMETER, field)
    assert said in refused.value.message


@pytest.mark.parametrize("grouping", [0, 99])
async def test_unknown_groupings_are_refused(there: Spoken, grouping: int) -> None:
    """What cannot be split by is refused, with what can."""
    with pytest.raises(ImagegenError) as refused, translated():
        await stub(there).SumUsage(v1.SumUsageRequest(group_by=[cast(Any, grouping)]))

    assert (refused.value.reason, refused.value.field) == (v1.REASON_INVALID_PARAMETER, "group_by")
    assert "USAGE_GROUPING_DAY" in refused.value.message


async def test_too_many_rows_are_refused(there: Spoken, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums are told whole or not at all: where there are more rows than one may ask for, that is said."""
    asked = v1.SumUsageRequest(group_by=[v1.USAGE_GROUPING_MODEL])
    monkeypatch.setattr(usage, "MAX_ROWS", 2)
    assert len((await stub(there).SumUsage(asked)).rows) == 2

    monkeypatch.setattr(usage, "MAX_ROWS", 1)
    with pytest.raises(ImagegenError) as refused, translated():
        await stub(there).SumUsage(asked)
    assert (refused.value.reason, refused.value.field) == (v1.REASON_INVALID_PARAMETER, "group_by")


@pytest.mark.parametrize(
    ("id_", "reason"),
    [
        ("nobody", v1.REASON_NOT_FOUND),
        ("f" * 32, v1.REASON_NOT_FOUND),
        ("a\0b", v1.REASON_NOT_FOUND),
        ("x" * 65, v1.REASON_NOT_FOUND),
        ("", v1.REASON_MISSING_PARAMETER),
    ],
    ids=["name", "id", "zero", "long", "empty"],
)
async def test_unknown_requests(there: Spoken, id_: str, reason: v1.Reason.ValueType) -> None:
    """What is not in the books is not found; an id has to be named."""
    with pytest.raises(ImagegenError) as failed, translated():
        await stub(there).GetRequest(v1.GetRequestRequest(id=id_))

    assert (failed.value.reason, failed.value.field) == (reason, "id")


@pytest.mark.parametrize("moment", [-62135596800, 253402300799])
async def test_times_at_the_end_of_time(there: Spoken, moment: int) -> None:
    """The first and the last moment that there is a name for are moments like others."""
    since = v1.RequestFilter(since=Timestamp(seconds=moment))
    until = v1.RequestFilter(until=Timestamp(seconds=moment))

    assert len((await stub(there).ListRequests(v1.ListRequestsRequest(filter=since))).requests) == 2 * (moment < 0)
    assert len((await stub(there).ListRequests(v1.ListRequestsRequest(filter=until))).requests) == 2 * (moment > 0)


async def test_books_that_are_away(there: Spoken) -> None:
    """While the records cannot be reached, that is said, and that asking again helps."""
    there.records.away = True
    for call in (
        stub(there).ListRequests(v1.ListRequestsRequest()),
        stub(there).GetRequest(v1.GetRequestRequest(id="request-1")),
        stub(there).SumUsage(v1.SumUsageRequest()),
    ):
        with pytest.raises(ImagegenError) as failed, translated():
            await call
        assert (failed.value.reason, failed.value.retry_after) == (v1.REASON_UNAVAILABLE, 1)
