"""What the terminal tells of the books: sums, lines, stories; for persons and for programs."""

from __future__ import annotations

import asyncio
import json
import re
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from imagegen import Client, ImagegenError, v1
from imagegen.report import dollars

from tests.house import House, open_house, settled
from tests.terminal.programs import COMMAND, PATIENCE, Finished, Place, finished
from tests.upstreams.openai import faithful, fewer_images, held, status

pytestmark = pytest.mark.parametrize("house", ["together"], indirect=True)

MODEL = "openai/gpt-image-2"
ODD = "[/bold]\x1b[31m :cat:"
"""A name that a terminal might obey."""


async def some(house: House) -> list[v1.Report]:
    """A request that is tried elsewhere, one that comes in part, a painted one, and one that is refused: accounts."""
    house.openai.next(status(500), faithful(), fewer_images(1))
    async with Client(house.grpc) as client:
        asked: list[dict[str, Any]] = [
            {"model": MODEL, "fallbacks": ["second/gpt-image-1.5"], "seed": 5, "size": "1024x1024", "quality": "low"},
            {"model": MODEL, "n": 2, "size": "1024x1024", "quality": "low"},
            {"model": "dall-e-3", "size": "256x256"},
        ]
        reports = [(await client.generate("a fox", **words)).message.report for words in asked]
        with pytest.raises(ImagegenError):
            await client.generate("a fox", model=ODD)
    await settled(house)
    return reports


async def ask(house: House, place: Place, *words: str) -> Finished:
    return await place.run(*words, "--service", house.grpc)


def table(text: str) -> dict[str, list[str]]:
    """The lines of a table by what they begin with."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if line.strip()]
    return {first: rest for first, *rest in lines}


async def test_usage(house: House, place: Place) -> None:
    """Sums are told in a table, to the millionth of a dollar, with a total in which nothing is counted twice."""
    costs = [each.cost_micro_usd for each in await some(house)]
    result = await ask(house, place, "usage", "--by", "provider")
    told = table(result.out)

    assert (result.code, result.err) == (0, "")
    assert told["provider"] == ["requests", "attempts", "images", "cost", "presumed", "tokens in", "tokens out"]
    assert told["openai"][:5] == ["2", "2", "1", f"${dollars(costs[1])}", "$0"]
    assert told["second"][:5] == ["1", "1", "1", f"${dollars(costs[0])}", "$0"]
    assert told["painter"][:5] == ["1", "1", "1", "$0", "$0"]
    assert told["-"] == ["1", "0", "0", "$0", "$0", "0", "0"]
    assert told["total"][:5] == ["4", "4", "3", f"${dollars(house.openai.billed_micro_usd)}", "$0"]


async def test_usage_of_some(house: House, place: Place) -> None:
    """Sums are split by several things at once, and only what is asked for is counted."""
    await some(house)
    both = await ask(house, place, "usage", "--by", "day, state", "--since", "1h")
    old = await ask(house, place, "usage", "--until", "2020-01-01", "--since", "2019-01-01T12:30")
    painted = await ask(house, place, "usage", "--provider", "painter", "--by", "model")

    rows = [re.split(r"\s{2,}", line)[1:3] for line in both.out.splitlines()[1:-1]]
    assert rows == [["done", "2"], ["failed", "1"], ["partial", "1"]]
    assert re.match(r"\d{4}-\d\d-\d\d  ", both.out.splitlines()[1])
    assert old.out.split()[-7:] == ["0", "0", "0", "$0", "$0", "0", "0"]
    assert list(table(painted.out)) == ["model", "dall-e-3", "total"]


async def test_json_is_the_contracts(house: House, place: Place) -> None:
    """What programs read is the contract's own message, whole."""
    await some(house)
    async with Client(house.grpc) as client:
        summed = await client.usage(by=[v1.USAGE_GROUPING_MODEL])
        listed = (await client.requests()).requests
        story = await client.request(listed[1].id)
    sums = await ask(house, place, "usage", "--by", "model", "--json")
    lines = await ask(house, place, "logs", "--json")
    one = await ask(house, place, "logs", "--json", "--request", listed[1].id)

    assert ParseDict(json.loads(sums.out), v1.SumUsageResponse()) == summed
    told = [ParseDict(json.loads(line), v1.RecordedRequest()) for line in lines.out.splitlines()]
    assert told == list(reversed(listed))
    assert ParseDict(json.loads(one.out), v1.GetRequestResponse()) == story


