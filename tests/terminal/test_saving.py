"""Pictures of the books are saved under the server's names for them, which may be anything."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import pytest
from click.testing import CliRunner, Result
from imagegen import v1

from terminal import speaking
from terminal.__main__ import main


class Foreign:
    """A client of a server that gives its one picture such a name."""

    name = ""

    def __init__(self, target: str, **_: object) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def request(self, name: str) -> v1.GetRequestResponse:
        return v1.GetRequestResponse(request=v1.RecordedRequest(id=name), images=[v1.FileRef(file_id=self.name)])

    async def read(self, image: v1.FileRef) -> bytes:
        return b"a picture"


def save(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(Foreign, "name", name)
    monkeypatch.setattr(speaking, "Client", Foreign)
    return CliRunner().invoke(main, ["logs", "--request", "one", "-o", str(folder / "out")])


def files(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


@pytest.mark.parametrize(
    "name", ["a.png", "../a.png", "/etc/a.png", "recorded/a.png"], ids=lambda name: name.replace("/", "|")
)
def test_only_the_last_part_counts(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No name leads out of the folder that was asked for."""
    result = save(name, tmp_path, monkeypatch)

    assert (result.exit_code, result.stderr) == (0, "")
    assert files(tmp_path) == ["out/a.png"]


@pytest.mark.parametrize("name", ["", "..", "a/", ".bashrc", "-rf", "a\nb", "\x1b[31m", "a b", "a\\b"], ids=repr)
def test_what_is_no_name_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no plain name is not written, and said in one line; the terminal gets nothing that it would obey."""
    result = save(name, tmp_path, monkeypatch)

    assert result.exit_code == 1
    assert result.stderr == "imagegen: the server gave a picture a name that no file should have\n"
    assert "\x1b" not in result.stdout
    assert files(tmp_path) == []
