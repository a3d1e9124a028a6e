"""Headers of pictures: a picture with sides, or a ProviderError, and no picture is decoded for it."""

from __future__ import annotations

from service.domain.image import MEDIA_TYPES, Traits
from service.errors import ProviderError
from service.providers.pictures import from_bytes


def one(data: bytes) -> None:
    size = data[:12].decode("latin-1")
    for bytes_, traits in ((data, Traits()), (data[12:], Traits(size=size))):
        try:
            picture = from_bytes(bytes_, traits)
        except ProviderError:
            continue
        assert picture.media_type in MEDIA_TYPES.values()
        assert picture.data == bytes_
        assert 0 <= picture.width < 2**31
        assert 0 <= picture.height < 2**31
