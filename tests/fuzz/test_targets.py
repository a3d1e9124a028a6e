"""What coverage-guided fuzzing found worth keeping is read as it should be, and a few seconds of it find no more."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fuzz.targets import NAMES, target

HOUSE = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
LARGEST = 200 * 1024


def inputs(name: str) -> Sequence[Path]:
    return sorted((CORPUS / name).iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_the_corpus_finds_nothing(name: str) -> None:
    """Every input that is kept goes through its target, here without atheris."""
    one = target(name)
    assert len(inputs(name)) >= 10
    for path in inputs(name):
        try:
            one(path.read_bytes())
        except Exception as error:
            raise AssertionError(f"{path.name} is a bug of {name}: {path.read_bytes()!r}") from error


def test_the_corpus_is_small_and_belongs_to_targets() -> None:
    """No folder without a target, and not more than a repository should carry."""
    assert {each.name for each in CORPUS.iterdir()} == set(NAMES)
    assert sum(path.stat().st_size for name in NAMES for path in inputs(name)) < LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_a_short_fuzz_finds_nothing(name: str, tmp_path: Path) -> None:
    """From the corpus on, a bounded number of new inputs: it takes seconds, and the same seed each time."""
    need_atheris()
    options = ["-runs=600", "-seed=7", "-max_total_time=20", "-max_len=800", f"-artifact_prefix={tmp_path}/"]
    command = [sys.executable, "-m", "tests.fuzz.fuzzer", name, *options, str(tmp_path), str(CORPUS / name)]
    ended = subprocess.run(command, cwd=HOUSE, capture_output=True, timeout=110, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:].decode("utf-8", "replace")
    assert b"Done" in ended.stderr


def need_atheris() -> None:
    """Where there are wheels it must be there; where there are none, only a CI may not go without."""
    if importlib.util.find_spec("atheris"):
        return
    made_for = "CPython 3.11 on Linux x86-64"
    if "CI" in os.environ or (sys.platform == "linux" and sys.version_info[:2] == (3, 11)):
        pytest.fail(
            f"This test needs atheris 3.0.0 ({made_for}): run `make .venv/.dev`, and run it again.", pytrace=False
        )
    pytest.skip(f"NOT PROVEN HERE: coverage-guided fuzzing needs atheris, which is made for {made_for} alone.")
