"""Input that nobody here thought of: made by hypothesis, schemathesis and atheris.

`make test` plays a small, repeatable part of it; `make campaign` plays long, and differently each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("IMAGEGEN_FUZZ_TIMES", "1"))
"""How many times as much as in `make test`."""


def plays(examples: int) -> settings:
    """The same examples each time in `make test`, and many more, always new ones, in a campaign."""
    return settings(
        max_examples=examples * TIMES,
        derandomize=TIMES == 1,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