async def test_logs(house: House, place: Place) -> None:
    """A line for each request, the newest last: when, how it stands, what and where, how much, its name, why not."""
    fell_back, partial, painted = await some(house)
    result = await ask(house, place, "logs")
    lines = [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ", "", line) for line in result.out.splitlines()]
    plain = [re.sub(r"\d+\.\d s", "T", line) for line in lines]

    assert (result.code, result.err) == (0, "")
    costs = [f"${dollars(each.cost_micro_usd)}" for each in (fell_back, partial)]
    assert plain[:3] == [
        f"done     {MODEL} → second/gpt-image-1.5  1/1  T  {costs[0]}  {fell_back.request_id}",
        f"partial  {MODEL}  1/2  T  {costs[1]}  {partial.request_id}  provider_no_image",
        f"done     dall-e-3 → painter/scene  1/1  T  free  {painted.request_id}",
    ]
    assert re.fullmatch(r"failed   \[/bold\]\\x1b\[31m :cat:  0/1  T  free  [0-9a-f]{32}  invalid_parameter", plain[3])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-n", "2"), ["done", "failed"]),
        (("--state", "partial"), ["partial"]),
        (("--model", "dall-e-3"), ["done"]),
        (("--provider", "openai"), ["done", "partial"]),
        (("--until", "1h"), []),
        (("--since", "1h", "--state", "failed"), ["failed"]),
        (("--key-id", "k"), []),
    ],
    ids=lambda words: " ".join(words),
)
async def test_logs_of_some(house: House, place: Place, words: tuple[str, ...], told: list[str]) -> None:
    """Only those are told that are asked for."""
    await some(house)
    result = await ask(house, place, "logs", *words)

    assert [line.split()[2] for line in result.out.splitlines()] == told


async def test_story(house: House, place: Place) -> None:
    """One request is told whole: what was tried, what it cost and by which prices, what became of each parameter."""
    report, *_ = await some(house)
    result = await ask(house, place, "logs", "--request", report.request_id)
    cost = f"${dollars(report.cost_micro_usd)}"

    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"{report.request_id}  done  ")
    for line in (
        r"began    \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, ended \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, \d\.\d s",
        f"model    {MODEL} → second/gpt-image-1.5",
        "images   1 of 1",
        rf"cost     \{cost}",
        "trace    [0-9a-f]{32}",
        rf"  1\. {MODEL}  rejected  provider_error  500  \d\.\d s  free",
        rf"  2\. second/gpt-image-1\.5  done  \d\.\d s  1 image  \{cost}",
        r"  quality low: applied",
        r"  seed 5: dropped \(.+\)",
        r"  1\. 1024x1024, quality low: at most \$[\d.]+, by the prices of \d{4}-\d\d-\d\d \([0-9a-f]{16}\)",
        r"     tokens: \d+ in, \d+ out",
        r"     an image of 1024x1024, quality low: \$[\d.]+",
        r"     a million tokens: text in \$[\d.]+, image in \$[\d.]+, text out \$[\d.]+, image out \$[\d.]+",
    ):
        assert re.search(rf"^{line}$", result.out, re.MULTILINE), line
    assert "prompt" not in result.out
    assert "pictures" not in result.out


async def test_story_of_what_is_under_way(house: House, place: Place) -> None:
    """While a request goes on that is said, with what is held; afterwards what was left out and why it failed."""
    gate = asyncio.Event()
    house.openai.next(status(500) | held(gate))
    async with Client(house.grpc) as client:
        asking = asyncio.create_task(client.generate("a fox", model=MODEL, fallbacks=["keyless/gpt-image-2"]))
        await house.openai.accepted(1)
        (request,) = (await client.requests()).requests
        under_way = await ask(house, place, "logs", "--request", request.id)
        line = await ask(house, place, "logs")
        gate.set()
        with pytest.raises(ImagegenError):
            await asking
    over = await ask(house, place, "logs", "--request", request.id)

    assert re.search(rf"^cost     free, and \${dollars(request.held_micro_usd)} held$", under_way.out, re.MULTILINE)
    assert f"  1. {MODEL}  under way  free\n" in under_way.out
    assert "  running  " in line.out
    assert "reason   provider_error\n" in over.out
    assert "\nleft out\n  keyless/gpt-image-2: " in over.out


async def test_follow(house: House, place: Place) -> None:
    """Whoever follows is told each request once, when it ends: also one that was under way before."""
    gate = asyncio.Event()
    async with Client(house.grpc) as client:
        house.openai.next(held(gate))
        await client.generate("a fox", model="painter/scene", size="256x256")
        slow = asyncio.create_task(client.generate("a fox", model=MODEL))
        await house.openai.accepted(1)
        process = await place.start("logs", "--follow", "--service", house.grpc)
        try:
            assert "painter/scene" in await line_of(process)
            with pytest.raises(ImagegenError):
                await client.generate("a fox", model="no/such")
            assert "no/such" in await line_of(process)
            gate.set()
            await slow
            assert MODEL in await line_of(process)
            await client.generate("a fox", model="dall-e-3", size="256x256")
            assert "dall-e-3 → painter/scene" in await line_of(process)
        finally:
            process.terminate()
            rest = await finished(process)
    assert rest.out == ""


