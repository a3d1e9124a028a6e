"""The double itself: Azure's addresses, doors and filters around OpenAI's models."""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from tests.upstreams.openai import FORBIDDEN, Behaviour, Charge, OpenAIDouble, Refusal, Seen
from tests.upstreams.openai.acts import Acts
from tests.upstreams.openai.answers import answer, refused
from tests.upstreams.openai.double import charge_for
from tests.upstreams.openai.order import Order, read_order
from tests.upstreams.openai.rewriting import on_headers, on_json
from tests.upstreams.openai.shelf import FILES

from . import dalle
from .entra import Entra
from .refusals import (
    filtered_prompt,
    missing_key,
    model_in_the_body,
    no_deployment,
    not_found,
    prompt_results,
    results,
    wrong_key,
    wrong_token,
)

KEY: Final = "azure-double-0123456789abcdef0123456789abcdef"
VERSIONS: Final = frozenset({"2024-02-01", "2024-10-21", "2025-04-01-preview"})
DEPLOYMENTS: Final[Mapping[str, str]] = {
    "pictures": "gpt-image-2",
    "gpt-image-1.5": "gpt-image-1.5",
    "old.pictures_1": "dall-e-3",
}
CLASSIC: Final = re.compile(r"/openai/deployments/([^/]+)/images/generations")
V1: Final = "/openai/v1/images/generations"


class AzureDouble(OpenAIDouble):
    """See the package's docstring."""

    def __init__(
        self,
        *,
        key: str = KEY,
        deployments: Mapping[str, str] = DEPLOYMENTS,
        takes_model: bool = False,
        token_life: float = 3600,
    ) -> None:
        super().__init__(key=key)
        self.deployments = dict(deployments)
        self.entra = Entra(life=token_life)
        self._takes_model = takes_model

    @property
    def url(self) -> str:
        """The resource's address, as operators know it."""
        return super().url.removesuffix("/v1")

    @property
    def orders(self) -> list[Seen]:
        """Requests for images, refused ones included."""
        return [seen for seen in self.requests if seen.path == V1 or CLASSIC.fullmatch(seen.path)]

    @property
    def calls(self) -> int:
        return len(self.orders)

    def _decide(self, seen: Seen, raw: bytes) -> tuple[Acts, Charge | None]:
        try:
            if seen.path.endswith("/token"):
                return self.entra.answer(seen, raw), None
            if seen.path.startswith(FILES):
                return self.shelf.show(seen), None
            self._admit(seen)
            deployment = self._place(seen)
            order = self._order(seen, raw, deployment)
        except Refusal as refusal:
            return _as_azure(refused(refusal, seen.request_id), seen), None
        of_old = order.model == "dall-e-3"
        faithful = dalle.answer(order) if of_old else answer(order)
        faithful = _as_azure(on_json(faithful, _with_results, ("document",)), seen)
        return self._meet(seen, order, faithful, dalle.charge_for(order) if of_old else charge_for(order))

    def _admit(self, seen: Seen) -> None:
        """By the resource's key or by a token of Entra's; one of both, not both."""
        key, bearer = seen.headers.get("api-key"), seen.headers.get("Authorization")
        if key is None and bearer is None:
            raise missing_key()
        if bearer is None:
            if key != self.key:
                raise wrong_key()
        elif key is not None or not self.entra.knows(bearer.removeprefix("Bearer ")):
            raise wrong_token()

    def _place(self, seen: Seen) -> str | None:
        """The deployment that the path names; None where the body has to."""
        path, _, query = seen.target.partition("?")
        asked = parse_qs(query, keep_blank_values=True)
        versions = asked.pop("api-version", [])
        if asked or len(versions) > 1:
            raise not_found()
        if path == V1:
            known = not versions or versions[0] in ("preview", "latest")
        else:
            known = bool(CLASSIC.fullmatch(path)) and bool(versions) and versions[0] in VERSIONS
        if not known:
            raise not_found()
        if seen.method != "POST":
            raise Refusal(405, f"Not allowed to {seen.method}.", "method_not_supported")
        found = CLASSIC.fullmatch(path)
        return found[1] if found else None

    def _order(self, seen: Seen, raw: bytes, deployment: str | None) -> Order:
        seen.body = raw
        if seen.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
            raise Refusal(400, "Unsupported content type.", "unsupported_content_type")
        try:
            body: Any = json.loads(raw)
        except ValueError:
            raise Refusal(400, "The body is not JSON.") from None
        seen.body = body
        if deployment is not None and "model" in body and not self._takes_model:
            raise model_in_the_body()
        name = deployment if deployment is not None else body.get("model")
        if name not in self.deployments:
            raise no_deployment()
        if FORBIDDEN in str(body.get("prompt")):
            raise filtered_prompt("violence")
        asked: dict[str, Any] = {each: value for each, value in body.items() if each != "model"}
        model, now = self.deployments[name], int(time.time())
        if model == "dall-e-3":
            return dalle.read(
                asked, self._terms, request=seen.index, request_id=seen.request_id, key=self.key, created=now
            )
        return read_order(
            {"model": model, **asked},
            self._terms,
            request=seen.index,
            request_id=seen.request_id,
            key=self.key,
            created=now,
        )


def _as_azure(acts: Acts, seen: Seen) -> Acts:
    return on_headers(acts, apim_request_id=seen.request_id, x_ms_region="Sweden Central", openai_organization=None)


def _with_results(fields: dict[str, Any]) -> dict[str, Any]:
    """What the filters found stands beside every picture."""
    found = {"prompt_filter_results": prompt_results(), "content_filter_results": results()}
    return fields | {"data": [{**item, **found} for item in fields["data"]]}


def azure_refusing(make: Callable[[], Refusal] | Refusal, *, billed: bool = False) -> Behaviour:
    """Any error answer of Azure's."""
    refusal = make if isinstance(make, Refusal) else make()
    return Behaviour(f"azure({refusal.status})", lambda order, _: refused(refusal, order.request_id), billed=billed)


def withholding(*images: int, category: str = "violence", counted: bool = True) -> Behaviour:
    """A good answer in which some images were made, and filtered: their results stand there without them.

    They are billed like any other; whether the answer says how much they were is `counted`.
    """

    def change(fields: dict[str, Any]) -> dict[str, Any]:
        data = [
            {"content_filter_results": results(category)} if index in images else item
            for index, item in enumerate(fields["data"])
        ]
        return {each: value for each, value in fields.items() if counted or each != "usage"} | {"data": data}

    return Behaviour("withholding", lambda _, acts: on_json(acts, change, ("document",)))
