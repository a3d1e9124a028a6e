"""The painter as a provider: seeds to the very end of them."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from service.domain.event import ImageReady
from service.domain.request import ImageRequest, Parameters
from service.providers.base import Call
from service.providers.painter.adapter import Painter


@pytest.mark.parametrize(("seed", "painted"), [(7, [7, 8]), (2**63 - 1, [2**63 - 1, -(2**63)])])
async def test_each_image_has_a_seed_that_there_is(seed: int, painted: list[int]) -> None:
    """The next image has the next seed, counted around the bounds that the card gives."""
    parameters = Parameters(n=2, size="64x64", quality="low", seed=seed)
    request = ImageRequest(model="scene", prompt="a boat", parameters=parameters)
    call = Call(model="scene", request=request, key="", request_id="r", trace=None)
    async with aclosing(Painter().run(call)) as events:
        seeds = [each.image.seed async for each in events if isinstance(each, ImageReady)]

    assert seeds == painted
