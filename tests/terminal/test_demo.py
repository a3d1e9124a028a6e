"""`make demo`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from PIL import Image


async def test_demo_leaves_three_pictures(tmp_path: Path) -> None:
    """One over REST, one streamed, one over gRPC, their paths printed, and nothing else left behind."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "terminal.demo", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(program.communicate(), 60)
    pictures = _pictures(tmp_path)

    assert program.returncode == 0
    assert sorted(pictures) == ["grpc.png", "rest.png", "streamed.png"]
    assert all(name.encode() in told for name in pictures)
    assert all(min(size) >= 1024 for size in pictures.values())


def _pictures(folder: Path) -> dict[str, tuple[int, int]]:
    sizes: dict[str, tuple[int, int]] = {}
    for path in folder.iterdir():
        with Image.open(path) as picture:
            sizes[path.name] = picture.size
    return sizes
