"""Signals on Valkey: what they leave at the server, and how a URL leads to it."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.stores.signals.valkey import ValkeySignals
from tests.servers.valkey import Door, ValkeyServer
from tests.stores.test_signals import read


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    with capture_logs() as logs:
        yield logs


async def test_prefixes_keep_apart(valkey_url: str) -> None:
    """Two gateways with different prefixes share a server and nothing else."""
    one, other = (ValkeySignals(valkey_url, prefix=f"test-{secrets.token_hex(4)}:") for _ in range(2))
    async with one.subscribe("topic") as messages:
        await other.publish("topic", b"not ours")
        await one.publish("topic", b"ours")
        assert await read(messages, b"ours") == [b"ours"]
    assert [await each.count("key", expires=60) for each in (one, other)] == [1, 1]
    assert all([await each.take("lease", f"{number}", seconds=60) for number, each in enumerate((one, other))])
    await one.close()
    await other.close()


async def test_connections_are_few_and_end(valkey_server: ValkeyServer) -> None:
    """A crowd of callers, many of whom leave, and of listeners share few connections; at the end there are none."""
    operator = valkey_server.operator()
    signals = ValkeySignals(valkey_server.url)

    async def connections() -> int:
        return len(await operator.client_list()) - 1

    async def fall_to(number: int) -> None:
        """What is closed here is seen there a little later."""
        async with asyncio.timeout(5):
            while await connections() > number:  # noqa: ASYNC110 - what is watched has no event to wait for
                await asyncio.sleep(0.01)

    assert await connections() == 0
    calling = [asyncio.create_task(signals.count("key", expires=60)) for _ in range(500)]
    await asyncio.sleep(0.005)
    for each in calling[::2]:
        each.cancel()
    await asyncio.wait(calling)
    assert await connections() <= 16
    assert (await operator.info("stats"))["total_connections_received"] < 30  # none was thrown away with its caller
    async with AsyncExitStack() as stack:
        for number in range(100):
            await stack.enter_async_context(signals.subscribe(f"topic {number % 50}"))
        at_most = await connections()
        channels = await operator.pubsub_channels("imagegen:*")
    assert at_most <= 17
    assert len(channels) == 50
    for _ in range(20):
        async with signals.subscribe("topic"):
            pass
    await fall_to(at_most - 1)
    assert await operator.pubsub_channels() == []

    await signals.close()
    await fall_to(0)
    await operator.aclose()


async def test_one_topic_left_is_sent_no_more(valkey_server: ValkeyServer) -> None:
    """When the last listener leaves a topic the server stops sending it, while other topics go on."""
    operator = valkey_server.operator()
    signals = ValkeySignals(valkey_server.url)
    async with signals.subscribe("stays") as messages:
        async with signals.subscribe("goes"), signals.subscribe("goes"):
            assert sorted(await operator.pubsub_channels()) == [b"imagegen:goes", b"imagegen:stays"]
        assert await operator.pubsub_channels() == [b"imagegen:stays"]
        await signals.publish("stays", b"x")
        assert await read(messages, b"x") == [b"x"]
    await signals.close()
    await operator.aclose()


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
async def test_both_names_of_the_scheme_are_understood(valkey_server: ValkeyServer, scheme: str) -> None:
    """`valkey://` and `redis://` lead to the same place, with the options of a URL that do not contradict ours."""
    signals = ValkeySignals(f"{scheme}://{valkey_server.address}/3?max_connections=1&protocol=3&decode_responses=1")
    operator = valkey_server.operator()
    totals = await asyncio.gather(*(signals.count("key", expires=60) for _ in range(50)))

    assert sorted(totals) == list(range(1, 51))
    await operator.select(3)
    assert await operator.get("imagegen:count:key") == b"50"
    await signals.close()
    await operator.aclose()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """One for 127.0.0.1 that nobody vouches for but itself, and its key."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("openssl makes the certificate, and is not on this machine")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    names = "subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [openssl, *new.split(), "-addext", names, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    return certificate, key


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
async def test_tls_is_spoken_and_verified(
    valkey_server: ValkeyServer, certificate: tuple[Path, Path], logs: list[Any], scheme: str
) -> None:
    """With an `s` the server is reached over TLS, but only one that somebody trusted vouches for."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*certificate)
    async with Door(valkey_server, tls) as door:
        trusting = ValkeySignals(f"{scheme}://{door.address}?ssl_ca_certs={certificate[0]}")
        async with trusting.subscribe("topic") as messages:
            await trusting.publish("topic", b"x")
            assert await read(messages, b"x") == [b"x"]
        assert await trusting.count("key", expires=60) == 1
        assert await trusting.count("key", expires=60) == 2
        await trusting.close()
        assert not logs

        wary = ValkeySignals(f"{scheme}://{door.address}")
        assert await wary.count("key", expires=60) == 1
        await wary.close()
    assert [line["event"] for line in logs] == ["signals unreachable, each process goes on alone"]
