"""What is asked of the books as nouns, and what they say as messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import v1

from service.domain.event import possible_duplicate
from service.domain.image import FileRef
from service.domain.plan import CACHE
from service.domain.price import Price, TokenPrice
from service.domain.record import Filter, Grouping, PricedAttempt, Recorded, State, Story, UsageRow
from service.engine.complaints import invalid
from service.rpc import codec

DEFAULT_PAGE = 50
MAX_PAGE = 1000

_STATES = {v1.RequestState.Value(f"REQUEST_STATE_{each.name}"): each for each in State}
_NUMBERS = {state: number for number, state in _STATES.items()}
GROUPINGS = {v1.UsageGrouping.Value(f"USAGE_GROUPING_{each.name}"): each for each in Grouping}
_TEXTS = ("request_id", "key_id", "team_id", "customer_id", "model", "provider")
_TOKEN = re.compile(r"[0-9a-f]{32}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FIELDS = {Grouping.KEY: "key_id", Grouping.TEAM: "team_id", Grouping.CUSTOMER: "customer_id"}
"""Where a group's value has another name than the grouping."""

# --- in ---------------------------------------------------------------------------------------------------------------


def wanted(message: v1.RequestFilter) -> Filter:
    texts = {name: _text(message, name) for name in _TEXTS if message.HasField(name)}
    state = _state(message.state) if message.HasField("state") else None
    since = _milliseconds(message.since) if message.HasField("since") else None
    until = _milliseconds(message.until) if message.HasField("until") else None
    if since is not None and until is not None and until < since:
        raise invalid("filter.until", "must not be before filter.since")
    return Filter(**texts, state=state, since=since, until=until)


def page_size(message: v1.ListRequestsRequest) -> int:
    size = message.page_size if message.HasField("page_size") else DEFAULT_PAGE
    if not 1 <= size <= MAX_PAGE:
        raise invalid("page_size", f"must be between 1 and {MAX_PAGE}, not {size}")
    return size


def place(message: v1.ListRequestsRequest) -> str | None:
    """The id that the page before ended with."""
    if message.page_token and not _TOKEN.fullmatch(message.page_token):
        raise invalid("page_token", "must be the next_page_token of an answer, or empty")
    return message.page_token or None


def may_be_an_id(text: str) -> bool:
    """Whether a request can have been called so."""
    return _ID.fullmatch(text) is not None


def groupings(message: v1.SumUsageRequest) -> tuple[Grouping, ...]:
    """Each once."""
    for number in message.group_by:
        if number not in GROUPINGS:
            raise invalid("group_by", f"must be of {', '.join(map(v1.UsageGrouping.Name, GROUPINGS))}")
    return tuple(dict.fromkeys(GROUPINGS[number] for number in message.group_by))


def _text(message: v1.RequestFilter, name: str) -> str:
    value: str = getattr(message, name)
    if "\0" in value:
        raise invalid(f"filter.{name}", "must not hold the character of code 0")
    return value


def _state(number: v1.RequestState.ValueType) -> State:
    if number not in _STATES:
        raise invalid("filter.state", f"must be one of {', '.join(map(v1.RequestState.Name, _STATES))}")
    return _STATES[number]


