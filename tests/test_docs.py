"""What the pages tell a stranger to do works as written."""

from __future__ import annotations

import asyncio
import re
import sys
import tomllib
from pathlib import Path

import pytest

from service.assembly import check
from service.config import parse
from tests.house import House

PROJECT = Path(__file__).parents[1]
PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


async def _run(*command: str, folder: Path) -> bytes:
    program = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    told, complaint = await asyncio.wait_for(program.communicate(), 60)
    assert program.returncode == 0, complaint.decode()
    return told


def _here(text: str, house: House) -> str:
    """The text with the addresses of this test's gateway."""
    return text.replace("http://127.0.0.1:8080", house.rest).replace("127.0.0.1:50051", house.grpc)


async def test_the_readmes_requests_work(house: House, tmp_path: Path) -> None:
    """The same request over curl, the OpenAI SDK, gRPC and the terminal, each as the README writes it."""
    curl, terminal = _blocks(PROJECT / "README.md", "sh")
    sdk, grpc = _blocks(PROJECT / "README.md", "python")

    answer = await _run("bash", "-c", _here(curl, house), folder=tmp_path)
    events = await _run(sys.executable, "-c", _here(sdk, house), folder=tmp_path)
    await _run(sys.executable, "-c", _here(grpc, house), folder=tmp_path)
    over_grpc = (tmp_path / "dusk.png").read_bytes()
    command = terminal.replace(".venv/bin/imagegen", f"IMAGEGEN_SERVICE={house.grpc} {sys.executable} -m terminal")
    await _run("bash", "-c", command, folder=tmp_path)

    assert b'"url":"http' in answer
    assert events.split()[0::2] == [b"image_generation.partial_image"] * 3 + [b"image_generation.completed"]
    assert over_grpc == (tmp_path / "dusk.png").read_bytes()


def test_the_configuration_of_the_pages_is_good() -> None:
    """Every block of the page on configuration together is a file that starts."""
    text = "\n".join(_blocks(PROJECT / "docs" / "configuration.md", "toml"))
    here = PROJECT / "tests" / "config" / "papers" / "tls"
    text = re.sub(r"/etc/imagegen/\w+/(?:tls|ca)", str(here), text)
    keys = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "a key of at least sixteen")

    check(parse(tomllib.loads(text), "configuration.md", keys))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file of the repository."""
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]
