"""`imagegen up`, and the two programs apart: started, asked, and stopped without losing anybody."""

from __future__ import annotations

import asyncio
import io
import re
import resource
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import aiohttp
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from imagegen import Client, connect
from PIL import Image

from tests.terminal.programs import PATIENCE, Finished, Place
from tests.upstreams.openai import OpenAIDouble, held

ANYWHERE = ("--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
BODY = {"model": "openai/gpt-image-2", "prompt": "dusk", "response_format": "b64_json"}


def up(place: Place, *words: str) -> tuple[str, ...]:
    return ("up", *ANYWHERE, "--data-dir", str(place.data), *words)


def written(place: Place, text: str) -> str:
    path = place.directory / "imagegen.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def leading_to(openai: OpenAIDouble, place: Place, grace: str = "30s", more: str = "") -> str:
    """A configuration that leads to the double."""
    return written(
        place,
        f'[providers.openai]\nbase_url = "{openai.url}"\nkeys = [{{ value = "{openai.key}" }}]\n'
        f'[drain]\ngrace = "{grace}"\n{more}',
    )


async def shown(url: str) -> Image.Image:
    """The picture behind an address."""
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        assert (answer.status, answer.content_type) == (200, "image/png")
        return Image.open(io.BytesIO(await answer.read()))


async def generate(rest: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as client, client.post(f"{rest}/v1/images/generations", json=BODY) as answer:
        return answer.status, await answer.json()


async def readiness(target: str) -> AsyncGenerator[int, None]:
    """What the service says of itself to balancers, as it changes."""
    async with connect(target) as channel:
        watch = cast(Any, health_pb2_grpc.HealthStub(channel)).Watch  # its stubs know no aio
        call = watch(health_pb2.HealthCheckRequest(service="imagegen.v1.ImageGeneration"))
        try:
            async for answer in call:
                yield answer.status
        finally:
            call.cancel()


def said_in(err: str) -> str:
    """The one line that is said to a person, between the lines of JSON that are for others."""
    (line,) = [line for line in err.split("\n") if line and not line.startswith("{")]
    return line


def assert_stopped_well(result: Finished, place: Place) -> None:
    assert result.code == 0, result.err
    assert place.sockets() == []
    assert place.left() == []
    assert "Traceback" not in result.err


async def test_pasted_line_ends_in_a_picture(place: Place) -> None:
    """The first line printed works as pasted and ends in the address of a picture, which lasts as long as it says."""
    async with place.running(*up(place)) as running:
        pasted = await place.run("-c", running.curl, program="/bin/bash")
        url = pasted.out.strip()

        assert (pasted.code, pasted.err) == (0, "")
        assert url.startswith(f"{running.rest}/v1/files/")
        assert (await shown(url)).size == (1024, 1024)
        running.tell()
        assert_stopped_well(await running.ended(), place)


async def test_both_addresses_serve(place: Place) -> None:
    """The gRPC address printed is one, and both tell of the same models."""
    async with place.running(*up(place)) as running:
        async with Client(running.grpc) as client:
            models = await client.models()
        async with aiohttp.ClientSession() as client, client.get(f"{running.rest}/v1/models") as answer:
            assert [each["id"] for each in (await answer.json())["data"]] == list(models)


async def test_it_may_open_as_many_files_as_the_system_allows(place: Place) -> None:
    """Every waiting request holds two, and a login shell's usual limit would be reached by five hundred."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))  # what the program is started with
    try:
        async with place.running(*up(place)) as running:
            soft, hard = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert soft == hard


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_what_is_under_way_is_finished(place: Place, number: signal.Signals) -> None:
    """Told to stop, it says that it is not ready, takes nobody new, finishes what is under way, and ends well."""
    gate = asyncio.Event()
    async with OpenAIDouble() as openai, place.running(*up(place, "--config", leading_to(openai, place))) as running:
        openai.always(held(gate))
        async with asyncio.TaskGroup() as group, aclosing(readiness(running.grpc)) as ready:
            assert await anext(ready) == health_pb2.HealthCheckResponse.SERVING
            waiting = group.create_task(generate(running.rest))
            await openai.accepted(1)
            running.tell(number)
            async with asyncio.timeout(PATIENCE):
                assert await anext(ready) == health_pb2.HealthCheckResponse.NOT_SERVING
            assert await is_not_ready(running.rest)
            assert not waiting.done()
            gate.set()
            status, answer = await waiting
        result = await running.ended()

    assert (status, len(answer["data"])) == (200, 1)
    assert "stopping" in result.err
    assert_stopped_well(result, place)


async def test_what_hangs_is_given_up(place: Place) -> None:
    """What is still under way when the grace is over is given up: its caller is told, and the program ends well."""
    async with OpenAIDouble() as openai:
        openai.always(held(asyncio.Event()))
        async with place.running(*up(place, "--config", leading_to(openai, place, "200ms"))) as running:
            waiting = asyncio.create_task(generate(running.rest))
            await openai.accepted(1)
            running.tell()
            result = await running.ended()
        (told,) = await asyncio.gather(waiting, return_exceptions=True)

    assert_stopped_well(result, place)
    if not isinstance(told, aiohttp.ClientConnectionError):
        assert not isinstance(told, BaseException), told
        assert (told[0], told[1]["status_code"], told[1]["is_bifrost_error"]) == (503, 503, True)


async def test_told_twice_it_ends_at_once(place: Place) -> None:
    """Told a second time, it does not wait any longer."""
    async with OpenAIDouble() as openai, place.running(*up(place, "--config", leading_to(openai, place))) as running:
        openai.always(held(asyncio.Event()))
        waiting = asyncio.create_task(generate(running.rest))
        await openai.accepted(1)
        running.tell()
        assert running.process.stderr is not None
        while b"stopping" not in await running.process.stderr.readline():
            pass
        running.tell()
        assert (await running.ended()).code == 1
        await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize("which", ["rest", "grpc", "liveness"])
async def test_taken_port_is_one_line(place: Place, which: str) -> None:
    """A port that is taken is told in one line that names it; nothing is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        config = written(place, f'[telemetry]\nliveness = "{address}"\n' if which == "liveness" else "")
        words = () if which == "liveness" else (f"--{which}", address)
        result = await place.run(*up(place, "--config", config, *words))

    assert (result.code, result.out) == (1, "")
    assert re.fullmatch(rf"imagegen: .*{re.escape(address)}.*", said_in(result.err))
    assert (place.sockets(), place.left()) == ([], [])


@pytest.mark.parametrize(
    "words",
    [
        ("up", "--rest", "0.0.0.0:0", "--grpc", "127.0.0.1:0"),
        ("up", "--rest", "127.0.0.1:0", "--grpc", "0.0.0.0:0"),
        ("up", "--rest", "[::]:0", "--grpc", "127.0.0.1:0"),
        ("service", "--grpc", "[::]:0"),
    ],
    ids=lambda words: " ".join(words),
)
async def test_open_doors_are_refused(place: Place, words: tuple[str, ...]) -> None:
    """While access is open, a listener that others could reach is refused in one line that says why and what to do."""
    result = await place.run(*words, "--data-dir", str(place.data))

    assert (result.code, result.out) == (1, "")
    assert re.fullmatch(r"imagegen: .*access is open to everyone; listen on 127\.0\.0\.1.*", said_in(result.err))
    assert (place.sockets(), place.left()) == ([], [])


async def test_programs_apart_work_together(place: Place) -> None:
    """The service and the bridge, started apart, do the same together; the bridge shows nobody else an open service."""
    config = written(place, '[service]\nlisten = "127.0.0.1:0"\n')
    data = ("--config", config, "--data-dir", str(place.data))
    async with place.running("service", *data) as service:
        async with place.running("bridge", "--rest", "127.0.0.1:0", "--service", service.grpc) as bridge:
            pasted = await place.run("-c", bridge.curl, program="/bin/bash")
            assert (await shown(pasted.out.strip())).size == (1024, 1024)
            bridge.tell()
            assert_stopped_well(await bridge.ended(), place)

        refused = await place.run("bridge", "--rest", "0.0.0.0:0", "--service", service.grpc)
        assert (refused.code, refused.out) == (1, "")
        assert re.fullmatch(r"imagegen: 0\.0\.0\.0 .*access is open to everyone.*", said_in(refused.err))
        service.tell()
        assert_stopped_well(await service.ended(), place)


async def test_ipv6(place: Place) -> None:
    """On IPv6's loopback the addresses printed work as they stand."""
    words = ("up", "--rest", "[::1]:0", "--grpc", "[::1]:0", "--data-dir", str(place.data))
    async with place.running(*words) as running:
        pasted = await place.run("-c", running.curl, program="/bin/bash")
        assert (await shown(pasted.out.strip())).size == (1024, 1024)
        models = await place.run("models", "--service", running.grpc)
        assert (models.code, models.err) == (0, "")


async def test_deep_data_directory(place: Place) -> None:
    """Where the data directory's path is too long for a socket, both programs find each other all the same."""
    deep = place.data / ("deep" * 20) / ("deeper" * 20)
    async with place.running("up", *ANYWHERE, "--data-dir", str(deep)) as running:
        pasted = await place.run("-c", running.curl, program="/bin/bash")
        assert (await shown(pasted.out.strip())).size == (1024, 1024)
        assert place.sockets() == []


async def is_not_ready(rest: str) -> bool:
    """Whether the bridge turns newcomers away: by its word, or by taking no connection any more."""
    try:
        async with aiohttp.ClientSession() as client, client.get(f"{rest}/health/ready") as answer:
            return answer.status == 503
    except aiohttp.ClientConnectionError:
        return True


async def test_who_may_connect_is_configured(place: Place) -> None:
    """The names, the sites and the number of connections in the file are those in force."""
    config = written(place, '[bridge]\nmax_connections = 1\nhosts = ["img.example"]\ncors = ["https://app.example"]\n')
    asking = {"host": "img.example", "origin": "https://app.example"}
    async with place.running(*up(place, "--config", config)) as running:
        health = f"{running.rest}/health"
        async with aiohttp.ClientSession() as client, client.get(health) as answer:
            assert answer.status == 421
        async with aiohttp.ClientSession() as client, aiohttp.ClientSession() as other:
            async with client.get(health, headers=asking) as answer:
                assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://app.example")
                await answer.read()  # or the connection would not be kept
            async with other.get(health, headers=asking) as answer:
                assert answer.status == 503
