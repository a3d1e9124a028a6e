"""What has one name in the contract and another over REST."""

from __future__ import annotations

JSON_NAMES = {"steps": "num_inference_steps", "guidance": "guidance_scale"}
"""Parameters."""

HEADERS = {
    "provider_key": "x-bf-api-key",
    "idempotency_key": "Idempotency-Key",
    "cache.key": "x-bf-cache-key",
    "cache.ttl": "x-bf-cache-ttl",
    "cache.no_store": "x-bf-cache-no-store",
}
"""What stands in a header."""

CACHE_TYPE = "x-bf-cache-type"

DURATION = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)?"
"""How long, in headers: without a unit in seconds."""

OTHERWISE = {**JSON_NAMES, **HEADERS}


def json_name(field: str) -> str:
    """A field's name as REST callers write it."""
    return OTHERWISE.get(field, field)
