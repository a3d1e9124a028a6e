"""Certificates: from PEM files to something that can be served or shown, and again whenever the files change.

    files = Files(certificate="tls.crt", key="tls.key", authorities="ca.crt")
    channel = connect("images.internal:50051", credentials=channel_credentials(files))

`read` says in one sentence what is wrong with a file. A `Watch` looks at the files every few seconds and hands on what
it finds there. What cannot be used is told once and changes nothing. Nothing here turns verification off.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import grpc

EVERY = 2.0
"""Seconds between two looks at the files."""

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")
_LOCKED = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED")

SYSTEM_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep the authorities that they trust."""


class TlsError(Exception):
    """A file that cannot be used: which of `Files` it is, and why."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


@dataclass(frozen=True, slots=True)
class Files:
    """Paths, as they were configured; empty for none."""

    certificate: str = ""
    key: str = ""
    authorities: str = ""
    """Who must have signed the other side's certificate."""
    names: tuple[str, str, str] = ("certificate", "key", "ca")
    """What the three are called where somebody is told about them."""


@dataclass(frozen=True, slots=True)
class Pem:
    """What the files hold; printed, it shows none of it."""

    certificate: bytes = field(repr=False)
    key: bytes = field(repr=False)
    authorities: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Files that were read and can be used."""

    pem: Pem
    context: ssl.SSLContext | None
    """To serve with; None where there is no certificate."""
    begins: datetime | None = None
    ends: datetime | None = None

    def complaint(self) -> str | None:
        """What others will say about the certificate's dates; it is used all the same."""
        now = datetime.now(UTC)
        if self.ends is not None and self.ends < now:
            return f"the certificate expired on {self.ends:%Y-%m-%d %H:%M} UTC"
        if self.begins is not None and self.begins > now:
            return f"the certificate is not valid before {self.begins:%Y-%m-%d %H:%M} UTC"
        return None


def read(files: Files) -> Identity:
    """The files, read and tried out. Raises TlsError for what cannot be used."""
    return _tried(files, _contents(files))


def channel_credentials(files: Files) -> grpc.ChannelCredentials:
    """To connect with: trusts the authorities, else those of the system, and shows the certificate if there is one."""
    return credentials_of(read(files).pem)


def credentials_of(pem: Pem) -> grpc.ChannelCredentials:
    roots = pem.authorities or system_roots()
    return grpc.ssl_channel_credentials(roots, pem.key or None, pem.certificate or None)


def system_roots() -> bytes | None:
    """The authorities that this system trusts; None for those that gRPC brings along."""
    for path in SYSTEM_ROOTS:
        try:
            return Path(path).read_bytes()
        except OSError:
            continue
    return None


class Watch:
    """Files in force, and those that come after them."""

    def __init__(self, files: Files, told: Callable[[str], None]) -> None:
        """`told` hears in one line what became of a change. Raises TlsError for what cannot be used."""
        self._files = files
        self._told = told
        self._changed: list[Callable[[Identity], None]] = []
        self._doubted = self._refused = ""
        self.identity = read(files)
        self._say_when_out_of_date()

    def on_change(self, use: Callable[[Identity], None]) -> None:
        self._changed.append(use)

    async def run(self) -> None:
        """Looks every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            self.look()

    def look(self) -> None:
        """The files are small, and their content alone tells of every way in which files are replaced."""
        try:
            pem = _contents(self._files)
            found = None if pem == self.identity.pem else _tried(self._files, pem)
        except TlsError as error:
            self._doubt(str(error))
            return
        self._doubted = self._refused = ""
        if found is None:
            return
        self.identity = found
        for use in self._changed:
            use(found)
        self._told(f"{self._files.certificate or self._files.authorities}: read anew, new connections use it")
        self._say_when_out_of_date()

    def _doubt(self, problem: str) -> None:
        """Certificate and key are seldom replaced in one moment: what is wrong is told when it is so twice."""
        if problem == self._doubted and problem != self._refused:
            self._refused = problem
            self._told(f"{problem}; what was read before stays in use")
        self._doubted = problem

    def _say_when_out_of_date(self) -> None:
        if complaint := self.identity.complaint():
            self._told(f"{self._files.certificate}: {complaint}")


def _contents(files: Files) -> Pem:
    paths = (files.certificate, files.key, files.authorities)
    return Pem(*(_read(name, path) if path else b"" for name, path in zip(files.names, paths, strict=True)))


def _read(name: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise TlsError(name, f"{path}: cannot be read: {error.strerror}") from None


def _tried(files: Files, pem: Pem) -> Identity:
    if files.authorities:
        _try_authorities(files, pem)
    if not files.certificate:
        return Identity(pem, None)
    certificate, key, _ = files.names
    first = _CERTIFICATE.search(pem.certificate)
    if first is None:
        raise TlsError(certificate, f"{files.certificate}: holds no certificate; expected PEM text")
    if _LOCKED.search(pem.key):
        raise TlsError(key, f"{files.key}: the key is encrypted; expected one without a passphrase")
    if not _KEY.search(pem.key):
        raise TlsError(key, f"{files.key}: holds no private key; expected PEM text")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_passphrase)
    except (ssl.SSLError, OSError) as error:
        _explain(files, error)
    if _contents(files) != pem:
        raise TlsError(certificate, f"{files.certificate}: changes while it is read")
    begins, ends = _validity(ssl.PEM_cert_to_DER_cert(first[0].decode("ascii")))
    return Identity(pem, context, begins, ends)


def _try_authorities(files: Files, pem: Pem) -> None:
    name = files.names[2]
    if not _CERTIFICATE.search(pem.authorities):
        raise TlsError(name, f"{files.authorities}: holds no certificate; expected PEM text")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.authorities.decode("ascii", "ignore"))
    except ssl.SSLError as error:
        raise TlsError(name, f"{files.authorities}: cannot be used: {_words(error)}") from None


def _explain(files: Files, error: OSError) -> NoReturn:
    certificate, key, _ = files.names
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        raise TlsError(key, f"{files.key}: is not the key of the certificate in {files.certificate}") from None
    raise TlsError(certificate, f"{files.certificate}, {files.key}: cannot be used: {_words(error)}") from None


def _words(error: OSError) -> str:
    """OpenSSL's own reason, which holds nothing of a file."""
    reason: str | None = getattr(error, "reason", None)
    return (reason or error.strerror or "the text is damaged").lower().replace("_", " ")


def _no_passphrase() -> str:
    return ""  # else OpenSSL would ask whoever sits at the terminal


def _validity(der: bytes) -> tuple[datetime, datetime]:
    """From when to when a certificate is valid: the fourth part of what is signed, or the fifth behind a version."""
    signed = _parts(_parts(der)[0][1])[0][1]
    parts = _parts(signed)
    begins, ends = _parts(parts[4 if parts[0][0] == 0xA0 else 3][1])[:2]
    return _time(*begins), _time(*ends)


def _parts(der: bytes) -> list[tuple[int, bytes]]:
    """The elements that stand one after another: the tag and the content of each."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(der):
        tag, size = der[at], der[at + 1]
        at += 2
        if size & 0x80:
            more = size & 0x7F
            size = int.from_bytes(der[at : at + more], "big")
            at += more
        found.append((tag, der[at : at + size]))
        at += size
    return found


def _time(tag: int, text: bytes) -> datetime:
    """UTCTime has two digits for the year, GeneralizedTime four."""
    form = "%y%m%d%H%M%SZ" if tag == 0x17 else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text.decode("ascii"), form).replace(tzinfo=UTC)
