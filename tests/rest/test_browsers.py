"""What browsers are told: the safe headers with every kind of answer, and CORS for listed sites alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from rest_bridge.app import routes
from rest_bridge.browsers import EXPOSED, SAFE, safe_lines
from tests.house import House, open_house
from tests.rest.asking import GENERATIONS, ask, painting
from tests.rest.guard_cases import CLOSE, head
from tests.rest.raw import answers, line, one_of, said

pytestmark = pytest.mark.asyncio(loop_scope="module")

APP, LOCAL = "https://app.example", "http://localhost:3000"
NAMES = {name.decode() for name, _ in SAFE}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def listing(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A house that lists two sites, and answers to two names."""
    bridged = {"sites": (APP, LOCAL), "hosts": ("img.example", "127.0.0.1")}
    async with open_house(tmp_path_factory.mktemp("house"), bridged=bridged) as house:
        yield house


def proven_safe(answer: httpx2.Response) -> None:
    """Each of the safe headers once; nothing of the server's name, nothing about TLS that is not there."""
    for name in NAMES:
        assert len(answer.headers.get_list(name)) == 1, (name, answer.headers)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert not {"server", "strict-transport-security"} & set(answer.headers)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


PATHS = sorted({each.path for each in routes()})


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
async def test_every_route_is_safe(home: House, method: str) -> None:
    """Whatever the path answers: a page, a list, a failure, that the method is another."""
    seen: set[int] = set()
    for template in (*PATHS, "/nowhere", "/"):
        path = template.replace("{model:path}", "painter/scene").replace("{deployment:path}", "x")
        answer = await ask(home, path=path.replace("{file_id}", "x"), method=method)
        proven_safe(answer)
        assert answer.headers["cache-control"] == "no-store"
        seen.add(answer.status_code)
    assert len(seen) > 1


async def test_every_kind_of_answer_is_safe(home: House) -> None:
    """Pictures as JSON, streams, files (a stricter sandbox, shown anywhere, kept privately), refusals of the guard."""
    whole = await ask(home, painting())
    streamed = await ask(home, painting(stream=True))
    path = str(whole.json()["data"][0]["url"]).removeprefix(home.rest)
    file = await ask(home, path=path, method="GET")
    for each in (whole, streamed, file, await ask(home, painting(n=0))):
        proven_safe(each)
    assert [each.headers["cache-control"] for each in (whole, streamed)] == ["no-store", "no-cache"]
    assert "sandbox" in file.headers["content-security-policy"].split("; ")
    assert file.headers["cross-origin-resource-policy"] == "cross-origin"
    assert file.headers["cache-control"].startswith("private")
    (refused,) = answers(await said(home, b"\x00"))
    assert set(refused.headers) >= NAMES
    assert "server" not in refused.headers


async def test_tls_is_insisted_on_where_it_is_there() -> None:
    """Strict-Transport-Security goes out over https and not over http."""
    for without in ((), (b"cache-control",)):
        assert b"strict-transport-security: max-age=" in safe_lines("https", without)
        assert b"strict-transport-security" not in safe_lines("http", without)


ORIGINS = {
    APP: True,
    LOCAL: True,
    "https://app.example:443": False,
    "https://app.example:8443": False,
    "http://app.example": False,
    "https://APP.example": False,
    "https://app.example/": False,
    "https://app.example.": False,
    "https://app.example.evil.example": False,
    "https://evil-app.example": False,
    "https://xapp.example": False,
    "https://app.example@evil.example": False,
    "https://evil.example?https://app.example": False,
    "https://sub.app.example": False,
    "https://app.example, https://evil.example": False,
    "http://localhost": False,
    "http://localhost:3001": False,
    "http://127.0.0.1:3000": False,
    "null": False,
    "*": False,
    "": False,
    "file://": False,
}


@pytest.mark.parametrize(("origin", "listed"), ORIGINS.items())
async def test_only_listed_origins_may_read(listing: House, origin: str, listed: bool) -> None:
    """The very origin or nothing; never credentials, and caches are told that it depends on who asks."""
    for method, path in (("GET", "/v1/models"), ("GET", "/nowhere"), ("POST", GENERATIONS)):
        answer = await ask(listing, path=path, method=method, headers={"origin": origin})
        told = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
        assert told == (
            {"access-control-allow-origin": origin, "access-control-expose-headers": EXPOSED} if listed else {}
        )
        assert answer.headers["vary"] == "origin"
    asking = {"origin": origin, "access-control-request-method": "POST"}
    wanted = "authorization, content-type, x-stainless-lang"
    preflight = await ask(
        listing, path=GENERATIONS, method="OPTIONS", headers={**asking, "access-control-request-headers": wanted}
    )
    if listed:
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == origin
        assert preflight.headers["access-control-allow-methods"] == "POST"
        assert preflight.headers["access-control-allow-headers"] == wanted
        assert preflight.content == b""
    else:
        assert preflight.status_code == 405
        assert not [name for name in preflight.headers if name.startswith("access-control-")]
    assert "access-control-allow-credentials" not in preflight.headers


@pytest.mark.parametrize("origin", [APP, "null", "https://127.0.0.1"])
async def test_nobody_is_listed_by_default(home: House, origin: str) -> None:
    """Without the setting there is no word of CORS, and a preflight is a method that the path does not take."""
    asking: dict[str, Any] = {"origin": origin, "access-control-request-method": "POST"}
    for method in ("OPTIONS", "POST"):
        answer = await ask(home, path=GENERATIONS, method=method, headers=asking)
        proven_safe(answer)
        assert "vary" not in answer.headers
        assert (answer.status_code == 405) is (method == "OPTIONS")


async def test_no_page_spends_without_being_asked(home: House) -> None:
    """What a browser sends for any page without a preflight, text or no type at all, is not taken for JSON; a program,
    which has no origin, need not name the type.
    """
    body = b'{"model":"painter/scene","prompt":"a red boat","size":"64x64"}'
    for of, status in (((b"Origin: https://evil.example",), 415), ((), 200)):
        raw = head(b"POST /v1/images/generations HTTP/1.1", b"Content-Length: %d" % len(body), CLOSE, *of)
        assert [each.status for each in answers(await said(home, raw + body))] == [status]
    text = {"content-type": "text/plain", "origin": "https://evil.example"}
    assert (await ask(home, content=body, headers=text)).status_code == 415


async def test_what_is_asked_for_is_not_repeated_unread(listing: House) -> None:
    """A preflight that asks for headers that are none is answered without them."""
    asking = {"origin": APP, "access-control-request-method": "POST", "access-control-request-headers": "a b;c"}
    answer = await ask(listing, path=GENERATIONS, method="OPTIONS", headers=asking)
    assert answer.status_code == 204
    assert "access-control-allow-headers" not in answer.headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"img.example", 200),
        (b"IMG.example.:8443", 200),
        (b"127.0.0.1:1", 200),
        (b"evil.example", 421),
        (b"img.example.evil.example", 421),
        (b"[::1]", 421),
    ],
)
async def test_only_its_own_names(listing: House, host: bytes, status: int) -> None:
    """A request under another name is answered 421, so that a page cannot make a name of its own lead here."""
    async with line(listing) as (reader, writer):
        writer.write(head(host=b"Host: " + host))
        answer = await one_of(reader)
    assert answer.status == status
    assert (answer.headers.get("connection") == "close") is (status == 421)
