"""What a person does at the terminal, and what the terminal says."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from service.access.permit import Permit
from service.domain.plan import Plan
from service.domain.request import ImageRequest
from service.engine.pipeline import Pipeline
from tests.house import House
from tests.terminal.programs import COMMAND, Finished, Place
from tests.upstreams.openai import fewer_images, status

pytestmark = pytest.mark.parametrize("house", ["together"], indirect=True)

SMALL = ("--size", "256x256", "--quality", "low")


async def generate(house: House, place: Place, prompt: str, *words: str) -> Finished:
    return await place.run("generate", prompt, "--service", house.grpc, *words)


def files(place: Place) -> list[str]:
    return sorted(path.name for path in place.work.iterdir())


def opened(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


def assert_one_line(result: Finished, said: str) -> None:
    """A failure is one line on standard error that says what it is, and nothing anywhere else."""
    assert (result.code, result.out) == (1, "")
    assert re.fullmatch(r"imagegen: [^\n]+\n", result.err), result.err
    assert said in result.err


async def test_generate(house: House, place: Place) -> None:
    """A picture is written under a name made from the prompt; its path, size, model, cost and time are told."""
    result = await generate(house, place, "A lighthouse, at dusk!", "--quality", "low")

    assert (result.code, result.err) == (0, "")
    assert files(place) == ["a-lighthouse-at-dusk.png"]
    assert (opened(place.work / "a-lighthouse-at-dusk.png").format) == "PNG"
    assert opened(place.work / "a-lighthouse-at-dusk.png").size == (1024, 1024)
    assert re.search(r"^a-lighthouse-at-dusk\.png  1024x1024  [\d,]+ KiB$", result.out, re.MULTILINE)
    assert re.search(r"^painter/scene  free  \d+\.\d s$", result.out, re.MULTILINE)


async def test_second_picture_spares_the_first(house: House, place: Place) -> None:
    """A name that is taken is left alone; a prompt without a letter has a name as well."""
    for prompt in ("a house", "a house", "???"):
        assert (await generate(house, place, prompt, *SMALL)).code == 0

    assert files(place) == ["a-house-2.png", "a-house.png", "picture.png"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("dusk.jpg", "JPEG"), ("dusk.JPEG", "JPEG"), ("new/dusk.webp", "WEBP"), ("dusk.gif", "GIF"), ("dusk.png", "PNG")],
)
async def test_output_says_the_format(house: House, place: Place, name: str, kind: str) -> None:
    """The ending of `-o` chooses the format, and its folder is made."""
    result = await generate(house, place, "dusk", *SMALL, "-o", name)

    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"{name}  256x256  ")
    assert (opened(place.work / name).format, opened(place.work / name).size) == (kind, (256, 256))


async def test_format_wins_over_the_ending(house: House, place: Place) -> None:
    """Who names a format gets it, under whatever name."""
    await generate(house, place, "dusk", *SMALL, "-o", "dusk.jpg", "--format", "webp")

    assert opened(place.work / "dusk.jpg").format == "WEBP"


async def test_many_pictures_are_numbered(house: House, place: Place) -> None:
    """With -n each picture has its number, and they differ."""
    result = await generate(house, place, "dusk", *SMALL, "-n", "2", "-o", "dusk.png")

    assert files(place) == ["dusk-1.png", "dusk-2.png"]
    assert [line.split("  ")[0] for line in result.out.split("\n")[:2]] == ["dusk-1.png", "dusk-2.png"]
    assert len({(place.work / name).read_bytes() for name in files(place)}) == 2


async def test_cost_and_changes_are_told(house: House, place: Place) -> None:
    """What a provider takes for it is told in dollars, and what became of a parameter that it has not."""
    result = await generate(house, place, "dusk", "-m", "openai/gpt-image-2", "--quality", "hd", "--seed", "42")

    assert (result.code, result.err) == (0, "")
    assert re.search(r"^openai/gpt-image-2  \$0\.\d+  \d+\.\d s$", result.out, re.MULTILINE)
    assert re.search(r"^quality hd → high: translated$", result.out, re.MULTILINE)
    assert re.search(r"^seed 42: dropped \(.+\)$", result.out, re.MULTILINE)


async def test_made_once(house: House, place: Place) -> None:
    """Under an idempotency key or a cache key the same picture comes back, nobody is asked, and that is told."""
    for key, told in (
        ("--idempotency-key", r"openai/gpt-image-2  repeated \(\$0\.\d+, the first time\)"),
        ("--cache-key", r"cache/openai/gpt-image-2  free"),
    ):
        billed = len(house.openai.bill)
        for name in ("one.png", "other.png"):
            result = await generate(house, place, "dusk", "-m", "openai/gpt-image-2", key, "dusk", "-o", name)
            assert (result.code, result.err) == (0, "")
        assert re.search(rf"^{told}  \d+\.\d s$", result.out, re.MULTILINE), result.out
        assert (place.work / "one.png").read_bytes() == (place.work / "other.png").read_bytes()
        assert len(house.openai.bill) == billed + 1


@pytest.mark.parametrize("option", ["--idempotency-key", "--cache-key"])
async def test_an_empty_key_is_refused(house: House, place: Place, option: str) -> None:
    """A script whose variable is empty is told so, before anything is made."""
    result = await generate(house, place, "dusk", option, "")

    assert (result.code, result.out, files(place)) == (2, "", [])
    assert f"Invalid value for '{option}': must not be empty" in result.err


async def test_strict_refuses_what_would_change(house: House, place: Place) -> None:
    """With --strict what a model does not take is refused by name, a ratio as well as anything else."""
    asked = ("-m", "openai/gpt-image-2", "--aspect-ratio", "7:1")
    result = await generate(house, place, "dusk", *asked, "--strict")

    assert_one_line(result, "aspect_ratio")
    assert house.openai.calls == 0


async def test_image_that_did_not_come_is_told(house: House, place: Place) -> None:
    """Of several pictures those that came are written, and those that did not are named."""
    house.openai.always(fewer_images(1))
    result = await generate(house, place, "dusk", "-m", "openai/gpt-image-2", "-n", "2", "-o", "dusk.png")

    assert files(place) == ["dusk-1.png"]
    assert re.search(r"^image 1 failed: .+$", result.out, re.MULTILINE)


async def test_text_of_callers_is_text(house: House, place: Place) -> None:
    """Brackets, colons and line breaks in a prompt or a path are not taken for anything else."""
    result = await generate(house, place, "[/bold] a :cat:\n[red]sky", *SMALL, "-o", "[red] :cat:.png")

    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("[red] :cat:.png  256x256")
    assert files(place) == ["[red] :cat:.png"]


async def test_long_path_is_one_line(house: House, place: Place) -> None:
    """A long path is printed in one piece, so that other programs can take it."""
    name = "/".join(["a folder with quite a long name"] * 5 + ["dusk.png"])
    result = await generate(house, place, "dusk", *SMALL, "-o", name)

    assert result.out.split("\n")[0].startswith(f"{name}  256x256  ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-m", "painter/scen"), 'There is no model "painter/scen" here. Nearest: painter/scene'),
        (("-m", "[/bold]"), "[/bold]"),
        (("--size", "huge"), "size must be"),
        (("-m", "keyless/gpt-image-2"), "not configured"),
        (("-m", "nobody/gpt-image-2"), "cannot be reached"),
        (("--fallback", "nonsense"), 'There is no model "nonsense" here.'),
    ],
    ids=["unknown model", "brackets", "bad size", "no key", "nobody there", "unknown fallback"],
)
async def test_failure_is_one_line(house: House, place: Place, words: tuple[str, ...], said: str) -> None:
    """What cannot be done is said in one line, with the parameter at fault; nothing is written."""
    result = await generate(house, place, "dusk", *words)

    assert_one_line(result, said)
    assert files(place) == []


async def test_providers_failure_is_one_line(house: House, place: Place) -> None:
    """A provider's failure is said in one line as well."""
    house.openai.always(status(503))

    assert_one_line(await generate(house, place, "dusk", "-m", "openai/gpt-image-2"), "overloaded")


