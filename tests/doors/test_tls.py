"""TLS at both doors: who is let in, who is not, and what changes when the certificates do."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from cryptography import x509
from imagegen import Client, ImagegenError, tls, v1
from imagegen.tls import Files, channel_credentials

from tests.doors.papers import Authority, Paper, rest
from tests.house import House, open_house, until
from tests.rest.asking import PAINTING, order, pictures
from tests.upstreams.openai import held


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "another authority")


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are looked at as often as tests like."""
    monkeypatch.setattr(tls, "EVERY", 0.05)


def trusting(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.path)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the tests' authority carries no more than it must
    return context


def speaking_rest(house: House, context: ssl.SSLContext) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=house.rest, verify=context, trust_env=False, timeout=10)


async def shown(address: tuple[str, int], authority: Authority, name: str | None = None) -> int:
    """The serial number of the certificate that a new connection is shown; with `name` it is asked for by name."""
    context = trusting(authority)
    context.check_hostname = name is not None
    _, writer = await asyncio.open_connection(*address, ssl=context, server_hostname=name or "")
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(der).serial_number
    finally:
        writer.close()


async def plans(house: House, files: Files, target: str | None = None) -> v1.PlanImagesResponse:
    """One call over a connection of its own."""
    async with Client(target or house.grpc, credentials=channel_credentials(files)) as client:
        return await client.plan("dusk", model="painter/scene")


# --- REST ---


@pytest.fixture
async def over_https(authority: Authority, tmp_path: Path) -> AsyncGenerator[tuple[House, Paper]]:
    paper = authority.sign()
    async with open_house(tmp_path, extra={"bridge": {"listen": "127.0.0.1:0", "tls": paper.pair}}) as house:
        yield house, paper


async def test_rest_over_tls(over_https: tuple[House, Paper], authority: Authority) -> None:
    """A client that trusts the authority gets its picture, and a URL that is https and works."""
    house, _ = over_https
    async with speaking_rest(house, trusting(authority)) as client:
        inline = await client.post("/v1/images/generations", json={**PAINTING, "response_format": "b64_json"})
        answer = await client.post("/v1/images/generations", json={**PAINTING, "response_format": "url"})
        url = answer.json()["data"][0]["url"]
        picture = await client.get(url)

    assert url.startswith("https://127.0.0.1:")
    assert picture.content == pictures(inline)[0]


async def test_openai_sdk_over_tls(over_https: tuple[House, Paper], authority: Authority) -> None:
    """The official SDK streams over TLS as it does without."""
    house, _ = over_https
    http = openai.DefaultAsyncHttpxClient(verify=trusting(authority))
    async with openai.AsyncOpenAI(base_url=f"{house.rest}/v1", api_key="any", http_client=http) as client:
        stream = await client.images.generate(
            model="painter/scene", prompt="dusk", size="256x256", stream=True, partial_images=1
        )
        kinds = [event.type async for event in stream]

    assert kinds[-1] == "image_generation.completed"


async def test_rest_is_not_trusted_without_the_authority(over_https: tuple[House, Paper], stranger: Authority) -> None:
    """A client that trusts somebody else does not speak."""
    async with speaking_rest(over_https[0], trusting(stranger)) as client:
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get("/health")


async def test_plain_http_is_not_answered(over_https: tuple[House, Paper]) -> None:
    """Where TLS is spoken, nothing else is."""
    reader, writer = await asyncio.open_connection(*rest(over_https[0]))
    writer.write(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()

    assert b"HTTP/" not in answer


@pytest.mark.parametrize("door", ["rest", "grpc"])
async def test_old_tls_is_refused(door: str, authority: Authority, tmp_path: Path) -> None:
    """TLS 1.1 is refused at both doors, TLS 1.2 is spoken."""
    paper = authority.sign()
    extra = {name: {"listen": "127.0.0.1:0", "tls": paper.pair} for name in ("bridge", "service")}
    async with open_house(tmp_path, extra=extra) as house:
        host, _, port = house.grpc.rpartition(":")
        address = rest(house) if door == "rest" else (host, int(port))
        versions: list[str] = []
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_1):
            context = trusting(authority)
            context.set_ciphers("ALL:@SECLEVEL=0")  # or this side would refuse by itself
            context.set_alpn_protocols(["h2"] if door == "grpc" else ["http/1.1"])
            with warnings.catch_warnings(action="ignore"):  # that it is deprecated is why it is tried
                context.minimum_version = version
                context.maximum_version = version
            try:
                _, writer = await asyncio.open_connection(*address, ssl=context)
            except (ssl.SSLError, ConnectionError) as error:
                versions.append(type(error).__name__)
                continue
            versions.append(writer.get_extra_info("ssl_object").version())
            writer.close()

    assert versions[0] == "TLSv1.2"
    assert versions[1] in ("SSLError", "ConnectionResetError")


