"""How long a server may be silent before it counts as unreachable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

SECONDS = 0.1
_STEPS = 10


@asynccontextmanager
async def patience() -> AsyncGenerator[None, None]:
    """TimeoutError when what is inside takes longer; the time in which our own loop stood still does not count.

    The time is counted in steps that the loop takes, so a loop that could not listen for a second has used up one of
    them. A plain timeout would blame the server: its timer is over before the answer that lies ready is read.
    """
    loop = asyncio.get_running_loop()
    taken = 0

    async with asyncio.timeout(None) as timeout:

        def step() -> None:
            nonlocal taken, timer
            taken += 1
            if taken == _STEPS:
                timeout.reschedule(loop.time())
            else:
                timer = loop.call_later(SECONDS / _STEPS, step)

        timer = loop.call_later(SECONDS / _STEPS, step)
        try:
            yield
        finally:
            timer.cancel()
