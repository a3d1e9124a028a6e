"""Every server that speaks OpenAI's images API more or less: one adapter, and for each kind a card, data not code.

`wire` is what can differ, `cards` reads it, `adapter` carries out a call, `keys` opens the door, `answers` and
`failures` read what comes back. OpenAI itself is the wire with nothing changed; Azure changes it by its settings.

To add a provider, write cards/NAME.toml, and NAME is a kind. Four tables, all optional, every name checked:

    [wire]               where it is, how a key is sent, what parameters are called, where pictures lie (wire.Wire)
    [wire.errors]        by what a refusal, an account's trouble and an outage are known, beside OpenAI's codes
    [takes]              what its models take: numbers = { n = [1, 4] }, words, texts, size, extras (cards.Takes)
    [models."a-model"]   a model that is listed: the same, over what all take, and its price

`any_model = true` lets names pass that are not listed. A `base_url` in the card makes a key all that an operator needs;
without one the server is the operator's own. Then describe it once more, from its documentation and not from the card,
in tests/upstreams/compatible: the double refuses what the real one refuses, and the tests ask both.
"""

from __future__ import annotations

from service.config import seconds
from service.config.schema import Provider
from service.providers.base import Adapter
from service.providers.destinations import Allowed
from service.providers.http import Http, Limits
from service.providers.openai_compatible.adapter import Compatible
from service.providers.openai_compatible.cards import card
from service.providers.openai_compatible.keys import Keys

SETTINGS = frozenset({"models"})
"""Settings of a provider that this kind has beside those of every kind."""

_NOWHERE = "http://not-configured.invalid"
"""The address of a provider that has none; being not configured, it is never asked."""


def make(settings: Provider, allowed: Allowed) -> Adapter:
    return made("openai_compatible", settings, allowed)


def made(kind: str, settings: Provider, allowed: Allowed) -> Adapter:
    """The adapter of a kind that there is a card for."""
    of_kind = card(kind)
    base_url = settings.base_url or of_kind.wire.base_url
    named = {name: of_kind.general for name in settings.models if name not in of_kind.models}
    return Compatible(
        http=connected(settings, base_url, allowed),
        wire=of_kind.wire,
        models=of_kind.wire.guarding({**named, **of_kind.models}),
        credentials=Keys(settings.keys, of_kind.wire.key),
        configured=bool(base_url) and (bool(settings.keys) or of_kind.wire.key.optional),
    )


def connected(settings: Provider, base_url: str, allowed: Allowed) -> Http:
    """The connections to a provider, with the patience that its settings have."""
    timeout = settings.timeout
    limits = Limits(*(seconds(each) for each in (timeout.connect, timeout.idle, timeout.total, timeout.first_byte)))
    return Http(base_url or _NOWHERE, limits, allowed, ours=settings.ours)
