"""The gateway's metrics. Their labels come from closed sets: a model counts as the family that its card names.

Each is counted where it happens, once: calls at the edge, requests in the pipeline, provider calls in their attempts.
"""

from __future__ import annotations

from functools import cache, lru_cache, partial
from importlib.metadata import version

from imagegen.metrics import TOKENS, Meter
from prometheus_client import Counter, Gauge

from service.domain.event import AttemptRecord
from service.domain.image import Picture
from service.domain.plan import CACHE
from service.domain.record import Ending
from service.domain.request import ImageRequest, Operation

METER = Meter()

IMAGE_GENERATION = "image_generation"
"""The operation by OpenTelemetry's conventions for generative AI, which have no word for it yet."""

PROVIDERS = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}
"""Kinds that the conventions call otherwise than we do."""


def provider_name(kind: str) -> str:
    """What the conventions call a kind of provider."""
    return PROVIDERS.get(kind, kind)


_TARGET = ("provider", "model")
_GEN_AI = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model")

_calls = METER.histogram("rpc.server.call.duration", "Duration of calls.", ("rpc.method", "rpc.response.status_code"))
_requests = METER.counter(
    "imagegen.requests", "Requests that are over.", ("operation", "stream", *_TARGET, "outcome", "reason")
)
_active = METER.gauge("imagegen.requests.active", "Requests under way.", ("operation",))
_overhead = METER.histogram(
    "imagegen.request.overhead",
    "Time of requests in which no provider was at work or waited for: the gateway's own.",
    ("operation", "stream"),
)
_images = METER.counter("imagegen.images", "Finished images.", _TARGET)
_bytes = METER.counter("imagegen.image.size", "Bytes of finished images.", _TARGET, "By")
_pixels = METER.counter("imagegen.image.pixels", "Pixels of finished images.", _TARGET)
_cost = METER.counter("imagegen.cost", "What providers are owed.", (*_TARGET, "presumed"), "USD")
_attempts = METER.counter("imagegen.attempts", "Provider calls that are over.", (*_TARGET, "outcome", "reason"))
_calling = METER.gauge("imagegen.attempts.active", "Provider calls under way.", ("provider",))
_fallbacks = METER.counter(
    "imagegen.fallbacks", "Requests that went on to another target.", ("from_provider", "provider", "reason")
)
_retries = METER.counter(
    "imagegen.retries", "Calls that were made anew at the same target.", (*_TARGET, "key", "reason")
)
_out = METER.gauge(
    "imagegen.targets.out", "Models behind a key that failed too often and have not served since.", ("provider",)
)
_in_line = METER.gauge("imagegen.calls.waiting", "Calls that wait for a place at their provider.", ("provider",))
_waiting = METER.gauge(
    "imagegen.queue.size", "What waits: pictures for slow readers or conversion, requests for a place.", unit="By"
)
_entries = METER.gauge("imagegen.books.waiting", "Entries that wait for the database.")
_upstream = METER.histogram("gen_ai.client.operation.duration", "Duration of provider calls.", (*_GEN_AI, "error.type"))
_first = METER.histogram(
    "gen_ai.client.operation.time_to_first_chunk", "Time until the first image of a stream, partial or not.", _GEN_AI
)
_tokens = METER.histogram(
    "gen_ai.client.token.usage", "Tokens that providers counted.", (*_GEN_AI, "gen_ai.token.type"), "", TOKENS
)
_cached = METER.counter(
    "imagegen.cache.lookups", "Requests for which the cache was looked into, by what was found.", ("result",)
)
_changes = METER.counter(
    "imagegen.config.changes", "Changes of the configuration file, by what became of them.", ("result",)
)
_refused = METER.gauge("imagegen.config.refused", "Whether the configuration file as it is now was refused.")
_dropped = METER.counter("imagegen.telemetry.dropped", "What no collector took.", ("signal",))
_build = METER.gauge("imagegen.build.info", "Which version this is.", ("version",))
_build.labels(version("imagegen-gateway")).set(1)
_hit, _miss = _cached.labels("hit"), _cached.labels("miss")
_applied, _not_applied = _changes.labels("applied"), _changes.labels("refused")
METER.watch_process()

