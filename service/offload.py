"""A bounded pool of threads for what would hold up the event loop: painting, encoding, hashing, files.

Small work is done on the spot: handing it over would cost more than doing it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

LARGE = 4 * 1024 * 1024
"""From here on bytes are worked on in the pool: to decode or to parse so many takes less than a millisecond."""

LARGE_TO_HASH = LARGE // 8

_pool = ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2), thread_name_prefix="imagegen")


async def run(work: Callable[..., T], *arguments: Any) -> T:
    """Does `work` in the pool. A caller that is cancelled leaves it to finish alone."""
    return await asyncio.get_running_loop().run_in_executor(_pool, partial(work, *arguments))


async def over(data: bytes, work: Callable[[bytes], T], large: int = LARGE) -> T:
    """Does `work` over `data`, in the pool if it is large."""
    return work(data) if len(data) < large else await run(work, data)


async def sha256(data: bytes) -> str:
    return await over(data, lambda each: hashlib.sha256(each).hexdigest(), LARGE_TO_HASH)
