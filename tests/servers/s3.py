"""S3 for tests: two servers that are strict in different things, or the one that `TEST_S3_URL` names.

rclone checks signatures and lets a second PUT win; moto knows PUTs that make new things only and takes any signature.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import pytest

from tests.servers.process import ServerProcess, free_port

BUCKET = "pictures"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIATESTS", "AWS_SECRET_ACCESS_KEY": "a-secret-that-is-nowhere-told"}


class Bucket:
    """A bucket on some server: URLs for it, and the keys that the environment must hold."""

    def __init__(self, url: str, keys: Mapping[str, str]) -> None:
        self._url = url
        self._keys = keys

    def unlock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From here on this process has the keys to it, and no others."""
        for name in [each for each in os.environ if self._keys and each.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in self._keys.items():
            monkeypatch.setenv(name, value)
        if self._keys:  # it is a server of ours
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def url(self) -> str:
        """A prefix that nobody uses yet."""
        place, mark, options = self._url.partition("?")
        return f"{place.removesuffix('/')}/{uuid4().hex}{mark}{options}"


class S3Server(Bucket):
    """What it keeps is in `directory`. Started again it is on the same port."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        super().__init__(f"s3://{BUCKET}?endpoint=http://{self.address}&region=eu-central-1", KEYS)
        # It leaves its caches there rather than in somebody's home.
        home = {name: str(directory) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        log = directory / "server.log"
        self._process = ServerProcess(
            self._command(directory), log, self._answers, environment=home, directory=directory
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        self._process.start()

    def stop(self) -> None:
        """At once, frozen or not."""
        self._process.stop()

    def freeze(self) -> None:
        """Every connection stays open and silent; new ones are accepted and never answered."""
        self._process.freeze()

    def thaw(self) -> None:
        self._process.thaw()

    def _command(self, directory: Path) -> list[str | Path]:
        raise NotImplementedError

    def _answers(self) -> bool:
        return self._status("GET", "/") is not None

    def _status(self, method: str, path: str) -> int | None:
        """The status of an answer, if there is one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()


class RcloneServer(S3Server):
    """Keeps what it is given, also while it is stopped: a bucket is a directory."""

    def __init__(self, directory: Path) -> None:
        (directory / "buckets" / BUCKET).mkdir(parents=True)
        super().__init__(directory)

    def _command(self, directory: Path) -> list[str | Path]:
        return [
            *(Path(sys.executable).parent / "rclone", "serve", "s3", directory / "buckets", "--addr", self.address),
            *("--auth-key", ",".join(KEYS.values())),
            *("--config", directory / "rclone.conf", "--cache-dir", directory / "cache"),
        ]


class MotoServer(S3Server):
    """Forgets everything when it is stopped, save that there is a bucket."""

    def _command(self, directory: Path) -> list[str | Path]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    def _answers(self) -> bool:
        return self._status("PUT", f"/{BUCKET}") == 200
