"""Pictures that an answer names addresses for in place of carrying them: fetched side by side, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from service.domain.image import Picture, Traits
from service.errors import ProviderError
from service.providers import pictures
from service.providers.lifting import NAME, Document

ABREAST = 4
"""Fetched at once for one answer."""

Fetched = Mapping[int, bytes | ProviderError]


async def fetched(items: Sequence[Mapping[str, Any]], fetch: Callable[[str], Awaitable[bytes]]) -> Fetched:
    """What lies at the addresses of those items that have one in place of a picture, or why it could not be fetched."""
    named = {i: url for i, item in enumerate(items) if not item.get(NAME) and isinstance(url := item.get("url"), str)}
    if not named:
        return {}
    room = asyncio.Semaphore(ABREAST)

    async def one(url: str) -> bytes | ProviderError:
        async with room:
            try:
                return await fetch(url)
            except ProviderError as error:
                return error

    return dict(zip(named, await asyncio.gather(*map(one, named.values())), strict=True))


def picture(
    document: Document, item: Mapping[str, Any], traits: Traits, found: bytes | ProviderError | None
) -> Picture:
    """The picture of an item: what was fetched for it, where that is how it came."""
    if isinstance(found, ProviderError):
        raise found
    return pictures.from_json(document, item, traits) if found is None else pictures.from_bytes(found, traits)
