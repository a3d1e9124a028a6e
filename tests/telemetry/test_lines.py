"""What stands in the log: one line for each request and program, in JSON, and no word that is not ours."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2

from tests.rest.asking import GENERATIONS
from tests.terminal.programs import Place, Running
from tests.upstreams import openai as double
from tests.upstreams.openai import OpenAIDouble

SECRET = "planted-9d41"
TRACE = "0af7651916cd43dd8448eb211c80319c"
ORDER = {"model": "painter/scene", "prompt": "a fox", "size": "64x64"}


async def _said(program: str) -> list[dict[str, Any]]:
    """The lines that a few words of Python write."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE, stderr=PIPE)
    _, lines = await process.communicate()
    assert SECRET.encode() not in lines
    return [json.loads(line) for line in lines.splitlines()]


async def test_an_exception_is_its_type_and_its_places() -> None:
    """Its message may quote anything, and stays out."""
    (line,) = await _said(f"""
from service.telemetry import log, set_up_logs
set_up_logs()
def fail():
    raise ValueError("{SECRET}")
try:
    fail()
except ValueError as error:
    log("room").exception("failed", request_id="r1", exc_info=error)
""")

    assert (line["event"], line["level"], line["request_id"]) == ("failed", "error", "r1")
    assert line["exception"] == "ValueError"
    assert [place.split()[-1] for place in line["at"]] == ["<module>", "fail"]


async def test_a_library_says_what_it_was_written_to_say() -> None:
    """Its template, without what was filled in; its exceptions like ours."""
    plain, failed = await _said(f"""
import logging
from service.telemetry import set_up_logs
set_up_logs()
logging.getLogger("library").warning("refused %s", "{SECRET}")
try:
    raise KeyError("{SECRET}")
except KeyError:
    logging.getLogger("library").exception("failed")
""")

    assert (plain["event"], plain["level"]) == ("refused %s", "warning")
    assert (failed["event"], failed["exception"]) == ("failed", "KeyError")


async def test_what_nobody_caught_is_a_line_too() -> None:
    """Of the loop's own, which usually prints the whole exception."""
    (line,) = await _said(f"""
import asyncio, gc
from service.telemetry import on_loop_failure, set_up_logs
set_up_logs()
async def fail():
    raise OSError("{SECRET}")
async def main():
    asyncio.get_running_loop().set_exception_handler(on_loop_failure)
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    del task
    gc.collect()
asyncio.run(main())
""")

    assert (line["event"], line["exception"]) == ("unexpected failure", "OSError")


async def test_a_providers_words_need_the_operators(tmp_path: Path) -> None:
    """What a provider says of a failure may quote a prompt: it is logged only where content is recorded."""
    program = """
from service.telemetry import log, set_up_logs
set_up_logs(content={})
log("attempt").warning("attempt failed", provider_says="{}")
"""
    (without,) = await _said(program.format(False, SECRET))
    (recorded,) = await _said(program.format(True, "words"))

    assert "provider_says" not in without
    assert recorded["provider_says"] == "words"


async def test_a_failed_attempt_says_what_the_operator_needs(tmp_path: Path) -> None:
    """Which key, which word of the provider's: but no sentence, and not the key itself where a provider repeats it."""
    place = Place(tmp_path)
    config = tmp_path / "imagegen.toml"
    async with OpenAIDouble() as openai:
        config.write_text(
            f"[providers.openai]\nbase_url = '{openai.url}'\nkeys = [{{ name = 'main', value = '{openai.key}' }}]\n"
        )
        openai.next(
            double.refusing(double.Refusal(403, f"No access for {SECRET}.", type="forbidden", code="not_verified")),
            double.refusing(double.Refusal(403, f"No access for {SECRET}.", type="forbidden", code=openai.key)),
        )
        places = ("--data-dir", str(place.data), "--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
        async with place.running("up", "--config", str(config), *places) as program:
            async with httpx2.AsyncClient(base_url=program.rest, timeout=30) as client:
                for _ in range(2):
                    await client.post(GENERATIONS, json={**ORDER, "model": "openai/gpt-image-2", "size": "auto"})
            lines = await _lines(program)
    told, silent = (line for line in lines if line["event"] == "attempt failed")

    assert (told["credential"], told["code"], told["status"]) == ("key main", "not_verified", 403)
    assert silent["code"] == "forbidden" or silent["code"] is None
    assert SECRET not in json.dumps(lines)
    assert openai.key not in json.dumps(lines)


async def _asked(rest: str) -> None:
    """One request that goes to the service, two that the bridge answers, each with an id and a trace."""
    traced = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    async with httpx2.AsyncClient(base_url=rest, headers=traced, timeout=30) as client:
        good = await client.post(GENERATIONS, json=ORDER, headers={"x-request-id": "good"})
        bad = await client.post(GENERATIONS, json={"prompt": 7}, headers={"x-request-id": "bad"})
        lost = await client.get("/nothing", headers={"x-request-id": "lost"})
    assert (good.status_code, bad.status_code, lost.status_code) == (200, 400, 404)


async def _lines(*programs: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for program in programs:
        program.tell(signal.SIGTERM)
        text = (await program.ended()).err
        found += [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return found


def _events(lines: Sequence[dict[str, Any]], request: str) -> list[tuple[str, Any]]:
    of = [line for line in lines if line.get("request_id") == request]
    assert all(line["trace_id"] == TRACE for line in of)
    return [(line["event"], line.get("code") or line.get("status")) for line in of]


async def test_a_request_is_one_line(tmp_path: Path) -> None:
    """In one process it is told by whoever answered it: the service, or the bridge alone."""
    place = Place(tmp_path)
    places = ("--data-dir", str(place.data), "--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
    async with place.running("up", *places) as program:
        await _asked(program.rest)
        lines = await _lines(program)

    assert _events(lines, "good") == [("call", "OK")]
    assert _events(lines, "bad") == [("request", 400)]
    assert _events(lines, "lost") == [("request", 404)]


async def test_two_programs_have_a_line_each(tmp_path: Path) -> None:
    """Where they run apart, each logs what it answered, under one id and one trace."""
    place = Place(tmp_path)
    async with (
        place.running("service", "--data-dir", str(place.data), "--grpc", "127.0.0.1:0") as service,
        place.running("bridge", "--rest", "127.0.0.1:0", "--service", service.grpc) as bridge,
    ):
        await _asked(bridge.rest)
        lines = await _lines(bridge, service)

    assert _events(lines, "good") == [("request", 200), ("call", "OK")]
    assert _events(lines, "bad") == [("request", 400)]
    assert _events(lines, "lost") == [("request", 404)]
