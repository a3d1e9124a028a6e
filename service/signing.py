"""Signed result URLs: who holds a good signature may read the file, until its time is over."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.domain.image import FileRef
from service.errors import GatewayError, Reason

FILE = "signing.key"


@dataclass(slots=True)
class Signer:
    """Signs file names for a time. The first key signs, all verify; they may be exchanged while it is in use."""

    keys: Sequence[bytes]

    def sign(self, file_id: str, expires: int) -> FileRef:
        return FileRef(file_id, expires, _key_id(self.keys[0]), _signature(self.keys[0], file_id, expires))

    def verify(self, file: FileRef, now: float) -> None:
        """Raises unless the reference was signed by a key of ours and its time is not over."""
        key = next(
            (each for each in self.keys if hmac.compare_digest(_key_id(each).encode(), file.key_id.encode())), None
        )
        good = _signature(key or self.keys[0], file.file_id, file.expires)
        if not hmac.compare_digest(good.encode(), file.signature.encode()) or key is None:
            raise GatewayError(Reason.SIGNATURE_INVALID, "The signature of this URL is not valid.", field="sig")
        if now > file.expires:
            raise GatewayError(Reason.URL_EXPIRED, "This URL has expired.", field="exp")


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"imagegen key id\n" + key).hexdigest()[:8]


def _signature(key: bytes, file_id: str, expires: int) -> str:
    return hmac.digest(key, f"GET\n{file_id}\n{expires}".encode(), "sha256").hex()


def own_key(data_dir: Path) -> bytes:
    """The key in the data directory, made at the first start and readable by nobody else."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / FILE
    if not path.exists():
        _make_key(path)
    key = path.read_bytes().strip()
    if not re.fullmatch(rb"[0-9a-f]{64}", key):
        raise OSError(f"{path} is not a signing key; remove it and a new one is made")
    return key


def _make_key(path: Path) -> None:
    """Written aside and then linked: of several programs that start at once, one wins, and nobody sees half a key."""
    aside = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass  # another program was quicker
    finally:
        aside.unlink()
