"""Requests made from /openapi.json by schemathesis, against a gateway where every provider works.

What is checked: no answer is a 5xx; every answer has a status, a content type, headers and a body that the page
promises; what the page forbids is refused, and a method that it does not list is a 405. Not checked is that all that
the page allows is taken: models take less than the API, each less in its own way.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from rest_bridge.names import HEADERS
from rest_bridge.openai_json import GenerationBody
from rest_bridge.openapi import describe
from tests.house import House

WORKING = ("painter", "openai")
"""The providers of a house's configuration that do not fail by design."""

TARGETS = ("openai/gpt-image-2", "painter/scene", "openai/gpt-image-1.5")
KEY = HEADERS["provider_key"]
SHORTEST = 30
"""Seconds: less, and time may run out, which is a 504 by design."""


@dataclass(slots=True)
class Tally:
    """What was asked, what was answered, and what should not have been."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter[int])
    complaints: dict[str, str] = field(default_factory=dict[str, str])
    """Each kind of complaint once, with a curl line that shows it."""

    def told(self) -> str:
        return "\n".join(f"{complaint}\n    {example[:2000]}" for complaint, example in self.complaints.items())


def ask_everything(house: House, paths: str, examples: int, seed: int, deterministic: bool = True) -> Tally:
    """Plays all phases over the paths that match, each operation `examples` times in the random ones. It blocks."""
    made: Any = SchemathesisConfig  # typed in part
    config = made.from_dict(
        {
            "base-url": house.rest,
            "seed": seed,
            "workers": 1,
            "continue-on-failure": True,
            "request-timeout": 60,
            "suppress-health-check": ["filter_too_much"],  # what it draws in vain is no answer of ours
            "generation": {"max-examples": examples, "deterministic": deterministic, "database": "none"},
            "checks": {"positive_data_acceptance": {"enabled": False}},
            # Only models lead from one answer to the next request: their names stand in the list.
            "phases": {"stateful": {"enabled": "models" in paths}},
        }
    )
    schema: Any = schemathesis.openapi.from_dict(describe(), config=config)
    schema = schema.include(path_regex=paths)
    tally = Tally()
    for event in from_schema(schema).execute():
        match event:
            case events.NonFatalError():
                tally.complaints.setdefault(f"{event.label}: {event.value!r}", "")
            case events.FatalError():
                raise event.exception
            case events.ScenarioFinished():
                _count(event, tally)
            case _:
                pass
    return tally


def _count(event: events.ScenarioFinished, tally: Tally) -> None:
    for interaction in event.recorder.interactions.values():
        tally.cases += 1
        tally.statuses[interaction.response.status_code if interaction.response else 0] += 1
    for checks in event.recorder.checks.values():
        for each in checks:
            if each.failure_info is not None:
                complaint = f"{event.recorder.label}: {each.name}: {each.failure_info.failure}"
                tally.complaints.setdefault(complaint, each.failure_info.code_sample)


def _draw(value: Any, sides: int) -> int:
    """A die that falls the same for the same value."""
    return zlib.crc32(repr(value).encode("utf-8", "backslashreplace")) % sides


@schemathesis.hook  # pyright: ignore[reportUnknownMemberType] - typed in part
def before_call(context: object, case: Any, kwargs: object) -> None:
    """Sends most requests further than to the first refusal; what the page forbids in them stays forbidden."""
    headers: dict[str, Any] = case.headers or {}
    if KEY in headers and _draw(headers[KEY], 8):
        del case.headers[KEY]  # no provider has a key of such a name
    seconds = _number(headers.get("X-Request-Timeout"))
    if seconds is not None and 0 < seconds < SHORTEST:
        del case.headers["X-Request-Timeout"]
    if "deployment" in (case.path_parameters or {}) and _draw(case.path_parameters, 3):
        case.path_parameters["deployment"] = TARGETS[0]
    body: Any = case.body
    if isinstance(body, dict) and _is_name(body.get("model", "x")) and _draw(body, 8):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - any JSON
        case.body = _sent_to(TARGETS[_draw(body, len(TARGETS))], cast(dict[str, Any], body))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 256


def _sent_to(target: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body for a model that is there, small where its size is good, and mostly without what nobody knows."""
    size = body.get("size")
    if size is None or re.fullmatch("auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4}", str(size)):
        body = {**body, "size": "64x64" if "painter" in target else "1024x1024"}
    if _draw(body, 3):
        known = {*GenerationBody.__struct_fields__} - {"fallbacks", "output_compression"}
        body = {name: value for name, value in body.items() if name in known}
    return {**body, "model": target} if "model" in body else body


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
