"""What dashboards and alerts go by is what a running gateway tells, metric by metric and label by label."""

from __future__ import annotations

import re

from tests.clients.toolchain import PROJECT
from tests.deploy.metrics import BRIDGE, SELDOM, SERVICE, known, told
from tests.house import House
from tests.rest.asking import ask, order, painting


async def test_a_gateway_tells_what_it_should(house: House) -> None:
    """After a picture, a fallback and a stream every metric is there, with exactly the labels that it should have."""
    await ask(house, painting())
    await ask(house, order())
    await ask(house, order(model="nobody/gpt-image-2", fallbacks=["painter/scene"]))
    await ask(house, painting(stream=True, partial_images=1))
    found = await told(house)

    expected = {**BRIDGE, **SERVICE}
    assert expected
    assert not expected.keys() - found.keys()
    assert {name: found[name] or set(expected[name] if name in SELDOM else ()) for name in expected} == expected


def test_the_page_names_metrics_that_there_are() -> None:
    """docs/operations.md speaks of no metric that the gateway has not."""
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:imagegen|http_server|rpc_server|gen_ai_client|process)_[a-z_]+)(?:\{[^`]*)?`", page))

    assert len(named) > 5
    assert not named - set(known())
