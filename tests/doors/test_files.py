"""PEM files: what is said about those that cannot be used, and what a change of them changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from imagegen.tls import Files, TlsError, Watch, read

from tests.doors.papers import Authority, Paper


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def _no_certificate(paper: Paper) -> None:
    Path(paper.certificate).write_text("hello")


def _no_key(paper: Paper) -> None:
    Path(paper.key).write_bytes(Path(paper.certificate).read_bytes())


def _damaged(paper: Paper) -> None:
    Path(paper.certificate).write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def _missing(paper: Paper) -> None:
    Path(paper.key).unlink()


def _folder(paper: Paper) -> None:
    Path(paper.key).unlink()
    Path(paper.key).mkdir()


def _other_key(paper: Paper) -> None:
    Path(paper.key).write_bytes((paper.folder.parent / "1" / "tls.key").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "name", "sentence"),
    [
        (_no_certificate, "certificate", "{certificate}: holds no certificate; expected PEM text"),
        (_no_key, "key", "{key}: holds no private key; expected PEM text"),
        (_missing, "key", "{key}: cannot be read: No such file or directory"),
        (_folder, "key", "{key}: cannot be read: Is a directory"),
        (_other_key, "key", "{key}: is not the key of the certificate in {certificate}"),
        (_damaged, "certificate", "{certificate}, {key}: cannot be used: "),
    ],
    ids=lambda each: each.__name__.strip("_") if callable(each) else "",
)
def test_what_cannot_be_used(authority: Authority, spoil: Callable[[Paper], None], name: str, sentence: str) -> None:
    """A file that cannot be used is named, with what would be right."""
    authority.sign()
    paper = authority.sign()
    spoil(paper)

    with pytest.raises(TlsError) as raised:
        read(Files(paper.certificate, paper.key))
    assert raised.value.name == name
    assert str(raised.value).startswith(sentence.format(certificate=paper.certificate, key=paper.key))


def test_locked_key(authority: Authority) -> None:
    """A key with a passphrase is refused, and nobody is asked for it."""
    paper = authority.sign_with_locked_key()

    with pytest.raises(TlsError, match="the key is encrypted; expected one without a passphrase"):
        read(Files(paper.certificate, paper.key))


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_authorities_that_are_none(tmp_path: Path, text: str) -> None:
    """A file of authorities has to hold one."""
    path = tmp_path / "ca.crt"
    path.write_text(text)

    with pytest.raises(TlsError, match=r"ca\.crt: (holds no certificate|cannot be used)") as raised:
        read(Files(authorities=str(path)))
    assert raised.value.name == "ca"


@pytest.mark.parametrize(
    ("until", "said"), [(timedelta(hours=-1), "expired on"), (timedelta(days=9), "is not valid before")]
)
def test_dates(authority: Authority, until: timedelta, said: str) -> None:
    """A certificate out of date is told of, and used all the same: the clock may be what is wrong."""
    paper = authority.sign(until=until)
    told: list[str] = []
    watch = Watch(Files(paper.certificate, paper.key), told.append)

    assert watch.identity.context is not None
    assert [paper.certificate in line and said in line for line in told] == [True]


def test_nothing_of_a_key_is_printed(authority: Authority) -> None:
    """Neither what was read nor what is in force prints any of it."""
    paper = authority.sign()
    identity = read(Files(paper.certificate, paper.key))

    assert "PRIVATE" not in f"{identity!r}{identity.pem!r}"


def test_a_change_is_seen(authority: Authority) -> None:
    """New files are in force after the next look; the same files again change nothing."""
    paper, newer = authority.sign(), authority.sign()
    told: list[str] = []
    watch = Watch(Files(paper.certificate, paper.key), told.append)
    first = watch.identity
    watch.look()
    unchanged = watch.identity
    newer.put_in(paper)
    watch.look()

    assert unchanged is first
    assert watch.identity.pem.certificate == Path(newer.certificate).read_bytes()
    assert told == [f"{paper.certificate}: read anew, new connections use it"]


def test_half_a_change_is_waited_for(authority: Authority) -> None:
    """A certificate whose key comes a moment later is no mistake; one whose key does not come is told of, once."""
    paper, newer = authority.sign(), authority.sign()
    told: list[str] = []
    watch = Watch(Files(paper.certificate, paper.key), told.append)
    old = watch.identity

    Path(paper.certificate).write_bytes(Path(newer.certificate).read_bytes())
    watch.look()
    early = list(told)
    for _ in range(3):
        watch.look()
    late = list(told)
    kept = watch.identity
    Path(paper.key).write_bytes(Path(newer.key).read_bytes())
    watch.look()

    assert (early, kept) == ([], old)
    assert [line.endswith("; what was read before stays in use") for line in late] == [True]
    assert watch.identity.pem.key == Path(newer.key).read_bytes()


def test_links_that_are_swapped(authority: Authority, tmp_path: Path) -> None:
    """Kubernetes swaps one link in the middle of the path, and the files under it are others at once."""
    paper, newer = authority.sign(), authority.sign()
    folder = tmp_path / "secret"
    folder.mkdir()
    (folder / "..data").symlink_to(paper.folder)
    for name in ("tls.crt", "tls.key"):
        (folder / name).symlink_to(Path("..data") / name)
    watch = Watch(Files(str(folder / "tls.crt"), str(folder / "tls.key")), lambda _: None)
    (folder / "..new").symlink_to(newer.folder)
    os.replace(folder / "..new", folder / "..data")
    watch.look()

    assert watch.identity.pem.certificate == Path(newer.certificate).read_bytes()
