"""The seed's own schema of answers, made strict enough to prove something.

It allows unknown members, and so would accept nearly anything; here ours are listed, and nothing else may stand beside
the seed's. Widened are the provider's enum, by our kinds, and the event's type, by `image_generation.failed`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from tests.rest.asking import Json
from tests.rest.envelope import nulls

HERE = Path(__file__).parent
SEED = HERE.parents[2] / "shared" / "seeds" / "001_ff6a52d2b3108641.txt"
KEPT: Json = yaml.safe_load((HERE / "seed_schema.yaml").read_text(encoding="utf-8"))

OUR_PROVIDERS = ("painter",)
"""Kinds that the seed does not know."""

OURS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "200 application/json": {"": ("extra_fields",)},
    "200 text/event-stream": {"": ("index", "revised_prompt", "extra_fields")},
    "400 application/json": {
        "extra_fields": (
            "provider_name",
            "model",
            "fallback_index",
            "latency",
            "cost_usd",
            "changes",
            "attempts",
            "skipped",
            "reason",
        )
    },
}
"""The members that we add to the seed's, by schema and the object they stand in."""

_formats = FormatChecker(())


@_formats.checks("uri")
def _is_url(value: object) -> bool:
    return not isinstance(value, str) or (urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).netloc))


@_formats.checks("int64")
def _is_int64(value: object) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _sealed(schema: Json, ours: Mapping[str, tuple[str, ...]], path: str = "") -> Json:
    """The schema with our members allowed and every other one refused, in each of its objects."""
    changed: Json = copy.deepcopy(schema)
    for name, inner in changed.get("properties", {}).items():
        changed["properties"][name] = _sealed(inner, ours, name)
    if "items" in changed:
        changed["items"] = _sealed(changed["items"], ours, path)
    if changed.get("type") == "object":
        changed["properties"].update({name: {} for name in ours.get(path, ())})
        changed["additionalProperties"] = False
    return changed


def _validator(name: str) -> Draft202012Validator:
    schema = _sealed(KEPT[name], OURS[name])
    if name.startswith("400"):
        schema["properties"]["extra_fields"]["properties"]["provider"]["enum"] += OUR_PROVIDERS
    if "event-stream" in name:
        schema["properties"]["type"]["enum"].append("image_generation.failed")
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=_formats)


WHOLE, EVENT, ERROR = (_validator(name) for name in KEPT)


def _error_event() -> Draft202012Validator:
    """An error event is the error envelope with the event's own two members."""
    schema = copy.deepcopy(cast(Json, ERROR.schema))
    schema["properties"] |= {"type": {"const": "error"}, "sequence_number": {"type": "integer"}}
    schema["properties"]["extra_fields"]["properties"]["reason"] = {"type": "string"}  # `type` has no room for it here
    return Draft202012Validator(schema, format_checker=_formats)


ERROR_EVENT = _error_event()
LOOSE = Draft202012Validator(KEPT["200 text/event-stream"])
"""The seed's event as it stands: an error event is one too."""


def is_valid(answer: Any, against: Draft202012Validator) -> None:
    against.validate(answer)  # pyright: ignore[reportUnknownMemberType] - untyped
    assert not nulls(answer)
