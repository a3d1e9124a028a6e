"""What differs from server to server, as data: where a request goes, how it is written, where the pictures lie.

The defaults are OpenAI's own API.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal
from urllib.parse import quote

from msgspec import Struct, field
from msgspec.structs import replace

from service.domain.card import ModelCard, extended
from service.domain.event import Outcome
from service.domain.request import PARAMETER_NAMES, ImageRequest
from service.errors import ProviderError, Reason

MODEL = "{model}"
MULTIPLE = {
    "width": "size",
    "height": "size",
    "num_images": "n",
    "num_images_per_prompt": "n",
    "num_outputs": "n",
    "num_outputs_per_prompt": "n",
    "batch_size": "n",
}
"""What servers of this kind may understand beside their own names, and bill by: what our parameter for it is."""

_IN_PATH = r"[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64}){0,3}"


class Strict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a card: a name that is not listed is a mistake."""


class KeyHeader(Strict, frozen=True):
    """How a key is sent."""

    header: str = "authorization"
    scheme: str = "Bearer"
    """The word before the key; none where it is empty."""
    optional: bool = False
    """Whether the server may do without: then an address is all that it needs."""

    def headers(self, secret: str) -> Mapping[str, str]:
        return {self.header: f"{self.scheme} {secret}".lstrip()}


class Signs(Strict, frozen=True):
    """By what an error answer is known: one of the codes, or one of the phrases in its message, with these statuses."""

    codes: frozenset[str] = frozenset()
    says: tuple[str, ...] = ()
    statuses: frozenset[int] = frozenset()
    """Any, where none is listed."""

    def hold(self, codes: Collection[str], message: str, status: int) -> bool:
        if self.statuses and status not in self.statuses:
            return False
        return not self.codes.isdisjoint(codes) or any(phrase in message for phrase in self.says)


class Errors(Strict, frozen=True):
    """What error answers mean, beside what OpenAI's codes and the status say everywhere."""

    refused: Signs = Signs()
    """The content was refused: nobody else is asked."""
    account: Signs = Signs()
    """A matter between the operator and the server: the next target is asked."""
    outage: Signs = Signs()
    """The server does not serve at present, for no fault of the request: the next target is asked."""


class Wire(Strict, frozen=True):
    base_url: str = ""
    """Where the provider is; empty where every operator has a server of their own."""
    path: str = "images/generations"
    """Below it. Where the path names the model, as {model}, the body does not."""
    model_names: str = ""
    """What a model's name may be, where not any will do. In a path there are always rules, and no part is all dots."""
    key: KeyHeader = KeyHeader()
    size: Literal["text", "numbers", "texts"] = "text"
    """WIDTHxHEIGHT as `size`, or `width` and `height` as numbers or as texts."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """What the server calls our parameters, where it calls them otherwise; empty for one that goes without saying."""
    words: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """What it calls their values, likewise."""
    always: dict[str, Any] = field(default_factory=dict[str, Any])
    """What every request says."""
    always_for: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """What requests to one model say, and to those whose names extend it."""
    images: str = "data"
    """The list of an answer in which the pictures lie: objects with b64_json or url, or texts that are addresses."""
    nsfw: str = ""
    """A list beside it that says which of them were found indecent, and so are none."""
    errors: Errors = Errors()

    def __post_init__(self) -> None:
        for table in ("names", "words"):
            if unknown := set(getattr(self, table)) - set(PARAMETER_NAMES):
                raise ValueError(f"{table}: there is no parameter {', '.join(sorted(unknown))}")
        re.compile(self.model_names)

    @property
    def model_in_path(self) -> bool:
        return MODEL in self.path

    def place(self, model: str) -> str:
        """The path for a model. Raises for a name that must not get into it."""
        allowed = self.model_names or (_IN_PATH if self.model_in_path else "")
        if not allowed:
            return self.path
        if not re.fullmatch(allowed, model) or any(not part.strip(".") for part in model.split("/")):
            raise ProviderError(
                Reason.PROVIDER_REJECTED,
                "model must be a name of letters, digits, dots, dashes and underscores for this provider, at most 64.",
                Outcome.NOT_SENT,
                field="model",
            )
        return self.path.replace(MODEL, quote(model, safe="/"))

    def body(self, request: ImageRequest, model: str, known_as: str) -> dict[str, Any]:
        """The request as this server reads it. `known_as` is the model behind a name that the operator gave it."""
        body: dict[str, Any] = dict(request.parameters.extras)  # first: nothing of ours gives way to them
        body["prompt"] = request.prompt
        if not self.model_in_path:
            body["model"] = model
        for name, value in request.parameters.named().items():
            if name == "size" and self.size != "text":
                width, _, height = value.partition("x")
                sides = (width, height) if self.size == "texts" else (int(width), int(height))
                body["width"], body["height"] = sides
                continue
            if name in self.words:
                value = self.words[name].get(value, value)
            elif isinstance(value, float) and value.is_integer():
                value = int(value)  # some servers take whole numbers only, and none minds one
            if theirs := self.names.get(name, name):
                body[theirs] = value
        body.update(self.always)
        if self.always_for:
            body.update(self.always_for.get(known_as) or extended(self.always_for, known_as, "-.") or {})
        if request.stream:
            body["stream"] = True
        return body

    def guarding(self, models: Mapping[str, ModelCard]) -> dict[str, ModelCard]:
        """The cards of models that are asked over this wire: none of its own names is a parameter of the caller's."""
        reserved = self._reserved()
        return {name: replace(card, reserved=reserved) for name, card in models.items()}

    def _reserved(self) -> dict[str, str]:
        """The names by which this wire says something, or by which servers are known to be asked for more."""
        fixed = {*self.always, *(name for always in self.always_for.values() for name in always)}
        own = {theirs: ours for ours, theirs in self.names.items() if theirs}
        return {**MULTIPLE, **dict.fromkeys(("model", "prompt", "stream", *fixed), ""), **own}

    def ours(self, name: str) -> str:
        """What we call a parameter of theirs."""
        if self.size != "text" and name in ("width", "height"):
            return "size"
        return next((mine for mine, theirs in self.names.items() if theirs == name), name)
