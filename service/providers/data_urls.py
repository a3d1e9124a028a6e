"""A picture that a provider wrote into its answer as a `data:` URL, which is decoded and not fetched."""

from __future__ import annotations

import re

import pybase64

from service import offload
from service.domain.event import Outcome
from service.errors import ProviderError, Reason

_DATA = re.compile(rb"data:image/[a-z0-9.+-]{1,40}(?:;[a-z0-9=.+_-]{1,60})*;base64,", re.IGNORECASE)


async def data_of(url: str) -> bytes:
    """The picture itself. Raises PROVIDER_INVALID_ANSWER for data that is no image in base64."""
    try:
        text = url.encode("ascii")
        head = _DATA.match(text)
        if head is None:
            raise ValueError
        return await offload.over(text[head.end() :], _decoded)
    except ValueError:
        message = "The provider sent a data: URL that is no image in base64."
        raise ProviderError(Reason.PROVIDER_INVALID_ANSWER, message, Outcome.UNKNOWN) from None


def _decoded(text: bytes) -> bytes:
    return pybase64.b64decode(text, validate=True)
