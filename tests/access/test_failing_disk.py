"""After a failed fsync nobody knows what is on the disk, and nothing is acknowledged any more."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from service.stores.records.port import Work
from tests.stores.twins import opened


@pytest.mark.parametrize("count", [1, 2, 7, 50])
async def test_no_acknowledgement_after_a_failed_fsync(count: int, tmp_path: Path) -> None:
    """What was acknowledged before is there when another process looks; after the failure everything is refused as
    unavailable, and the owner of the records is told that this process must end.
    """
    file = tmp_path / "records.db"
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.access.acknowledger", str(file), str(count)), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await program.communicate()
    before, after = out.decode().split("the disk fails\n")
    acknowledged = [line.split()[1] for line in before.splitlines() if line.startswith("acknowledged")]

    assert program.returncode == 0
    assert len(acknowledged) == count
    said = [line for line in after.splitlines() if line.startswith(("acknowledged", "refused", "broken", "not broken"))]
    assert said == ["refused unavailable"] * (count + 1) + ["broken"]
    async with opened(f"sqlite:{file}") as records:
        assert set(acknowledged) <= set(await records.read(_names))


def _names() -> Work[list[str]]:
    return [row[0] for row in (yield "SELECT request_id FROM requests", ())]
