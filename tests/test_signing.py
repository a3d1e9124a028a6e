"""The key that signs result URLs where none is configured: made once, kept, and nobody else's to read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from service.signing import FILE, own_key


def test_key_is_made_once(tmp_path: Path) -> None:
    """The first start makes a long random key for its owner alone; every later one finds the same."""
    key = own_key(tmp_path / "new" / "data")

    assert len(key) >= 32
    assert own_key(tmp_path / "new" / "data") == key
    assert (tmp_path / "new" / "data" / FILE).stat().st_mode & 0o777 == 0o600
    assert own_key(tmp_path / "other") != key


@pytest.mark.parametrize("text", ["", "\n", "short", "ü" * 40], ids=ascii)
def test_what_is_no_key_is_said(tmp_path: Path, text: str) -> None:
    """A file that holds no key stops the start with its name, and is left as it is."""
    (tmp_path / FILE).write_text(text, encoding="utf-8")

    with pytest.raises(OSError, match=FILE):
        own_key(tmp_path)
    assert (tmp_path / FILE).read_text(encoding="utf-8") == text


def test_starts_at_once_agree(tmp_path: Path) -> None:
    """Programs that start in the same moment find one key, and none finds half of it."""
    many = 8
    for attempt in range(20):
        barrier, directory = Barrier(many), tmp_path / str(attempt)

        def start(barrier: Barrier = barrier, directory: Path = directory) -> bytes:
            barrier.wait()
            return own_key(directory)

        with ThreadPoolExecutor(many) as pool:
            assert len({started.result() for started in [pool.submit(start) for _ in range(many)]}) == 1
