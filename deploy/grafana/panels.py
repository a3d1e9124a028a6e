"""What the dashboard shows: rows of graphs, each in the words of an operator with what of it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Unit = Literal["short", "s", "bytes", "currencyUSD", "percentunit", "reqps"]
Kind = Literal["timeseries", "stacked", "stat", "heatmap"]
Line = tuple[str, str]
"""An expression, and its legend."""


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    text: str
    lines: Line | list[Line]
    unit: Unit = "short"
    kind: Kind = "timeseries"
    width: int = 8

    @property
    def asked(self) -> Sequence[Line]:
        return self.lines if isinstance(self.lines, list) else [self.lines]


PLACE = 'job=~"$job",instance=~"$instance"'
TARGET = f'{PLACE},provider=~"$provider",model=~"$model"'
GEN_AI = f'{PLACE},gen_ai_request_model=~"$model"'
REQUESTS, IMAGES, COST = "imagegen_requests_total", "imagegen_images_total", "imagegen_cost_usd_total"
ATTEMPTS, CALLS = "imagegen_attempts_total", "gen_ai_client_operation_duration_seconds"
FIRST = "gen_ai_client_operation_time_to_first_chunk_seconds"
REST, RPC = "http_server_request_duration_seconds", "rpc_server_call_duration_seconds"


def total(metric: str, where: str = TARGET) -> str:
    """In the time shown."""
    return f"sum(increase({metric}{{{where}}}[$__range]))"


def rate(metric: str, by: str, where: str = TARGET) -> str:
    return f"sum by ({by}) (rate({metric}{{{where}}}[$__rate_interval]))"


def count(metric: str, by: str, where: str = TARGET) -> str:
    """How many came in each interval of the graph: with little traffic a count says more than a rate."""
    return f"sum by ({by}) (increase({metric}{{{where}}}[$__rate_interval]))"


def now(metric: str, by: str, where: str = PLACE) -> str:
    return f"sum by ({by}) ({metric}{{{where}}})"


def quantile(q: str, metric: str, by: str, where: str) -> Line:
    buckets = rate(f"{metric}_bucket", f"{by}, le" if by else "le", where)
    return f"histogram_quantile({q}, {buckets})", f"p{q[2:]:0<2}" + (f" {{{{{by}}}}}" if by else "")


def quantiles(metric: str, by: str, where: str) -> list[Line]:
    return [quantile(q, metric, by, where) for q in ("0.5", "0.95", "0.99")]


MODEL, BY_MODEL = "{{provider}}/{{model}}", "provider, model"

GLANCE = (
    Panel(
        "Requests that succeeded",
        "Of those that ended in the time shown; callers' own mistakes count against it.",
        (f"""{total(REQUESTS, TARGET + ',outcome=~"done|partial"')} / {total(REQUESTS)}""", ""),
        "percentunit",
        "stat",
        width=6,
    ),
    Panel("Images", "In the time shown.", (total(IMAGES), ""), kind="stat", width=6),
    Panel(
        "Cost",
        "In the time shown, presumed cost included. The books (`imagegen usage`) are exact, a graph is not.",
        (total(COST), ""),
        "currencyUSD",
        "stat",
        width=6,
    ),
    Panel(
        "Alerts firing",
        "Of every gateway that this Prometheus knows.",
        ('count(ALERTS{alertname=~"Imagegen.+",alertstate="firing"}) or vector(0)', ""),
        kind="stat",
        width=6,
    ),
)

TRAFFIC = (
    Panel(
        "Requests by outcome",
        "done, partial (some images failed), failed, left (the caller went away).",
        (count(REQUESTS, "outcome"), "{{outcome}}"),
        kind="stacked",
    ),
    Panel(
        "Why requests fail",
        "The reasons of docs/errors.md: invalid_parameter, content_refused and the like are callers' doing.",
        (count(REQUESTS, "reason", f'{TARGET},outcome!="done"'), "{{reason}}"),
        kind="stacked",
    ),
    Panel("Images by model", "Finished ones.", (count(IMAGES, BY_MODEL), MODEL), kind="stacked"),
    Panel("Requests under way", "By operation.", (now("imagegen_requests_active", "operation"), "{{operation}}")),
    Panel(
        "Bytes of an image",
        "The mean over finished images.",
        (f"{rate('imagegen_image_size_bytes_total', BY_MODEL)} / {rate(IMAGES, BY_MODEL)}", MODEL),
        "bytes",
    ),
    Panel(
        "Megapixels a second",
        "Of finished images.",
        (f"{rate('imagegen_image_pixels_total', BY_MODEL)} / 1e6", MODEL),
    ),
)

MONEY = (
    Panel(
        "Dollars an hour",
        "By provider and model.",
        (f"3600 * {rate(COST, BY_MODEL)}", MODEL),
        "currencyUSD",
        "stacked",
        width=12,
    ),
    Panel(
        "Presumed dollars an hour",
        "Calls whose outcome or tokens nobody told us, entered at full price.",
        ("3600 * " + rate(COST, BY_MODEL, f'{TARGET},presumed="true"'), MODEL),
        "currencyUSD",
        "stacked",
        width=12,
    ),
    Panel(
        "Tokens an hour",
        "As providers counted them.",
        (
            "3600 * " + rate("gen_ai_client_token_usage_sum", "gen_ai_request_model, gen_ai_token_type", GEN_AI),
            "{{gen_ai_request_model}} {{gen_ai_token_type}}",
        ),
        kind="stacked",
        width=12,
    ),
    Panel(
        "From the cache",
        "How often it was looked into, and had the answer or not.",
        (count("imagegen_cache_lookups_total", "result", PLACE), "{{result}}"),
        kind="stacked",
        width=12,
    ),
)

LATENCY = (
    Panel(
        "REST requests for images",
        "From the first byte to the last.",
        quantiles(REST, "", f'{PLACE},http_route=~".*/images/.+"'),
        "s",
    ),
    Panel(
        "Provider calls",
        "The providers' own time; by kind, not by the name in the configuration.",
        quantiles(CALLS, "gen_ai_provider_name", GEN_AI),
        "s",
    ),
    Panel(
        "The gateway's own time",
        "Of a request, without waiting for providers. Milliseconds where all is well.",
        quantiles("imagegen_request_overhead_seconds", "", PLACE),
        "s",
    ),
    Panel(
        "Until the first image of a stream",
        "Partial or finished.",
        quantiles(FIRST, "gen_ai_request_model", GEN_AI),
        "s",
    ),
    Panel(
        "How long provider calls take",
        "All of them, the more the darker.",
        (count(f"{CALLS}_bucket", "le", GEN_AI), "{{le}}"),
        "s",
        "heatmap",
    ),
    Panel(
        "gRPC calls",
        "By method; a stream lasts as long as its caller reads.",
        [quantile("0.95", RPC, "rpc_method", PLACE)],
        "s",
    ),
)

PROVIDERS = (
    Panel(
        "Calls by outcome",
        "unknown: it may have been accepted and billed. not_sent: no connection came about.",
        (count(ATTEMPTS, "provider, outcome"), "{{provider}} {{outcome}}"),
        kind="stacked",
    ),
    Panel(
        "Failures by reason",
        "provider_account is ours to mend: key, balance, permission.",
        (count(ATTEMPTS, "provider, reason", f'{TARGET},outcome!="done"'), "{{provider}} {{reason}}"),
        kind="stacked",
    ),
    Panel(
        "Fallbacks",
        "From which provider to which, and why.",
        (
            count("imagegen_fallbacks_total", "from_provider, provider, reason", PLACE),
            "{{from_provider}} → {{provider}} ({{reason}})",
        ),
        kind="stacked",
    ),
    Panel(
        "Calls under way",
        "At each provider.",
        (now("imagegen_attempts_active", "provider", f'{PLACE},provider=~"$provider"'), "{{provider}}"),
        width=12,
    ),
    Panel(
        "Failing calls a second",
        "By the providers' kinds and what went wrong.",
        (
            rate(f"{CALLS}_count", "gen_ai_provider_name, error_type", f'{GEN_AI},error_type!=""'),
            "{{gen_ai_provider_name}} {{error_type}}",
        ),
        "reqps",
        width=12,
    ),
)

DOORS = (
    Panel(
        "REST by route and status",
        "499: the caller left before there was an answer.",
        (
            count(f"{REST}_count", "http_route, http_response_status_code", PLACE),
            "{{http_response_status_code}} {{http_route}}",
        ),
        kind="stacked",
    ),
    Panel(
        "gRPC by method and code",
        "What the bridge asks counts too.",
        (
            count(f"{RPC}_count", "rpc_method, rpc_response_status_code", PLACE),
            "{{rpc_response_status_code}} {{rpc_method}}",
        ),
        kind="stacked",
    ),
    Panel(
        "Turned away at the door",
        "Before the application saw it.",
        (count("imagegen_refused_total", "reason", PLACE), "{{reason}}"),
        kind="stacked",
    ),
    Panel(
        "Connections", "Open ones, idle or not.", (now("imagegen_connections", "instance"), "{{instance}}"), width=12
    ),
    Panel(
        "REST requests under way",
        "By method.",
        (now("http_server_active_requests", "http_request_method"), "{{http_request_method}}"),
        width=12,
    ),
)

MACHINE = (
    Panel(
        "Memory",
        "Resident. Several workers do not tell of themselves: see the machine's own metrics.",
        (f"process_resident_memory_bytes{{{PLACE}}}", "{{job}} {{instance}}"),
        "bytes",
    ),
    Panel(
        "CPU",
        "100 % is one core, about all that a process can use.",
        (rate("process_cpu_seconds_total", "job, instance", PLACE), "{{job}} {{instance}}"),
        "percentunit",
    ),
    Panel(
        "Descriptors",
        "Open, as a share of what the process may open.",
        (f"process_open_fds{{{PLACE}}} / process_max_fds{{{PLACE}}}", "{{job}} {{instance}}"),
        "percentunit",
    ),
    Panel(
        "Books waiting for the database",
        "Entries that are written once it is back.",
        (now("imagegen_books_waiting", "instance"), "{{instance}}"),
    ),
    Panel(
        "Bytes waiting",
        "Pictures for slow readers or conversion, requests for a place at a provider.",
        (now("imagegen_queue_size_bytes", "instance"), "{{instance}}"),
        "bytes",
    ),
    Panel(
        "Telemetry dropped",
        "What no collector took.",
        (count("imagegen_telemetry_dropped_total", "instance, signal", PLACE), "{{instance}} {{signal}}"),
    ),
    Panel(
        "Versions",
        "Which runs where.",
        (f"count by (version, instance) (imagegen_build_info{{{PLACE}}})", "{{version}} at {{instance}}"),
        width=12,
    ),
    Panel(
        "Configuration changes",
        "What became of a changed file, in each process. Where one was refused, the one before stays in force.",
        (count("imagegen_config_changes_total", "instance, result", PLACE), "{{instance}} {{result}}"),
        width=12,
    ),
)

ROWS = {
    "At a glance": GLANCE,
    "Traffic": TRAFFIC,
    "Money": MONEY,
    "Latency": LATENCY,
    "Providers": PROVIDERS,
    "Doors": DOORS,
    "Machine": MACHINE,
}
