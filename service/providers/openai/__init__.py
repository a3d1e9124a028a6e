"""OpenAI's images API: `cards` says what its models take, and `openai_compatible` does the rest.

Prices lie in prices.toml, dated. Every parameter goes out as OpenAI writes it; `response_format` never does, because
its models refuse it. A stream carries no image index: image follows image, each ending with its `completed`.
"""

from __future__ import annotations

from service.config.schema import Provider
from service.providers.base import Adapter
from service.providers.destinations import Allowed
from service.providers.openai.cards import CARDS
from service.providers.openai_compatible import connected
from service.providers.openai_compatible.adapter import Compatible
from service.providers.openai_compatible.keys import Keys
from service.providers.openai_compatible.wire import Wire

WIRE = Wire(base_url="https://api.openai.com/v1")


def make(settings: Provider, allowed: Allowed) -> Adapter:
    return Compatible(
        http=connected(settings, settings.base_url or WIRE.base_url, allowed),
        wire=WIRE,
        models=WIRE.guarding(CARDS),
        credentials=Keys(settings.keys, WIRE.key),
        configured=bool(settings.keys),
    )
