"""One of each noun with every field set, each value different from all others, and the messages they have to become."""

from __future__ import annotations

from hashlib import sha256

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import v1

from service.domain import event as events
from service.domain.card import ModelCard
from service.domain.image import FileRef, Image, Picture, TokenDetails, Traits, Usage
from service.domain.plan import Action, Change, Plan, Skipped, Step, Target
from service.domain.price import Price
from service.domain.request import ImageRequest

BYTES = b"the bytes of a picture, finished"
PREVIEW = b"the bytes of a preview"

USAGE = Usage(11, 12, 13, TokenDetails(14, 15), TokenDetails(16, 17))
USAGE_MESSAGE = v1.TokenUsage(
    input_tokens=11,
    output_tokens=12,
    total_tokens=13,
    input_tokens_details=v1.TokenUsage.Details(text_tokens=14, image_tokens=15),
    output_tokens_details=v1.TokenUsage.Details(text_tokens=16, image_tokens=17),
)

TRAITS = Traits("transparent", "webp", "high", "640x480")
TRAITS_MESSAGE = v1.Traits(background="transparent", output_format="webp", quality="high", size="640x480")

CHANGES = (
    Change("model", Action.TRANSLATED, "pictures", "north/gpt-image-2", "a route"),
    Change("seed", Action.DROPPED, "42", "", "nothing like it"),
    Change("size", Action.APPLIED, "640x480"),
    Change("mood", Action.PASSED, "calm"),
)
CHANGE_MESSAGES = (
    v1.ParameterChange(
        parameter="model",
        action=v1.ParameterChange.ACTION_TRANSLATED,
        asked="pictures",
        sent="north/gpt-image-2",
        note="a route",
    ),
    v1.ParameterChange(parameter="seed", action=v1.ParameterChange.ACTION_DROPPED, asked="42", note="nothing like it"),
    v1.ParameterChange(parameter="size", action=v1.ParameterChange.ACTION_APPLIED, asked="640x480"),
    v1.ParameterChange(parameter="mood", action=v1.ParameterChange.ACTION_PASSED, asked="calm"),
)

TARGET = Target("north", "openai", "gpt-image-2")
OTHER = Target("south", "painter", "scene")

STEP = Step(
    target=TARGET,
    request=ImageRequest(model="pictures", prompt="a lighthouse"),
    card=ModelCard(parameters={}),
    changes=CHANGES,
    price=Price(as_of="2026-11-20"),
    max_cost=211_000,
    note="5 of its last 5 calls failed; out for another 10 s",
)
STEP_MESSAGE = v1.Step(
    provider="north",
    kind="openai",
    model="gpt-image-2",
    changes=CHANGE_MESSAGES,
    max_cost_micro_usd=211_000,
    price_as_of="2026-11-20",
    note="5 of its last 5 calls failed; out for another 10 s",
)
SKIPPED = Skipped("west/nothing", "it has no key")
SKIPPED_MESSAGE = v1.SkippedTarget(target="west/nothing", explanation="it has no key")

PLAN = Plan((STEP,), (SKIPPED,))
PLAN_MESSAGE = v1.PlanImagesResponse(
    steps=[STEP_MESSAGE],
    skipped=[SKIPPED_MESSAGE],
    max_cost_micro_usd=211_000,
)

