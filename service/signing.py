"""The keys that sign result URLs: from the configuration, else one of our own in the data directory."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

FILE = "signing.key"


def own_key(data_dir: Path) -> bytes:
    """The key in the data directory, made at the first start and readable by nobody else."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / FILE
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass  # made at an earlier start
    key = path.read_text(encoding="ascii").strip().encode()
    if len(key) < 32:
        raise OSError(f"{path} is not a signing key; remove it and a new one is made")
    return key