async def test_rest_uses_new_certificates(over_https: tuple[House, Paper], authority: Authority) -> None:
    """New connections are shown the new certificate, asked by name or not; one that stands goes on."""
    house, paper = over_https
    newer, address = authority.sign(), rest(house)
    old = paper.serial
    async with speaking_rest(house, trusting(authority)) as client:
        before = [await shown(address, authority), await shown(address, authority, "localhost")]
        assert (await client.get("/health")).status_code == 200
        newer.put_in(paper)
        await seen(address, authority, newer.serial)
        after = await shown(address, authority, "localhost")
        assert (await client.get("/health")).status_code == 200

    assert (before, after) == ([old, old], newer.serial)


async def test_rest_keeps_the_old_pair(over_https: tuple[House, Paper], authority: Authority) -> None:
    """A pair that cannot be used changes nothing; a good one after it does."""
    house, paper = over_https
    newer, old = authority.sign(), paper.serial
    newer.put_in(paper, "tls.key")
    await asyncio.sleep(0.3)
    kept = await shown(rest(house), authority)
    newer.put_in(paper, "tls.crt")
    await seen(rest(house), authority, newer.serial)

    assert kept == old


async def seen(address: tuple[str, int], authority: Authority, serial: int) -> None:
    async def is_new() -> bool:
        return await shown(address, authority) == serial

    await eventually(is_new)


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await condition():  # noqa: ASYNC110 - what is watched has no event to wait for
            await asyncio.sleep(0.05)


# --- gRPC ---


