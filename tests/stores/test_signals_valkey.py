"""Signals on Valkey: what they leave at the server, and how a URL leads to it."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from service.stores.signals.valkey import ValkeySignals
from tests.servers.valkey import Door, ValkeyServer
from tests.stores.test_signals import read

Opener = Callable[..., ValkeySignals]


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    with capture_logs() as logs:
        yield logs


async def test_prefixes_keep_apart(valkey_url: str, open_signals: Opener) -> None:
    """Two gateways with different prefixes share a server and nothing else."""
    one, other = (open_signals(valkey_url, prefix=f"test-{secrets.token_hex(4)}:") for _ in range(2))
    async with one.subscribe("topic") as messages:
        await other.publish("topic", b"not ours")
        await one.publish("topic", b"ours")
        assert await read(messages, b"ours") == [b"ours"]
    assert [await each.count("key", expires=60) for each in (one, other)] == [1, 1]
    assert await one.take("lease", "a", seconds=60)
    assert await other.take("lease", "b", seconds=60)


async def falls_to(number: int, count: Callable[[], Awaitable[int]]) -> None:
    """What is closed here is seen at the server a little later."""
    async with asyncio.timeout(5):
        while await count() > number:  # noqa: ASYNC110 - what is watched has no event to wait for
            await asyncio.sleep(0.01)


async def test_connections_are_few_and_end(valkey_server: ValkeyServer, open_signals: Opener) -> None:
    """A crowd of callers, many of whom leave, and of listeners share few connections; at the end there are none."""
    signals = open_signals(valkey_server.url)
    async with valkey_server.operator() as looking:

        async def connections() -> int:
            return len(await looking.client_list()) - 1

        assert await connections() == 0
        for turn in range(50):
            calling = [asyncio.create_task(signals.count("key", expires=60)) for _ in range(50)]
            for _ in range(turn % 10):
                await asyncio.sleep(0)
            for each in calling[::2]:
                each.cancel()
            await asyncio.wait(calling)
        assert await connections() <= 16
        assert (await looking.info("stats"))["total_connections_received"] < 30  # none was thrown away with its caller

        async with AsyncExitStack() as stack:
            for number in range(100):
                await stack.enter_async_context(signals.subscribe(f"topic {number % 50}"))
            at_most = await connections()
            assert at_most <= 17
            assert len(await looking.pubsub_channels()) == 50
        for _ in range(20):
            async with signals.subscribe("topic"):
                pass
        await falls_to(at_most - 1, connections)
        assert await looking.pubsub_channels() == []

        await signals.close()
        await falls_to(0, connections)


async def test_closing_leaves_no_connection(valkey_server: ValkeyServer, open_signals: Opener) -> None:
    """Also that on which a call was under way, or a subscription begun, is closed."""
    async with valkey_server.operator() as looking:

        async def connections() -> int:
            return len(await looking.client_list()) - 1

        for turn in range(20):
            signals = open_signals(valkey_server.url)
            calls = [asyncio.create_task(signals.count("key", expires=60)) for _ in range(5)]
            entering = asyncio.create_task(signals.subscribe("topic").__aenter__())
            for _ in range(turn):
                await asyncio.sleep(0)
            await signals.close()
            await asyncio.wait([*calls, entering])
            await falls_to(0, connections)


async def test_one_topic_left_is_sent_no_more(valkey_server: ValkeyServer, open_signals: Opener) -> None:
    """When the last listener leaves a topic the server stops sending it, while other topics go on."""
    signals = open_signals(valkey_server.url)
    async with valkey_server.operator() as looking, signals.subscribe("stays") as messages:
        async with signals.subscribe("goes"), signals.subscribe("goes"):
            assert sorted(await looking.pubsub_channels()) == [b"imagegen:goes", b"imagegen:stays"]
        assert await looking.pubsub_channels() == [b"imagegen:stays"]
        await signals.publish("stays", b"x")
        assert await read(messages, b"x") == [b"x"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory:",
        "http://localhost",
        "unix:///run/valkey.sock",
        "redis://:sec/ret@localhost:6379",
        "redis://user:12/34secret@localhost",
        "redis://:secret@localhost:port",
        "redis://:secret@localhost?nonsense=1",
        "redis://:secret@localhost?db=x",
        "rediss://:secret@localhost?ssl_cert_reqs=sometimes",
    ],
)
def test_what_is_no_url_of_a_server_is_refused(url: str) -> None:
    """It is refused at once, in words that show nothing of it."""
    with pytest.raises(ValueError, match="not a URL of a Valkey or Redis server") as refused:
        ValkeySignals(url)

    assert "secret" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
async def test_both_names_of_the_scheme_are_understood(
    valkey_server: ValkeyServer, open_signals: Opener, scheme: str
) -> None:
    """`valkey://` and `redis://` lead to the same place, with the options of a URL that do not contradict ours."""
    options = "max_connections=1&protocol=3&decode_responses=1"
    signals = open_signals(f"{scheme}://{valkey_server.address}/3?{options}")
    totals = await asyncio.gather(*(signals.count("key", expires=60) for _ in range(50)))

    assert sorted(totals) == list(range(1, 51))
    async with valkey_server.operator() as looking:
        await looking.select(3)
        assert await looking.get("imagegen:count:key") == b"50"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """One for 127.0.0.1 that nobody vouches for but itself, and its key."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, secret.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, key


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
async def test_tls_is_spoken_and_verified(
    valkey_server: ValkeyServer, open_signals: Opener, certificate: tuple[Path, Path], logs: list[Any], scheme: str
) -> None:
    """With an `s` the server is reached over TLS, but only one that somebody trusted vouches for."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*certificate)
    async with Door(valkey_server, tls) as door:
        trusting = open_signals(f"{scheme}://{door.address}?ssl_ca_certs={certificate[0]}")
        async with trusting.subscribe("topic") as messages:
            await trusting.publish("topic", b"x")
            assert await read(messages, b"x") == [b"x"]
        assert [await trusting.count("key", expires=60) for _ in range(2)] == [1, 2]
        assert not logs

        wary = open_signals(f"{scheme}://{door.address}")
        assert await wary.count("key", expires=60) == 1
        assert [line["event"] for line in logs] == ["signals unreachable, each process goes on alone"]
        await wary.close()
        await trusting.close()