async def line_of(process: Process) -> str:
    assert process.stdout
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()


@pytest.mark.parametrize("more", ["", "--json"])
async def test_reader_who_has_seen_enough(house: House, place: Place, more: str) -> None:
    """Who reads the first line only is not told of a failure."""
    async with Client(house.grpc) as client:
        for _ in range(200):
            with pytest.raises(ImagegenError):
                await client.generate("a fox", model="no/such/model" * 15)
    await settled(house)
    told = await place.run("-c", f"{COMMAND} logs -n 200 {more} --service {house.grpc} | head -1", program="/bin/bash")

    assert (told.code, told.err, len(told.out.splitlines())) == (0, "", 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("logs", "--request", "nobody"), "There is no request of that id in the books."),
        (("usage", "--since", "2026-11-02", "--until", "2026-11-01"), "filter.until must not be before filter.since."),
    ],
    ids=["unknown request", "backwards"],
)
async def test_failure_is_one_line(house: House, place: Place, words: tuple[str, ...], said: str) -> None:
    """What cannot be told is said in one line."""
    result = await ask(house, place, *words)

    assert (result.code, result.out, result.err) == (1, "", f"imagegen: {said}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("logs", "--since", "soon"), '"soon" is neither like 7d, 12h, 30m nor a date like 2026-11-01T12:30.'),
        (("logs", "--since", "9" * 30 + "d"), "is neither like 7d"),
        (("usage", "--by", "day,moon"), '"moon" is none of day, model, provider, key, team, customer, state.'),
        (("logs", "--state", "good"), "is not one of 'running'"),
        (("logs", "-o", "here"), "-o goes with --request"),
        (("logs", "-n", "0"), "is not in the range"),
        (("logs", "--request", "x", "-n", "50"), "-n does not go with --request"),
        (("logs", "--request", "x", "-f"), "--follow does not go with --request"),
        (("logs", "--request", "x", "--since", "1h"), "--since does not go with --request"),
        (("logs", "--request", "x", "--until", "1h"), "--until does not go with --request"),
        (("logs", "--request", "x", "--model", "m"), "--model does not go with --request"),
        (("logs", "--request", "x", "--team-id", "t"), "--team-id does not go with --request"),
    ],
    ids=lambda words: " ".join(words)[:40],
)
async def test_words_that_make_no_sense(house: House, place: Place, words: tuple[str, ...], said: str) -> None:
    """What cannot be meant is refused before anybody is asked, with what can be."""
    result = await ask(house, place, *words)

    assert (result.code, result.out) == (2, "")
    assert said in result.err


@pytest.mark.parametrize("command", ["usage", "logs"])
async def test_no_server_has_a_hint(house: House, place: Place, command: str) -> None:
    """Where no server runs, it is said what starts one."""
    result = await place.run(command, "--service", "127.0.0.1:1")

    assert result.code == 1
    assert "`imagegen up` starts it." in result.err


@pytest.fixture
async def recording(tmp_path: Path, house: House) -> AsyncGenerator[House]:
    """A second house beside the one that every test of this file has."""
    directory = tmp_path / "recording"
    directory.mkdir()
    async with open_house(directory, "together", {"telemetry": {"record_content": True}}) as opened:
        yield opened


async def test_recorded_content(recording: House, place: Place) -> None:
    """Where the operator records content, the prompt is told, safely, and the pictures are saved on demand."""
    async with Client(recording.grpc) as client:
        answer = await client.generate("a fox\n\x1b[31m at dusk", model="painter/scene", size="256x256", n=2)
    words = ("logs", "--request", answer.message.report.request_id)
    told = await ask(recording, place, *words)
    saved = await ask(recording, place, *words, "-o", "new/pictures")

    names: list[Any] = re.findall(r"^  ([0-9a-f]{32}\.png)$", told.out, re.MULTILINE)
    assert "\nprompt\n  a fox\n  \\x1b[31m at dusk\n" in told.out
    assert len(names) == 2
    assert saved.out.startswith(told.out)
    assert saved.out.splitlines()[-2:] == [f"new/pictures/{name}" for name in names]
    pictures = [(place.work / "new/pictures" / name).read_bytes() for name in names]
    assert sorted(pictures) == sorted(answer.pictures)