ATTEMPTS = tuple(
    events.AttemptRecord(
        number=number,
        target=target,
        outcome=outcome,
        reason=reason,
        status=status,
        seconds=seconds,
        images=images,
        cost=cost,
        presumed=presumed,
    )
    for number, target, outcome, reason, status, seconds, images, cost, presumed in (
        (1, TARGET, events.Outcome.NOT_SENT, "provider_unreachable", None, 0.25, 0, 0, False),
        (2, TARGET, events.Outcome.REJECTED, "provider_overloaded", 503, 1.5, 0, 0, False),
        (3, TARGET, events.Outcome.UNKNOWN, "provider_timeout", None, 2.0, 0, 5, True),
        (4, OTHER, events.Outcome.DONE, None, None, 3.0, 2, 7, False),
    )
)
NORTH = ("north", "openai", "gpt-image-2")
ATTEMPT_MESSAGES = tuple(
    v1.Attempt(
        number=number,
        provider=provider,
        kind=kind,
        model=model,
        outcome=outcome,
        reason=reason,
        status=status,
        duration=Duration(seconds=seconds, nanos=nanos),
        cost_micro_usd=cost,
        images=images,
        presumed=presumed,
    )
    for number, provider, kind, model, outcome, reason, status, seconds, nanos, images, cost, presumed in (
        (1, *NORTH, v1.OUTCOME_NOT_SENT, "provider_unreachable", None, 0, 250_000_000, 0, 0, False),
        (2, *NORTH, v1.OUTCOME_REJECTED, "provider_overloaded", 503, 1, 500_000_000, 0, 0, False),
        (3, *NORTH, v1.OUTCOME_UNKNOWN, "provider_timeout", None, 2, 0, 0, 5, True),
        (4, "south", "painter", "scene", v1.OUTCOME_DONE, None, None, 3, 0, 2, 7, False),
    )
)

REPORT = events.Report(
    request_id="request-1",
    requested_model="pictures",
    origin=events.Origin.REPEATED,
    target=STEP.target,
    fallback_index=2,
    changes=STEP.changes,
    attempts=ATTEMPTS,
    skipped=(SKIPPED,),
)
REPORT_MESSAGE = v1.Report(
    request_id="request-1",
    requested_model="pictures",
    provider="north",
    kind="openai",
    model="gpt-image-2",
    fallback_index=2,
    changes=CHANGE_MESSAGES,
    attempts=ATTEMPT_MESSAGES,
    cost_micro_usd=12,
    upstream_time=Duration(seconds=6, nanos=750_000_000),
    skipped=[SKIPPED_MESSAGE],
    possible_duplicate_micro_usd=5,
    origin=v1.ORIGIN_REPEATED,
)

FAILED = events.ImageFailed(3, "provider_no_image", "It did not come.")
FAILED_MESSAGE = v1.FailedImage(index=3, reason="provider_no_image", message="It did not come.")

COMPLETED = events.Completed(1_790_000_000, USAGE, TRAITS, (FAILED,), REPORT)
COMPLETED_MESSAGE = v1.Completed(
    create_time=Timestamp(seconds=1_790_000_000),
    usage=USAGE_MESSAGE,
    failed_images=[FAILED_MESSAGE],
    report=REPORT_MESSAGE,
)

PICTURE = Picture(data=BYTES, media_type="image/webp", width=640, height=480, traits=TRAITS)
IMAGE = Image(index=1, picture=PICTURE, seed=-42, revised_prompt="a tall lighthouse", usage=USAGE)
PARTIAL = events.PartialImage(2, 1, Picture(data=PREVIEW, media_type="image/png", width=320, height=240, traits=TRAITS))
FILE = FileRef("0123456789abcdef0123456789abcdef.webp", 1_790_003_600, "0badcafe", "5166")
FILE_MESSAGE = v1.FileRef(
    file_id=FILE.file_id,
    path="/v1/files/0123456789abcdef0123456789abcdef.webp/content?exp=1790003600&kid=0badcafe&sig=5166",
    expire_time=Timestamp(seconds=1_790_003_600),
    key_id="0badcafe",
    signature="5166",
)


def image_message(**content: object) -> v1.Image:
    """IMAGE as a message, with its bytes or its file."""
    message = v1.Image(
        index=1,
        media_type="image/webp",
        width=640,
        height=480,
        size_bytes=len(BYTES),
        sha256=sha256(BYTES).hexdigest(),
        seed=-42,
        revised_prompt="a tall lighthouse",
        usage=USAGE_MESSAGE,
    )
    message.MergeFrom(v1.Image(**content))  # pyright: ignore[reportArgumentType] - one of two fields, by name
    return message
