"""The metrics that dashboards and alerts may name, with their labels; and what a running gateway really tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from service.telemetry import counting
from tests.house import House
from tests.rest.asking import ask

TARGET: Final = frozenset({"provider", "model"})
GEN_AI: Final = frozenset({"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"})

BRIDGE: Mapping[str, frozenset[str]] = {
    "http_server_request_duration_seconds": frozenset(
        {"http_request_method", "http_route", "http_response_status_code"}
    ),
    "http_server_active_requests": frozenset({"http_request_method"}),
    "imagegen_refused": frozenset({"reason"}),
    "imagegen_connections": frozenset(),
    "imagegen_connections_limit": frozenset(),
}

SERVICE: Mapping[str, frozenset[str]] = {
    "rpc_server_call_duration_seconds": frozenset({"rpc_method", "rpc_response_status_code"}),
    "imagegen_requests": TARGET | {"operation", "stream", "outcome", "reason"},
    "imagegen_requests_active": frozenset({"operation"}),
    "imagegen_request_overhead_seconds": frozenset({"operation", "stream"}),
    "imagegen_images": TARGET,
    "imagegen_image_size_bytes": TARGET,
    "imagegen_image_pixels": TARGET,
    "imagegen_cost_usd": TARGET | {"presumed"},
    "imagegen_attempts": TARGET | {"outcome", "reason"},
    "imagegen_attempts_active": frozenset({"provider"}),
    "imagegen_fallbacks": frozenset({"from_provider", "provider", "reason"}),
    "imagegen_retries": TARGET | {"key", "reason"},
    "imagegen_targets_out": frozenset({"provider"}),
    "imagegen_calls_waiting": frozenset({"provider"}),
    "imagegen_queue_size_bytes": frozenset(),
    "imagegen_books_waiting": frozenset(),
    "gen_ai_client_operation_duration_seconds": GEN_AI | {"error_type"},
    "gen_ai_client_operation_time_to_first_chunk_seconds": GEN_AI,
    "gen_ai_client_token_usage": GEN_AI | {"gen_ai_token_type"},
    "imagegen_cache_lookups": frozenset({"result"}),
    "imagegen_config_changes": frozenset({"result"}),
    "imagegen_config_refused": frozenset(),
    "imagegen_telemetry_dropped": frozenset({"signal"}),
    "imagegen_build_info": frozenset({"version"}),
    "process_open_fds": frozenset(),
    "process_max_fds": frozenset(),
    "process_resident_memory_bytes": frozenset(),
    "process_cpu_seconds": frozenset(),
    "process_start_time_seconds": frozenset(),
}

SELDOM: Final = frozenset(
    f"imagegen_{name}" for name in ("refused", "telemetry_dropped", "retries", "targets_out", "calls_waiting")
)
"""What an ordinary request does not bring about: that they are told is enough, whether or not with a number."""

PLACE: Final = frozenset({"job", "instance"})
"""What Prometheus itself adds to everything that it reads."""

FROM_PROMETHEUS: Final[dict[str, frozenset[str]]] = {
    "up": PLACE,
    "ALERTS": PLACE | {"alertname", "alertstate"},
}


def known() -> dict[str, frozenset[str]]:
    """Every metric by the name that a query gives it: counters end with _total, a histogram is three."""
    told = {**BRIDGE, **SERVICE}
    names = {name: labels | PLACE for name, labels in told.items()}
    names |= {f"{name}_total": labels | PLACE for name, labels in told.items()}
    for ending in ("_count", "_sum"):
        names |= {f"{name}{ending}": labels | PLACE for name, labels in told.items()}
    names |= {f"{name}_bucket": labels | PLACE | {"le"} for name, labels in told.items()}
    return names | FROM_PROMETHEUS


async def told(house: House) -> dict[str, set[str]]:
    """The metrics of a running gateway by their names without endings, with all labels that came."""
    texts = [(await ask(house, method="GET", path="/metrics")).text]
    texts.append(counting.METER.text()[0].decode())
    return _read(texts)


def _read(texts: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for text in texts:
        for family in text_string_to_metric_families(text):
            samples: Iterable[dict[str, str]] = (sample.labels for sample in family.samples)
            found.setdefault(family.name, set()).update(*samples)
    return {name: labels - {"le"} for name, labels in found.items()}