async def test_unwritable_place_is_one_line(house: House, place: Place) -> None:
    """Where a picture cannot be written, that is said in one line."""
    place.work.mkdir()
    (place.work / "file").write_bytes(b"")

    assert_one_line(await generate(house, place, "dusk", *SMALL, "-o", "file/dusk.png"), "cannot be written")


COMMANDS = (["generate", "dusk"], ["models"], ["providers"], ["plan", "dusk"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
async def test_no_server_has_a_hint(house: House, place: Place, command: list[str]) -> None:
    """Where no server runs, it is said where it was looked for and what starts one."""
    assert_one_line(
        await place.run(*command, "--service", "127.0.0.1:1"), "Is it running at 127.0.0.1:1? `imagegen up` starts it."
    )


async def test_models(house: House, place: Place) -> None:
    """Every name is listed, with where it leads, what it takes, and whether it has what it needs."""
    result = await place.run("models", "--service", house.grpc)
    lines = {line.split()[0]: line for line in result.out.split("\n") if line.strip()}

    assert (result.code, result.err) == (0, "")
    assert "painter/scene" in lines["dall-e-3"]
    assert "any" in lines["painter/scene"]
    assert "not configured" in lines["keyless/gpt-image-2"]
    assert set(lines) >= {"dall-e-2", "gpt-image-1", "openai/gpt-image-2", "second/gpt-image-1.5"}


async def test_providers(house: House, place: Place) -> None:
    """Every provider with its keys by name, what it lists, and what is asked last for the time being."""
    house.openai.always(status(401))
    await place.run("generate", "dusk", "--service", house.grpc, "-m", "openai/gpt-image-2", *SMALL)
    result = await place.run("providers", "--service", house.grpc)

    assert (result.code, result.err) == (0, "")
    lines = {line.split()[0]: line for line in result.out.split("\n") if line.strip()}
    assert set(lines) >= {"painter", "openai", "second", "keyless", "nobody"}
    assert "not configured" in lines["keyless"]
    assert "main (1)" in lines["openai"]
    shown = " ".join(result.out.split())
    assert "gpt-image-2 with main: its" in shown
    assert house.openai.key not in result.out


async def test_plan(house: House, place: Place) -> None:
    """A plan says each step with its cost, what would change, and what is left out and why; and nothing is done."""
    words = ("--fallback", "keyless/gpt-image-2", "--fallback", "painter/scene", "--seed", "7", "--quality", "high")
    result = await place.run(
        "plan", "dusk", "--service", house.grpc, "-m", "openai/gpt-image-2", "--size", "1024x1024", *words
    )

    assert (result.code, result.err) == (0, "")
    assert "1. openai/gpt-image-2  at most $0.211" in result.out
    assert "   seed 7: dropped (" in result.out
    assert "2. painter/scene  at most $0 (prices of " in result.out
    assert re.search(r"^-  keyless/gpt-image-2: .*not configured", result.out, re.MULTILINE)
    assert house.openai.calls == 0


async def test_plan_is_of_what_generate_makes(house: House, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same words the very same request is planned and made, and planning it writes nothing."""
    requests: list[ImageRequest] = []
    make_plan = Pipeline.plan

    def plan(self: Pipeline, request: ImageRequest, permit: Permit) -> Plan:
        requests.append(request)
        return make_plan(self, request, permit)

    monkeypatch.setattr(Pipeline, "plan", plan)
    for command, written in (("plan", []), ("generate", ["dusk.jpg"])):
        result = await place.run(command, "dusk", "--service", house.grpc, *SMALL, "-o", "dusk.jpg")
        assert (result.code, result.err, files(place)) == (0, "", written)

    planned, made = requests
    assert planned == made


async def test_service_is_taken_from_the_environment(house: House, place: Place) -> None:
    """IMAGEGEN_SERVICE says where the service is."""
    result = await place.run(f"IMAGEGEN_SERVICE={house.grpc}", COMMAND, "models", program="/usr/bin/env")

    assert (result.code, "painter/scene" in result.out) == (0, True)
