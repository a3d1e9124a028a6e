"""Files that cannot be used, each named after its mistake, each with the one line that is said about it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.config import reading
from terminal.__main__ import main

HERE = Path(__file__).parent
ROOM = HERE.parent.parent / "service"
FILES = sorted((HERE / "bad").glob("*.toml"))
MISSING = "cannot be read: No such file or directory"
"""The one mistake that cannot be a file."""


def expected(path: Path) -> str:
    """What the file's first line says will be said of it; beside the file where it cannot hold a comment."""
    aside = path.with_suffix(".expect")
    first = aside.read_text(encoding="utf-8") if aside.exists() else path.read_text(encoding="utf-8").split("\n")[0]
    return first.removeprefix("# expect: ").rstrip("\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_mistake_is_told_in_one_line(path: Path) -> None:
    """A mistake stops the command with one line that names the file, the place and what is expected there."""
    result = CliRunner().invoke(main, ["config", "check", "--config", str(path)])

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"imagegen: {path}: {expected(path)}\n"


@pytest.mark.parametrize("name", ["misspelled_table", "open_on_all_interfaces", "not_utf8"])
def test_program_says_the_same(name: str) -> None:
    """The installed program says what the tests in this process say."""
    path = HERE / "bad" / f"{name}.toml"
    command = [sys.executable, "-m", "terminal", "config", "check", "--config", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"imagegen: {path}: {expected(path)}\n"


@pytest.mark.parametrize("command", [["up"], ["service"], ["bridge"], ["config", "show"]], ids=" ".join)
@pytest.mark.parametrize("name", ["misspelled_setting", "records_port_is_a_word", "records_password_with_slash"])
def test_no_command_starts_with_it(command: list[str], name: str) -> None:
    """Every command that reads a configuration refuses a wrong one with the same line."""
    path = HERE / "bad" / f"{name}.toml"
    result = CliRunner().invoke(main, [*command, "--config", str(path)])

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"imagegen: {path}: {expected(path)}\n"


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that is not there is told like any other mistake."""
    path = tmp_path / "absent.toml"
    result = CliRunner().invoke(main, ["config", "check", "--config", str(path)])

    assert (result.exit_code, result.stderr) == (1, f"imagegen: {path}: {MISSING}\n")


def test_every_complaint_has_a_file() -> None:
    """Whatever the code can say about a configuration, one of the files makes it say."""
    said = [MISSING, *(expected(path) for path in FILES)]
    sources = [
        *(ROOM / "config" / f"{name}.py" for name in ("checks", "outgoing", "reading", "s3", "servers", "units")),
        ROOM / "assembly.py",
    ]
    sentences = {sentence for source in sources for sentence in _sentences(source)}
    silent = {each for each in sentences if not any(re.search(each, text) for text in said)}

    assert len(sentences) > 20
    assert not silent


def test_every_later_setting_has_a_file() -> None:
    """Each setting of the design that this version lacks is refused by name, and a file shows it."""
    said = [expected(path) for path in FILES]
    patterns = [re.escape(path).replace(r"\*", r"\w+") for path in reading.LATER]

    silent = [each for each in patterns if not any(re.match(f"{each}: .*not in this version", text) for text in said)]
    assert not silent


def _sentences(source: Path) -> Iterator[str]:
    """The sentences that a module says of a configuration, as patterns: every text with a space in it."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    nodes: list[ast.AST] = list(tree.body)
    if source.name == "assembly.py":  # of which only `check` and what it calls speaks of configurations
        told = ("_refuse", "_providers", "check")
        nodes = [each for each in nodes if isinstance(each, ast.FunctionDef) and each.name.startswith(told)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.JoinedStr):
            pattern = "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else ".+" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            pattern = re.escape(node.value)
        elif _is_aside(node):
            continue
        else:
            nodes.extend(ast.iter_child_nodes(node))
            continue
        if r"\ " in pattern:
            yield pattern


def _is_aside(node: ast.AST) -> bool:
    """A docstring, or a pattern that reads somebody else's sentences."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("compile", "fullmatch", "sub")
    )
