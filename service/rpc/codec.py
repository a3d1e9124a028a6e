"""Messages into nouns, and nouns into messages; a test proves that nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from imagegen import strict_json, v1

from service.domain import event as events
from service.domain.card import Choice, Domain, Range, Sizes
from service.domain.image import FileRef, TokenDetails, Traits, Usage
from service.domain.plan import Action, Change, Plan, Skipped, Step
from service.domain.request import PARAMETER_NAMES, WHOLE, CacheUse, ImageRequest, Parameters
from service.errors import GatewayError, Reason

LONGEST_NAME = 128
MOST_EXTRAS = 64

_ACTIONS = {
    Action.APPLIED: v1.ParameterChange.ACTION_APPLIED,
    Action.TRANSLATED: v1.ParameterChange.ACTION_TRANSLATED,
    Action.DROPPED: v1.ParameterChange.ACTION_DROPPED,
    Action.PASSED: v1.ParameterChange.ACTION_PASSED,
}
_OUTCOMES = {
    events.Outcome.NOT_SENT: v1.OUTCOME_NOT_SENT,
    events.Outcome.REJECTED: v1.OUTCOME_REJECTED,
    events.Outcome.UNKNOWN: v1.OUTCOME_UNKNOWN,
    events.Outcome.DONE: v1.OUTCOME_DONE,
}
_ORIGINS = {
    events.Origin.MADE: v1.ORIGIN_MADE,
    events.Origin.REPEATED: v1.ORIGIN_REPEATED,
    events.Origin.CACHED: v1.ORIGIN_CACHED,
}

# --- in ---------------------------------------------------------------------------------------------------------------


def request(message: v1.Generation, *, stream: bool) -> ImageRequest:
    return ImageRequest(
        model=message.model,
        prompt=message.prompt,
        parameters=_parameters(message.parameters),
        fallbacks=tuple(message.fallbacks),
        response_format=message.response_format if message.HasField("response_format") else None,
        openai_defaults=message.openai_defaults,
        bare_name_provider=message.bare_name_provider,
        stream=stream,
        key=message.provider_key,
        after_unknown=message.after_unknown if message.HasField("after_unknown") else None,
        strict=message.strict if message.HasField("strict") else None,
        idempotency_key=message.idempotency_key,
        cache=_cache_use(message.cache),
    )


def _cache_use(message: v1.CacheUse) -> CacheUse:
    seconds = message.ttl.seconds + message.ttl.nanos / 1e9 if message.HasField("ttl") else None
    return CacheUse(key=message.key, seconds=seconds, no_store=message.no_store)


def _parameters(message: v1.ImageParameters) -> Parameters:
    known: dict[str, Any] = {
        name: getattr(message, name) for name in PARAMETER_NAMES if cast(Any, message).HasField(name)
    }
    return Parameters(**known, extras=_extras(message.extra_json) if message.HasField("extra_json") else {})


def _extras(text: str) -> Mapping[str, Any]:
    try:
        named = strict_json.read(text.encode(), msgspec.json.decode, "extra_json")
    except strict_json.JsonError as error:
        told = error.message if error.field is None else f"extra_json: {error.message}"
        raise GatewayError(Reason.INVALID_PARAMETER, told, field="extra_json") from None
    if len(named) > MOST_EXTRAS:
        raise GatewayError(
            Reason.INVALID_PARAMETER,
            f"extra_json has {len(named)} members; at most {MOST_EXTRAS} are taken.",
            field="extra_json",
        )
    for name in named:
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise GatewayError(
                Reason.INVALID_PARAMETER,
                f"A parameter's name must have 1 to {LONGEST_NAME} printable characters.",
                field="extra_json",
            )
        if name in _NEVER_EXTRAS:
            its = f"the field {_IN_JSON[name]} is for it" if name in _IN_JSON else "it has a field of its own"
            raise GatewayError(Reason.INVALID_PARAMETER, f"extra_json must not hold {name}: {its}.", field=name)
    return named


_IN_JSON = {"num_inference_steps": "steps", "guidance_scale": "guidance"}
"""What REST callers and many servers call parameters that have another name here."""

_OTHER_FIELDS = ("model", "prompt", "stream", "fallbacks", "response_format", "after_unknown", "strict")
_NEVER_EXTRAS = frozenset({*PARAMETER_NAMES, *_IN_JSON, *_OTHER_FIELDS})


def file_ref(message: v1.ReadFileRequest) -> FileRef:
    return FileRef(message.file_id, message.expire_time.seconds, message.key_id, message.signature)


# --- out --------------------------------------------------------------------------------------------------------------


def timestamp(seconds: int) -> Timestamp:
    return Timestamp(seconds=seconds)


def duration(seconds: float) -> Duration:
    whole, micros = divmod(round(seconds * 1_000_000), 1_000_000)
    return Duration(seconds=whole, nanos=micros * 1000)


def _details(details: TokenDetails | None) -> v1.TokenUsage.Details | None:
    if details is None:
        return None
    return v1.TokenUsage.Details(text_tokens=details.text_tokens, image_tokens=details.image_tokens)


def usage(used: Usage | None) -> v1.TokenUsage | None:
    if used is None:
        return None
    return v1.TokenUsage(
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        total_tokens=used.total_tokens,
        input_tokens_details=_details(used.input_details),
        output_tokens_details=_details(used.output_details),
    )


def traits(of: Traits) -> v1.Traits:
    return v1.Traits(background=of.background, output_format=of.output_format, quality=of.quality, size=of.size)


def file(reference: FileRef) -> v1.FileRef:
    return v1.FileRef(
        file_id=reference.file_id,
        path=f"/v1/files/{reference.file_id}/content?exp={reference.expires}&kid={reference.key_id}&sig={reference.signature}",
        expire_time=timestamp(reference.expires),
        key_id=reference.key_id,
        signature=reference.signature,
    )


def image(ready: events.ImageReady, data: bytes | None, sha256: str, into: v1.GenerateImagesResponse) -> None:
    """Adds an image to an answer, where it stands: a message that is handed to another is copied, pictures and all."""
    of = ready.image
    into.images.add(
        index=of.index,
        media_type=of.picture.media_type,
        width=of.picture.width,
        height=of.picture.height,
        size_bytes=len(of.picture.data),
        sha256=sha256,
        seed=of.seed,
        revised_prompt=of.revised_prompt,
        usage=usage(of.usage),
        file=file(ready.file) if ready.file else None,
        data=data,
    )


def failed(missing: events.ImageFailed) -> v1.FailedImage:
    return v1.FailedImage(index=missing.index, reason=missing.reason, message=missing.message)


def change(of: Change) -> v1.ParameterChange:
    return v1.ParameterChange(
        parameter=of.parameter, action=_ACTIONS[of.action], asked=of.asked, sent=of.sent, note=of.note
    )


def attempt(record: events.AttemptRecord) -> v1.Attempt:
    return v1.Attempt(
        number=record.number,
        provider=record.target.provider,
        kind=record.target.kind,
        model=record.target.model,
        outcome=_OUTCOMES[record.outcome],
        reason=record.reason,
        status=record.status,
        duration=duration(record.seconds),
        cost_micro_usd=record.cost,
        images=record.images,
        presumed=record.presumed,
    )


def report(of: events.Report) -> v1.Report:
    target = of.target
    return v1.Report(
        request_id=of.request_id,
        requested_model=of.requested_model,
        provider=target.provider if target else None,
        kind=target.kind if target else None,
        model=target.model if target else None,
        fallback_index=of.fallback_index,
        changes=[change(each) for each in of.changes],
        attempts=[attempt(each) for each in of.attempts],
        cost_micro_usd=of.cost,
        upstream_time=duration(of.upstream_seconds),
        skipped=[skipped(each) for each in of.skipped],
        possible_duplicate_micro_usd=events.possible_duplicate(of.attempts),
        origin=_ORIGINS[of.origin],
    )


def step(of: Step) -> v1.Step:
    return v1.Step(
        provider=of.target.provider,
        kind=of.target.kind,
        model=of.target.model,
        changes=[change(each) for each in of.changes],
        max_cost_micro_usd=of.max_cost,
        price_as_of=of.price.as_of if of.price else "",
        note=of.note,
    )


def skipped(of: Skipped) -> v1.SkippedTarget:
    return v1.SkippedTarget(target=of.target, explanation=of.explanation)


def plan(of: Plan) -> v1.PlanImagesResponse:
    return v1.PlanImagesResponse(
        steps=[step(each) for each in of.steps],
        skipped=[skipped(each) for each in of.skipped],
        max_cost_micro_usd=of.max_cost,
    )


def parameter(name: str, domain: Domain) -> v1.Parameter:
    match domain:
        case Choice(values, understood):
            return v1.Parameter(name=name, choice=v1.Choice(values=values, understood=understood))
        case Range(low, high, whole) if whole or name in WHOLE:
            return v1.Parameter(name=name, integer=v1.IntegerRange(low=int(low), high=int(high)))
        case Range(low, high):
            return v1.Parameter(name=name, range=v1.NumberRange(low=low, high=high))
        case Sizes():
            rule = v1.SizeRule(names=domain.names, any=domain.any_size, understood=domain.understood)
            if domain.any_size:
                rule.multiple_of, rule.min_side, rule.max_side = domain.multiple_of, domain.min_side, domain.max_side
                rule.max_ratio, rule.min_pixels, rule.max_pixels = (
                    domain.max_ratio,
                    domain.min_pixels,
                    domain.max_pixels,
                )
            return v1.Parameter(name=name, size=rule)
        case _:
            return v1.Parameter(name=name, text=v1.FreeText())
