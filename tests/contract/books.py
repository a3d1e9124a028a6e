"""Two requests in the books, one over and one under way, each value different from all others; and their messages."""

from __future__ import annotations

from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import v1
from msgspec.structs import replace

from service.access import ledger
from service.access.ledger import Account
from service.domain.account import Payer, Scope, ScopeKind
from service.domain.event import AttemptRecord
from service.domain.price import Price, TokenPrice
from service.domain.record import Ending, Purpose, Sending, State
from service.stores.records.port import Work
from tests.contract import specimens as some

BEGAN, ENDED = 1_790_000_000, 1_790_000_009
LATER = 1_790_000_020
FIRST, SECOND = (f"{moment * 1000:012x}{number:020x}" for number, moment in enumerate((BEGAN, LATER), 1))
PAYER = Payer((Scope(ScopeKind.KEY, "key-1"), Scope(ScopeKind.TEAM, "team-1"), Scope(ScopeKind.CUSTOMER, "customer-1")))
PURPOSE = Purpose(
    request_id="request-1", model="pictures", stream=True, n=3, trace_id="a" * 32, prompt="a lighthouse at dusk"
)
PRICE = Price(
    per_image={("640x480", "high"): 90, ("*", "*"): 91},
    per_million=TokenPrice(Decimal("5.00"), Decimal(8), Decimal("0.125"), Decimal("3E+1")),
    as_of="2026-11-20",
)
KEPT = ("0123456789abcdef0123456789abcdef.webp", "fedcba9876543210fedcba9876543210.png")
ENDING = Ending(
    state=State.PARTIAL,
    reason="provider_no_image",
    images=2,
    fallback_index=3,
    changes=some.CHANGES,
    skipped=(some.SKIPPED,),
    recorded=KEPT,
)
ATTEMPTS: tuple[AttemptRecord, ...] = (*some.ATTEMPTS[:3], replace(some.ATTEMPTS[3], usage=some.USAGE))


def entries() -> Work[None]:
    """Both, written by the ledger itself."""
    yield from ledger.keep_price(PRICE)
    over = Account(id=FIRST, purses=(), payer=PAYER, started=BEGAN)
    yield from ledger.open_request(over, PURPOSE, 95, _sending(ATTEMPTS[0]))
    for i in range(1, 4):
        yield from ledger.send_again(over, ATTEMPTS[i - 1 : i], 0, _sending(ATTEMPTS[i]))
    yield from ledger.close_request(over, ATTEMPTS[3:], ENDING, ENDED)
    running = Account(id=SECOND, purses=(), started=LATER)
    yield from ledger.open_request(running, Purpose(request_id="request-2", model="other"), 97, _sending(ATTEMPTS[0]))


def _sending(attempt: AttemptRecord) -> Sending:
    return Sending(
        number=attempt.number, target=attempt.target, at_most=92, price=PRICE, size="640x480", quality="high"
    )


OVER = v1.RecordedRequest(
    id=FIRST,
    request_id="request-1",
    key_id="key-1",
    team_id="team-1",
    customer_id="customer-1",
    model="pictures",
    operation="generate",
    stream=True,
    n=3,
    trace_id="a" * 32,
    create_time=Timestamp(seconds=BEGAN),
    end_time=Timestamp(seconds=ENDED),
    state=v1.REQUEST_STATE_PARTIAL,
    reason="provider_no_image",
    images=2,
    cost_micro_usd=12,
    presumed_micro_usd=5,
    attempts=4,
    provider="south",
    kind="painter",
    answered_model="scene",
)
RUNNING = v1.RecordedRequest(
    id=SECOND,
    request_id="request-2",
    model="other",
    operation="generate",
    n=1,
    create_time=Timestamp(seconds=LATER),
    state=v1.REQUEST_STATE_RUNNING,
    held_micro_usd=97,
    attempts=1,
    provider="north",
    kind="openai",
    answered_model="gpt-image-2",
)

REPORT = v1.Report()
REPORT.CopyFrom(some.REPORT_MESSAGE)
REPORT.MergeFrom(v1.Report(origin=v1.ORIGIN_MADE, provider="south", kind="painter", model="scene", fallback_index=3))

PRICES = [
    v1.AttemptPrice(
        number=attempt.number,
        size="640x480",
        quality="high",
        usage=some.USAGE_MESSAGE if attempt.usage else None,
        at_most_micro_usd=92,
        price=ledger.terms(PRICE)[0],
        as_of="2026-11-20",
        per_image=[
            v1.AttemptPrice.PerImage(size="*", quality="*", cost_micro_usd=91),
            v1.AttemptPrice.PerImage(size="640x480", quality="high", cost_micro_usd=90),
        ],
        per_million=v1.AttemptPrice.PerMillion(text_in="5.00", image_in="8", text_out="0.125", image_out="30"),
    )
    for attempt in ATTEMPTS
]

TOTAL = v1.UsageRow(
    requests=2, attempts=5, images=2, cost_micro_usd=12, presumed_micro_usd=5, input_tokens=11, output_tokens=12
)
NORTH = v1.UsageRow(
    day="2026-09-21",
    model="pictures",
    provider="north",
    key_id="key-1",
    team_id="team-1",
    customer_id="customer-1",
    state=v1.REQUEST_STATE_PARTIAL,
    requests=1,
    attempts=3,
    cost_micro_usd=5,
    presumed_micro_usd=5,
)
SOUTH = v1.UsageRow()
SOUTH.CopyFrom(NORTH)
SOUTH.MergeFrom(
    v1.UsageRow(provider="south", attempts=1, images=2, cost_micro_usd=7, input_tokens=11, output_tokens=12)
)
SOUTH.presumed_micro_usd = 0
OTHERS = v1.UsageRow(
    day="2026-09-21", model="other", provider="north", state=v1.REQUEST_STATE_RUNNING, requests=1, attempts=1
)
