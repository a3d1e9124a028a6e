"""Azure OpenAI: OpenAI's images API by deployment, opened by a key or by a token of Entra's.

`deployments` says what stands behind a name, `entra` fetches tokens, `openai_compatible` does the rest. Beside an
image or in an error Azure tells what its filters found; a resource that it has blocked for a while answers 403, in
words about content that are no verdict on this prompt.
"""

from __future__ import annotations

from msgspec.structs import replace

from service.config import seconds
from service.config.schema import Entra, Provider
from service.providers.azure.deployments import DALLE_3, cards
from service.providers.azure.entra import Tokens
from service.providers.base import Adapter
from service.providers.destinations import Allowed
from service.providers.http import Http, Limits
from service.providers.openai_compatible import connected
from service.providers.openai_compatible.adapter import Compatible
from service.providers.openai_compatible.keys import Keys
from service.providers.openai_compatible.wire import MODEL, Errors, KeyHeader, Signs, Wire

SETTINGS = frozenset({"api_version", "form", "deployments", "entra"})
"""Settings of a provider that this kind has beside those of every kind."""

API_VERSION = "2025-04-01-preview"
"""What the classic form asks for where the operator does not say."""

WIRE = Wire(
    model_names=r"[A-Za-z0-9._-]{1,64}",
    key=KeyHeader(header="api-key", scheme=""),
    always_for={DALLE_3: {"response_format": "b64_json"}},
    errors=Errors(outage=Signs(says=("temporarily blocked",), statuses=frozenset({403}))),
)


def make(settings: Provider, allowed: Allowed) -> Adapter:
    return Compatible(
        http=connected(settings, settings.base_url, allowed),
        wire=replace(WIRE, path=_path(settings)),
        models=WIRE.guarding(cards(settings.deployments)),
        credentials=_tokens(settings, settings.entra) if settings.entra else Keys(settings.keys, WIRE.key),
        configured=bool(settings.base_url) and bool(settings.keys or settings.entra),
        known_as=settings.deployments,
    )


def _path(settings: Provider) -> str:
    """Below the resource's address: the classic form names the deployment in the path, v1 names it in the body."""
    if settings.form == "v1":
        asked = f"?api-version={settings.api_version}" if settings.api_version else ""
        return f"openai/v1/images/generations{asked}"
    version = settings.api_version or API_VERSION
    return f"openai/deployments/{MODEL}/images/generations?api-version={version}"


def _tokens(settings: Provider, entra: Entra) -> Tokens:
    patience = Limits(seconds(settings.timeout.connect), idle=30, total=30)
    return Tokens(entra, Http(entra.authority, patience))
