"""What makes two requests the same: all that is asked for, but not how the pictures are to arrive."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from service.domain.request import CacheUse, ImageRequest


def question(request: ImageRequest) -> bytes:
    """Always written alike, and without what is not set: a field that a later version adds changes no old question."""
    bare = replace(
        request,
        parameters=replace(request.parameters, n=request.parameters.n or 1, partial_images=None),
        response_format=None,
        openai_defaults=False,
        stream=False,
        idempotency_key="",
        cache=CacheUse(),
    )
    return msgspec.json.encode(bare, order="sorted")
