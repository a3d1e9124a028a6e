"""One target under atheris: `python -m tests.fuzz.fuzzer TARGET [libFuzzer's options] [folders of inputs]`.

The product's modules are instrumented while they are imported. A bug ends the process with a status that is not 0.
"""

from __future__ import annotations

import sys
from typing import Any

import atheris

from tests.fuzz.targets import target

OURS = ["service", "rest_bridge", "imagegen", "tests.fuzz.targets"]


def main() -> None:
    tool: Any = atheris  # untyped
    name, *options = sys.argv[1:]
    with tool.instrument_imports(include=OURS):
        one = target(name)
    # A merge starts this very command again, by its first word.
    tool.Setup([f"{sys.executable} -m tests.fuzz.fuzzer {name}", *options], one)
    tool.Fuzz()


if __name__ == "__main__":
    main()
