"""Providers of other packages: found by their entry point, named like those of the house."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAPERS = {
    "somebodys_provider.py": """
from service.providers.painter.adapter import Painter

EMBEDDED = True

def make(settings, allowed):
    return Painter()
""",
    "somebodys-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: somebodys\nVersion: 1.0\n",
    "somebodys-1.0.dist-info/entry_points.txt": "[imagegen.providers]\nsomebodys = somebodys_provider\n",
}


def _checked(place: Path, kind: str) -> subprocess.CompletedProcess[str]:
    """What `imagegen config check` says where that package is installed."""
    for name, text in PAPERS.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    config = place / "imagegen.toml"
    config.write_text(
        f"""
        [providers.theirs]
        kind = "{kind}"
        [models.sketch]
        targets = [{{ target = "theirs/scene" }}]
        """,
        encoding="utf-8",
    )
    command = [Path(sys.executable).with_name("imagegen"), "config", "check", "--config", config]
    return subprocess.run(command, env={"PYTHONPATH": str(place)}, capture_output=True, text=True, check=False)


def test_a_provider_of_another_package_is_used(tmp_path: Path) -> None:
    """A route may lead to its models, as to anybody's."""
    checked = _checked(tmp_path, "somebodys")

    assert (checked.returncode, checked.stderr) == (0, "")


def test_it_is_named_among_those_there_are(tmp_path: Path) -> None:
    """Whoever mistypes its name is shown the right one."""
    checked = _checked(tmp_path, "somebody")

    assert checked.returncode != 0
    assert 'there is no kind "somebody"' in checked.stderr
    assert "painter, sgl, somebodys, together" in checked.stderr
