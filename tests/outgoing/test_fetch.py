"""Fetching through real sockets: what is allowed comes, whole and once; what is not calls nobody."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from structlog.testing import capture_logs

from service.domain.event import Outcome
from service.errors import ProviderError, Reason
from service.providers import http as network
from service.providers.destinations import Allowed
from service.providers.http import Http, Limits
from service.telemetry import http_span
from tests.outgoing.canary import LISTED, Canary, Host, Names, showing
from tests.outgoing.certificates import Authority
from tests.tracing import collected, exporter

LIMITS = Limits(connect=1, idle=0.4, total=2)
NAME = "pictures.example.com"
PICTURE = b"\x89PNG and so on" * 100


@pytest_asyncio.fixture
async def canary() -> AsyncGenerator[Canary]:
    """Whatever a test does, nobody calls it."""
    async with Canary() as listening:
        yield listening
        await asyncio.sleep(0.02)
        assert not listening.heard


@asynccontextmanager
async def opened(
    allow: Iterable[str] = (), names: Names | None = None, base: str = "https://api.example.com/v1"
) -> AsyncGenerator[Http]:
    http = Http(base, LIMITS, Allowed(allow), names)
    try:
        yield http
    finally:
        await http.close()


async def refused(http: Http, url: str, reason: Reason = Reason.PROVIDER_INVALID_ANSWER) -> str:
    """What is said of an address that cannot be fetched."""
    with pytest.raises(ProviderError) as raised:
        await http.fetch(url, None)
    assert (raised.value.reason, raised.value.outcome) == (reason, Outcome.UNKNOWN), raised.value.message
    return raised.value.message


# Names.


async def test_a_name_that_changes_its_mind(canary: Canary) -> None:
    """Each fetch looks a name up once, and goes where that lookup said or nowhere: a second answer cannot move it."""
    names = Names()
    async with Host() as good, opened([LISTED], names) as http:
        names.answer(NAME, [(LISTED, good.port)], [("127.0.0.1", canary.port)], [(LISTED, good.port)])

        first = await refused(http, f"https://{NAME}/1.png", Reason.PROVIDER_CONNECTION_LOST)  # no TLS there: it went
        assert (names.asked, len(good.asked), "cannot be reached" in first) == ([NAME], 0, True)
        assert "not public" in await refused(http, f"https://{NAME}/1.png")
        assert names.asked == [NAME, NAME]


async def test_a_name_with_two_answers(canary: Canary) -> None:
    """Where one of a name's addresses is allowed and does not answer, the forbidden one is not tried in its place."""
    names = Names()
    async with opened([LISTED], names) as http:
        for order in (1, -1):
            names.answer(NAME, [(LISTED, 1), ("127.0.0.1", canary.port), ("::1", canary.port)][::order])
            with pytest.raises(ProviderError):
                await http.fetch(f"https://{NAME}/1.png", None)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "127.1", "2130706433", "::1%lo", "localhost"]
)
async def test_a_name_that_leads_to(canary: Canary, address: str) -> None:
    """A name may resolve to nothing that is not public, however the answer is spelt; one lookup decides."""
    names = Names()
    names.answer(NAME, [(address, canary.port)])
    async with opened(["10.0.0.0/8", "listed.example.com"], names) as http:
        assert "not public" in await refused(http, f"https://{NAME}/1.png")
    assert names.asked == [NAME]


async def test_a_name_that_does_not_exist() -> None:
    """It is the connection that failed, and the picture may have been made."""
    async with opened(names=Names()) as http:
        await refused(http, f"https://{NAME}/1.png", Reason.PROVIDER_CONNECTION_LOST)


# Redirects.


async def test_redirects_on_the_same_host(canary: Canary) -> None:
    """Three are followed, the fourth is not."""
    async with Host() as host, opened([f"{LISTED}:{host.port}"]) as http:
        for step in range(5):
            host.pages[f"/{step}"] = showing(b"", 302, then=f"/{step - 1}" if step != 2 else f"{host.url}/1?sig=a%2Fb")
        host.pages["/0"] = showing(PICTURE)

        assert await http.fetch(f"{host.url}/3", None) == PICTURE
        assert [path for path, _ in host.asked] == ["/3", "/2", "/1?sig=a%2Fb", "/0"]
        assert "more than 3 times" in await refused(http, f"{host.url}/4")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "//localhost:{port}/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://elsewhere.example.com/",
        "https://1.1.1.1/",
        "/\\127.0.0.1:{port}/",
        "file:///etc/passwd",
        "",
    ],
)
async def test_redirects_to_elsewhere(canary: Canary, status: int, where: str) -> None:
    """Whatever redirects to another host, forbidden or public, is not followed: nobody there is called."""
    names = Names()
    names.answer("*", [("127.0.0.1", canary.port)])
    async with Host() as host, opened([f"{LISTED}:{host.port}"], names) as http:
        host.pages["/"] = showing(b"", status, then=where.format(port=canary.port))
        host.pages["/chain"] = showing(b"", status, then="/")
        await refused(http, f"{host.url}/")
        await refused(http, f"{host.url}/chain")
    assert not names.asked