async def test_grpc_over_tls(authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    """A stub that trusts the authority is answered; without TLS, with other trust or for another name it is not."""
    paper = authority.sign("127.0.0.1")
    async with open_house(tmp_path, extra={"service": {"listen": "127.0.0.1:0", "tls": paper.pair}}) as house:
        good = await plans(house, Files(authorities=authority.path))
        with pytest.raises(ImagegenError) as other_trust:
            await plans(house, Files(authorities=stranger.path))
        with pytest.raises(ImagegenError) as systems_trust:
            await plans(house, Files())
        with pytest.raises(ImagegenError) as other_name:
            await plans(house, Files(authorities=authority.path), house.grpc.replace("127.0.0.1", "localhost"))
        with pytest.raises(ImagegenError) as plain:
            async with Client(house.grpc) as client:
                await client.plan("dusk", model="painter/scene")

    assert good.steps
    assert {each.value.name for each in (other_trust, systems_trust, other_name, plain)} == {"unavailable"}


def asking_for(authority: Authority, paper: Paper) -> dict[str, Any]:
    """A service that asks its callers for certificates of the authority."""
    return {"listen": "127.0.0.1:0", "tls": {**paper.pair, "client_ca": authority.path}}


async def test_mutual_tls(authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    """Where the service asks for certificates, a caller without one of that authority is refused."""
    async with open_house(tmp_path, extra={"service": asking_for(authority, authority.sign())}) as house:
        ours, theirs = authority.sign("a caller"), stranger.sign("a caller")
        good = await plans(house, Files(ours.certificate, ours.key, authority.path))
        with pytest.raises(ImagegenError) as without:
            await plans(house, Files(authorities=authority.path))
        with pytest.raises(ImagegenError) as others:
            await plans(house, Files(theirs.certificate, theirs.key, authority.path))

    assert good.steps
    assert (without.value.name, others.value.name) == ("unavailable", "unavailable")


async def test_grpc_uses_new_certificates(authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    """By a swapped link the service gets another certificate and asks for another's; old connections go on."""
    for folder, signer in ((tmp_path / "now", authority), (tmp_path / "next", stranger)):
        paper = signer.sign()
        paper.folder.rename(folder)
        shutil.copy(signer.path, folder / "ca.crt")
    (tmp_path / "secret").symlink_to("now")
    paper = Paper(tmp_path / "secret")
    table = {"listen": "127.0.0.1:0", "tls": {**paper.pair, "client_ca": f"{paper.folder}/ca.crt"}}
    ours, theirs = authority.sign("a caller"), stranger.sign("a caller")
    old_way, new_way = (Files(p.certificate, p.key, a.path) for p, a in ((ours, authority), (theirs, stranger)))
    async with open_house(tmp_path, extra={"service": table}) as house:
        async with Client(house.grpc, credentials=channel_credentials(old_way)) as standing:
            await standing.plan("dusk", model="painter/scene")
            with pytest.raises(ImagegenError):
                await plans(house, new_way)
            (tmp_path / "soon").symlink_to("next")
            os.replace(tmp_path / "soon", tmp_path / "secret")
            await eventually(lambda: works(house, new_way))
            await standing.plan("dusk", model="painter/scene")
        assert not await works(house, old_way)


async def works(house: House, files: Files) -> bool:
    try:
        await plans(house, files)
    except ImagegenError:
        return False
    return True


async def test_grpc_keeps_the_old_pair(authority: Authority, tmp_path: Path) -> None:
    """A pair that cannot be used changes nothing for callers."""
    paper = authority.sign()
    async with open_house(tmp_path, extra={"service": {"listen": "127.0.0.1:0", "tls": paper.pair}}) as house:
        os.truncate(paper.certificate, 100)
        await asyncio.sleep(0.3)
        good = await plans(house, Files(authorities=authority.path))

    assert good.steps


# --- the bridge and the service ---


async def ready(client: httpx2.AsyncClient, status: int = 200) -> bool:
    """Whether the bridge answers so when it is asked for its readiness."""
    return (await client.get("/health/ready")).status_code == status


def two_programs(authority: Authority, bridge: Paper) -> dict[str, Any]:
    """Settings for a bridge that reaches its service over mutual TLS."""
    return {
        "service": asking_for(authority, authority.sign()),
        "bridge": {"listen": "127.0.0.1:0", "service_tls": {**bridge.pair, "ca": authority.path}},
    }


async def test_bridge_over_mutual_tls(authority: Authority, tmp_path: Path) -> None:
    """REST callers get their pictures through a bridge that shows a certificate to its service."""
    async with open_house(tmp_path, "apart", two_programs(authority, authority.sign("bridge"))) as house:
        async with httpx2.AsyncClient(base_url=house.rest, trust_env=False) as client:
            answer = await client.post("/v1/images/generations", json=order())

        assert len(pictures(answer)) == len(house.openai.bill) == 1


async def test_bridge_without_the_right_certificate(authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    """A bridge whose certificate the service does not take is not ready, and answers 503 that may be asked again."""
    async with open_house(tmp_path, "apart", two_programs(authority, stranger.sign("bridge"))) as house:
        async with httpx2.AsyncClient(base_url=house.rest, trust_env=False) as client:
            is_ready = await ready(client)
            answer = await client.post("/v1/images/generations", json=order())

        assert (is_ready, answer.status_code) == (False, 503)
        assert not house.openai.bill


async def test_bridge_shows_its_new_certificate(authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    """A bridge with a new certificate is let in anew, and what was under way ends where it began."""
    paper, later = authority.sign("bridge"), authority.sign("bridge")
    async with open_house(tmp_path, "apart", two_programs(authority, paper)) as house:
        async with httpx2.AsyncClient(base_url=house.rest, trust_env=False, timeout=10) as client:
            gate = asyncio.Event()
            house.openai.next(held(gate))
            asking = asyncio.create_task(client.post("/v1/images/generations", json=order()))
            await until(lambda: house.openai.in_flight == 1)
            stranger.sign("bridge").put_in(paper)
            await eventually(lambda: ready(client, 503))
            gate.set()
            first = await asking
            later.put_in(paper)
            await eventually(lambda: ready(client, 200))
            second = await client.post("/v1/images/generations", json=order())

        assert len(pictures(first)) == len(pictures(second)) == 1