Labels = tuple[str, str]
"""The provider's name in the configuration, and the family of the model."""

NOBODY: Labels = ("", "")
CACHED: Labels = (CACHE, "other")

Exemplar = dict[str, str] | None
"""The trace that a measurement is from."""

_call = cache(_calls.labels)
_request = lru_cache(4096)(_requests.labels)
_ended = lru_cache(4096)(_attempts.labels)


def call_ended(method: str, code: str, seconds: float, exemplar: Exemplar) -> None:
    _call(method, code).observe(seconds, exemplar)


@cache
def requests(operation: Operation) -> Gauge:
    """Those under way."""
    return _active.labels(operation)


def request_ended(request: ImageRequest, served: Labels, ending: Ending, overhead: float) -> None:
    """`served` is the target that the request is told about, and `overhead` the seconds that are the gateway's own."""
    stream = _word(request.stream)
    _request(request.operation, stream, *served, ending.state, ending.reason or "").inc()
    _overheads(request.operation, stream).observe(overhead)


_overheads = cache(_overhead.labels)


@cache
def attempts(provider: str) -> Gauge:
    """Those under way."""
    return _calling.labels(provider)


def attempt_ended(record: AttemptRecord, asked: Labels, kind: str, exemplar: Exemplar) -> None:
    reason = record.reason or ""
    _ended(*asked, record.outcome, reason).inc()
    kind = provider_name(kind)
    _durations(kind, asked[1], reason).observe(record.seconds, exemplar)
    if record.cost:
        _costs(*asked, _word(record.presumed)).inc(record.cost / 1_000_000)
    if record.usage:
        _counted(kind, asked[1], "input").observe(record.usage.input_tokens)
        _counted(kind, asked[1], "output").observe(record.usage.output_tokens)


_costs = lru_cache(4096)(_cost.labels)
_durations = lru_cache(4096)(partial(_upstream.labels, IMAGE_GENERATION))
_counted = lru_cache(4096)(partial(_tokens.labels, IMAGE_GENERATION))


def image(made_by: Labels, picture: Picture) -> None:
    images, size, pixels = _made(*made_by)
    images.inc()
    size.inc(len(picture.data))
    pixels.inc(picture.width * picture.height)


@lru_cache(4096)
def _made(provider: str, model: str) -> tuple[Counter, Counter, Counter]:
    return _images.labels(provider, model), _bytes.labels(provider, model), _pixels.labels(provider, model)


def first_image(kind: str, model: str, seconds: float) -> None:
    _first.labels(IMAGE_GENERATION, provider_name(kind), model).observe(seconds)


def fell_back(left: str, provider: str, reason: str) -> None:
    _fallbacks.labels(left, provider, reason).inc()


def retried(asked: Labels, key: str, reason: str) -> None:
    """With the "same" key or the "next"."""
    _retries.labels(*asked, key, reason).inc()


def out(provider: str) -> Gauge:
    """Targets of a provider that are out, or were and have not served since."""
    return _out.labels(provider)


def in_line(provider: str) -> Gauge:
    """Calls that wait for a place."""
    return _in_line.labels(provider)


def waits(size: int) -> None:
    """So many bytes more, or less, wait."""
    _waiting.inc(size)


def late(entries: int) -> None:
    """So many entries more, or fewer, wait for the database."""
    _entries.inc(entries)


def cached(*, found: bool) -> None:
    (_hit if found else _miss).inc()


def configuration_applied() -> None:
    _applied.inc()
    _refused.set(0)


def configuration_refused() -> None:
    _not_applied.inc()
    _refused.set(1)


def configuration_in_force() -> None:
    """The file holds what is in force already: again, where it was refused before."""
    _refused.set(0)


def spans_dropped(count: int) -> None:
    _dropped.labels("traces").inc(count)


def _word(yes: bool) -> str:
    return "true" if yes else "false"
