"""Files that can be used: they load, and what `config show` prints of them means the same and keeps their secrets."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from service.assembly import check
from service.config import Config, defaults, load
from terminal.__main__ import main

HERE = Path(__file__).parent
FILES = sorted((HERE / "good").glob("*.toml"))
SECRETS = {
    "OPENAI_API_KEY": "sk-one-0123456789abcdef",
    "SECOND_KEY": "sk-two-0123456789abcdef",
    "IMAGEGEN_SIGNING_KEY": "a signing key of some length",
}

PAPERS = {"PAPERS": str(HERE / "papers")}
"""A certificate and its key. They are no secret: nothing but these tests knows them."""

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def command(*words: str) -> Result:
    return CliRunner(env=SECRETS | PAPERS).invoke(main, ["config", *words])


@every_file
def test_is_good(path: Path) -> None:
    """A good file is said to be good, in one line that names it."""
    result = command("check", "--config", str(path))

    assert (result.exit_code, result.stderr, result.stdout) == (0, "", f"{path}: good\n")


@every_file
def test_what_is_shown_means_the_same(path: Path, tmp_path: Path) -> None:
    """What `config show` prints is a configuration: with its secrets put back it loads, and means the same."""
    meant = load(path, SECRETS | PAPERS)
    shown = tmp_path / "shown.toml"
    shown.write_text(_revealed(command("show", "--config", str(path)).stdout, meant), encoding="utf-8")

    assert msgspec.structs.replace(load(shown, {}), source=meant.source) == meant


@every_file
def test_secrets_are_dots(path: Path) -> None:
    """No secret is in what is shown, nor in how the configuration prints itself in a traceback."""
    result = command("show", "--config", str(path))

    assert result.exit_code == 0
    assert not [secret for secret in SECRETS.values() if secret in result.output]


def test_keys_of_certificates_are_shown_as_paths() -> None:
    """Of a certificate and its key the paths are shown, and nothing of what is in them."""
    result = command("show", "--config", str(HERE / "good" / "tls.toml"))

    paths = PAPERS["PAPERS"]
    assert f'client_ca = "{paths}/tls.crt"' in result.stdout
    assert "BEGIN" not in result.stdout


def test_secrets_of_the_environment_are_dots() -> None:
    """The key that the defaults take from the environment is shown as dots, too."""
    result = command("show")

    assert "••••" in result.stdout
    assert SECRETS["OPENAI_API_KEY"] not in result.output


def test_dots_are_no_key(tmp_path: Path) -> None:
    """What is shown with its dots does not pass for a configuration: dots are no key."""
    shown = tmp_path / "shown.toml"
    shown.write_text(command("show", "--config", str(HERE / "good" / "minimal.toml")).stdout, encoding="utf-8")
    result = command("check", "--config", str(shown))

    assert result.exit_code == 1
    assert "providers.openai.keys[0].value: expected printable ASCII text" in result.stderr


def test_passwords_in_urls_are_dots(tmp_path: Path) -> None:
    """A password in a store's URL is shown as dots, also one that the environment has given."""
    path = tmp_path / "servers.toml"
    secrets = ("hush%2Fpw", "quiet")
    path.write_text(
        f'[stores]\nrecords = "postgresql://gw:{secrets[0]}@db/x?sslpassword={secrets[1]}"\n'
        'signals = "valkey://:${OPENAI_API_KEY}@cache"\n',
        encoding="utf-8",
    )
    result = command("show", "--config", str(path))

    assert 'records = "postgresql://gw:••••@db/x?sslpassword=••••"' in result.stdout
    assert 'signals = "valkey://:••••@cache"' in result.stdout
    assert not [secret for secret in (*secrets, *SECRETS.values()) if secret in result.output]


@pytest.mark.parametrize(
    ("stores", "shown"),
    [
        ("", ("sqlite:/srv/imagegen.db", "memory:", "file:/srv/blobs")),
        ('signals = "valkey://cache"', ("sqlite:/srv/imagegen.db", "valkey://cache", "file:/srv/blobs")),
        ('blobs = "file:pictures"', ("sqlite:/srv/imagegen.db", "memory:", "file:pictures")),
        ('records = "sqlite:books.db"', ("sqlite:books.db", "memory:", "file:/srv/blobs")),
    ],
    ids=["none", "signals", "blobs", "records"],
)
def test_data_directory(stores: str, shown: tuple[str, str, str], tmp_path: Path) -> None:
    """Each store that nobody has put elsewhere lies in the data directory, whatever the others do."""
    path = tmp_path / "stores.toml"
    path.write_text(f"[stores]\n{stores}\n", encoding="utf-8")
    told = command("show", "--config", str(path), "--data-dir", "/srv").stdout

    lines = [f'{name} = "{url}"' for name, url in zip(("records", "signals", "blobs"), shown, strict=True)]
    assert "\n".join(["[stores]", *lines, ""]) in told


def test_no_file_at_all() -> None:
    """Without a file the painter is there, retired names lead to it, and OpenAI waits for a key."""
    without, having = defaults({}), defaults({"OPENAI_API_KEY": "sk-1"})

    assert {name: route.targets[0].target for name, route in without.models.items()} == {
        "dall-e-2": "painter/scene",
        "dall-e-3": "painter/scene",
        "gpt-image-1": "painter/scene",
    }
    assert {name: adapter.configured for name, adapter in check(without)[0].items()} == {
        "painter": True,
        "openai": False,
    }
    assert check(having)[0]["openai"].configured
    assert (without.service.listen, without.bridge.listen) == ("127.0.0.1:50051", "127.0.0.1:8080")


def test_the_painter_is_always_there() -> None:
    """A file that does not name the painter has it all the same."""
    assert set(load(HERE / "good" / "minimal.toml", SECRETS).providers) == {"openai", "painter"}


def test_settings_of_other_kinds_are_not_shown(tmp_path: Path) -> None:
    """Of a provider only what its kind has is shown, with its defaults; and what somebody has set, in any case."""
    path = tmp_path / "providers.toml"
    path.write_text(
        """
[providers.painter]
ours = true
[providers.sgl]
base_url = "http://127.0.0.1:30000"
[providers.azure]
base_url = "https://example.openai.azure.com"
""",
        encoding="utf-8",
    )
    shown = tomllib.loads(command("show", "--config", str(path)).stdout)["providers"]

    timeout = {"connect": "5s", "first_byte": "240s", "idle": "120s", "total": "300s"}
    limits = {"concurrent": 0, "queue": 1000}
    ours = {"timeout": timeout, "retries": 1, "limits": limits, "ours": False}
    assert shown == {
        "painter": {"ours": True, "limits": limits},
        "sgl": {"base_url": "http://127.0.0.1:30000", **ours},
        "azure": {
            "base_url": "https://example.openai.azure.com",
            **ours,
            "form": "classic",
        },
    }
    assert tomllib.loads(command("show").stdout)["providers"]["painter"] == {"kind": "painter", "limits": limits}


def _revealed(shown: str, meant: Config) -> str:
    """What was shown, with the secrets in the place of the dots, in the order in which they are shown."""
    keys = [
        secret
        for provider in meant.providers.values()
        for secret in (
            *(key.value for key in provider.keys),
            *([provider.entra.client_secret] if provider.entra else []),
        )
    ]
    secrets = iter([*keys, *meant.files.signing_keys])
    return re.sub("••••", lambda _: next(secrets), shown)