async def test_a_redirect_to_a_listed_host() -> None:
    """What the operator lists may be redirected to: that is how a storage beside its API is reached."""
    async with Host() as storage, Host(address="127.0.0.3") as api:
        storage.pages["/1.png"] = showing(PICTURE)
        api.pages["/1.png"] = showing(b"", 302, then=f"{storage.url}/1.png")
        async with opened([f"{LISTED}:{storage.port}"], base=f"{api.url}/v1") as http:
            assert await http.fetch("/1.png", None) == PICTURE
        async with opened(base=f"{api.url}/v1") as http:
            await refused(http, "/1.png")
    assert len(storage.asked) == 1


# What comes.


async def test_a_large_picture_and_one_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the limit it comes whole; beyond it, announced or not, it is given up before it is read."""
    monkeypatch.setattr(network, "MAX_PICTURE", 3_000_000)
    sent = 0

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 100_000_000:
            await response.write(bytes(100_000))
            sent += 100_000
        return response

    async with Host() as host, opened([f"{LISTED}:{host.port}"]) as http:
        host.pages["/fits"] = showing(bytes(3_000_000))
        host.pages["/announced"] = showing(bytes(3_000_001))
        host.pages["/endless"] = endless

        assert len(await http.fetch(f"{host.url}/fits", None)) == 3_000_000
        assert "larger than" in await refused(http, f"{host.url}/announced")
        assert "larger than" in await refused(http, f"{host.url}/endless")
    assert sent < 50_000_000


async def test_a_bomb() -> None:
    """What comes packed was not asked for, and is not unpacked."""
    async with Host() as host, opened([f"{LISTED}:{host.port}"]) as http:
        bomb = gzip.compress(bytes(50_000_000))
        for coding in ("gzip", "deflate", "br", "GZIP", "gzip, gzip"):
            host.pages["/bomb"] = showing(bomb, headers={"content-encoding": coding})
            assert "packed" in await refused(http, f"{host.url}/bomb")
        assert {headers["Accept-Encoding"] for _, headers in host.asked} == {"identity"}


@pytest.mark.parametrize(("page", "within"), [("silent", 1.5), ("trickling", 3.0), ("headless", 1.5)])
async def test_a_slow_host(page: str, within: float) -> None:
    """Silence ends after the idle time, trickling after the whole: both are our waiting, and the outcome unknown."""

    async def trickling(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(5 if page == "silent" else 0.1)
        return response

    async def headless(_: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with Host() as host, opened([f"{LISTED}:{host.port}"]) as http:
        host.pages["/"] = headless if page == "headless" else trickling
        begun = time.monotonic()
        await refused(http, f"{host.url}/", Reason.PROVIDER_TIMEOUT)
        assert time.monotonic() - begun < within


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (204, Reason.PROVIDER_INVALID_ANSWER),
        (206, Reason.PROVIDER_INVALID_ANSWER),
        (304, Reason.PROVIDER_INVALID_ANSWER),
        (403, Reason.PROVIDER_INVALID_ANSWER),
        (404, Reason.PROVIDER_INVALID_ANSWER),
        (500, Reason.PROVIDER_CONNECTION_LOST),
        (503, Reason.PROVIDER_CONNECTION_LOST),
    ],
)
async def test_only_200_is_a_picture(status: int, reason: Reason) -> None:
    """Any other status is a failure, whatever its body."""
    async with Host() as host, opened([f"{LISTED}:{host.port}"]) as http:
        host.pages["/"] = showing(b"" if status in (204, 304) else PICTURE, status)
        assert str(status) in await refused(http, f"{host.url}/", reason)


async def test_half_a_picture() -> None:
    """One that breaks off is none."""

    async def page(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-length": "1000"})
        await response.prepare(request)
        await response.write(PICTURE[:10])
        assert request.transport
        request.transport.close()
        return response

    async with Host() as host, opened([f"{LISTED}:{host.port}"]) as http:
        host.pages["/"] = page
        await refused(http, f"{host.url}/", Reason.PROVIDER_CONNECTION_LOST)


async def test_cookies_go_nowhere() -> None:
    """A cookie that was set is not brought back, and one session knows nothing of another."""
    async with Host() as host, opened([f"{LISTED}:{host.port}"], base=f"{host.url}/v1") as http:
        host.pages["/"] = showing(PICTURE, headers={"set-cookie": "a=b; Path=/"})
        await http.fetch(f"{host.url}/", None)
        await http.fetch(f"{host.url}/", None)
    wanted = {"Host", "User-Agent", "Accept", "Accept-Encoding"}
    assert [set(headers) for _, headers in host.asked] == [wanted, wanted]


# TLS and the environment.


async def test_certificates(canary: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host of good repute is served; one that signed for itself, and one with another's name, are not."""
    authority = Authority.new(tmp_path)
    names = Names()
    async with Host(tls=authority.serving(NAME)) as host, opened([LISTED], names) as strangers:
        host.pages["/1.png"] = showing(PICTURE)
        names.answer("*", [(LISTED, host.port)])
        untrusted = await refused(strangers, f"https://{NAME}/1.png", Reason.PROVIDER_CONNECTION_LOST)
        assert "certificate" in untrusted
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        with fresh_roots():
            async with opened([LISTED], names) as friends:
                assert await friends.fetch(f"https://{NAME}/1.png", None) == PICTURE
                other = await refused(friends, "https://other.example.com/1.png", Reason.PROVIDER_CONNECTION_LOST)
                assert "certificate" in other
    assert len(host.asked) == 1


