"""OpenAI's images API: `cards` (what its models take), `adapter` (one call), `answers` (what comes back, good or bad).

Prices lie in prices.toml, dated. Every parameter goes out as OpenAI writes it; `response_format` never does, because
its models refuse it. A stream carries no image index: image follows image, each ending with its `completed`.
"""

from __future__ import annotations

from service.config import seconds
from service.config.schema import Provider
from service.providers.base import Adapter
from service.providers.destinations import Allowed
from service.providers.http import Http, Limits
from service.providers.openai.adapter import BASE_URL, OpenAI


def make(settings: Provider, allowed: Allowed) -> Adapter:
    limits = Limits(
        *(seconds(each) for each in (settings.timeout.connect, settings.timeout.idle, settings.timeout.total))
    )
    return OpenAI(Http(settings.base_url or BASE_URL, limits, allowed), settings.keys)