def _milliseconds(moment: Timestamp) -> int:
    """The first whole millisecond that is not before it."""
    return moment.seconds * 1000 - (-moment.nanos // 1_000_000)


# --- out --------------------------------------------------------------------------------------------------------------


def requests(found: Sequence[Recorded], size: int) -> v1.ListRequestsResponse:
    """A page; where one more was found than fits, there is a next one."""
    page = found[:size]
    return v1.ListRequestsResponse(
        requests=[_request(each) for each in page], next_page_token=page[-1].id if len(found) > size else ""
    )


def story(of: Story, images: Iterable[FileRef]) -> v1.GetRequestResponse:
    return v1.GetRequestResponse(
        request=_request(of.recorded),
        report=_report(of),
        prices=[_attempt_price(each) for each in of.attempts],
        prompt=of.prompt,
        images=[codec.file(each) for each in images],
    )


def sums(rows: Sequence[UsageRow], total: UsageRow, by: Sequence[Grouping]) -> v1.SumUsageResponse:
    return v1.SumUsageResponse(rows=[_row(each, by) for each in rows], total=_row(total, ()))


def _request(of: Recorded) -> v1.RecordedRequest:
    target = of.target
    return v1.RecordedRequest(
        id=of.id,
        request_id=of.request_id,
        key_id=of.key_id,
        team_id=of.team_id,
        customer_id=of.customer_id,
        model=of.model,
        operation=of.operation,
        stream=of.stream,
        n=of.n,
        trace_id=of.trace_id,
        create_time=_timestamp(of.started),
        end_time=None if of.ended is None else _timestamp(of.ended),
        state=_NUMBERS[of.state],
        reason=of.reason,
        images=of.images,
        cost_micro_usd=of.cost,
        presumed_micro_usd=of.presumed,
        held_micro_usd=of.held,
        attempts=of.attempts,
        provider=target.provider if target else None,
        kind=target.kind if target else None,
        answered_model=target.model if target else None,
    )


def _timestamp(milliseconds: int) -> Timestamp:
    return Timestamp(seconds=milliseconds // 1000, nanos=milliseconds % 1000 * 1_000_000)


def _report(of: Story) -> v1.Report:
    ending, target = of.ending, of.told
    return v1.Report(
        request_id=of.recorded.request_id,
        requested_model=of.recorded.model,
        provider=target.provider if target else None,
        kind=target.kind if target else None,
        model=target.model if target else None,
        fallback_index=ending.fallback_index if ending else 0,
        changes=[codec.change(each) for each in ending.changes] if ending else [],
        attempts=[codec.attempt(each.record) for each in of.attempts],
        cost_micro_usd=of.recorded.cost,
        upstream_time=codec.duration(sum(each.record.seconds for each in of.attempts)),
        skipped=[codec.skipped(each) for each in ending.skipped] if ending else [],
        origin=v1.ORIGIN_CACHED if target and target.provider == CACHE else v1.ORIGIN_MADE,
        possible_duplicate_micro_usd=possible_duplicate([each.record for each in of.attempts]),
    )


def _attempt_price(of: PricedAttempt) -> v1.AttemptPrice:
    price = of.price or Price()
    return v1.AttemptPrice(
        number=of.record.number,
        size=of.size,
        quality=of.quality,
        usage=codec.usage(of.record.usage),
        at_most_micro_usd=of.at_most,
        price=of.price_name,
        as_of=price.as_of,
        per_image=[
            v1.AttemptPrice.PerImage(size=size, quality=quality, cost_micro_usd=cost)
            for (size, quality), cost in price.per_image.items()
        ],
        per_million=_per_million(price.per_million) if price.per_million else None,
    )


def _per_million(of: TokenPrice) -> v1.AttemptPrice.PerMillion:
    return v1.AttemptPrice.PerMillion(
        text_in=f"{of.text_in:f}",
        image_in=f"{of.image_in:f}",
        text_out=f"{of.text_out:f}",
        image_out=f"{of.image_out:f}",
    )


def _row(of: UsageRow, by: Sequence[Grouping]) -> v1.UsageRow:
    row = v1.UsageRow(
        requests=of.requests,
        attempts=of.attempts,
        images=of.images,
        cost_micro_usd=of.cost,
        presumed_micro_usd=of.presumed,
        input_tokens=of.input_tokens,
        output_tokens=of.output_tokens,
    )
    for grouping, value in zip(by, of.group, strict=True):
        if value is not None:
            named = _NUMBERS[State(value)] if grouping is Grouping.STATE else value
            setattr(row, _FIELDS.get(grouping, grouping.value), named)
    return row
