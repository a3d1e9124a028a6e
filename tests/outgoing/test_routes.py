"""Every forbidden address on every route: nobody is called, the caller hears why, and the picture is paid for."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.house import House
from tests.outgoing.addresses import FORBIDDEN
from tests.outgoing.canary import Canary
from tests.outgoing.routes import ROUTES
from tests.rest.asking import Tab, ask, order, pictures
from tests.rest.faults import OWED
from tests.upstreams.openai import big_png, drawn_in, showing, url_instead

pytestmark = pytest.mark.asyncio(loop_scope="module")


FIRST, *OTHERS = ROUTES
EVERY_WAY = [
    *((FIRST, wrong) for wrong in FORBIDDEN),
    *((route, wrong) for route in OTHERS for wrong in [*FORBIDDEN][::2]),
]
"""All of them by one route, and half of them, which is more than forty, by each of the others."""


@pytest.mark.parametrize(("route", "wrong"), EVERY_WAY)
async def test_a_forbidden_address(home: House, tab: Tab, canary: Canary, route: str, wrong: str) -> None:
    """No connection comes about; the error says that the provider's answer is at fault, without the address in it."""
    address = FORBIDDEN[wrong].format(port=canary.port)
    said = await ROUTES[route](home, address)

    assert said.reason == "provider_invalid_answer"
    assert "answer" in said.text
    assert f":{canary.port}" not in said.text
    assert "example.com" not in said.text
    assert "1.png" not in said.text
    assert not canary.heard
    (seen,) = tab.sent
    assert (seen.path, len(tab.charges)) == ("/v1/images/generations", 1)


async def test_a_forbidden_address_is_told_and_paid(home: House) -> None:
    """The sentence says whose address it was and what it lacks; the outcome is unknown, and the cost is what it was."""
    home.openai.next(url_instead("https://10.0.0.7/signed.png?sig=c2VjcmV0"))
    answer = await ask(home, order())
    fields = answer.json()["extra_fields"]

    assert answer.json()["error"]["message"] == (
        "openai/gpt-image-2: The provider named an address for its picture that is not gone to: it leads to an address "
        "that is not public, and not listed in outgoing.allow."
    )
    assert "c2VjcmV0" not in answer.text
    assert fields["attempts"][0]["outcome"] == "unknown"
    assert fields["cost_usd"] == OWED


async def test_pictures_behind_addresses(home: House, tab: Tab) -> None:
    """Of the provider's own origin they are fetched, in the order of the images, each once, without the key."""
    home.openai.next(url_instead())
    found = pictures(await ask(home, order(n=6)))

    assert [drawn_in(each).image for each in found] == [0, 1, 2, 3, 4, 5]
    ordered, *fetched = tab.sent
    assert ordered.headers["authorization"]
    assert [each.status for each in fetched] == [200] * 6
    assert len({each.target for each in fetched}) == 6
    assert all(
        {*map(str.lower, each.headers)} <= {"host", "user-agent", "accept", "accept-encoding"} for each in fetched
    )


async def test_a_relative_address(home: House, tab: Tab) -> None:
    """Servers of one's own answer with a path alone: it is the provider's."""
    home.openai.next(url_instead(home.openai.shelf.put(big_png(1000)).removeprefix(home.openai.shelf.origin)))
    assert len(pictures(await ask(home, order()))) == 1
    assert [each.status for each in tab.sent] == [200, 200]


async def test_a_data_url(home: House, tab: Tab) -> None:
    """A picture that stands in its own address is decoded; nobody is asked for it."""
    picture = big_png(5000)
    home.openai.next(showing(picture) | url_instead(data_url(picture)))
    assert pictures(await ask(home, order())) == [picture]
    assert len(tab.sent) == 1


async def test_a_large_data_url(home: House) -> None:
    """Twelve megabytes of it too, decoded beside the loop."""
    picture = big_png(12_000_000)
    home.openai.next(url_instead(data_url(picture)))
    assert pictures(await ask(home, order())) == [picture]


async def test_a_signature_that_is_wrong(home: House) -> None:
    """An address that has expired answers 403: the provider's answer was of no use, and it is told with that status."""
    home.openai.next(url_instead(f"{home.openai.shelf.origin}/files/picture-0.png?sig=old"))
    answer = await ask(home, order())
    assert (answer.status_code, answer.json()["type"]) == (502, "provider_invalid_answer")
    assert answer.json()["error"]["message"].endswith("answered with status 403.")


def data_url(picture: bytes) -> str:
    return f"data:image/png;base64,{b64encode(picture).decode()}"
