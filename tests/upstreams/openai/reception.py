"""The front desk: what arrived, whether its URL, method and key are good, and what it asks for."""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import refusals
from .acts import Acts
from .answers import document, encoded, model_object
from .catalogue import MODELS, RETIRED
from .order import Order, Terms, find_model, read_order

GENERATIONS: Final = "/v1/images/generations"
MODEL_LIST: Final = "/v1/models"


@dataclass(eq=False, slots=True)
class Seen:
    """One request as it arrived, and how it went."""

    index: int
    method: str
    path: str
    headers: Mapping[str, str]
    started_at: float
    request_id: str
    body: Any = None
    status: int | None = None
    behaviour: str | None = None  # None: refused by the double's own strictness
    finished: bool = False  # the answer was sent to its end
    client_left: bool = False  # the client closed the connection before that
    broken_off: bool = False  # the double broke it, as its script said
    target: str = ""  # path and query as they were sent

    @property
    def traceparent(self) -> str | None:
        return self.headers.get("traceparent")


def admit(seen: Seen, keys: Collection[str]) -> str:
    """The caller's key. Raises the Refusal for a wrong URL, method or key, in this order."""
    one_model = seen.path.startswith(f"{MODEL_LIST}/")
    expected = {GENERATIONS: "POST", MODEL_LIST: "GET"}.get(seen.path, "GET" if one_model else None)
    if expected is None:
        raise refusals.unknown_url(seen.method, seen.path)
    if seen.method != expected:
        raise refusals.wrong_method(seen.method, seen.path)
    scheme, _, key = seen.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise refusals.invalid_key(None)
    if key not in keys:
        raise refusals.invalid_key(key)
    return key


def show_models(seen: Seen, terms: Terms) -> Acts:
    """The list, or the one model that the path names."""
    if seen.path == MODEL_LIST:
        sold = [model for model in MODELS if model not in RETIRED or model in terms.revived]
        body: dict[str, Any] = {"object": "list", "data": [model_object(model, MODELS[model]) for model in sold]}
    else:
        model = seen.path.removeprefix(f"{MODEL_LIST}/")
        body = model_object(model, find_model(model, terms))
    return document(200, encoded(body), request_id=seen.request_id)


def take_order(seen: Seen, raw: bytes, key: str, terms: Terms) -> Order:
    """Read the body, and keep it in `seen` however far the reading comes."""
    seen.body = raw
    given = seen.headers.get("Content-Type", "")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise refusals.content_type(given)
    try:
        seen.body = json.loads(raw)
    except ValueError:
        raise refusals.not_json() from None
    return read_order(
        seen.body, terms, request=seen.index, request_id=seen.request_id, key=key, created=int(time.time())
    )