async def test_from_https_to_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect that would give up encryption is not followed, on the same host either."""
    authority = Authority.new(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    async with Host() as plain, Host(tls=authority.serving(LISTED)) as secure:
        secure.pages["/"] = showing(b"", 302, then=f"{plain.url}/")
        with fresh_roots():
            async with opened([f"{LISTED}:{plain.port}", f"{LISTED}:{secure.port}"]) as http:
                assert "from https to http" in await refused(http, f"{secure.url}/")
    assert not plain.asked


def test_old_tls_is_none() -> None:
    """Nothing older than TLS 1.2, names and certificates checked: of the one context that every session has."""
    context = network.verified()
    assert (context.minimum_version.name, context.verify_mode.name) == ("TLSv1_2", "CERT_REQUIRED")
    assert context.check_hostname


async def test_proxies_of_the_environment(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says of proxies and logins, nobody but the host itself is called."""
    proxy = f"http://127.0.0.1:{canary.port}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.lower(), proxy)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("SSL_CERT_FILE", f"/dev/tcp/127.0.0.1/{canary.port}")
    with fresh_roots():
        async with Host() as host, opened([f"{LISTED}:{host.port}"], base=f"{host.url}/v1") as http:
            host.pages["/1.png"] = showing(PICTURE)
            host.pages["/v1/images"] = showing(b"{}")
            assert await http.fetch(f"{host.url}/1.png", None) == PICTURE
            async with http.post("images", {}, {}, None) as answer:
                assert answer.status == 200
            await refused(http, "https://127.0.0.1/1.png")
    assert len(host.asked) == 2


@pytest.fixture(autouse=True)
def roots_of_its_own() -> Iterator[None]:
    """What a test trusts is forgotten after it."""
    yield
    network.verified.cache_clear()


@contextmanager
def fresh_roots() -> Generator[None]:
    """Trust read anew from the environment, as at a start."""
    network.verified.cache_clear()
    yield
    network.verified.cache_clear()


# What is seen of it.


async def test_spans_and_lines_name_the_host_alone() -> None:
    """A span for each hop, and one line for a failure: neither has the path nor the signature."""
    exporter()
    with capture_logs() as lines, http_span("POST", "api.example.com", 443, None) as around:
        async with Host() as host, opened([f"{LISTED}:{host.port}"]) as http:
            host.pages["/secret"] = showing(b"", 302, then="/hidden?sig=c2VjcmV0")
            for address in (f"{host.url}/secret?sig=c2VjcmV0", "https://intranet/secret?sig=c2VjcmV0"):
                with pytest.raises(ProviderError):
                    await http.fetch(address, around.context)
    assert [line["host"] for line in lines] == [LISTED, "intranet"]
    assert around.trace_id
    spans = [span for span in await collected(around.trace_id, 3) if span.name == "GET"]
    told = [dict(span.attributes or {}) for span in spans]
    assert [(each["server.address"], each["server.port"]) for each in told] == [(LISTED, host.port)] * 2
    assert [each["http.response.status_code"] for each in told] == [302, 404]
    assert not [word for word in ("secret", "hidden", "c2VjcmV0") if word in f"{lines} {told}"]
